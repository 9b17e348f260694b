"""Compares what a client yielded with what the suite read from the same bytes, except for known bugs of the client."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.authoring.expectations import shown
from conformance.evidence.exchange import Event, Exchange
from conformance.wire.endings import COMPLETE
from conformance.wire.strict_json import NotJson, parse_json

KNOWN = {
    "phantom": "a block without data yields an event, although the standard dispatches nothing (httpx-sse #35)",
    "bom": "a byte order mark at the start hides the name of the first event",
    "tail": "an event that does not end with a blank line is yielded, although the standard discards it",
    "held": "a line that ends with CR is held back until the next byte; if the connection breaks, its event is lost",
    "numbers": "JavaScript rounds integers above 2**53",
    "empty": "empty data is yielded as null, although it is not JSON",
    "null-name": "an event without a name has an empty name, although the standard names it `message`",
}
"""Bugs of clients that occur whatever a server sends, and are therefore not failures of the server."""

LARGEST_EXACT_INTEGER = 2**53
"""JavaScript represents every integer up to this one exactly."""


@dataclass(frozen=True)
class Part:
    """What a client yields for one event.

    `data` is text if the client does not decode JSON; `id` is None if it does not yield ids.
    """

    event: str
    data: Any
    id: str | None = None


@dataclass
class Reading:
    """Everything that a client yielded for one stream, and the exception that ended it (empty if there was none)."""

    parts: list[Part] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class Comparison:
    """The first difference (empty if there is none), and the known bugs that explain other differences."""

    difference: str
    known: frozenset[str]


def compare(reading: Reading, exchange: Exchange, known: Collection[str], *, text: bool = False) -> Comparison:
    """Compare what a client yielded with an exchange.

    `known` are the bugs of the client, as KNOWN names them; `text` says that it does not decode JSON.  If the
    connection broke, the client may raise an exception after it has yielded every complete event.
    """
    return _Comparer(exchange, known, text).compare(reading)


class _Comparer:
    """Compares one stream, and collects the known bugs that occurred."""

    def __init__(self, exchange: Exchange, known: Collection[str], text: bool) -> None:
        self._exchange = exchange
        self._known = known
        self._text = text
        self._seen: set[str] = set()

    def compare(self, reading: Reading) -> Comparison:
        return Comparison(self._difference(reading), frozenset(self._seen))

    def _difference(self, reading: Reading) -> str:
        left = list(reading.parts)
        count = len(self._exchange.events)
        for event in self._exchange.events:
            while left and not self._matches(left[0], event) and self._is_extra(left[0]):
                left.pop(0)
            if not left and self._is_held(event):
                break
            if not left:
                return _lost(event, count, reading.error)
            if not self._matches(left[0], event):
                return _misread(event, left[0], count)
            left.pop(0)
        left = [part for part in left if not self._is_extra(part)]
        if left:
            return f"after the {count} events it yielded {_part(left[0])}"
        broken = self._exchange.ending != COMPLETE
        return f"it raised {shown(reading.error)}" if reading.error and not broken else ""

    def _matches(self, part: Part, event: Event) -> bool:
        """Return whether a part is an event; the bugs that explain a difference count only if it is."""
        name, data = self._name_bug(part, event), self._data_bug(part, event)
        if name is None or data is None or part.id not in (None, event.block.last_id):
            return False
        self._seen |= {name, data} - {""}
        return True

    def _name_bug(self, part: Part, event: Event) -> str | None:
        """Return the bug that explains the name of a part, empty if it is equal, None if no bug does."""
        if part.event == event.name:
            return ""
        if part.event == "" and event.block.event is None and "null-name" in self._known:
            return "null-name"
        first = self._exchange.bom and event.position == 1 and part.event in ("", "message")
        return "bom" if first and "bom" in self._known else None

    def _data_bug(self, part: Part, event: Event) -> str | None:
        """Return the bug that explains the data of a part, empty if it is equal, None if no bug does."""
        if self._text:
            return "" if part.data == event.text else None
        if not event.text.strip() and part.data is None and "empty" in self._known:
            return "empty"
        try:
            value = parse_json(event.text)
        except NotJson:
            return None
        if part.data == value:
            return ""
        return "numbers" if "numbers" in self._known and part.data == _rounded(value) else None

    def _is_extra(self, part: Part) -> bool:
        """Return whether a known bug of the client explains a part that is not an event."""
        without_data = any(block.data is None for block in self._exchange.blocks)
        if "phantom" in self._known and without_data and part.data in (None, ""):
            self._seen.add("phantom")
            return True
        tail = self._exchange.tail
        if "tail" in self._known and tail is not None and part.event == (tail.event or ""):
            self._seen.add("tail")
            return True
        return False

    def _is_held(self, event: Event) -> bool:
        """Return whether a known bug explains that the last event is missing: the connection broke after its CR."""
        broken = self._exchange.ending != COMPLETE and self._exchange.content.endswith(b"\r")
        held = "held" in self._known and broken and event.position == len(self._exchange.events)
        self._seen |= {"held"} if held else set()
        return held


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    integer = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if integer and abs(value) > LARGEST_EXACT_INTEGER else value


def _lost(event: Event, of: int, error: str) -> str:
    raised = f" and raised {shown(error)}" if error else ""
    return f"it did not yield event {event.position} of {of}, {shown(event.name)}{raised}"


def _misread(event: Event, part: Part, of: int) -> str:
    expected = f"event {event.position} of {of}, {shown(event.name)} with data {shown(event.text)}"
    return f"{expected}: it yielded {_part(part)}"


def _part(part: Part) -> str:
    return f"{shown(part.event)} with {shown(part.data)}"


def known_bugs(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the known bugs that occurred, in the order of KNOWN."""
    seen = {name for one in comparisons for name in one.known}
    return [name for name in KNOWN if name in seen]
