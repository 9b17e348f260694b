"""Compares the streams of a session with what the library itself streams for the same runs.

The specification's table of modes defines each mode as the output of a method of the library, lines 216-223.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording
from conformance.oracle import (
    Difference,
    NotPredicted,
    ObservedStream,
    first_difference,
    observed_streams,
    shipped,
)


@dataclass(frozen=True)
class ComparedStream:
    """A stream that a library predicts; `difference` is the first one, None if there is none."""

    recording: Recording
    exchange: Exchange
    difference: Difference | None

    @property
    def joined(self) -> bool:
        return self.exchange.kind == "join"

    @property
    def where(self) -> Event | Exchange:
        """The event that differs, or the stream if it lacks an event."""
        position = self.difference.position if self.difference is not None else None
        events = self.exchange.events
        return events[position - 1] if position is not None and position <= len(events) else self.exchange


def compared_streams(recordings: Sequence[Recording]) -> list[ComparedStream]:
    """Return every stream that the library predicts, compared with the release that fits all of them best.

    A server uses one release of the library, so the differences are those from the release with the fewest.
    """
    order, best = list(range(len(recordings))), [_compared(recording, 0) for recording in recordings]
    for number in range(1, len(shipped())):
        # What agrees with the best release so far comes first: another release is soon found to be worse there.
        order.sort(key=lambda index: _differing(best[index]))
        fewest = sum(map(_differing, best))
        found: dict[int, list[ComparedStream]] = {}
        for index in order:
            found[index] = _compared(recordings[index], number)
            if sum(map(_differing, found.values())) >= fewest:
                break
        else:
            best = [found[index] for index in range(len(recordings))]
    return [stream for streams in best for stream in streams]


def _differing(streams: Sequence[ComparedStream]) -> int:
    return sum(stream.difference is not None for stream in streams)


@memoized
def _compared(recording: Recording, library: int) -> list[ComparedStream]:
    found = []
    for exchange, stream in observed_streams(recording):
        with suppress(NotPredicted):
            found.append(ComparedStream(recording, exchange, _difference(exchange, stream, library)))
    return found


@memoized
def _difference(exchange: Exchange, stream: ObservedStream, library: int) -> Difference | None:
    """Return the first difference of a stream; memoized because a fault leaves most streams of a session alone."""
    return first_difference(stream, shipped()[library])
