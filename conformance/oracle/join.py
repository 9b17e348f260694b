"""Compares what a joining reader received with a prediction.

A reader that joins a run has missed its beginning: in each mode the first events, as many as it lacks.  What it lacks
must not be from a later interval between waits than anything that it received, nor the error at the end, if it
received anything.  Nor can it have been sent before the join was answered, if the run cannot have come so far by then:
each wait takes its time.  The rest is an allowed order.

The events of a prediction are numbered; a set of them is an integer with a bit for each number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from conformance.evidence.memo import memoized
from conformance.oracle.compare import order_of, pins
from conformance.oracle.difference import (
    ADDITIONAL_EVENT,
    LOST,
    MISSING_EVENT,
    NAMESPACE,
    UNDECIDED,
    Difference,
    most_telling,
)
from conformance.oracle.identity import Ids
from conformance.oracle.normal_form import IDENTITY, Part, differing_namespace, differing_parts
from conformance.oracle.prediction import PredictedEvent, Prediction
from conformance.oracle.search import COMPARED, EFFORT, RecordedEvent

SETTLED_S = 0.1
"""How long after the answer to a join a run sends what the reader must receive: a join may take effect a bit later."""


def compare_join(
    recorded: Sequence[RecordedEvent], prediction: Prediction, run: str | None, thread: str | None,
    *, joined_at: float | None = None,
) -> Difference | None:  # fmt: skip
    """Return the first difference between the stream of a joining reader and a prediction; None if they agree.

    A reader that joined after the run had ended may have received nothing.  `joined_at` says how many seconds after the
    request for the run the join was answered, None if unknown.
    """
    search = _Search(recorded, prediction, Ids(pins(prediction, run, thread)))
    surplus = next((mode for mode, count in search.budget.items() if count < 0), None)
    if surplus is not None:
        event = [one for one in recorded if one.mode == surplus][-1]
        return Difference(surplus, ADDITIONAL_EVENT, event.position, (), None, event.data, event.namespace)
    if search.succeeds():
        return search.late_loss(joined_at)
    if search.effort < 0:
        return Difference("", UNDECIDED, None, (), None, None)
    return search.explained()


class _Turn(NamedTuple):
    """The candidates for one event that are left, and the state of the search before it was matched."""

    candidates: Iterator[int]
    taken: int
    lost: int
    extent: int


class _Search:
    """The search for what a joining reader missed and for the order of the rest."""

    def __init__(self, recorded: Sequence[RecordedEvent], prediction: Prediction, ids: Ids) -> None:
        self.recorded, self.events, self.ids = recorded, prediction.events, ids
        self.before = _closed(prediction)
        self.mode_of, self.of_mode = _modes(prediction)
        self.budget = Counter(self.mode_of)
        self.budget.subtract(event.mode for event in recorded)
        self.taken = self.lost = 0
        self.effort = EFFORT
        self.best, self.furthest = 0, (0, 0)

    def succeeds(self) -> bool:
        """Match the events, one after another; keep the matches if all of them can be matched."""
        turns: list[_Turn] = []
        while len(turns) < len(self.recorded) or not self._may_lose(self._rest()):
            if len(turns) < len(self.recorded):
                candidates = self._candidates(self.recorded[len(turns)])
                turns.append(_Turn(candidates, self.taken, self.lost, self.ids.extent))
            elif turns:
                self._return_to(turns[-1])
            while turns and not self._advances(turns[-1].candidates, len(turns) - 1):
                turns.pop()
                if turns:
                    self._return_to(turns[-1])
            if not turns or self.effort < 0:
                return False
            if len(turns) > self.best:
                self.best, self.furthest = len(turns), (self.taken, self.lost)
        return True

    def _return_to(self, turn: _Turn) -> None:
        """Take back what was matched since the turn began."""
        self.taken, self.lost = turn.taken, turn.lost
        self.ids.undo(turn.extent)

    def _advances(self, candidates: Iterator[int], position: int) -> bool:
        """Match an event with the next of its candidates that it is like."""
        for number in candidates:
            self.effort -= 1
            extent = self.ids.extent
            if self._is_like(self.recorded[position], number):
                self.lost |= self._needed(number)
                self.taken |= 1 << number
                return True
            self.ids.undo(extent)
        return False

    def _candidates(self, event: RecordedEvent) -> Iterator[int]:
        """Return the predicted events that this one may be, the most likely first."""
        mode = self.of_mode.get(event.mode, 0)
        possible = (one for one in _members(mode & ~(self.taken | self.lost)) if self._may_lose(self._needed(one)))
        return possible if self.taken & mode else iter(sorted(possible, key=self._missed_with))

    def _missed_with(self, number: int) -> int:
        """Return how many events of its mode remain to be missed if this one is its first; 0 is the most likely."""
        mode = self.mode_of[number]
        missed = (self.lost | self._needed(number)) & self.of_mode[mode]
        return abs(self.budget[mode] - missed.bit_count())

    def _needed(self, number: int) -> int:
        """Return what is missed if this event is received now: everything before it that did not come."""
        return self.before[number] & ~(self.taken | self.lost)

    def _may_lose(self, numbers: int) -> bool:
        """Return whether events may be missed: nothing before them in their mode came, and no mode misses too many."""
        lost = self.lost | numbers
        return all(
            (lost & mode).bit_count() <= self.budget[name] for name, mode in self.of_mode.items() if numbers & mode
        ) and not any(self.before[one] & self.taken & self.of_mode[self.mode_of[one]] for one in _members(numbers))

    def _rest(self) -> int:
        return _all(self.events) & ~(self.taken | self.lost)

    def _is_like(self, event: RecordedEvent, number: int) -> bool:
        expected = self.events[number]
        if differing_namespace(event.namespace, expected.namespace, self.ids):
            return False
        return next(differing_parts(event.mode, event.data, expected.data, self.ids), None) is None

    def late_loss(self, joined_at: float | None) -> Difference | None:
        """Return the difference of a missed event that comes after the join, or after something that was received.

        That is an event from a later interval between waits, or the error at the end.
        """
        received = min((self.events[number].at for number in _members(self.taken)), default=float("inf"))
        first = received if joined_at is None else min(received, joined_at + SETTLED_S)
        for number in _members(_all(self.events) & ~self.taken):
            if self.events[number].at > first or (self.taken and self.events[number].mode == "error"):
                return self._lacks(number, LOST)
        return None

    def explained(self) -> Difference:
        """Return the difference at the first event that could not be matched."""
        self.taken, self.lost = self.furthest
        if self.best == len(self.recorded):
            return self._lacks(next(_members(self._rest())), MISSING_EVENT)
        event = self.recorded[self.best]
        due = list(_members(self._rest() & self.of_mode.get(event.mode, 0)))
        parts = {number: self._parts(event, number) for number in due[:COMPARED]}
        if not due:
            return Difference(event.mode, ADDITIONAL_EVENT, event.position, (), None, event.data, event.namespace)
        if any(not found for found in parts.values()):
            return self._lacks(due[0], LOST)
        found = min(parts.values(), key=len)
        return most_telling([_differs(event, part) for part in found])

    def _lacks(self, number: int, kind: str) -> Difference:
        due = self.events[number]
        return Difference(due.mode, kind, None, (), due.data, None, due.namespace)

    def _parts(self, event: RecordedEvent, number: int) -> list[Part]:
        """Return in what an event is not a predicted one, whatever the ids."""
        extent = self.ids.extent
        expected = self.events[number]
        found = list(differing_parts(event.mode, event.data, expected.data, self.ids))
        if differing_namespace(event.namespace, expected.namespace, self.ids):
            found = [Part((), NAMESPACE, list(event.namespace), list(expected.namespace)), *found]
        self.ids.undo(extent)
        return [part for part in found if part.kind != IDENTITY]


def _differs(event: RecordedEvent, part: Part) -> Difference:
    return Difference(event.mode, part.kind, event.position, part.path, part.expected, part.actual, event.namespace)


@memoized
def _modes(prediction: Prediction) -> tuple[list[str], dict[str, int]]:
    """Return the mode of each event, and the set of the events of each mode."""
    modes = [event.mode for event in prediction.events]
    sets = dict.fromkeys(modes, 0)
    for number, mode in enumerate(modes):
        sets[mode] |= 1 << number
    return modes, sets


@memoized
def _closed(prediction: Prediction) -> list[int]:
    """Return, for each event, the set of all that come before it."""
    order = order_of(prediction)
    found: dict[int, int] = {}

    def before(number: int) -> int:
        pending = [number]
        while pending:
            one = pending[-1]
            unknown = [earlier for earlier in order[one] if earlier not in found]
            if unknown:
                pending += unknown
                continue
            pending.pop()
            found[one] = 0
            for earlier in order[one]:
                found[one] |= found[earlier] | 1 << earlier
        return found[number]

    return [found[number] if number in found else before(number) for number in range(len(order))]


def _all(events: Sequence[PredictedEvent]) -> int:
    """Return the set of all events."""
    return (1 << len(events)) - 1


def _members(numbers: int) -> Iterator[int]:
    """Yield the numbers of a set, in ascending order."""
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest
