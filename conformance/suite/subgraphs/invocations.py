"""Invocations of subgraphs: each has a namespace that no other has, and its updates come before its parent's update."""

import json
import re
from typing import Any

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    equal,
    expect,
    fault,
    inconclusive,
    scenario,
    verifies,
    with_subgraphs,
)
from conformance.suite.subgraphs.levels import graph_inside

INPUT: dict[str, dict[str, Any]] = {
    "repeated": {"visits": 0},
    "parallel_subgraphs": {"items": ["start"]},
    "twins": {"subjects": ["cats", "dogs", "ants"]},
}

INVOCATIONS: dict[str, list[Any]] = {
    "repeated": [[{"visit": {"visits": 1}}], [{"visit": {"visits": 2}}]],
    "parallel_subgraphs": [[{"begin": {"started": True}}, {"finish": {"items": [side]}}] for side in ("left", "right")],
    "twins": [[{"speak": {"spoken": [f"twin of {subject}"]}}] for subject in INPUT["twins"]["subjects"]],
}
"""The inner updates of each invocation."""

CHILD_AND_PARENT = {
    "subgraph": [("subgraph_node_1", "node_2"), ("subgraph_node_2", "node_2")],
    "nested": [("middle", "middle_graph"), ("inner", "inner_graph"), ("inner_graph", "middle_graph")],
}


@scenario(graph=("repeated", "parallel_subgraphs", "twins"))
async def several_invocations(server: Server) -> None:
    """Subgraphs run more than once: in two steps, at two nodes in one step, or at one node in one step."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=["updates"], stream_subgraphs=True)


# --- subgraphs.distinct-invocations


@verifies("subgraphs.distinct-invocations", on=several_invocations)
def test_each_invocation_has_its_own_namespace(recording: RecordingView) -> None:
    """The inner updates of one invocation share a namespace, which no other invocation has."""
    stream = recording["stream"]
    inside = stream["updates"].inside
    if not inside:
        inconclusive("no update came from inside a subgraph, so there is no namespace to judge")
    spaces = {event.namespace for event in inside}
    received = [[event.value for event in inside if event.namespace == space] for space in spaces]
    expected = INVOCATIONS[recording.axes["graph"]]
    what = "the updates of each namespace"
    equal(sorted(received, key=json.dumps), sorted(expected, key=json.dumps), what, stream)


@fault("subgraphs.distinct-invocations", where=with_subgraphs)
def uses_one_constant_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives every invocation the same id."""
    for event in events:
        yield event.named(re.sub(r":[^|]*", ":1", event.name))


@fault("subgraphs.distinct-invocations", where=with_subgraphs)
def uses_the_node_as_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives every invocation the name of its node as its id."""
    for event in events:
        yield event.named(re.sub(r"([^|:]+):[^|]*", r"\1:\1", event.name))


# --- subgraphs.children-first


@verifies("subgraphs.children-first", on=graph_inside, over=("mode", "flag"))
def test_inner_updates_come_before_the_parents(recordings: dict[tuple[str, str], RecordingView]) -> None:
    """The update of a node that is a subgraph comes after every update from inside it."""
    recording = recordings["updates", "true"]
    stream = recording["stream"]
    order = [name for event in stream["updates"] for name in event.value]
    for child, parent in CHILD_AND_PARENT[recording.axes["graph"]]:
        if child not in order or parent not in order:
            inconclusive(f"there is no update of {child} or none of {parent}, so there is no order to judge")
        late = f"the update of {child} must come before that of its parent {parent}; it came after it"
        expect(order.index(child) < order.index(parent), late, stream)


@fault("subgraphs.children-first", where=with_subgraphs)
def sends_the_parent_before_its_children(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Holds events from inside a subgraph back until the parent's own event has been sent."""
    inner: list[SentEvent] = []
    for event in events:
        if event.namespace:
            inner.append(event)
            continue
        yield event
        yield from inner
        inner = []
    yield from inner
