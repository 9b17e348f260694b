"""What a difference from the library really is: free, a consequence of what other checks judge, or lost escapes."""

from __future__ import annotations

import re
from typing import Any

from conformance.authoring import ComparedStream, Event, carries_another_mode, is_free_event, member


def kind_of(event: Event) -> str:
    """Return the kind of JSON value that an event holds."""
    try:
        return type(event.value).__name__
    except ValueError:
        return "not JSON"


def is_unreadable(stream: ComparedStream) -> bool:
    """Return whether the event that differs is not JSON, which `framing.json-events` judges; custom data counts."""
    event = stream.where
    return isinstance(event, Event) and event.base != "custom" and kind_of(event) == "not JSON"


def is_in_blocks(actual: Any, expected: Any) -> bool:
    """Return whether a text is an answer as a list of blocks, which a model may give, written as text by the node."""
    if not isinstance(actual, str) or not isinstance(expected, str) or not actual.startswith("[{"):
        return False
    return "'type': 'text'" in actual and repr(expected)[1:-1] in actual


def has_no_message(stream: ComparedStream) -> bool:
    """Return whether the event that differs is an error without a message, which `errors.error-shape` judges."""
    event = stream.where
    try:
        return (
            isinstance(event, Event) and event.base == "error" and not isinstance(member(event.value, "message"), str)
        )
    except ValueError:
        return True


def is_free(stream: ComparedStream) -> bool:
    """Return whether what differs is an event that the specification leaves free, or data that no JSON value is."""
    difference, event = stream.difference, stream.where
    if difference is None:
        return False
    if difference.kind == "missing event":
        return is_free_event(difference.mode, difference.expected)
    if member(difference.expected, "node") and "args" in difference.expected:
        return True  # an order to run a node is no JSON value, so servers write it as they like
    try:
        return isinstance(event, Event) and is_free_event(difference.mode, event.value)
    except ValueError:
        return False


def is_initial_state(stream: ComparedStream) -> bool:
    """Return whether what differs is the state before the first step of a new thread."""
    difference = stream.difference
    if difference is None or difference.mode != "values" or difference.kind != "missing event":
        return False
    given = member(member(stream.exchange.request, "input"), "program")
    return bool(difference.expected == {"program": given, "log": []})


def escapes_are_lost(actual: str, expected: Any) -> bool:
    """Return whether a text differs only in its escapes: a backslash is lost, added, or was interpreted."""
    return isinstance(expected, str) and "\\" in expected + actual and _plain(actual) == _plain(expected)


def _plain(text: str) -> str:
    decoded = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\+n", "\n", decoded).replace("\\", "")


def is_of_another_mode(event: Event) -> bool:
    """Return whether an event of the mode `events` carries output of another mode."""
    try:
        return carries_another_mode(event.value)
    except ValueError:
        return False
