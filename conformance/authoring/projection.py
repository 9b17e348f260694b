"""What two runs of one graph have in common, mode by mode: everything except ids, times and a server's own additions.

Ids are replaced by their order of appearance, so that it is still compared which events belong together.
"""

from __future__ import annotations

from typing import Any

from conformance.authoring.expectations import Where, inconclusive, same_values
from conformance.authoring.payloads import member
from conformance.evidence.exchange import Event, Events
from conformance.protocol import wire_name


def same_output(mode: str, actual: Events, expected: Events, what: str, stream: Where) -> None:
    """Fail unless two streams hold the same events of a mode; inconclusive if neither holds any.

    `stream` is the one that is judged; a failure shows its first event that differs, or that it lacks events.
    """
    received, reference = projected(mode, actual), projection(mode, expected)
    if not received and not reference:
        inconclusive(f"{what}: neither stream carried a `{wire_name(mode)}` event, so there is nothing to compare")
    same_values(received, reference, what, stream)


def projection(mode: str, events: Events) -> list[Any]:
    """Return the comparable part of each event, in order: the path of its graph, and its data without ids and times."""
    return [part for _, part in projected(mode, events)]


def projected(mode: str, events: Events) -> list[tuple[Event, Any]]:
    """Return each event with its comparable part.

    What a server may send or leave out is left out: `on_chain_stream` in `events`, message chunks without text in
    `messages-tuple`.  The events of each graph are put together, those of the root first, because it is
    implementation-defined how the events of different graphs alternate.
    """
    ids: dict[str, int] = {}
    comparable = _COMPARABLE.get(mode, _whole)
    kept = _by_graph([event for event in events if not is_optional(mode, event.value)])
    return [(event, {"graph": _path(event, ids), "data": comparable(event.value, ids)}) for event in kept]


def _by_graph(events: list[Event]) -> list[Event]:
    """Sort by the nodes that lead to the graph; several invocations of one node by their first event."""
    first: dict[tuple[str, ...], int] = {}
    for number, event in enumerate(events):
        first.setdefault(event.namespace, number)

    def place(event: Event) -> tuple[list[str], int]:
        return [segment.partition(":")[0] for segment in event.namespace], first[event.namespace]

    return sorted(events, key=place)


def is_optional(mode: str, value: Any) -> bool:
    """Return whether a server may leave out an event of a mode with this data."""
    if mode == "events":
        return bool(member(value, "event") == "on_chain_stream")
    pair = value if mode in ("messages-tuple", "messages") else None
    return isinstance(pair, list) and len(pair) == 2 and member(pair[0], "content") in ("", [])


def _path(event: Event, ids: dict[str, int]) -> list[str]:
    """Return the namespace with `node:id` as `node#1`, a second invocation as `node#2`; other segments stay."""
    path = []
    for segment in event.namespace:
        node, colon, _ = segment.partition(":")
        path.append(f"{node}#{_number(segment, ids)}" if colon else segment)
    return path


def _number(id: Any, ids: dict[str, int]) -> int:
    return ids.setdefault(str(id), len(ids) + 1)


def _whole(value: Any, ids: dict[str, int]) -> Any:
    return value


def _message(value: Any, ids: dict[str, int]) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        return value
    piece, metadata = value
    tags = member(metadata, "tags")
    shown = {"content": member(piece, "content"), "call": _number(member(piece, "id"), ids)}
    return shown | {
        "node": member(metadata, "langgraph_node"),
        "tags": sorted(tags, key=str) if isinstance(tags, list) else [],
    }


_DEBUG_KEYS = ("name", "input", "result", "values", "next")


def _debug(value: Any, ids: dict[str, int]) -> Any:
    """Return type and step, the task by number, and what the specification names: the node and the state."""
    if not isinstance(value, dict):
        return value
    payload = value.get("payload")
    if not isinstance(payload, dict):
        return {"type": value.get("type"), "step": value.get("step"), "payload": payload}
    kept = {key: payload[key] for key in _DEBUG_KEYS if key in payload}
    task = _number(payload["id"], ids) if "id" in payload else 0
    return {"type": value.get("type"), "step": value.get("step"), "task": task, **kept}


def _record(value: Any, ids: dict[str, int]) -> Any:
    """Return event and name of a record, its run by number, its node, and its output."""
    if not isinstance(value, dict):
        return value
    data = value.get("data")
    kept = {key: _content(part) for key, part in data.items() if key != "input"} if isinstance(data, dict) else data
    run = _number(value.get("run_id"), ids)
    node = member(value.get("metadata"), "langgraph_node")
    return {"event": value.get("event"), "name": value.get("name"), "run": run, "node": node, "data": kept}


def _content(part: Any) -> Any:
    """Return the content of messages, plain or serialized by their library, because only messages hold ids here."""
    if isinstance(part, list):
        return [_content(item) for item in part]
    if not isinstance(part, dict):
        return part
    for message in (part, part.get("kwargs")):
        if isinstance(message, dict) and "content" in message and ("type" in part or "id" in part):
            return message["content"]
    return {key: _content(inner) for key, inner in part.items()}


_COMPARABLE = {"messages-tuple": _message, "messages": _message, "debug": _debug, "events": _record}
