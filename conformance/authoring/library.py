"""Compares the streams of a session with what the library itself streams for the same runs.

The specification's table of modes defines each mode as the output of a method of the library, lines 216-223.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from conformance.authoring.projection import is_optional
from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording
from conformance.oracle import (
    Difference,
    Library,
    NotPredicted,
    ObservedRun,
    ObservedStream,
    compare_runs,
    differences,
    first_difference,
    moments_of,
    observed_streams,
    observed_threads,
    recorded_events,
    shipped,
    thread_difference,
)
from conformance.protocol import thread_in, wire_name


@dataclass(frozen=True)
class ComparedStream:
    """A stream that a library predicts, or an answer about the thread after a run.

    `difference` is the first one, None if there is none, and `apart` are the first ones in each mode.  `moments` say,
    for each mode of a stream, when the library yields its events, in seconds of the waits in the run: a run cannot be
    faster.
    """

    recording: Recording
    exchange: Exchange
    difference: Difference | None
    moments: Mapping[str, Sequence[float]] = field(default_factory=dict)
    apart: Sequence[Difference] = ()

    def by_mode(self) -> list[ComparedStream]:
        """Return the stream with the first difference of each mode; with none, if it has none."""
        return [replace(self, difference=one) for one in self.apart] or [self]

    @property
    def joined(self) -> bool:
        return self.exchange.kind == "join"

    @property
    def where(self) -> Event | Exchange:
        """The event that differs, or the exchange if it lacks an event or is no stream."""
        position = self.difference.position if self.difference is not None else None
        events = self.exchange.events if self.exchange.is_stream else []
        return events[position - 1] if position is not None and position <= len(events) else self.exchange


def compared_streams(recordings: Sequence[Recording]) -> list[ComparedStream]:
    """Return every stream that the library predicts, compared with the release that fits all of them best.

    A server uses one release of the library, so the differences are those from the release with the fewest.  They are
    counted by mode, so that a server with its own way in one mode is compared with its release in the others.
    """
    _, best = _best_fit(recordings)
    return [stream for streams in best for stream in streams]


def predicted_streams(recording: Recording) -> Iterator[ComparedStream]:
    """Yield every stream that a library predicts, not compared: only its moments are known."""
    for library in _libraries(recording)[:1]:
        for exchange, stream in observed_streams(recording):
            with suppress(NotPredicted):
                yield ComparedStream(recording, exchange, None, moments_of(library.prediction(stream.case)))


def compared_threads(recordings: Sequence[Recording]) -> list[ComparedStream]:
    """Return every state and history that the library predicts, compared with the release that fits the streams."""
    library, _ = _best_fit(recordings)
    return [answer for recording in recordings for answer in _compared_threads(recording, library)]


def difference_of_runs(mode: str, stream: Exchange, other: Exchange) -> Difference | None:
    """Return the first difference between what two runs of one graph with the same input stream in a mode.

    What a server may send or leave out is not compared: chunks in `events`, and message chunks without text.
    """
    return compare_runs(_observed(mode, stream), _observed(mode, other))


def _observed(mode: str, stream: Exchange) -> ObservedRun:
    events = [event for event in recorded_events(stream) if event.mode == wire_name(mode)]
    kept = [event for event in events if not is_optional(mode, event.data)]
    return ObservedRun(kept, stream.run_id, thread_in(stream.path))


def _libraries(recording: Recording) -> Sequence[Library]:
    """Return the libraries with which the runs of a recording are compared; all of a session have the same."""
    return shipped() if recording.libraries is None else recording.libraries


def _best_fit(recordings: Sequence[Recording]) -> tuple[int, list[list[ComparedStream]]]:
    """Return the number of the release with the fewest differences, and the streams of each recording."""
    order, best = list(range(len(recordings))), [_compared(recording, 0) for recording in recordings]
    fitting = 0
    for number in range(1, min((len(_libraries(one)) for one in recordings), default=0)):
        if not sum(map(_differing, best)):
            break
        # What agrees with the best release so far comes first: another release is soon found to be worse there.
        order.sort(key=lambda index: _differing(best[index]))
        fewest = sum(map(_differing, best))
        found: dict[int, list[ComparedStream]] = {}
        for index in order:
            found[index] = _compared(recordings[index], number)
            if sum(map(_differing, found.values())) >= fewest:
                break
        else:
            fitting, best = number, [found[index] for index in range(len(recordings))]
    return fitting, best


def _differing(streams: Sequence[ComparedStream]) -> int:
    """Return in how many modes of its streams a recording differs."""
    return sum(len(stream.apart) for stream in streams)


@memoized
def _compared(recording: Recording, number: int) -> list[ComparedStream]:
    found = []
    for library in _libraries(recording)[number : number + 1]:
        for exchange, stream in observed_streams(recording):
            with suppress(NotPredicted):
                difference = _difference(exchange, stream, library)
                moments = moments_of(library.prediction(stream.case))
                apart = _apart(exchange, stream, library) if difference is not None else ()
                found.append(ComparedStream(recording, exchange, difference, moments, apart))
    return found


@memoized
def _difference(exchange: Exchange, stream: ObservedStream, library: Library) -> Difference | None:
    """Return the first difference of a stream; memoized because a fault leaves most streams of a session alone."""
    return first_difference(stream, library)


@memoized
def _apart(exchange: Exchange, stream: ObservedStream, library: Library) -> Sequence[Difference]:
    return differences(stream, library)


@memoized
def _compared_threads(recording: Recording, number: int) -> list[ComparedStream]:
    found = []
    for library in _libraries(recording)[number : number + 1]:
        for exchange, observed in observed_threads(recording):
            with suppress(NotPredicted):
                found.append(ComparedStream(recording, exchange, thread_difference(observed, library)))
    return found
