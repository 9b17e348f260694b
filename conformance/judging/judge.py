"""Judges recordings: hands a check what it looks at, and turns what happens into an outcome.

It knows no pytest and does no network I/O; the pytest item, `lg-conformance judge` and the proof of the faults call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.authoring.expectations import Failed, Inconclusive
from conformance.authoring.registry import EVERY_STREAM, WHOLE_SESSION, Check, DeclarationError, Variant
from conformance.authoring.views import ExchangeView, RecordingView, SessionFacts, SessionRecordings
from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording, shows_a_run
from conformance.evidence.rows import head_row, last_rows, rows_around
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, UNTESTED, Evidence, Failure, Outcome
from conformance.wire.strict_json import NotJson
from conformance.wire.text import printable


class SuiteError(Exception):
    """The suite itself is at fault: a check raised something it must not raise."""


def judge(item: Item, session: SessionRecordings) -> Outcome:
    """Return the outcome of one item over the recordings of a session; raises SuiteError if the suite is at fault."""
    if item.check.scope and not session.recordings:
        return Outcome(UNTESTED, "there are no recordings")
    if item.check.scope == EVERY_STREAM:
        return _judge_every_stream(item.check, session)
    if item.check.scope == WHOLE_SESSION:
        return _outcome(item.check, [session], session.recordings.values())
    return _judge_recordings(item, session)


def _judge_recordings(item: Item, session: SessionRecordings) -> Outcome:
    for variant in item.variants:
        if variant.id not in session.recordings:
            return Outcome(UNTESTED, f"there is no complete recording of `{variant.id}`")
    views: list[RecordingView] = []

    def view(variant: Variant) -> RecordingView:
        recording = session.recordings[variant.id]
        views.append(RecordingView(recording, session.facts, item.check.requirement, variant.scenario.exchanges))
        return views[-1]

    arguments = [
        {key: view(one) for key, one in given.items()} if isinstance(given, Mapping) else view(given)
        for given in item.arguments
    ]
    outcome = _outcome(item.check, arguments, [one.recording for one in views])
    if outcome.word == PASSED and not any(exchange.accepted for view in views for exchange in view.looked_at):
        return Outcome(INCONCLUSIVE, f"the server accepted nothing that the check looked at{_stopped(session)}")
    return outcome


def _judge_every_stream(check: Check, session: SessionRecordings) -> Outcome:
    """Return the first failure over all streams; only a stream that showed a run counts for passing."""
    passed = 0
    for recording in session.recordings.values():
        for exchange in recording.streams():
            outcome = _judge_stream(recording, exchange, check, session.facts)
            if outcome.word == FAILED:
                return outcome
            passed += outcome.word == PASSED and shows_a_run(recording, exchange)
    if passed:
        return Outcome(PASSED)
    why = "no stream carried a metadata event and an event of a requested mode"
    return Outcome(INCONCLUSIVE, f"{why}{_stopped(session)}")


@memoized
def _judge_stream(recording: Recording, exchange: Exchange, check: Check, facts: SessionFacts) -> Outcome:
    """Judge one stream; memoized because the proof of the faults judges the same good streams hundreds of times."""
    return _outcome(check, [ExchangeView(exchange, recording, facts, check.requirement)], [recording], exchange)


def _stopped(session: SessionRecordings) -> str:
    return f" ({session.stopped})" if session.stopped else ""


def _outcome(
    check: Check, arguments: Sequence[Any], recordings: Iterable[Recording], stream: Exchange | None = None
) -> Outcome:
    """Call the check; `stream` is the one exchange that it looks at, None if it looks at whole recordings."""
    exchanges = [stream] if stream else [exchange for one in recordings for exchange in one.exchanges]
    try:
        check.function(*arguments)
    except Failed as failure:
        evidence = _evidence(failure.where, exchanges, recordings)
        return Outcome(FAILED, str(failure), evidence, failure=_failure(failure, recordings))
    except (Inconclusive, NotJson) as reason:
        return Outcome(INCONCLUSIVE, str(reason))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as problem:
        if (invalid := _first_invalid_payload(exchanges)) is None:
            raise _suite_error(check, problem) from problem
        return Outcome(INCONCLUSIVE, f"a payload does not match its schema, so the check cannot read it: {invalid}")
    except Exception as problem:
        raise _suite_error(check, problem) from problem
    return Outcome(PASSED)


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
    return (Evidence(file, exchange.name, printable(exchange.curl), tuple(rows), marked),)
