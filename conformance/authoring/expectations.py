"""How checks fail, end as inconclusive, and compare JSON values.

A failure holds the event or exchange that shows it, so that a report can print the evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from conformance.evidence.exchange import Event, Events, Exchange
from conformance.wire.strict_json import NotJson
from conformance.wire.text import cut, cut_where_different

SHOWN_CHARACTERS = 160
"""How many characters of a value a message shows."""


class OnExchange(Protocol):
    """A view of an exchange."""

    @property
    def exchange(self) -> Exchange: ...


Where = Event | Exchange | OnExchange
"""Where a failure shows: at an event, or anywhere in an exchange."""


@dataclass(frozen=True)
class Difference:
    """What was compared when a check failed: two JSON values, or with `sequences` the values of two sequences.

    Of a sequence that was received, what cannot be read and what follows it are left out.
    """

    expected: Any
    received: Any
    sequences: bool = False


class Failed(AssertionError):
    """The requirement is not met; `where` is the event or exchange at which it shows, `difference` what differs."""

    def __init__(self, message: str, where: Where | None = None, difference: Difference | None = None) -> None:
        super().__init__(message)
        self.difference = difference
        self.where = where if where is None or isinstance(where, (Event, Exchange)) else where.exchange


class Inconclusive(Exception):
    """Nothing can be concluded; the message says why, and what would help.

    `because` is the requirement that governs what is missing, or empty.
    """

    def __init__(self, message: str, because: str = "") -> None:
        super().__init__(message)
        self.because = because


def fail(message: str, where: Where | None = None, difference: Difference | None = None) -> NoReturn:
    """Fail: the requirement is not met."""
    raise Failed(message, where, difference)


def inconclusive(why: str) -> NoReturn:
    """End the check as inconclusive: there is nothing to judge."""
    raise Inconclusive(why)


def expect(condition: object, message: str, where: Where | None = None) -> None:
    """Fail unless the condition holds."""
    if not condition:
        fail(message, where)


def shown(value: Any) -> str:
    """Return a value as one line of JSON, shortened; nothing in it can control a terminal."""
    return cut(_line(value), SHOWN_CHARACTERS)


def shown_pair(one: Any, other: Any) -> tuple[str, str]:
    """Return two values as `shown` does, but shortened so that both show the first character in which they differ."""
    return cut_where_different(_line(one), _line(other), SHOWN_CHARACTERS)


def _line(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=True, default=repr)
    except RecursionError:
        return "a value that is nested too deeply to be shown"


def schema_errors(name: str, value: Any) -> list[str]:
    """Return the errors of a payload according to its JSON Schema, most relevant first; an empty list if valid."""
    from conformance.catalogue import schemas  # jsonschema is slow to import, and this module is imported everywhere

    return schemas.errors(name, value)


def equal(actual: Any, expected: Any, what: str, where: Where | None = None) -> None:
    """Fail unless two JSON values are equal, in any order of keys; the message names the first difference."""
    difference = first_difference(actual, expected)
    if difference is not None:
        fail(f"{what}: {difference}", where, Difference(expected, actual))


def same_sequence(events: Events, expected: Sequence[Any], what: str, stream: Where) -> None:
    """Fail unless the data of the events are exactly these values, in this order."""
    same_values(((event, event.value) for event in events), expected, what, stream)


def same_values(found: Iterable[tuple[Event, Any]], expected: Sequence[Any], what: str, stream: Where) -> None:
    """Fail unless the found values, each given with its event, are exactly the expected ones, in this order."""
    remaining = iter(found)
    values: list[Any] = []
    for event, value in remaining:
        values.append(value)
        if len(values) > len(expected):
            message = f"{what}: expected {len(expected)} events, received another: {shown(value)}"
            fail(message, event, _of_sequences(expected, values, remaining))
        if (different := first_difference(value, expected[len(values) - 1])) is not None:
            message = f"{what}: event {len(values)} of {len(expected)}: {different}"
            fail(message, event, _of_sequences(expected, values, remaining))
    if (count := len(values)) < len(expected):
        message = f"{what}: after {count} events expected {shown(expected[count])}, received nothing more"
        fail(message, stream, Difference(list(expected), values, sequences=True))


def _of_sequences(expected: Sequence[Any], values: list[Any], remaining: Iterator[tuple[Event, Any]]) -> Difference:
    """Return the difference of two sequences, the second one read as far as it can be read."""
    try:
        for _, value in remaining:
            values.append(value)
    except (NotJson, LookupError, TypeError, AttributeError, ValueError):
        pass  # The check has failed already; what follows only helps to describe it.
    return Difference(list(expected), values, sequences=True)


def first_difference(actual: Any, expected: Any, path: str = "$") -> str | None:
    """Return the first difference between two JSON values, None if they are equal.

    1 and 1.0 are the same number; true is not a number.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _difference_of_objects(actual, expected, path)
    if isinstance(expected, list) and isinstance(actual, list):
        return _difference_of_lists(actual, expected, path)
    if _kind(actual) == _kind(expected) and actual == expected:
        return None
    wanted, got = shown_pair(expected, actual)
    return f"at {path} expected {wanted}, received {got}"


def _difference_of_objects(actual: dict[str, Any], expected: dict[str, Any], path: str) -> str | None:
    for key in [*expected, *(key for key in actual if key not in expected)]:
        if key not in actual:
            return f"at {path} the key {shown(key)} is missing"
        if key not in expected:
            return f"at {path} the key {shown(key)} was not expected"
        if (inner := first_difference(actual[key], expected[key], f"{path}.{key}")) is not None:
            return inner
    return None


def _difference_of_lists(actual: list[Any], expected: list[Any], path: str) -> str | None:
    for index, (one, other) in enumerate(zip(actual, expected, strict=False)):
        if (inner := first_difference(one, other, f"{path}[{index}]")) is not None:
            return inner
    same = len(actual) == len(expected)
    return None if same else f"at {path} expected {len(expected)} items, received {len(actual)}"


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return repr(value)
    return "number" if isinstance(value, (int, float)) else type(value).__name__
