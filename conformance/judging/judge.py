"""Judges recordings: hands a check what it looks at, and turns what happens into an outcome.

It knows no pytest and does no network I/O; the pytest item, `lg-conformance judge` and the proof of the faults call it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from conformance.authoring.cut import cut_short
from conformance.authoring.expectations import Failed, Inconclusive
from conformance.authoring.registry import EVERY_STREAM, WHOLE_SESSION, Check, DeclarationError, Variant
from conformance.authoring.reliance import Reliance, SessionFacts
from conformance.authoring.views import ExchangeView, RecordingView, SessionRecordings
from conformance.catalogue import Capability
from conformance.evidence.curl import repeating
from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording, shows_a_run
from conformance.evidence.rows import head_row, last_rows, rows_around
from conformance.judging.applicability import missing_for_variant
from conformance.judging.items import Item
from conformance.judging.outcomes import (
    FAILED,
    INAPPLICABLE,
    INCONCLUSIVE,
    PASSED,
    UNTESTED,
    Evidence,
    Failure,
    Outcome,
)
from conformance.wire.strict_json import NotJson

NO_RUN = "no stream carried a metadata event and an event of a requested mode"


class SuiteError(Exception):
    """The suite itself is at fault: a check raised something it must not raise."""


class NotPerformed(Exception):
    """A check asks for a scenario variant that was not performed, because the target declares that it lacks it."""


class Performed(dict[Any, RecordingView]):
    """The variants that a check gets together, without those that need what the target declares to lack."""

    def __missing__(self, key: Any) -> RecordingView:
        raise NotPerformed(key)


def judge(item: Item, session: SessionRecordings) -> Outcome:
    """Return the outcome of one item over the recordings of a session; raises SuiteError if the suite is at fault."""
    if item.check.scope and not session.recordings:
        return Outcome(UNTESTED, "there are no recordings")
    if item.check.scope == EVERY_STREAM:
        return _judge_every_stream(item.check, session)
    if item.check.scope == WHOLE_SESSION:
        return _judge_whole_session(item.check, session)
    return _judge_recordings(item, session)


def _judge_recordings(item: Item, session: SessionRecordings) -> Outcome:
    absent = [variant for variant in item.variants if missing_for_variant(variant, session.lacks)]
    for variant in item.variants:
        if variant.id not in session.recordings and variant not in absent:
            return Outcome(UNTESTED, f"there is no complete recording of `{variant.id}`")
    reliance = Reliance(session.facts)

    def view(variant: Variant) -> RecordingView:
        return RecordingView(session.recordings[variant.id], reliance, variant.scenario.exchanges)

    arguments = [
        Performed({key: view(one) for key, one in given.items() if one not in absent})
        if isinstance(given, Mapping)
        else view(given)
        for given in item.arguments
    ]
    recordings = [session.recordings[variant.id] for variant in item.variants if variant not in absent]
    outcome = _outcome(item.check, arguments, recordings, reliance)
    if outcome.word == PASSED and not any(exchange.accepted for exchange in reliance.exchanges):
        return Outcome(INCONCLUSIVE, f"the server accepted nothing that the check looked at{_stopped(session)}")
    return outcome


def _judge_whole_session(check: Check, session: SessionRecordings) -> Outcome:
    """Return the outcome over all recordings; a check passes only if at least one stream showed a run."""
    recordings = session.recordings.values()
    outcome = _outcome(check, [session], recordings, Reliance(session.facts))
    if outcome.word == PASSED and not any(shows_a_run(one, stream) for one in recordings for stream in one.streams()):
        return Outcome(INCONCLUSIVE, f"{NO_RUN}{_stopped(session)}")
    return outcome


def _judge_every_stream(check: Check, session: SessionRecordings) -> Outcome:
    """Return the first failure over all streams; only a stream that showed a run counts for passing."""
    passed, inapplicable = 0, None
    for recording in session.recordings.values():
        for exchange in recording.streams():
            outcome = _judge_stream(recording, exchange, check, session.facts)
            if outcome.word == FAILED:
                return outcome
            passed += outcome.word == PASSED and shows_a_run(recording, exchange)
            inapplicable = outcome if outcome.word == INAPPLICABLE else inapplicable
    if passed:
        return Outcome(PASSED)
    if inapplicable is not None:
        return inapplicable
    return Outcome(INCONCLUSIVE, f"{NO_RUN}{_stopped(session)}")


@memoized
def _judge_stream(recording: Recording, exchange: Exchange, check: Check, facts: SessionFacts) -> Outcome:
    """Judge one stream; memoized because the proof of the faults judges the same good streams hundreds of times."""
    reliance = Reliance(facts)
    return _outcome(check, [ExchangeView(exchange, recording, reliance)], [recording], reliance, exchange)


def _stopped(session: SessionRecordings) -> str:
    return f" ({session.stopped})" if session.stopped else ""


def _outcome(
    check: Check,
    arguments: Sequence[Any],
    recordings: Collection[Recording],
    reliance: Reliance,
    stream: Exchange | None = None,
) -> Outcome:
    """Call the check, and return its outcome; inapplicable if it relied on what the target declares to lack.

    `stream` is the one exchange that it looks at, None if it looks at whole recordings.
    """
    try:
        outcome = _judged(check, arguments, recordings, reliance, stream)
    except NotPerformed as missing:
        return Outcome(INAPPLICABLE, f"the target declares that it lacks what the variant {missing} needs")
    absent = reliance.declared_absent()
    if absent is None or (outcome.word == PASSED and not reliance.has_declared()):
        return outcome
    return Outcome(INAPPLICABLE, f"the target declares that it lacks {absent.name}")


def _judged(
    check: Check,
    arguments: Sequence[Any],
    recordings: Collection[Recording],
    reliance: Reliance,
    stream: Exchange | None,
) -> Outcome:
    """Call the check, and return its outcome."""
    exchanges = [stream] if stream else [exchange for one in recordings for exchange in one.exchanges]
    try:
        check.function(*arguments)
    except Failed as failure:
        if (missing := reliance.missing(check.requirement, failure.where)) is not None:
            return _unjudgeable(missing, str(failure))
        # A rule for every stream that an event breaks is broken, whatever would have followed.
        broken = stream is not None and isinstance(failure.where, Event)
        if not broken and (cut := _cut_that_matters(failure.where, reliance.exchanges, recordings)):
            why = f"the suite closed `{cut.name}` before it ended: {cut.detail}"
            return Outcome(INCONCLUSIVE, f"{failure} (but {why})")
        evidence = _evidence(failure.where, exchanges, recordings)
        return Outcome(FAILED, str(failure), evidence, failure=_failure(failure, recordings))
    except (Inconclusive, NotJson) as reason:
        return Outcome(INCONCLUSIVE, str(reason), because=getattr(reason, "because", ""))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as problem:
        if (invalid := _first_invalid_payload(exchanges)) is None:
            raise _suite_error(check, problem) from problem
        missing = reliance.missing(check.requirement, None)
        because = missing.because if missing is not None else ""
        why = f"a payload does not match its schema, so the check cannot read it: {invalid}"
        return Outcome(INCONCLUSIVE, why, because=because)
    except NotPerformed:
        raise
    except Exception as problem:
        raise _suite_error(check, problem) from problem
    empty = reliance.empty_mode(check.requirement)
    return _unjudgeable(empty, "no stream has events of it") if empty is not None else Outcome(PASSED)


def _unjudgeable(missing: Capability, seen: str) -> Outcome:
    """Return the outcome of a check that looked through something that the server lacks."""
    see = f" (see {missing.because})" if missing.because else ""
    return Outcome(INCONCLUSIVE, f"the server lacks {missing.name}{see}: {seen}", because=missing.because)


def _cut_that_matters(
    where: Event | Exchange | None, looked_at: Sequence[Exchange], recordings: Iterable[Recording]
) -> Exchange | None:
    """Return the exchange whose missing rest may be the reason of a failure, None if there is none."""
    located = where.exchange if isinstance(where, Event) else where
    judged = [*looked_at, *([located] if located is not None else [])]
    of = {id(exchange): recording for recording in recordings for exchange in recording.exchanges}
    return next((one for one in judged if id(one) in of and cut_short(of[id(one)], one)), None)


def _suite_error(check: Check, problem: Exception) -> SuiteError:
    kind = "" if isinstance(problem, DeclarationError) else f"{type(problem).__name__}: "
    return SuiteError(f"{check.name}: {kind}{problem}")


def _first_invalid_payload(exchanges: Iterable[Exchange]) -> str | None:
    from conformance.catalogue import schemas  # jsonschema is slow to import, and few sessions need it

    for exchange in exchanges:
        for event in exchange.events if exchange.is_stream else ():
            name = schemas.for_event(event.name)
            try:
                problems = schemas.errors(name, event.value) if name else []
            except NotJson as problem:
                return str(problem)
            if problems:
                return f"event {event.position} (`{event.name}`) of `{exchange.name}`: {problems[0]}"
    return None


def _failure(failed: Failed, recordings: Iterable[Recording]) -> Failure | None:
    """Return what the check had before it; None if it named neither an event nor an exchange."""
    event = failed.where if isinstance(failed.where, Event) else None
    exchange = event.exchange if event is not None else failed.where
    recording = _recording_of(exchange, recordings)
    if recording is None or not isinstance(exchange, Exchange):
        return None
    return Failure(recording, exchange, event, failed.difference)


def _recording_of(exchange: Event | Exchange | None, recordings: Iterable[Recording]) -> Recording | None:
    return next((one for one in recordings if any(other is exchange for other in one.exchanges)), None)


def _evidence(
    where: Event | Exchange | None, exchanges: Sequence[Exchange], recordings: Iterable[Recording]
) -> tuple[Evidence, ...]:
    exchange = where.exchange if isinstance(where, Event) else where or next(iter(exchanges), None)
    if exchange is None:
        return ()
    recording = _recording_of(exchange, recordings)
    file = recording.file if recording is not None else ""
    rows = rows_around(where) if isinstance(where, Event) else [head_row(exchange), *last_rows(exchange)]
    marked = len(rows) - 1 if isinstance(where, Event) else None
    return (Evidence(file, exchange.name, repeating(recording, exchange), tuple(rows), marked),)
