"""Which requirement a difference from the library breaks: the one whose sentence speaks of what differs.

A difference that follows from another one, or that no sentence covers, breaks none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.authoring import (
    MODES,
    ComparedStream,
    Event,
    Recording,
    member,
    names_of_its_own,
    unknown_names,
)
from conformance.suite.any_run.plan import rows
from conformance.suite.any_run.readers import LATE, READERS, shares_out
from conformance.suite.any_run.scenarios import EARLIER

LATER = {"second run": "state.next-run-continues", "after a failure": None}
"""The requirement that is broken if a run starts from another state, by what its thread had before.

After a failure it is `errors.after-a-failure`, which `thread` judges by the state itself.
"""

LOSSES = ("missing event", "lost", "order")
"""The kinds of differences that a lost event causes."""


@dataclass(frozen=True)
class Blame:
    """What the streams of a session say about the cause of a difference in one of them."""

    streams: Sequence[ComparedStream]

    @cached_property
    def divides(self) -> bool:
        """Whether the server divides the events of a run among its readers."""
        return any(map(shares_out, {id(one.recording): one.recording for one in self.streams}.values()))

    @cached_property
    def own_names(self) -> set[str]:
        """The names of events that the server sends beside those of all modes."""
        return names_of_its_own((one.recording, one.exchange) for one in self.streams if one.exchange.kind == "stream")

    @cached_property
    def kinds_written(self) -> set[str]:
        """The kinds of JSON values that custom events hold."""
        streams = [one.exchange for one in self.streams if one.exchange.is_stream]
        return {kind_of(event) for one in streams for event in one.events if event.base == "custom"}

    @cached_property
    def differing_modes(self) -> set[str]:
        """The modes in which a stream differs whose reader started the run."""
        return {one.difference.mode for one in self.streams if one.difference is not None and not one.joined}

    @cached_property
    def differing_first_runs(self) -> set[str]:
        """The modes in which the first run of a thread differs, or one without a thread."""
        first = [one for one in self.streams if thread_of(one) not in LATER]
        return {one.difference.mode for one in first if one.difference is not None}

    def requirement_of(self, stream: ComparedStream) -> str | None:
        """Return the requirement that the first difference of a stream breaks; None if no sentence covers it."""
        difference = stream.difference
        if difference is None or difference.area is None or self._follows(stream):
            return None
        if isinstance(difference.actual, str) and escapes_are_lost(difference.actual, difference.expected):
            return "framing.escapes-stay"
        if shows_the_start(stream) and difference.mode not in self.differing_first_runs:
            return LATER[thread_of(stream)]
        if self._is_dropped_value(stream):
            return "custom.any-json"
        if is_initial_state(stream):
            return "values.input-first"
        if stream.joined and difference.mode == "error":
            return "join.error-reaches-the-joiner" if difference.kind in LOSSES else None  # its text is the creator's
        if difference.mode == "error" and difference.path == ("message",):
            return "errors.message-text"
        if stream.joined:
            return "join.rest-of-run" if difference.kind in LOSSES else "join.same-events"
        if difference.kind == "namespace" and not member(stream.exchange.request, "stream_subgraphs"):
            return "subgraphs.off-by-default"
        if difference.kind == "namespace":
            return "subgraphs.nested-path" if len(difference.namespace) > 1 else "subgraphs.namespace"
        if difference.mode == "events" and isinstance(stream.where, Event) and is_of_another_mode(stream.where):
            return "events.no-other-modes"
        if difference.namespace and difference.kind in ("missing event", "additional event", "order"):
            return _of_subgraph(stream, difference.mode)
        return _of_mode(difference.mode, difference.kind, list(difference.path), difference.expected)

    def _follows(self, stream: ComparedStream) -> bool:
        """Return whether a difference follows from what is judged elsewhere.

        That is a division among readers, what is sent to a client that joins after the end, which `readers` judges,
        and for a client that joined a difference of the mode itself.
        """
        assert stream.difference is not None
        divided = self.divides and stream.difference.kind in LOSSES and _has_several_readers(stream.recording)
        joined = stream.joined and (stream.difference.mode in self.differing_modes or stream.exchange.name == LATE)
        unread = is_unreadable(stream) or is_in_blocks(stream.difference.actual, stream.difference.expected)
        return divided or joined or unread or self._is_misnamed(stream) or has_no_message(stream) or is_free(stream)

    def _is_misnamed(self, stream: ComparedStream) -> bool:
        """Return whether an event is missing, and another has a name that is none: it may be that one."""
        lost = stream.difference is not None and stream.difference.kind in LOSSES
        return lost and stream.exchange.is_stream and bool(unknown_names(stream.exchange) - self.own_names)

    def _is_dropped_value(self, stream: ComparedStream) -> bool:
        """Return whether a custom value is missing because the server sends none of its kind."""
        difference = stream.difference
        assert difference is not None
        custom = difference.mode == "custom" and difference.kind == "missing event"
        return custom and bool(self.kinds_written) and type(difference.expected).__name__ not in self.kinds_written


def _has_several_readers(recording: Recording) -> bool:
    return sum(one.name in READERS and one.is_stream for one in recording.streams()) > 1


def kind_of(event: Event) -> str:
    """Return the kind of JSON value that an event holds."""
    try:
        return type(event.value).__name__
    except ValueError:
        return "not JSON"


def thread_of(stream: ComparedStream) -> str:
    """Return what the thread of a run had before it, as a row says it."""
    thread: str = rows()[str(member(stream.recording.axes, "row"))]["thread"]
    return "new" if stream.exchange.name == EARLIER else thread


def shows_the_start(stream: ComparedStream) -> bool:
    """Return whether what differs is what a later run of a thread starts from: its first state, or its first step."""
    difference, event = stream.difference, stream.where
    if difference is None or not isinstance(event, Event) or thread_of(stream) not in LATER:
        return False
    if difference.path[-1:] == ("langgraph_step",) or difference.path == ("step",):
        return True
    is_state = difference.mode == "values" or difference.path[:2] == ("payload", "values")
    first = next(one for one in stream.exchange.events if one.base == event.base)
    return is_state and bool(difference.path) and event is first


def is_unreadable(stream: ComparedStream) -> bool:
    """Return whether the event that differs is not JSON, which `framing.json-events` judges; custom data counts."""
    event = stream.where
    return isinstance(event, Event) and event.base != "custom" and kind_of(event) == "not JSON"


def is_in_blocks(actual: Any, expected: Any) -> bool:
    """Return whether a text is an answer as a list of blocks, which a model may give, written as text by the node."""
    if not isinstance(actual, str) or not isinstance(expected, str) or not actual.startswith("[{"):
        return False
    return "'type': 'text'" in actual and repr(expected)[1:-1] in actual


def has_no_message(stream: ComparedStream) -> bool:
    """Return whether the event that differs is an error without a message, which `errors.error-shape` judges."""
    event = stream.where
    try:
        return (
            isinstance(event, Event) and event.base == "error" and not isinstance(member(event.value, "message"), str)
        )
    except ValueError:
        return True


def is_free(stream: ComparedStream) -> bool:
    """Return whether the specification leaves an event free: the first checkpoint, and chunks of the whole graph."""
    difference, event = stream.difference, stream.where
    if difference is not None and difference.mode == "debug" and difference.kind == "missing event":
        return bool(member(difference.expected, "step") == -1)
    if difference is not None and member(difference.expected, "node") and "args" in difference.expected:
        return True  # an order to run a node is no JSON value, so servers write it as they like
    if difference is None or difference.mode != "events" or not isinstance(event, Event) or is_of_another_mode(event):
        return False
    try:
        return bool(member(event.value, "event") == "on_chain_stream" and member(event.value, "parent_ids") == [])
    except ValueError:
        return False


def is_initial_state(stream: ComparedStream) -> bool:
    """Return whether what differs is the state before the first step of a new thread."""
    difference = stream.difference
    if difference is None or difference.mode != "values" or difference.kind != "missing event":
        return False
    given = member(member(stream.exchange.request, "input"), "program")
    return bool(difference.expected == {"program": given, "log": []})


def escapes_are_lost(actual: str, expected: Any) -> bool:
    """Return whether a text differs only in its escapes: a backslash is lost, added, or was interpreted."""
    return isinstance(expected, str) and "\\" in expected + actual and _plain(actual) == _plain(expected)


def _plain(text: str) -> str:
    decoded = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\+n", "\n", decoded).replace("\\", "")


def is_of_another_mode(event: Event) -> bool:
    """Return whether an event of the mode `events` carries output of another mode: a pair of its name and the data."""
    try:
        data = member(event.value, "data")
    except ValueError:
        return False
    chunk = member(data, "chunk")
    return isinstance(chunk, list) and any(isinstance(part, str) and part in (*MODES, "messages") for part in chunk[:2])


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
