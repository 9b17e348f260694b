"""When the events of `any_run` arrive: a run that waits cannot send everything at its end.

A row that looks late was performed again, alone (`lateness.py`).  If it is still late, its events were held back,
unless nothing at all arrived meanwhile: then the suite or the machine may have stood still.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from conformance.authoring import (
    ComparedStream,
    RecordingView,
    compared_streams,
    expect,
    inconclusive,
    member,
    verifies,
)
from conformance.suite.any_run.lateness import LATE_S, Held, held_back
from conformance.suite.any_run.readers import READERS
from conformance.suite.any_run.scenarios import any_run

Rows = dict[str, RecordingView]


def lacks_nothing(stream: ComparedStream) -> bool:
    """Return whether a stream has all its events: only then it is known which moment belongs to which event."""
    whole = stream.difference is None or (stream.difference.kind == "order" and not stream.joined)
    return whole and stream.exchange.ending == "complete"


def arrivals(recordings: Rows) -> list[float]:
    """Return when anything arrived from the server, in order, in seconds of the session."""
    exchanges = [exchange for view in recordings.values() for exchange in view.recording.exchanges]
    return sorted(chunk.t for exchange in exchanges for chunk in exchange.chunks)


def was_served(recordings: Rows, held: Held) -> bool:
    """Return whether the server sent other things, and the suite received them, while an event was held back."""
    arrived, start = arrivals(recordings), held.event.t - held.seconds
    between = arrived[bisect_left(arrived, start) : bisect_left(arrived, held.event.t)]
    return all(later - earlier < held.seconds / 2 for earlier, later in pairwise([start, *between, held.event.t]))


def requirement_of(stream: ComparedStream, held: Held) -> str:
    """Return the requirement that is broken if an event of a stream is held back."""
    if stream.joined:
        return "delivery.joined"
    if held.event.base == "messages":
        return "delivery.tokens"
    return "delivery.several-modes" if len(stream.moments) > 1 else "delivery.each-mode"


def _declare(requirement: str) -> None:
    """Declare the check of one requirement: nothing is held back in such a stream."""

    def check(recordings: Rows) -> None:
        streams = compared_streams([view.recording for view in recordings.values()])
        active = [one for one in streams if one.exchange.name in READERS]
        paced = [one for one in active if lacks_nothing(one) and any(held_back(one))]
        if not paced:
            inconclusive("no run of the graph `program` with waits was streamed to its end")
        for stream in paced:
            view = recordings[str(member(stream.recording.axes, "row"))][stream.exchange.name]
            for held in held_back(stream):
                if held.seconds > LATE_S and requirement_of(stream, held) == requirement:
                    late = f"`{held.event.name}` of {stream.recording.variant} must be sent when it is produced"
                    view[held.event.base]  # the check rests on this mode
                    expect(
                        not was_served(recordings, held), f"{late}; it came {held.seconds:.1f} s too late", held.event
                    )

    check.__name__ = f"test_any_run_is_sent_as_it_happens_{requirement.replace('.', '_').replace('-', '_')}"
    check.__doc__ = "The first event of a mode does not arrive with the last one, if the run waits between them."
    verifies(requirement, on=any_run, over="row")(check)


for _requirement in ("delivery.each-mode", "delivery.tokens", "delivery.several-modes", "delivery.joined"):
    _declare(_requirement)
