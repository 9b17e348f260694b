"""Compares the output of a snippet with its output on a good server; pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from conformance.authoring.expectations import shown
from conformance.snippets.blocks import CodeBlock, Expected
from conformance.wire import sse

Events = list[tuple[str | None, Any]]
"""Names and data of streamed events; a name is None if the snippet prints only data."""

OPEN = "..."
"""The key of a pattern that allows additional keys."""
_WILDCARDS = {"<uuid>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>": r"[^|:]+"}


class Unreadable(ValueError):
    """The output has the wrong form for its snippet; the message shows it."""


def output_problem(block: CodeBlock, printed: Sequence[Sequence[Any]], output: str) -> str:
    """Return what is wrong with the output of a block; empty if nothing is.

    `printed` holds the arguments of each print, `output` all of standard output.  The output of curl is decoded as an
    event stream.
    """
    expected = block.expected
    try:
        if expected.thread:
            return _thread_problem(output if block.language == "curl" else json.dumps({"thread_id": _only(printed)}))
        events = _streamed(output) if block.language == "curl" else _printed(block, printed)
        if expected.text:
            return _text_problem(expected.text, _pieces(block, events))
        return _events_problem(expected, _without_closing(events))
    except Unreadable as unreadable:
        return str(unreadable)


def _only(printed: Sequence[Sequence[Any]]) -> Any:
    """Return the printed value, None unless exactly one value was printed."""
    return printed[0][0] if len(printed) == 1 and printed[0] else None


def _thread_problem(output: str) -> str:
    try:
        created = json.loads(output)["thread_id"]
    except (ValueError, LookupError, TypeError):
        return f"expected a thread, received {shown(output)}"
    return "" if isinstance(created, str) and created else f"thread_id is {shown(created)}"


def _streamed(output: str) -> Events:
    blocks = [block for block in sse.decode([output.encode()]) if block.dispatched]
    if not blocks:
        raise Unreadable(f"expected an event stream, received {shown(output)}" if output else "nothing was printed")
    return [(block.name, _json(block.data or "")) for block in blocks]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Unreadable(f"the data of an event is not JSON: {shown(text)}") from None


def _printed(block: CodeBlock, printed: Sequence[Sequence[Any]]) -> Events:
    values: list[Any] = [arguments[0] if len(arguments) == 1 else arguments for arguments in printed]
    if block.prints != "chunk":
        return [(None, value) for value in values]
    if wrong := [one for one in values if not isinstance(one, dict) or not {"event", "data"} <= one.keys()]:
        raise Unreadable(f"{shown(wrong[0])} is not a chunk with event and data")
    return [(value["event"], value["data"]) for value in values]


def _pieces(block: CodeBlock, events: Events) -> list[str]:
    if block.language != "curl":
        return [str(data) for _, data in events if data]
    pairs = [data for name, data in events if name == "messages"]
    if wrong := [pair for pair in pairs if not _is_message_pair(pair)]:
        raise Unreadable(f"{shown(wrong[0])} is not a pair of message and metadata")
    contents = [pair[0]["content"] for pair in pairs]
    return [str(content) for content in contents if content]


def _is_message_pair(data: Any) -> bool:
    return isinstance(data, list) and len(data) == 2 and isinstance(data[0], dict) and "content" in data[0]


def _text_problem(expected: str, pieces: list[str]) -> str:
    if "".join(pieces) != expected:
        return f"expected the text {shown(expected)}, received {shown(''.join(pieces))}"
    return "" if len(pieces) > 1 else "expected the text token by token, received it in one piece"


def _without_closing(events: Events) -> Events:
    """Return the events without one closing event at the end, which every server may send."""
    if not events:
        return events
    name, data = events[-1]
    closing = data is None or (isinstance(data, dict) and data.keys() <= {"status", "run_id"} and "status" in data)
    return events[:-1] if name in (None, "end") and closing else events


def _events_problem(expected: Expected, events: Events) -> str:
    find_problem = _in_order_problem if expected.between else _sequence_problem
    while events and events[0][0] in expected.may_precede:
        events = events[1:]
    if events and events[0][0] is None:
        return find_problem("data", [data for _, data in expected.events], [data for _, data in events])
    # The order of modes within a step is implementation-defined, so each mode is compared by itself.
    modes = dict.fromkeys([*map(_mode, expected.events), *map(_mode, events)])
    problems = (find_problem(f"mode {shown(mode)}", _of(mode, expected.events), _of(mode, events)) for mode in modes)
    return next(filter(None, problems), "")


def _of(mode: str, events: Iterable[tuple[str | None, Any]]) -> list[Any]:
    return [list(event) for event in events if _mode(event) == mode]


def _mode(event: tuple[str | None, Any]) -> str:
    return str(event[0]).partition("|")[0]


def _sequence_problem(what: str, expected: list[Any], received: list[Any]) -> str:
    """Return how a sequence differs from the expected one; empty if it does not."""
    for number, (pattern, value) in enumerate(zip(expected, received, strict=False), 1):
        if found := mismatch(pattern, value):
            return f"{what}, event {number} of {len(expected)}: {found}"
    if len(received) < len(expected):
        missing = shown(expected[len(received)])
        return f"{what}: received {len(received)} of {len(expected)} events; {missing} is missing"
    extra = received[len(expected) :]
    return f"{what}: expected {len(expected)} events, received another: {shown(extra[0])}" if extra else ""


def _in_order_problem(what: str, expected: list[Any], received: list[Any]) -> str:
    """Return which expected event does not occur after the ones before it; empty if all do."""
    rest = iter(received)
    for pattern in expected:
        if all(mismatch(pattern, value) for value in rest):
            return f"{what}: {shown(pattern)} is missing or out of order"
    return ""


def mismatch(pattern: Any, value: Any, place: str = "$") -> str:
    """Return where and how a value differs from a pattern; empty if it does not.

    A string of a pattern may contain the wildcards <uuid> and <id>; an object with the key `...` allows other keys.
    """
    if isinstance(pattern, dict) and isinstance(value, dict):
        return _object_mismatch(pattern, value, place)
    if isinstance(pattern, list) and isinstance(value, list) and len(pattern) == len(value):
        pairs = enumerate(zip(pattern, value, strict=True))
        return next((found for n, (one, other) in pairs if (found := mismatch(one, other, f"{place}[{n}]"))), "")
    same = type(pattern) is type(value) and (pattern == value or (isinstance(value, str) and _fits(pattern, value)))
    return "" if same else f"at {place} expected {shown(pattern)}, received {shown(value)}"


def _object_mismatch(pattern: dict[str, Any], value: dict[str, Any], place: str) -> str:
    keys = pattern.keys() - {OPEN}
    if missing := sorted(keys - value.keys()):
        return f"at {place} the key {shown(missing[0])} is missing"
    if OPEN not in pattern and (more := sorted(value.keys() - keys)):
        return f"at {place} the key {shown(more[0])} was not expected"
    return next((found for key in keys if (found := mismatch(pattern[key], value[key], f"{place}.{key}"))), "")


def _fits(pattern: str, value: str) -> bool:
    parts = re.split("(<uuid>|<id>)", pattern)
    return re.fullmatch("".join(_WILDCARDS.get(part, re.escape(part)) for part in parts), value) is not None
