"""Ids, which differ from run to run: matched as a bijection between what was recorded and what was predicted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from conformance.protocol import ID_PATTERN

ID = re.compile(rf"(?:(?:lc_)?run-{{1,2}})?({ID_PATTERN})(?:-0(?![0-9a-f-]))?")
"""An id.  What some releases put before the id of a message, and after that of one that was not streamed, is no part of
it: whether a model is streamed depends on the modes."""

RUN = "00000000-0000-4000-8000-00000000000a"
"""The id of the predicted run, which is paired with the id of the recorded one."""
THREAD = "00000000-0000-4000-8000-00000000000b"
"""The id of the thread in a prediction."""

_TAIL = re.compile(r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""How an id ends; found fast, because it begins with a fixed character."""


class Ids:
    """A bijection of ids that grows while events are matched, and can be taken back to an earlier extent."""

    def __init__(self, pinned: Iterable[tuple[str, str]] = ()) -> None:
        self._expected: dict[str, str] = {}
        self._actual: dict[str, str] = {}
        self._pairs: list[tuple[str, str]] = []
        for actual, expected in pinned:
            self.bind(actual, expected)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs, each as actual and expected id."""
        return list(self._pairs)

    @property
    def extent(self) -> int:
        """How many pairs are bound."""
        return len(self._pairs)

    def bind(self, actual: str, expected: str) -> bool:
        """Pair two ids; return whether the pair agrees with all earlier ones."""
        if actual not in self._expected and expected not in self._actual:
            self._expected[actual], self._actual[expected] = expected, actual
            self._pairs.append((actual, expected))
        return self._expected.get(actual) == expected and self._actual.get(expected) == actual

    def undo(self, extent: int) -> None:
        """Forget the pairs that were bound since the extent was `extent`."""
        for actual, expected in self._pairs[extent:]:
            del self._expected[actual], self._actual[expected]
        del self._pairs[extent:]


def holds_id(text: str) -> bool:
    """Return whether a text may hold an id; quick, because texts can be long."""
    return _TAIL.search(text) is not None and ID.search(text) is not None


def without_ids(text: str) -> str:
    """Return a text with a placeholder for each id."""
    return ID.sub("<id>", text)


def ids_in(value: Any) -> list[str]:
    """Return every id in a JSON value, in keys and in texts."""
    return ID.findall(json.dumps(value))
