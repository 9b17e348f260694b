"""Readers of one run of `any_run`: each is answered, and each receives what another one receives."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

from conformance.authoring import (
    MODES,
    Event,
    Exchange,
    ExchangeView,
    Recording,
    RecordingView,
    expect,
    inconclusive,
    memoized,
    verifies,
    wire_name,
)
from conformance.suite.any_run.scenarios import any_run

SETTLED_S = 0.4
"""How long after the answer to a join an event of another reader arrives that the joining client must receive too.

Only of a server that is calm: the programs wait for 0.3 s between their steps, so it had nothing else to do."""
CALM_S = 0.5
"""The longest silence of another reader during which a server still counts as calm."""

MAY_LAG = 2
"""How many events of the mode `events` a server may send later than what followed them."""

WIRES = frozenset(map(wire_name, MODES))

RUN = "run"
"""The exchange in which a client starts the run of a row and reads it."""
READERS = (RUN, "reader", "second reader")
"""The exchanges in which a run of a row is read before its end."""
LATE = "late reader"
"""The exchange in which it is joined after its end."""

Sent = tuple[str, str]


@memoized
def sent(event: Event) -> Sent:
    """Return what must be the same for every reader: name and data, however the JSON is written."""
    try:
        return event.name, json.dumps(event.value, sort_keys=True)
    except ValueError:
        return event.name, event.text


class Pair(NamedTuple):
    """Two clients that read a run at the same time, in the order of their requests; the later one joined."""

    early: ExchangeView
    late: ExchangeView
    recording: Recording

    @property
    def settled_t(self) -> float:
        """The moment from which on both receive what the run produces, in seconds of the session.

        That is when the first event arrived that both received, or before, if the server was calm: a server that is
        busy may answer a join long before it can attach the client to the run.
        """
        known = {sent(event) for event in self.late.events if event.base in WIRES}
        both = [event.t for event in self.early.events.after(self.late.sent) if sent(event) in known]
        calm = [(self.late.exchange.answered_t or 0.0) + SETTLED_S] if self._is_calm else []
        return min([*both, *calm], default=float("inf"))

    @property
    def _is_calm(self) -> bool:
        asked = self.late.exchange.sent_t
        moments = [asked, *(event.t for event in self.early.events.after(self.late.sent))]
        return all(later - earlier < CALM_S for earlier, later in pairwise(moments))


def active_readers(view: RecordingView) -> list[ExchangeView]:
    """Return the clients that read the run of a row before its end, in the order of their requests."""
    return [view[name] for name in READERS if name in view]


def pairs(recordings: dict[str, RecordingView], *, to_the_end: bool = True) -> list[Pair]:
    """Return every two clients that read the same run to its end; inconclusive if there are none.

    Without `to_the_end` the later one may have left before.
    """
    found = []
    for view in recordings.values():
        readers = [one for one in active_readers(view) if one.is_stream]
        found += [
            Pair(early, late, view.recording)
            for early, late in combinations(readers, 2)
            if early.ending == "complete" and (late.ending == "complete" or (late.ending == "left" and not to_the_end))
        ]
    return found or inconclusive("no client joined a run that another one read to its end")


def lacking(
    reader: ExchangeView, other: ExchangeView, since_t: float, bases: Collection[str] = WIRES
) -> Iterator[Event]:
    """Yield what a reader of the run did not receive of what another one received since a moment."""
    received = Counter(sent(event) for event in reader.events)
    due = [event for event in other.events if event.t > since_t and event.base in bases]
    behind = [event.position for event in due if event.base == "events"][:MAY_LAG]
    for event in due:
        if event.position not in behind:
            received[sent(event)] -= 1
            if received[sent(event)] < 0:
                yield event


def undivided(recordings: dict[str, RecordingView]) -> list[Pair]:
    """Return the pairs of readers, none if the server divides the events of a run among its readers.

    That breaks what is said of several readers, and nothing else.
    """
    found = pairs(recordings)
    for pair in found:
        pair.late.expect_stream()
    return [] if any(shares_out(pair.recording) for pair in found) else found


@memoized
def shares_out(recording: Recording) -> bool:
    """Return whether each event reaches only one of two clients of a run."""
    readers = [one for one in recording.streams() if one.name in READERS and one.is_stream]
    return any(_is_divided(one, other) for one, other in combinations(readers, 2))


def _is_divided(one: Exchange, other: Exchange) -> bool:
    outputs = [[event for event in exchange.events if event.base in WIRES] for exchange in (one, other)]
    if not all(outputs):
        return False
    both = max(events[0].seq for events in outputs)
    first, second = (Counter(sent(event) for event in events if event.seq > both) for events in outputs)
    return bool(first) and bool(second) and not first & second


def expect_nothing_lacking(
    reader: ExchangeView, other: ExchangeView, since_t: float, bases: Collection[str] = WIRES
) -> None:
    """Fail unless a reader received what another one did since a moment."""
    for event in lacking(reader, other, since_t, bases):
        expect(False, f"`{reader.name}` must receive `{event.name}`, as `{other.name}` did", reader)


@verifies("join.does-not-replay", on=any_run, over="row")
def test_no_reader_receives_what_another_had_before(recordings: dict[str, RecordingView]) -> None:
    """A joining client receives no event that another reader had received before the request of the join was sent."""
    for early, late, _ in pairs(recordings, to_the_end=False):
        modes = early.requested
        later = Counter(sent(event) for event in early.events.after(late.sent))
        before = {sent(event) for event in early.events.before(late.sent) if event.base in modes}
        for event in late.events:
            later[sent(event)] -= 1
            replayed = later[sent(event)] < 0 and sent(event) in before
            expect(not replayed, f"`{event.name}` was sent again: another reader had it before the join", event)


@verifies("join.rest-of-run", on=any_run, over="row")
def test_every_reader_receives_what_another_receives(recordings: dict[str, RecordingView]) -> None:
    """A joining client receives every event that another reader receives from shortly after the join on."""
    for pair in undivided(recordings):
        expect_nothing_lacking(pair.late, pair.early, pair.settled_t)


@verifies("join.error-reaches-the-joiner", on=any_run, over="row")
def test_every_reader_of_a_failing_run_receives_the_error(recordings: dict[str, RecordingView]) -> None:
    """A joining client receives the error event that another reader receives from shortly after the join on."""
    for pair in undivided(recordings):
        expect_nothing_lacking(pair.late, pair.early, pair.settled_t, {"error"})


@verifies("join.several-readers", on=any_run, over="row")
def test_no_reader_loses_events_to_a_later_one(recordings: dict[str, RecordingView]) -> None:
    """A client that joined a run receives every event that a client receives that joined after it."""
    joined = [pair for pair in pairs(recordings) if pair.early.exchange.kind == "join"]
    for pair in joined or inconclusive("no run was joined by two clients that read it to its end"):
        expect_nothing_lacking(pair.early, pair.late, pair.settled_t)


@verifies("join.others-undisturbed", on=any_run, over="row")
def test_the_client_that_started_the_run_loses_no_events_to_readers(recordings: dict[str, RecordingView]) -> None:
    """The client that started a run by a stream receives every event that a joining client receives."""
    started = [pair for pair in pairs(recordings) if pair.early.exchange.kind == "stream"]
    for pair in started or inconclusive("no client joined a run that was started by a stream"):
        expect_nothing_lacking(pair.early, pair.late, pair.settled_t)


@verifies("join.same-events", on=any_run, over="row")
def test_readers_receive_the_same_events_in_the_same_order(recordings: dict[str, RecordingView]) -> None:
    """In each mode, what a joining client received is the end of what another reader received."""
    for early, late, _ in undivided(recordings):
        for mode in dict.fromkeys(event.base for event in late.events if event.base in WIRES):
            received, others = late[mode], early[mode]
            for event, other in zip(reversed(received), reversed(others), strict=False):
                same = f"`{late.name}` must receive `{event.name}` with the data, and in the order, that others receive"
                expect(sent(event) == sent(other), same, event)
            more = f"`{late.name}` received {len(received)} `{mode}`, and `{early.name}` only {len(others)}"
            expect(len(received) <= len(others), more, late)


@verifies("join.active-run", on=any_run, over="row")
def test_every_reader_of_an_active_run_is_answered(recordings: dict[str, RecordingView]) -> None:
    """A join is answered with an event stream if another reader receives output of the run after the answer."""
    judged = 0
    for view in recordings.values():
        readers = active_readers(view)
        for join in readers:
            answered = join.exchange.answered or join.sent
            others = [one.exchange for one in readers if one is not join and one.is_stream]
            active = any(event.base in WIRES for one in others for event in one.events.after(answered))
            if active and join.exchange.kind == "join" and join.ending != "left":
                join.expect_stream()
                judged += 1
    if not judged:
        inconclusive("no client joined a run that was known to be active")


@verifies("join.finished-run", on=any_run, over="row")
def test_a_reader_after_the_end_receives_nothing(recordings: dict[str, RecordingView]) -> None:
    """A join of a run that has ended is not answered with a server error, closes, and carries no event of a mode."""
    views = [view for view in recordings.values() if LATE in view]
    # What the suite cut off leaves this check alone, if there is anything else to look at.
    late = [view[LATE] for view in [view for view in views if not view.was_cut(LATE)] or views]
    for join in late or inconclusive("no client joined a run that had ended"):
        join.expect_answered()
        error = f"`{join.name}` must not be answered with a server error; the status is {join.status}"
        expect((join.status or 0) < 500, error, join)
        join.expect_complete("by itself, because the run has ended")
        for event in join.exchange.events if join.is_stream else ():
            expect(
                event.base not in WIRES, f"`{event.name}` must not be sent: the run had ended before the join", event
            )
