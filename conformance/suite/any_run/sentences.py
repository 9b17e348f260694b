"""Which sentence speaks of a part of a mode: the requirement that a difference there breaks."""

from __future__ import annotations

from typing import Any

from conformance.authoring import ComparedStream, member


def of_subgraph(stream: ComparedStream, mode: str) -> str:
    if not member(stream.exchange.request, "stream_subgraphs"):
        return "subgraphs.off-by-default"
    modes = {"custom": "subgraphs.custom", "messages": "subgraphs.tokens"}
    return modes.get(mode, "subgraphs.included")


def of_mode(mode: str, kind: str, path: list[Any], expected: Any) -> str | None:
    """Return the requirement of a mode: that its events are there in order, or that a part of one is right."""
    whole = kind in ("missing event", "additional event", "order") or not path
    match mode:
        case "updates":
            return "updates.node-sequence" if whole else "updates.data-verbatim"
        case "values":
            return "values.one-per-step" if whole and kind != "value" else "values.full-state"
        case "custom":
            return "custom.all-in-order" if whole and kind != "value" else "custom.any-json"
        case "messages":
            return _of_message(whole, kind, path)
        case "debug":
            return _of_debug(whole, path, expected)
        case "events":
            return _of_record(whole, path, expected)
    return "errors.error-event" if mode == "error" else None


def _of_message(whole: bool, kind: str, path: list[Any]) -> str:
    if whole:
        return "messages.deltas"
    if path[0] == 1:
        keys = {"langgraph_node": "filtering.by-node", "tags": "filtering.by-tag"}
        return keys.get(str(path[1]) if len(path) > 1 else "", "messages.metadata-details")
    return "messages.deltas" if path[1:2] == ["content"] else "messages.type-and-id"


def _of_debug(whole: bool, path: list[Any], expected: Any) -> str | None:
    if path[:2] == ["payload", "error"]:
        return None  # no sentence says what the error of a task looks like
    if whole and member(expected, "type") == "task_result":
        return "debug.tasks" if member(expected, "payload", "error") is None else None
    if whole:
        return "debug.full-state" if member(expected, "type") == "checkpoint" else "debug.node-names"
    keys = {("payload", "values"): "debug.full-state", ("payload", "name"): "debug.node-names"}
    return keys.get(tuple(path[:2]), "debug.tasks" if path[0] == "payload" else "debug.envelope")


def _of_record(whole: bool, path: list[Any], expected: Any) -> str:
    model = "chat_model" in str(member(expected, "event") or "")
    if whole:
        return "events.model" if model else "events.nodes"
    keys = {"data": "events.final-state", "event": "events.nodes", "name": "events.nodes", "run_id": "events.nodes"}
    return keys.get(str(path[0]), "events.details")
