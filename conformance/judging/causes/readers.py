"""Causes that show in what each reader of a run received, and in how the stream ended."""

from __future__ import annotations

from itertools import combinations

from conformance.evidence.exchange import STREAMS, Exchange
from conformance.wire.endings import BROKEN, SILENCE

from .case import NAMED, Case, Description, counted, listed


def shares_events_out(case: Case) -> str | None:
    """Readers of one run received disjoint events while all were connected."""
    run = case.exchange.run_id
    readers = [one for one in case.recording.streams() if run and one.run_id == run and _data(one)]
    if not case.exchange.is_stream or len(readers) < 2 or case.exchange not in readers:
        return None
    if any(_data(one) & _data(other) for one, other in combinations(readers, 2)):
        return None
    if not all(_heard_beside(one, other) for one, other in combinations(readers, 2)):
        return None
    shares = [f"`{one.name}` {len(_data(one))}" for one in readers]
    return f"The readers of the run were connected at once, and no event reached two of them: {', '.join(shares)}."


def _data(exchange: Exchange) -> frozenset[tuple[str, str]]:
    return frozenset((event.name, event.text) for event in exchange.events if event.base not in NAMED)


def _heard_beside(one: Exchange, other: Exchange) -> bool:
    """Return whether one of two readers received something while the other was connected as well."""
    start, end = max(one.answered or 0, other.answered or 0), min(one.ended or 0, other.ended or 0)
    return any(start < event.seq < end for each in (one, other) for event in each.events)


def replays_to_a_join(case: Case) -> str | None:
    """A join began with several events at once that were older than the join."""
    if case.requirement != "join.does-not-replay" or not case.is_join or case.event is None:
        return None
    together = [one for one in case.exchange.events if one.seq == case.event.seq and one.base not in NAMED]
    first = next((one for one in case.exchange.events if one.base not in NAMED), None)
    if len(together) < 2 or first is not together[0]:
        return None
    return f"The join began with {len(together)} events in one piece: the server stores events and replays them."


def streams_a_finished_run(case: Case) -> str | None:
    """A join of a run that had ended carries events of the run."""
    if case.requirement != "join.finished-run" or not case.is_join or case.event is None:
        return None
    events = [event for event in case.exchange.events if event.base not in NAMED]
    whose = listed(list(dict.fromkeys(event.base for event in events)))
    return f"The join began after the run had ended, and carried {counted(len(events), 'event')} of it: {whose}."


def is_not_ended(case: Case) -> str | None:
    """The connection was broken off, or left open for longer than the suite waits."""
    exchange = case.exchange
    if exchange.kind not in STREAMS or ("must end" not in case.message and not _stops_early(case)):
        return None
    last = f"after {counted(len(exchange.events), 'event')}"
    if exchange.ending == BROKEN:
        return f"The connection was broken off {last}."
    return f"The server left the stream open {last}, and sent nothing more." if exchange.ending == SILENCE else None


def _stops_early(case: Case) -> bool:
    """Return whether the events are the first ones of those that were expected."""
    if case.difference is None or not case.difference.sequences:
        return False
    received, expected = case.difference.received, case.difference.expected
    return len(received) < len(expected) and bool(received == expected[: len(received)])


READERS = (
    Description("events-shared-out", shares_events_out),
    Description("join-replays", replays_to_a_join),
    Description("finished-run-streamed", streams_a_finished_run),
)
ENDED = (Description("not-ended", is_not_ended),)
