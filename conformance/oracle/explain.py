"""Explains a stream that is no allowed order of the prediction: the first difference that a reader would name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from conformance.oracle.difference import (
    ADDITIONAL_EVENT,
    MISSING_EVENT,
    NAMESPACE,
    ORDER,
    UNDECIDED,
    Difference,
    most_telling,
)
from conformance.oracle.identity import Ids
from conformance.oracle.normal_form import Part
from conformance.oracle.search import COMPARED, RecordedEvent, Result, Search


def explained(recorded: Sequence[RecordedEvent], state: Search, result: Result) -> Difference:
    """Return the first difference; `state` is a new search, `result` tells how far the search came."""
    counts = _counts(recorded, state)
    pinned = state.ids.pairs
    for event, match in zip(recorded, result.best, strict=False):
        state.matches(event, match.number)
        state.take(match.number, match.extent)
    rest = recorded[len(result.best) :]
    difference = _at(rest, state, counts) if rest else _missing(_first_ready(state, None), state, None)
    if result.gave_up and not (counts or _matches_nothing(rest[0], state, Ids(pinned))):
        return Difference(difference.mode, UNDECIDED, difference.position, (), None, None)
    return difference


def _counts(recorded: Sequence[RecordedEvent], state: Search) -> dict[str, int]:
    """Return, for each mode, how many events more than predicted were recorded; a negative number for fewer."""
    surplus = Counter(event.mode for event in recorded)
    surplus.subtract(event.mode for event in state.events)
    return {mode: count for mode, count in surplus.items() if count}


def _at(rest: Sequence[RecordedEvent], state: Search, surplus: dict[str, int]) -> Difference:
    """Return the difference at the first of the events that could not be matched."""
    event = rest[0]
    if event.mode == "error" and any(not state.is_ready(one) for one in _of_mode(event, state, taken=False)):
        return _missing(_first_ready(state, None), state, event.position)
    repeated = next((one for one in _of_mode(event, state, taken=True) if state.would_match(event, one)), None)
    if repeated is not None and surplus.get(event.mode, 0) > 0:
        return _unexpected(event)
    if any(state.would_match(event, one) for one in _of_mode(event, state, taken=False)):
        return _too_early(rest, _first_ready(state, event.mode), state)
    if (elsewhere := _in_another_namespace(event, state)) is not None:
        expected = list(state.events[elsewhere].namespace)
        return _difference(event, Part(("namespace",), NAMESPACE, list(event.namespace), expected))
    ready = state.ready(event.group)[:COMPARED]
    if repeated is not None or not ready:
        return _unexpected(event)
    parts = min((state.parts(event, one) for one in ready), key=len)
    return most_telling([_difference(event, part) for part in parts])


def _of_mode(event: RecordedEvent, state: Search, taken: bool) -> list[int]:
    """Return the predicted events of an event's mode and depth that are matched, or those that are not."""
    numbers = (number for number, flag in enumerate(state.taken) if bool(flag) == taken)
    return [number for number in numbers if state.group(number) == event.group]


def _first_ready(state: Search, mode: str | None) -> int:
    """Return the first predicted event whose turn it is, of a mode if there is one."""
    ready = [number for number in range(len(state.events)) if state.is_ready(number)]
    return next((number for number in ready if state.events[number].mode == mode), ready[0])


def _in_another_namespace(event: RecordedEvent, state: Search) -> int | None:
    """Return the predicted event that has the data of a recorded one, but another namespace."""
    for number in range(len(state.events)):
        expected = state.events[number]
        if state.is_ready(number) and expected.mode == event.mode and expected.namespace != event.namespace:
            moved = event._replace(namespace=expected.namespace)
            if state.would_match(moved, number):
                return number
    return None


def _too_early(rest: Sequence[RecordedEvent], due: int, state: Search) -> Difference:
    """Return the difference of an event that is predicted for later: what is due comes after it, or not at all."""
    if not any(one.group == state.group(due) and state.would_match(one, due) for one in rest[1:]):
        return _missing(due, state, rest[0].position)
    expected = state.events[due]
    return Difference(
        rest[0].mode, ORDER, rest[0].position, (), {expected.mode: expected.data}, {rest[0].mode: rest[0].data},
        rest[0].namespace,
    )  # fmt: skip


def _missing(number: int, state: Search, position: int | None) -> Difference:
    due = state.events[number]
    return Difference(due.mode, MISSING_EVENT, position, (), due.data, None, due.namespace)


def _unexpected(event: RecordedEvent) -> Difference:
    return Difference(event.mode, ADDITIONAL_EVENT, event.position, (), None, event.data, event.namespace)


def _difference(event: RecordedEvent, part: Part) -> Difference:
    path = () if part.kind == NAMESPACE else part.path
    return Difference(event.mode, part.kind, event.position, path, part.expected, part.actual, event.namespace)


def _matches_nothing(event: RecordedEvent, state: Search, ids: Ids) -> bool:
    """Return whether no predicted event is like this one, whatever the order and the ids."""
    fresh = Search(state.events, [[] for _ in state.events], ids)
    return not any(fresh.would_match(event, number) for number in fresh.ready(event.group))
