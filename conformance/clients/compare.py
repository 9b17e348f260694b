"""What a client yielded against what the suite read of the same bytes, up to known bugs of the client."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.authoring.expectations import shown
from conformance.evidence.exchange import Event, Exchange
from conformance.wire.endings import COMPLETE
from conformance.wire.strict_json import NotJson, parse_json

KNOWN = {
    "phantom": "a block without data yields a part, where the standard dispatches nothing (httpx-sse #35)",
    "bom": "a byte order mark at the start hides the name of the first event",
    "tail": "an event that no blank line ended is yielded, where the standard discards it",
    "held": "a line that CR ends is held back until the next byte; where the connection breaks, its event is lost",
    "numbers": "JavaScript rounds whole numbers beyond 2**53",
    "empty": "empty data is yielded as null; it is no JSON",
    "null-name": "an event without a name has an empty name, where the standard says `message`",
}
"""What clients do of their own accord, whatever a server sends, and why it is no failure of the server."""

SAFE = 2**53


@dataclass(frozen=True)
class Part:
    """What a client yields for one event; of a client that leaves JSON alone `data` is text, of one without ids `id`
    is None."""

    event: str
    data: Any
    id: str | None = None


@dataclass
class Reading:
    """All that a client yielded of one stream, and the exception that ended it, empty if none did."""

    parts: list[Part] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class Comparison:
    """The first difference, empty if there is none, and the known bugs that explain others."""

    difference: str
    known: frozenset[str]


def compare(reading: Reading, exchange: Exchange, known: Collection[str], *, text: bool = False) -> Comparison:
    """Compare; `known` are the client's bugs by the names of KNOWN, `text` says that it leaves JSON alone.

    A client may raise where the transport broke, after it has yielded every event that was complete.
    """
    seen: set[str] = set()
    left = list(reading.parts)
    events = exchange.events
    for event in events:
        while left and not _same(left[0], event, known, seen, text) and _is_extra(left[0], exchange, known, seen):
            left.pop(0)
        if not left and "held" in known and _is_held(event, exchange):
            seen.add("held")
            break
        if not left:
            return Comparison(_lost(event, len(events), reading.error), frozenset(seen))
        if not _same(left[0], event, known, seen, text):
            return Comparison(_misread(event, left[0], len(events)), frozenset(seen))
        left.pop(0)
    left = [part for part in left if not _is_extra(part, exchange, known, seen)]
    if left:
        return Comparison(f"after the {len(events)} events it yielded {_part(left[0])}", frozenset(seen))
    broken = exchange.ending != COMPLETE
    return Comparison("" if broken or not reading.error else f"it raised {shown(reading.error)}", frozenset(seen))


def _same(part: Part, event: Event, known: Collection[str], seen: set[str], text: bool) -> bool:
    """Whether the part is the event; bugs that it takes to see it so are noted in `seen`."""
    used: set[str] = set()
    named = _named(part, event, known, used)
    if not named or not _same_data(part, event, known, used, text):
        return False
    if part.id is not None and part.id != event.block.last_id:
        return False
    seen |= used
    return True


def _named(part: Part, event: Event, known: Collection[str], used: set[str]) -> bool:
    if part.event == event.name:
        return True
    if part.event == "" and event.block.event is None and "null-name" in known:
        used.add("null-name")
        return True
    if event.exchange.bom and event.position == 1 and part.event in ("", "message") and "bom" in known:
        used.add("bom")
        return True
    return False


def _same_data(part: Part, event: Event, known: Collection[str], used: set[str], text: bool) -> bool:
    if text:
        return bool(part.data == event.text)
    if not event.text.strip() and part.data is None and "empty" in known:
        used.add("empty")
        return True
    try:
        value = parse_json(event.text)
    except NotJson:
        return False
    if part.data == value:
        return True
    if "numbers" in known and part.data == _rounded(value):
        used.add("numbers")
        return True
    return False


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if whole and abs(value) > SAFE else value


def _is_extra(part: Part, exchange: Exchange, known: Collection[str], seen: set[str]) -> bool:
    """Whether the part is one that this client makes up."""
    bare = any(block.data is None for block in exchange.blocks)
    if "phantom" in known and bare and part.data in (None, ""):
        seen.add("phantom")
        return True
    tail = exchange.tail
    if "tail" in known and tail is not None and part.event == (tail.event or ""):
        seen.add("tail")
        return True
    return False


def _is_held(event: Event, exchange: Exchange) -> bool:
    """Whether it is the last event of a connection that broke just after its last CR."""
    broke = exchange.ending != COMPLETE and exchange.content.endswith(b"\r")
    return broke and event.position == len(exchange.events)


def _lost(event: Event, of: int, error: str) -> str:
    raised = f" and raised {shown(error)}" if error else ""
    return f"it did not yield event {event.position} of {of}, {shown(event.name)}{raised}"


def _misread(event: Event, part: Part, of: int) -> str:
    return (
        f"event {event.position} of {of}, {shown(event.name)} with data {shown(event.text)}: it yielded {_part(part)}"
    )


def _part(part: Part) -> str:
    return f"{shown(part.event)} with {shown(part.data)}"


def in_order(comparisons: Sequence[Comparison]) -> list[str]:
    """The known bugs that were seen, in the order of KNOWN."""
    seen = {name for one in comparisons for name in one.known}
    return [name for name in KNOWN if name in seen]
