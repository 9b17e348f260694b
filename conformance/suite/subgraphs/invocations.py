"""Which invocation of a subgraph an event is from, whatever its mode, and that it comes before its parent's update.

The form of the names is the matter of `subgraph_names`.
"""

import itertools
import json
import re
from typing import Any

from conformance.authoring import (
    Event,
    Events,
    RecordingView,
    equal,
    expect,
    fault,
    inconclusive,
    member,
    scenario,
    shown,
    text_of,
    verifies,
)
from conformance.suite.graphs import INNER_ANSWER, ROOT_ANSWER
from conformance.suite.subgraphs.flag import graph_inside, model_inside

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
async def several_invocations(server):
    """Subgraphs that run more than once: in two steps, at two nodes at once, at one node at once."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=["updates"], stream_subgraphs=True)


@verifies("subgraphs.distinct-invocations", on=several_invocations)
def test_each_invocation_has_its_own_namespace(recording: RecordingView) -> None:
    """The inner updates of one invocation, and no others, share a namespace."""
    stream = recording["stream"]
    inside = stream["updates"].inside
    if not inside:
        inconclusive("no update came from inside a subgraph, so there is no namespace to look at")
    spaces = {event.namespace for event in inside}
    came = [[event.value for event in inside if event.namespace == space] for space in spaces]
    expected = INVOCATIONS[recording.axes["graph"]]
    what = "the updates of each namespace"
    equal(sorted(came, key=json.dumps), sorted(expected, key=json.dumps), what, stream.exchange)


@fault("subgraphs.distinct-invocations", where=lambda x: x.subgraphs)
def uses_one_constant_id(events, exchange):
    """Gives all invocations the same id."""
    for event in events:
        yield event.named(re.sub(r":[^|]*", ":1", event.name))


@fault("subgraphs.distinct-invocations", where=lambda x: x.subgraphs)
def uses_the_node_as_id(events, exchange):
    """Gives an invocation its node's name as id."""
    for event in events:
        yield event.named(re.sub(r"([^|:]+):[^|]*", r"\1:\1", event.name))


@verifies("subgraphs.tokens-and-custom-namespaced", on=model_inside, over="modes")
def test_tokens_and_data_from_inside_have_the_namespace(model_inside) -> None:
    """What a model says and a node writes inside bears the namespace that its updates bear; at the root none."""
    stream = model_inside["messages-tuple", "custom", "updates"]["stream"]
    spaces = sorted({event.namespace for event in stream["updates"].inside})
    if len(spaces) != 1:
        inconclusive(f"the updates from inside name no one invocation: {shown(spaces)}")
    for events, text in ((stream["messages-tuple"], ROOT_ANSWER), (stream["custom"], "root")):
        _expect_named(events, text, ())
    for events, text in ((stream["messages-tuple"], INNER_ANSWER), (stream["custom"], "inner")):
        _expect_named(events, text, spaces[0])


def _expect_named(events: Events, text: str, namespace: tuple[str, ...]) -> None:
    """The events that together say a text must have this namespace."""
    said = [_said(event) for event in events]
    begin = "".join(said).find(text)
    if begin < 0:
        inconclusive(f"{shown(text)} did not come, so there is no name to look at")
    for event, start, part in zip(events, itertools.accumulate(map(len, said), initial=0), said, strict=False):
        if part and begin <= start < begin + len(text):
            good = event.namespace == namespace
            expect(good, f"expected the namespace {shown(namespace)}, came {shown(event.namespace)}", event)


def _said(event: Event) -> str:
    """The text of a piece or of a custom write."""
    if event.base == "custom":
        return str(member(event.value, "from") or "")
    return text_of(event.value[0]["content"])


@fault("subgraphs.tokens-and-custom-namespaced", where=lambda x: x.subgraphs)
def sends_tokens_under_the_bare_name(events, exchange):
    """Names tokens from inside like those of the root."""
    for event in events:
        yield event.named("messages") if event.base == "messages" else event


@fault("subgraphs.tokens-and-custom-namespaced", where=lambda x: x.subgraphs)
def sends_custom_data_under_the_bare_name(events, exchange):
    """Names custom data from inside like those of the root."""
    for event in events:
        yield event.named("custom") if event.base == "custom" else event


@fault("subgraphs.tokens-and-custom-namespaced", where=lambda x: x.subgraphs)
def names_tokens_of_the_root_by_their_node(events, exchange):
    """Gives the tokens of a root node that node as their namespace."""
    for event in events:
        yield event.named("messages|node:1") if event.name == "messages" else event


@verifies("subgraphs.children-first", on=graph_inside, over=("mode", "flag"))
def test_inner_updates_come_before_the_parents(graph_inside) -> None:
    """A node that is a subgraph yields its update after all that its nodes yielded."""
    view = graph_inside["updates", "true"]
    stream = view["stream"]
    order = [name for event in stream["updates"] for name in event.value]
    for child, parent in CHILD_AND_PARENT[view.axes["graph"]]:
        if child not in order or parent not in order:
            inconclusive(f"the updates of {child} and {parent} did not both come")
        expect(order.index(child) < order.index(parent), f"{parent} came before its {child}", stream.exchange)


@fault("subgraphs.children-first", where=lambda x: x.subgraphs)
def sends_the_parent_before_its_children(events, exchange):
    """Holds inner events back until the parent's own event has been sent."""
    inner = []
    for event in events:
        if event.namespace:
            inner.append(event)
            continue
        yield event
        yield from inner
        inner = []
    yield from inner
