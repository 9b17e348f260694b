"""The search for an allowed order: recorded events are matched with predicted ones, and wrong turns are taken back."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from conformance.oracle.identity import Ids
from conformance.oracle.normal_form import Part, differing_namespace, differing_parts
from conformance.oracle.prediction import PredictedEvent

EFFORT = 20_000
"""How many comparisons beyond one for each event are made before the search gives up."""

COMPARED = 50
"""With how many predicted events an unmatched event is compared, to find the one that it resembles most."""

Group = tuple[str, int]
"""Mode and depth of the namespace: only events of the same group can be matched."""


class RecordedEvent(NamedTuple):
    """An event that a server sent: wire name of the mode, namespace, data; `position` counts from 1 in its stream."""

    mode: str
    namespace: tuple[str, ...]
    data: Any
    position: int

    @property
    def group(self) -> Group:
        return self.mode, len(self.namespace)


class Match(NamedTuple):
    """A predicted event that was matched, and how many ids were bound before."""

    number: int
    extent: int


class Search:
    """The state of a search: which predicted events are matched, which are ready, which ids are paired."""

    def __init__(self, events: Sequence[PredictedEvent], order: Sequence[Sequence[int]], ids: Ids) -> None:
        self.events, self.ids = events, ids
        self.trail: list[Match] = []
        self.taken = bytearray(len(events))
        self._waits_for = [len(set(before)) for before in order]
        self._before: list[list[int]] = [[] for _ in events]
        for number, before in enumerate(order):
            for earlier in set(before):
                self._before[earlier].append(number)
        self._ready: dict[Group, list[int]] = defaultdict(list)
        for number, count in enumerate(self._waits_for):
            if not count:
                self._ready[self.group(number)].append(number)

    def group(self, number: int) -> Group:
        """Return the group of a predicted event."""
        event = self.events[number]
        return event.mode, len(event.namespace)

    def ready(self, group: Group, start: int = 0) -> list[int]:
        """Return the numbers, from `start` on, of the events of a group whose predecessors are all matched."""
        numbers = self._ready[group]
        return numbers[bisect_left(numbers, start) :]

    def is_ready(self, number: int) -> bool:
        """Return whether a predicted event is not matched, but everything before it is."""
        return not self.taken[number] and not self._waits_for[number]

    def would_match(self, recorded: RecordedEvent, number: int) -> bool:
        """Return whether a recorded event is the predicted one; no id stays paired."""
        return not self.parts(recorded, number, 1)

    def parts(self, recorded: RecordedEvent, number: int, limit: int | None = None) -> list[Part]:
        """Return in what a recorded event is not the predicted one; no id stays paired."""
        extent = self.ids.extent
        found = list(islice(self.differences(recorded, number), limit))
        self.ids.undo(extent)
        return found

    def matches(self, recorded: RecordedEvent, number: int) -> bool:
        """Return whether a recorded event is the predicted one; its ids stay paired only if it is."""
        extent = self.ids.extent
        if next(self.differences(recorded, number), None) is None:
            return True
        self.ids.undo(extent)
        return False

    def differences(self, recorded: RecordedEvent, number: int) -> Iterator[Part]:
        """Yield in what a recorded event is not the predicted one; pair ids on the way."""
        expected = self.events[number]
        if differing_namespace(recorded.namespace, expected.namespace, self.ids):
            yield Part(("namespace",), "namespace", list(recorded.namespace), list(expected.namespace))
        yield from differing_parts(recorded.mode, recorded.data, expected.data, self.ids)

    def take(self, number: int, extent: int) -> None:
        """Match a predicted event."""
        self.trail.append(Match(number, extent))
        self.taken[number] = 1
        self._ready[self.group(number)].remove(number)
        for later in self._before[number]:
            self._waits_for[later] -= 1
            if not self._waits_for[later]:
                insort(self._ready[self.group(later)], later)

    def take_back(self) -> int:
        """Undo the last match; return its number."""
        number, extent = self.trail.pop()
        for later in self._before[number]:
            if not self._waits_for[later]:
                self._ready[self.group(later)].remove(later)
            self._waits_for[later] += 1
        self.taken[number] = 0
        insort(self._ready[self.group(number)], number)
        self.ids.undo(extent)
        return number


class Result(NamedTuple):
    """How far a search came.  `best` are the matches of the longest beginning of the stream that could be matched."""

    complete: bool
    gave_up: bool
    best: tuple[Match, ...]


def search(recorded: Sequence[RecordedEvent], state: Search) -> Result:
    """Match all recorded events, depth first; the state keeps the matches if that succeeds."""
    effort = EFFORT + len(recorded)
    best: tuple[Match, ...] = ()
    start = [0]
    while len(state.trail) < len(recorded):
        event = recorded[len(state.trail)]
        for number in state.ready(event.group, start[-1]):
            effort -= 1
            extent = state.ids.extent
            if state.matches(event, number):
                state.take(number, extent)
                start[-1:] = [number + 1, 0]
                break
        else:
            if len(state.trail) > len(best) or not best:
                best = tuple(state.trail)
            start.pop()
            if not state.trail or effort < 0:
                return Result(False, effort < 0, best)
            state.take_back()
    return Result(True, False, tuple(state.trail))
