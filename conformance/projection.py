"""What of a mode's events two runs of one graph have in common: everything but ids, times and a server's own additions.

Ids are replaced by their order of appearance, so that which events belong together is still compared.
"""

from __future__ import annotations

from typing import Any

from .transcript import Event, Events


def projection(mode: str, events: Events) -> list[Any]:
    """The comparable part of each event, in order: the path of its graph, and its data without ids and times.

    `on_chain_stream` is left out of `events`: servers send it or not, as they like.
    """
    ids: dict[str, int] = {}
    pick = _PICK.get(mode, _whole)
    kept = (event for event in events if not (mode == "events" and _field(event.value, "event") == "on_chain_stream"))
    return [{"graph": _path(event, ids), "data": pick(event.value, ids)} for event in kept]


def _path(event: Event, ids: dict[str, int]) -> list[str]:
    """`node:id` becomes `node#1`, a second invocation `node#2`; other segments stay."""
    path = []
    for segment in event.namespace:
        node, colon, id = segment.rpartition(":")
        path.append(f"{node}#{_number(f'{node}:{id}', ids)}" if colon else segment)
    return path


def _number(id: Any, ids: dict[str, int]) -> int:
    return ids.setdefault(str(id), len(ids) + 1)


def _field(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _whole(value: Any, ids: dict[str, int]) -> Any:
    return value


def _message(value: Any, ids: dict[str, int]) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        return value
    piece, metadata = value
    said = {"content": _field(piece, "content"), "call": _number(_field(piece, "id"), ids)}
    return said | {"node": _field(metadata, "langgraph_node"), "tags": sorted(_field(metadata, "tags") or [], key=str)}


_DEBUG_KEYS = ("name", "input", "result", "values", "next")


def _debug(value: Any, ids: dict[str, int]) -> Any:
    payload = _field(value, "payload")
    kept = {key: payload[key] for key in _DEBUG_KEYS if isinstance(payload, dict) and key in payload}
    task = _number(_field(payload, "id"), ids) if _field(payload, "id") is not None else 0
    return {"type": _field(value, "type"), "step": _field(value, "step"), "task": task, **kept}


def _traced(value: Any, ids: dict[str, int]) -> Any:
    data = _field(value, "data")
    kept = {key: _said(part) for key, part in data.items() if key != "input"} if isinstance(data, dict) else data
    run = _number(_field(value, "run_id"), ids)
    node = _field(_field(value, "metadata"), "langgraph_node")
    return {"event": _field(value, "event"), "name": _field(value, "name"), "run": run, "node": node, "data": kept}


def _said(part: Any) -> Any:
    """Of a message its content, of anything else all of it: only messages hold ids here."""
    return part["content"] if isinstance(part, dict) and "content" in part and "type" in part else part


_PICK = {"messages-tuple": _message, "messages": _message, "debug": _debug, "events": _traced}
