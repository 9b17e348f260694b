"""The streams of `any_run` are what the library streams for the same program, modes, flag and earlier runs.

Each difference fails the requirement whose sentence it breaks, and no other.
"""

from __future__ import annotations

from typing import Any

from conformance.authoring import (
    ComparedStream,
    RecordingView,
    compared_streams,
    fail,
    inconclusive,
    member,
    verifies,
)
from conformance.suite.any_run.readers import shares_out
from conformance.suite.any_run.scenarios import any_run

JUDGED = (
    "updates.node-sequence", "updates.data-verbatim", "values.full-state", "values.one-per-step",
    "messages.deltas", "messages.type-and-id", "messages.metadata-details", "filtering.by-node", "filtering.by-tag",
    "debug.envelope", "debug.node-names", "debug.full-state", "debug.tasks", "custom.any-json", "custom.all-in-order",
    "events.nodes", "events.final-state", "events.model", "events.details", "errors.error-event",
    "subgraphs.off-by-default", "subgraphs.included", "subgraphs.namespace", "subgraphs.nested-path",
    "subgraphs.custom", "subgraphs.tokens", "join.rest-of-run",
    "join.same-events",
)  # fmt: skip
"""The requirements that a difference can break."""
LOSSES = ("missing event", "lost", "order")
"""The kinds of differences that a lost event causes."""


def requirement_of(stream: ComparedStream) -> str | None:
    """Return the requirement that the first difference of a stream breaks; None if no sentence covers it."""
    difference = stream.difference
    if difference is None or difference.area is None:
        return None
    if difference.kind in LOSSES and shares_out(stream.recording):
        return None  # `readers` judges it: the modes are as they should be, and the readers lose events to each other
    if stream.joined:
        return _of_join(difference.kind)
    if difference.kind == "namespace" and not member(stream.exchange.request, "stream_subgraphs"):
        return "subgraphs.off-by-default"
    if difference.kind == "namespace":
        return "subgraphs.nested-path" if len(difference.namespace) > 1 else "subgraphs.namespace"
    if difference.namespace and difference.kind in ("missing event", "additional event", "order"):
        return _of_subgraph(stream, difference.mode)
    return _of_mode(difference.mode, difference.kind, list(difference.path), difference.expected)


def _of_join(kind: str) -> str:
    return "join.rest-of-run" if kind in LOSSES else "join.same-events"


def _of_subgraph(stream: ComparedStream, mode: str) -> str:
    if not member(stream.exchange.request, "stream_subgraphs"):
        return "subgraphs.off-by-default"
    modes = {"custom": "subgraphs.custom", "messages": "subgraphs.tokens"}
    return modes.get(mode, "subgraphs.included")


def _of_mode(mode: str, kind: str, path: list[Any], expected: Any) -> str | None:
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


def _of_debug(whole: bool, path: list[Any], expected: Any) -> str:
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


def expect_no_difference(view: RecordingView, stream: ComparedStream, share: str) -> None:
    """Fail if the stream differs; `share` says how many streams break the requirement."""
    if (difference := stream.difference) is not None:
        view[stream.exchange.name][difference.mode]  # the check rests on this mode
        row = f"`{stream.exchange.name}` of {stream.recording.variant} ({share} streams)"
        fail(f"{row} differs from the library: {difference.message}", stream.where)


def _declare(requirement: str) -> None:
    """Declare the check of one requirement: no stream of `any_run` breaks its sentence."""

    def check(recordings: dict[str, RecordingView]) -> None:
        streams = compared_streams([view.recording for view in recordings.values()])
        if not streams:
            inconclusive("no run of the graph `program` was streamed, so nothing can be compared with the library")
        broken = [one for one in streams if requirement_of(one) == requirement]
        views = {view.recording.variant: view for view in recordings.values()}
        judgeable = [one for one in broken if views[one.recording.variant].is_provided(one.exchange)]
        for stream in judgeable or broken:
            expect_no_difference(views[stream.recording.variant], stream, f"{len(broken)} of {len(streams)}")
        for stream in streams:
            views[stream.recording.variant].all(stream.exchange.name)

    area, _, name = requirement.partition(".")
    check.__name__ = f"test_any_run_is_as_the_library_has_it_{area}_{name.replace('-', '_')}"
    check.__doc__ = "In any combination of program, modes, flag, thread and readers the stream is the library's."
    verifies(requirement, on=any_run, over="row")(check)


for _requirement in JUDGED:
    _declare(_requirement)
