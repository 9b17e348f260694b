"""Compares what a snippet printed with what it prints on a good server; pure functions over what was captured."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from conformance.authoring.expectations import shown
from conformance.snippets.blocks import Block, Expected
from conformance.wire import sse

Events = list[tuple[str | None, Any]]
"""Name and data of what was streamed; the name is None where the snippet prints data alone."""

OPEN = "..."
"""The key of a pattern that lets further keys be."""
_HOLES = {"<uuid>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>": r"[^|:]+"}


class Unreadable(ValueError):
    """What was printed is not what such a snippet can print; the message says what it is."""


def problem(block: Block, printed: Sequence[Sequence[Any]], output: str) -> str:
    """What is wrong with what the block printed: arguments of each print, and all of standard output; empty if nothing.

    What curl printed is read as an event stream, as every client reads it.
    """
    wanted = block.expected
    try:
        if wanted.thread:
            return _thread_problem(output if block.language == "curl" else json.dumps({"thread_id": _only(printed)}))
        events = _streamed(output) if block.language == "curl" else _printed(block, printed)
        if wanted.text:
            return _text_problem(wanted.text, _pieces(block, events))
        return _events_problem(wanted, _without_closing(events))
    except Unreadable as unreadable:
        return str(unreadable)


def _only(printed: Sequence[Sequence[Any]]) -> Any:
    """The one value that was printed, None if there is none."""
    return printed[0][0] if len(printed) == 1 and printed[0] else None


def _thread_problem(output: str) -> str:
    try:
        created = json.loads(output)["thread_id"]
    except (ValueError, LookupError, TypeError):
        return f"no thread was printed, but {shown(output)}"
    return "" if isinstance(created, str) and created else f"thread_id is {shown(created)}"


def _streamed(output: str) -> Events:
    blocks = [block for block in sse.decode([output.encode()]) if block.dispatched]
    if not blocks:
        raise Unreadable(f"no event stream, but {shown(output)}" if output else "nothing was printed")
    return [(block.name, _json(block.data or "")) for block in blocks]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Unreadable(f"the data of an event is no JSON: {shown(text)}") from None


def _printed(block: Block, printed: Sequence[Sequence[Any]]) -> Events:
    values: list[Any] = [arguments[0] if len(arguments) == 1 else arguments for arguments in printed]
    if block.prints != "chunk":
        return [(None, value) for value in values]
    if odd := next((one for one in values if not isinstance(one, dict) or not {"event", "data"} <= one.keys()), None):
        raise Unreadable(f"{shown(odd)} is no chunk with event and data")
    return [(value["event"], value["data"]) for value in values]


def _pieces(block: Block, events: Events) -> list[str]:
    if block.language != "curl":
        return [str(data) for _, data in events if data]
    pairs = [data for name, data in events if name == "messages"]
    if odd := next((pair for pair in pairs if not _is_message_pair(pair)), None):
        raise Unreadable(f"{shown(odd)} is no pair of message and metadata")
    contents = [pair[0]["content"] for pair in pairs]
    return [str(content) for content in contents if content]


def _is_message_pair(data: Any) -> bool:
    return isinstance(data, list) and len(data) == 2 and isinstance(data[0], dict) and "content" in data[0]


def _text_problem(wanted: str, pieces: list[str]) -> str:
    if "".join(pieces) != wanted:
        return f"the pieces join to {shown(''.join(pieces))}, not to {shown(wanted)}"
    return "" if len(pieces) > 1 else "the text came in one piece, not token by token"


def _without_closing(events: Events) -> Events:
    """One last event `end`, which a server is free to send, is left out."""
    if not events:
        return events
    name, data = events[-1]
    closing = data is None or (isinstance(data, dict) and data.keys() <= {"status", "run_id"} and "status" in data)
    return events[:-1] if name in (None, "end") and closing else events


def _events_problem(wanted: Expected, events: Events) -> str:
    while events and events[0][0] in wanted.may_precede:
        events = events[1:]
    if events and events[0][0] is None:
        return _sequence_problem("the data", [data for _, data in wanted.events], [data for _, data in events], wanted)
    # The order of different modes within one step is free, so each is looked at by itself.
    for mode in dict.fromkeys([*map(_mode, wanted.events), *map(_mode, events)]):
        expected = [[name, data] for name, data in wanted.events if _mode((name, data)) == mode]
        came = [[name, data] for name, data in events if _mode((name, data)) == mode]
        if found := _sequence_problem(f"of mode {shown(mode)}", expected, came, wanted):
            return found
    return ""


def _mode(event: tuple[str | None, Any]) -> str:
    return str(event[0]).partition("|")[0]


def _sequence_problem(what: str, expected: list[Any], came: list[Any], wanted: Expected) -> str:
    if wanted.between:
        return _in_order_problem(what, expected, came)
    for number, (pattern, value) in enumerate(zip(expected, came, strict=False), 1):
        if found := mismatch(pattern, value):
            return f"{what}, event {number} of {len(expected)}: {found}"
    if len(came) < len(expected):
        return f"{what}: {len(came)} of {len(expected)} came; {shown(expected[len(came)])} is missing"
    return f"{what}: {shown(came[len(expected)])} is more than was asked for" if len(came) > len(expected) else ""


def _in_order_problem(what: str, expected: list[Any], came: list[Any]) -> str:
    rest = iter(came)
    for pattern in expected:
        if all(mismatch(pattern, value) for value in rest):
            return f"{what}: {shown(pattern)} is missing, or not in its place"
    return ""


def mismatch(pattern: Any, value: Any, place: str = "$") -> str:
    """Where and how the value differs from the pattern; empty if it does not.

    Strings may hold <uuid> and <id>; objects have the keys of the pattern and, if one of these is `...`, any others.
    """
    if isinstance(pattern, dict) and isinstance(value, dict):
        return _object_mismatch(pattern, value, place)
    if isinstance(pattern, list) and isinstance(value, list) and len(pattern) == len(value):
        pairs = enumerate(zip(pattern, value, strict=True))
        return next((found for n, (one, other) in pairs if (found := mismatch(one, other, f"{place}[{n}]"))), "")
    same = type(pattern) is type(value) and (pattern == value or (isinstance(value, str) and _fits(pattern, value)))
    return "" if same else f"at {place} {shown(pattern)} was expected, {shown(value)} came"


def _object_mismatch(pattern: dict[str, Any], value: dict[str, Any], place: str) -> str:
    keys = pattern.keys() - {OPEN}
    if missing := sorted(keys - value.keys()):
        return f"at {place} the key {shown(missing[0])} is missing"
    if OPEN not in pattern and (more := sorted(value.keys() - keys)):
        return f"at {place} the key {shown(more[0])} is more than was expected"
    return next((found for key in keys if (found := mismatch(pattern[key], value[key], f"{place}.{key}"))), "")


def _fits(pattern: str, value: str) -> bool:
    parts = re.split("(<uuid>|<id>)", pattern)
    return re.fullmatch("".join(_HOLES.get(part, re.escape(part)) for part in parts), value) is not None
