"""The libraries that a server may use, each with its predictions, and the one that fits a whole session."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.oracle.compare import compare_stream
from conformance.oracle.difference import UNDECIDED, Difference
from conformance.oracle.join import compare_join
from conformance.oracle.parts import modes_of, part, predicted_part
from conformance.oracle.prediction import Case, Prediction, prediction_of
from conformance.oracle.search import RecordedEvent
from conformance.oracle.thread_state import compare_history, compare_state

FILE = Path(__file__).with_name("predictions.jsonl.xz")
"""The shipped predictions: for each library a line with its name and its versions, and then one for each case."""


class NotPredicted(LookupError):
    """No library that is at hand has a prediction for a case."""


@dataclass(frozen=True)
class Library:
    """A release of a library with its predictions.

    `lines` holds each prediction as JSON, by the key of its case; it is read when it is first asked for.
    """

    name: str
    versions: Mapping[str, str]
    lines: Mapping[str, str]
    _read: dict[str, Prediction] = field(default_factory=dict, repr=False, compare=False)

    def __hash__(self) -> int:
        return id(self)

    def predicts(self, case: Case) -> bool:
        """Return whether it has a prediction for a case."""
        return case.key in self.lines

    def prediction(self, case: Case) -> Prediction:
        """Return its prediction for a case; raises NotPredicted."""
        if case.key not in self.lines:
            raise NotPredicted(f"{self.name} has no prediction for a run of {case.graph} in {', '.join(case.modes)}")
        if case.key not in self._read:
            self._read[case.key] = prediction_of(json.loads(self.lines[case.key]))
        return self._read[case.key]


@dataclass(frozen=True)
class ObservedStream:
    """A stream as a server sent it: its case, its events, and the ids of run and thread, None if unknown.

    `joined` is true for a reader that joined the run; `ended` is false for a reader that left before the end.
    `joined_at` says how many seconds after the request for the run its join was answered.  Only streams of one exchange
    can be equal, and their events are the same.
    """

    case: Case
    events: Sequence[RecordedEvent] = field(compare=False)
    run: str | None
    thread: str | None
    joined: bool = False
    ended: bool = True
    joined_at: float | None = None


@dataclass(frozen=True)
class ObservedThread:
    """What a server says of a thread after a run: its state, or with a `limit` its history, at most so many entries.

    Only answers of one exchange can be equal.
    """

    case: Case
    answer: Any = field(compare=False)
    run: str | None
    thread: str | None
    limit: int | None = None


def thread_difference(observed: ObservedThread, library: Library) -> Difference | None:
    """Return the first difference between a state or a history and the library's; raises NotPredicted."""
    prediction = library.prediction(observed.case)
    if observed.limit is None:
        return compare_state(observed.answer, prediction, observed.run, observed.thread)
    return compare_history(observed.answer, prediction, observed.run, observed.thread, limit=observed.limit)


def first_difference(stream: ObservedStream, library: Library) -> Difference | None:
    """Return the first difference between a stream and what a library yields; None if they agree.

    A run without a thread may also be performed on a temporary thread: the difference is from what fits further.
    Raises NotPredicted.
    """
    return max((_difference(*one) for one in _possible(stream, library)), key=_extent)


def differences(stream: ObservedStream, library: Library) -> list[Difference]:
    """Return the first difference in each mode; if only the order between modes differs, the first of all.

    Raises NotPredicted.
    """
    first = first_difference(stream, library)
    if first is None:
        return []
    return min((_differences_apart(*one) for one in _possible(stream, library)), key=_distance) or [first]


def _possible(stream: ObservedStream, library: Library) -> Iterator[tuple[ObservedStream, Prediction]]:
    """Yield how a stream may be understood, each with its prediction."""
    yield stream, library.prediction(stream.case)
    on_a_thread = replace(stream, case=replace(stream.case, thread=True), thread=None)
    if not stream.case.thread and library.predicts(on_a_thread.case):
        yield on_a_thread, library.prediction(on_a_thread.case)


def _differences_apart(stream: ObservedStream, prediction: Prediction) -> list[Difference]:
    """Return the first difference in each mode, an error that several modes show only once."""
    found: dict[object, Difference] = {}
    for mode in modes_of([*prediction.events, *stream.events]):
        one = _difference(replace(stream, events=part(stream.events, mode)), predicted_part(prediction, mode))
        if one is not None and one.kind != UNDECIDED:
            found[one.mode, one.kind, one.position] = one
    return list(found.values())


def _extent(difference: Difference | None) -> float:
    """Return how far a stream agrees: the number of the event that differs."""
    position = difference.position if difference is not None else None
    return float("inf") if position is None else position


def _distance(apart: Sequence[Difference]) -> tuple[float, ...]:
    """Return how far a stream is from a prediction.

    Near are few differences that break a sentence, few at all, late ones, and those deep in an event.
    """
    broken = sum(one.area is not None for one in apart)
    return broken, len(apart), -sum(map(_extent, apart)), -sum(len(one.path) for one in apart)


def _difference(stream: ObservedStream, prediction: Prediction) -> Difference | None:
    if stream.joined:
        return compare_join(stream.events, prediction, stream.run, stream.thread, joined_at=stream.joined_at)
    return compare_stream(stream.events, prediction, stream.run, stream.thread, ended=stream.ended)


@dataclass(frozen=True)
class Fit:
    """How well a library fits a session: for each stream its first difference, None if there is none.

    `unpredicted` are the numbers of the streams for which the library has no prediction.
    """

    library: Library
    differences: Sequence[Difference | None]
    unpredicted: frozenset[int]

    @property
    def count(self) -> int:
        """How many streams differ."""
        return sum(one is not None for one in self.differences)


def best_fit(streams: Sequence[ObservedStream], libraries: Sequence[Library]) -> Fit:
    """Return how the library fits from which the fewest streams of a session differ; the first of equal ones.

    A server must agree with one library in the whole session, so the differences are those from this one.
    """
    best: Fit | None = None
    for library in libraries:
        fit = fitted(streams, library)
        if best is None or fit.count < best.count:
            best = fit
        if not best.count:
            break
    if best is None:
        raise NotPredicted("no library is at hand")
    return best


def fitted(streams: Sequence[ObservedStream], library: Library) -> Fit:
    """Compare all streams of a session with one library."""
    unpredicted = {number for number, one in enumerate(streams) if not library.predicts(one.case)}
    differences = [None if n in unpredicted else first_difference(one, library) for n, one in enumerate(streams)]
    return Fit(library, differences, frozenset(unpredicted))


@cache
def shipped() -> tuple[Library, ...]:
    """Return the libraries whose predictions are shipped, the most recent first."""
    return tuple(unpacked(FILE.read_bytes()))


def unpacked(content: bytes) -> Iterator[Library]:
    """Yield the libraries of a packed file."""
    lines = iter(lzma.decompress(content).decode("utf-8").split("\n"))
    for head in map(json.loads, lines):
        keyed = (next(lines).partition(" ") for _ in range(head["count"]))
        yield Library(head["name"], head["versions"], {key: line for key, _, line in keyed})


def packed(libraries: Iterable[Library]) -> bytes:
    """Return the packed file of libraries."""
    lines: list[str] = []
    for library in libraries:
        head: dict[str, Any] = {"name": library.name, "versions": library.versions, "count": len(library.lines)}
        lines += [json.dumps(head), *(f"{key} {library.lines[key]}" for key in sorted(library.lines))]
    return lzma.compress("\n".join(lines).encode("utf-8"), preset=9)
