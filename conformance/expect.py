"""What checks say: that something holds, or that it cannot be told; and how two JSON values differ.

A failure carries the event or exchange at which it shows, so that the evidence can be printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from .transcript import Event, Events, Exchange

SHOWN = 160
"""How many characters of a value a message shows."""


class Failed(AssertionError):
    """The requirement is not met; `where` is the event or exchange at which it shows."""

    def __init__(self, message: str, where: Event | Exchange | None = None) -> None:
        super().__init__(message)
        self.where = where


class CannotTell(Exception):
    """There is nothing to judge; the message says why, and the way out."""


def fail(message: str, where: Event | Exchange | None = None) -> NoReturn:
    """The requirement is not met."""
    raise Failed(message, where)


def cannot_tell(why: str) -> NoReturn:
    """Nothing is there to judge."""
    raise CannotTell(why)


def expect(condition: object, message: str, where: Event | Exchange | None = None) -> None:
    """The condition must hold."""
    if not condition:
        fail(message, where)


def shown(value: Any) -> str:
    """A value on one line, shortened; what a server sent cannot act on a terminal through it."""
    try:
        text = json.dumps(value, ensure_ascii=True, default=repr)
    except RecursionError:
        return "a value that is nested too deeply to be shown"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def schema_errors(name: str, value: Any) -> list[str]:
    """What is wrong with a payload by its JSON Schema, best first; none if it is valid."""
    from . import schema  # jsonschema is slow to import, and this module is imported everywhere

    return schema.errors(name, value)


def equal(actual: Any, expected: Any, what: str, where: Event | Exchange | None = None) -> None:
    """Two JSON values must be the same, key order aside; the message names the first place where they are not."""
    difference = first_difference(actual, expected)
    if difference is not None:
        fail(f"{what}: {difference}", where)


def same_sequence(events: Events, expected: Sequence[Any], what: str, exchange: Exchange) -> None:
    """The data of these events must be exactly these values, in this order."""
    same_values(((event, event.value) for event in events), expected, what, exchange)


def same_values(found: Iterable[tuple[Event, Any]], expected: Sequence[Any], what: str, exchange: Exchange) -> None:
    """What was found, each at its event, must be exactly these values, in this order."""
    count = 0
    for count, (event, value) in enumerate(found, 1):
        if count > len(expected):
            fail(f"{what}: expected {len(expected)} events, then came one more: {shown(value)}", event)
        equal(value, expected[count - 1], f"{what}: event {count} of {len(expected)}", event)
    if count < len(expected):
        fail(f"{what}: after {count} events expected {shown(expected[count])}, nothing more came", exchange)


def first_difference(actual: Any, expected: Any, path: str = "$") -> str | None:
    """Say where two JSON values differ first, None if they do not.  1 and 1.0 are the same number; true is none."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in [*expected, *(key for key in actual if key not in expected)]:
            if key not in actual:
                return f"at {path} the key {shown(key)} is missing"
            if key not in expected:
                return f"at {path} came the key {shown(key)}, which was not expected"
            if (inner := first_difference(actual[key], expected[key], f"{path}.{key}")) is not None:
                return inner
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        for index, (one, other) in enumerate(zip(actual, expected, strict=False)):
            if (inner := first_difference(one, other, f"{path}[{index}]")) is not None:
                return inner
        return None if len(actual) == len(expected) else f"at {path} expected {len(expected)} items, came {len(actual)}"
    if _kind(actual) == _kind(expected) and actual == expected:
        return None
    return f"at {path} expected {shown(expected)}, came {shown(actual)}"


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return repr(value)
    return "number" if isinstance(value, (int, float)) else type(value).__name__
