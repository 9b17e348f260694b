"""The values of options, each checked by its own rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

SECONDS = "a number of seconds"

MAX_NUMBER = 1e9
"""The largest accepted number of an option: a larger one is a mistake."""

Number = TypeVar("Number", int, float)


class UsageError(ValueError):
    """An option or file that cannot be used; the message names it, says what is wrong, and how to correct it."""


def level(text: str) -> str:
    """Return a level in upper case; raises UsageError."""
    if text.upper() not in ("MUST", "SHOULD"):
        raise UsageError(f"--fail-on must be `must` or `should`, not {text!r}")
    return text.upper()


def path(text: str | None) -> Path | None:
    """Return a path, None if none is given."""
    return Path(text) if text else None


def assistant(text: str) -> tuple[str, str]:
    """Return a reference graph and the name under which it is deployed; raises UsageError."""
    graph, equals, name = text.partition("=")
    if not (graph and equals and name):
        raise UsageError(f"--assistant must be GRAPH=NAME, such as joke=my-joke, not {text!r}")
    return graph, name


def number(given: Mapping[str, Any], name: str, kind: Callable[[str], Number], what: str) -> Number | None:
    """Return a number greater than 0, None if none is given; raises UsageError, which says `what` it must be."""
    text = given.get(name)
    if text is None:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = kind("0")
    if not 0 < value < MAX_NUMBER:
        raise UsageError(f"--{name} must be {what} greater than 0, not {text!r}")
    return value
