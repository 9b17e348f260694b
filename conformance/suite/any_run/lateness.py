"""Whether a run of `any_run` was sent as it happened: a run that waits cannot send everything at its end.

The time between the first and the last event of a mode is at least the waits between them.  If it is much shorter, the
first ones were held back, or the server was too busy to send them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conformance.authoring import ComparedStream, Event, Recording, predicted_streams

LATE_S = 0.75
"""How much shorter than the waits the time between two events must be; a loaded official server reached 0.2 s."""


class Held(NamedTuple):
    """The first event of a mode that was held back, and for how many seconds at least."""

    event: Event
    seconds: float


def held_back(stream: ComparedStream) -> Iterator[Held]:
    """Yield the first event of each mode in which waits follow it; negative seconds say that it was on time.

    A joining client can receive nothing before its join is answered, not even what a server sends it again.
    """
    for mode, moments in stream.moments.items():
        events = stream.exchange.events_of(mode)
        complete = len(events) == len(moments) or (stream.joined and len(events) < len(moments))
        if events and complete:
            waits = moments[-1] - moments[-len(events)]
            if waits > LATE_S:
                late = waits - (events[-1].t - events[0].t)
                answered = stream.exchange.answered_t or 0.0
                yield Held(events[0], min(late, events[0].t - answered) if stream.joined else late)


def looks_late(recording: Recording) -> bool:
    """Return whether something of a run seems to have been held back, whatever the reason."""
    streams = (stream for stream in predicted_streams(recording) if stream.exchange.is_stream)
    return any(held.seconds > LATE_S for stream in streams for held in held_back(stream))
