"""Marks in which part two long values differ that a message shows beside each other."""

from __future__ import annotations

import re

from conformance.wire.text import same_at_start

LONG_CHARACTERS = 20
"""Two values that are both at least as long as this are compared; a difference of short ones is seen at once."""

_PAIR = re.compile(r"(.*?\bexpected )(.*?)(, received |; the server sent )(.*)", re.DOTALL)
_END = re.compile(r"… \(\d+ characters\)$")

Part = tuple[str, bool]
"""A part of a message, and whether it is one in which two values differ."""


def parts(message: str) -> list[Part]:
    """Return the parts of a message that shows an expected and a received value; otherwise all of it as one part."""
    match = _PAIR.fullmatch(message)
    if match is None or min(len(match[2]), len(match[4])) < LONG_CHARACTERS:
        return [(message, False)]
    before, expected, between, received = match.groups()
    first, last = _same(expected, received)
    shown = [
        (before, False), *_marked(expected, first, last),
        (between, False), *_marked(received, first, last),
    ]  # fmt: skip
    return [part for part in shown if part[0]]


def _same(one: str, other: str) -> tuple[int, int]:
    """Return how many characters two values have in common at their beginning and, beyond that, at their end.

    The ends of values that are cut are not compared.
    """
    first = same_at_start(one, other)
    if _END.search(one) or _END.search(other):
        return first, 0
    return first, same_at_start(one[first:][::-1], other[first:][::-1])


def _marked(value: str, first: int, last: int) -> list[Part]:
    """Return the parts of a value of which the first and the last characters are not to be marked."""
    cut = _END.search(value)
    end = cut.start() if cut else len(value) - last
    return [(value[:first], False), (value[first:end], True), (value[end:], False)]
