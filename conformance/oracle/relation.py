"""Compares two runs of one graph with the same input, where no library predicts what they stream.

Ids may differ, as between a run and a prediction.  The order of the events of a mode is not compared, because nobody
knows which nodes of the graph run at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from conformance.oracle.difference import Difference
from conformance.oracle.explain import explained
from conformance.oracle.identity import RUN, THREAD, Ids
from conformance.oracle.prediction import PredictedEvent
from conformance.oracle.search import RecordedEvent, Search, search

METADATA = frozenset({"langgraph_node", "langgraph_step", "langgraph_checkpoint_ns", "langgraph_triggers", "tags"})
"""Keys of metadata that the library writes."""
PAYLOAD = frozenset({"id", "name", "input", "result", "triggers", "values", "next"})
"""Keys of the payload of a `debug` event that do not depend on the server."""


class ObservedRun(NamedTuple):
    """The events of a run, and its ids and those of its thread; None if unknown."""

    events: Sequence[RecordedEvent]
    run: str | None
    thread: str | None


def compare_runs(one: ObservedRun, other: ObservedRun) -> Difference | None:
    """Return the first difference between the events of two runs; None if they agree."""
    expected = [PredictedEvent(*event[:2], _predicted(event, other), (), 0.0) for event in other.events]
    free: list[list[int]] = [[] for _ in expected]
    pinned = [(id, name) for id, name in ((one.run, RUN), (one.thread, THREAD)) if id]
    result = search(one.events, Search(expected, free, Ids(pinned)))
    if result.complete and len(one.events) == len(expected):
        return None
    return explained(one.events, Search(expected, free, Ids(pinned)), result)


def _predicted(event: RecordedEvent, run: ObservedRun) -> Any:
    """Return the data of an event as a prediction has it: with its names for the run and the thread."""
    text = json.dumps(_own(event.mode, event.data), default=repr)
    for id, name in ((run.run, RUN), (run.thread, THREAD)):
        text = text.replace(id, name) if id else text
    return json.loads(text)


def _own(mode: str, data: Any) -> Any:
    """Return what the graph and the library wrote of an event: servers add what they know of thread and request."""
    if mode == "messages" and isinstance(data, list) and len(data) == 2:
        return [data[0], _of_library(data[1])]
    if mode == "events" and isinstance(data, dict) and "metadata" in data:
        return {**data, "metadata": _of_library(data["metadata"])}
    if mode == "debug" and isinstance(data, dict) and isinstance(data.get("payload"), dict):
        return {**data, "payload": {key: one for key, one in data["payload"].items() if key in PAYLOAD}}
    return data


def _of_library(metadata: Any) -> Any:
    return {key: one for key, one in metadata.items() if key in METADATA} if isinstance(metadata, dict) else metadata
