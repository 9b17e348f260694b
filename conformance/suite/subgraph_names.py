"""How events from inside subgraphs are named and ordered: `<mode>|<node>:<id>` for each level, the same in all modes.

That they come at all, and what they hold, is the matter of `subgraphs`.
"""

import itertools
import json
import re
from dataclasses import dataclass

from conformance import Event, Events, Exchange, View, cannot_tell, equal, expect, fault, scenario, shown, verifies

STATE_MODES = ("values", "updates", "debug")
INPUT = {
    "subgraph": {"foo": "foo"},
    "nested": {"path": "start"},
    "repeated": {"visits": 0},
    "parallel_subgraphs": {"items": ["start"]},
    "twins": {"subjects": ["cats", "dogs", "ants"]},
}


@dataclass(frozen=True)
class Level:
    """A graph within another: its nodes in order, the state it begins with, and the states after each node."""

    nodes: tuple[str, ...]
    states: tuple[dict[str, str], ...]


LEVELS = {
    "subgraph": {
        (): Level(("node_1", "node_2"), ({"foo": "foo"}, {"foo": "hi! foo"}, {"foo": "hi! foobar"})),
        ("node_2",): Level(
            ("subgraph_node_1", "subgraph_node_2"),
            ({"foo": "hi! foo"}, {"foo": "hi! foo", "bar": "bar"}, {"foo": "hi! foobar", "bar": "bar"}),
        ),
    },
    "nested": {
        (): Level(
            ("outer", "middle_graph"),
            ({"path": "start"}, {"path": "start > outer"}, {"path": "start > outer > middle > inner"}),
        ),
        ("middle_graph",): Level(
            ("middle", "inner_graph"),
            ({"path": "start > outer"}, {"path": "start > outer > middle"}, {"path": "start > outer > middle > inner"}),
        ),
        ("middle_graph", "inner_graph"): Level(
            ("inner",), ({"path": "start > outer > middle"}, {"path": "start > outer > middle > inner"})
        ),
    },
}
"""The graphs of a run by the nodes that lead to them from the root."""

INVOCATIONS = {
    "repeated": [[{"visit": {"visits": 1}}], [{"visit": {"visits": 2}}]],
    "parallel_subgraphs": [
        [{"begin": {"started": True}}, {"finish": {"items": [side]}}] for side in ("left", "right")
    ],
    "twins": [[{"speak": {"spoken": [f"twin of {subject}"]}}] for subject in INPUT["twins"]["subjects"]],
}
"""The inner updates of each invocation."""

CHILD_AND_PARENT = {
    "subgraph": [("subgraph_node_1", "node_2"), ("subgraph_node_2", "node_2")],
    "nested": [("middle", "middle_graph"), ("inner", "inner_graph"), ("inner_graph", "middle_graph")],
}

ROOT_ANSWER, INNER_ANSWER = "You said: Root joke about ice cream", "You said: Inner joke about ice cream"


@scenario(graph=("subgraph", "nested"))
async def state_modes_together(server):
    """A graph with subgraphs in three modes at once."""
    thread = await server.threads.create()
    await server.runs.streamed(
        thread, input=INPUT[server.graph], stream_mode=list(STATE_MODES), stream_subgraphs=True
    )


@scenario(graph=("repeated", "parallel_subgraphs", "twins"))
async def several_invocations(server):
    """Subgraphs that run more than once: in two steps, at two nodes at once, at one node at once."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=["updates"], stream_subgraphs=True)


def expect_level(mode: str, events: Events, level: Level, where: Exchange) -> None:
    """These events must be those of one graph: its states in values, its nodes in updates and debug."""
    came, expected = _told(mode, events), list(level.states if mode == "values" else level.nodes)
    begins = mode == "values" and came[:1] == expected[:1]
    wanted = expected[1:] if mode == "values" and not begins else expected
    expect(came == wanted, f"expected of this graph in {mode} {shown(wanted)}, came {shown(came)}", where)


def _told(mode: str, events: Events) -> list:
    if mode == "values":
        return events.values
    if mode == "updates":
        return [name for event in events for name in event.value]
    entries = [event.value for event in events]
    return [entry["payload"]["name"] for entry in entries if entry["type"] == "task_result"]


def suffix(event: Event) -> str:
    """What follows the first bar of the name."""
    return event.name.partition("|")[2]


def within(events: Events, namespace: str) -> Events:
    return Events(event for event in events if suffix(event) == namespace and ("|" in event.name) == bool(namespace))


# --- the form of the name ---


@verifies("subgraphs.namespace", over=("graph", "flag"))
def test_inner_events_are_named_by_node_and_id(graph_inside) -> None:
    """An inner event is `<mode>|node_2:<id>`, with one suffix for the one invocation."""
    view = graph_inside["subgraph", "true"]
    mode, stream = view.axes["mode"], view["stream"]
    inside = stream[mode].inside
    for event in inside:
        named = re.fullmatch(r"node_2:[^|]+", suffix(event)) and suffix(event) == suffix(inside[0])
        expect(named, f"expected the name {mode}|node_2:<id>, one for the invocation, came {shown(event.name)}", event)
    expect_level(mode, inside, LEVELS["subgraph"]["node_2",], stream.exchange)


@fault("subgraphs.namespace", where=lambda x: x.subgraphs)
def puts_a_colon_before_the_node(events, exchange):
    """Names an inner event `updates:node_2`."""
    for event in events:
        yield event.named(f"{event.base}:{event.namespace.partition(':')[0]}") if event.namespace else event


@fault("subgraphs.namespace", where=lambda x: x.subgraphs)
def prints_a_tuple_into_the_name(events, exchange):
    """Names an inner event `updates|('node_2:…',)`."""
    for event in events:
        segments = tuple(event.namespace.split("|"))
        yield event.named(f"{event.base}|{segments}") if event.namespace else event


@fault("subgraphs.namespace", where=lambda x: x.subgraphs)
def names_the_node_without_an_id(events, exchange):
    """Names an inner event `updates|node_2`."""
    for event in events:
        yield event.named(re.sub(r":[^|]*", "", event.name))


@fault("subgraphs.namespace", where=lambda x: x.subgraphs)
def leaves_the_id_empty(events, exchange):
    """Names an inner event `updates|node_2:`."""
    for event in events:
        yield event.named(re.sub(r":[^|]*", ":", event.name))


@fault("subgraphs.namespace", where=lambda x: x.subgraphs)
def invents_an_id_for_each_event(events, exchange):
    """Gives each inner event an id of its own."""
    for number, event in enumerate(events):
        yield event.named(re.sub(r":[^|]*", f":{number}", event.name))


@fault("subgraphs.namespace", where=lambda x: x.subgraphs)
def puts_the_namespace_into_data(events, exchange):
    """Sends the library's pair of namespace and chunk as data under the bare name."""
    for event in events:
        pair = [event.namespace.split("|"), event.value]
        yield event.named(event.base).holding(pair) if event.namespace else event


@verifies("subgraphs.root-bare", over="flag")
def test_the_root_graph_keeps_the_bare_name(graph_inside) -> None:
    """The events with the bare name are those of the root graph, all of them and no other."""
    view = graph_inside["true"]
    mode, stream = view.axes["mode"], view["stream"]
    expect_level(mode, within(stream[mode], ""), LEVELS[view.axes["graph"]][()], stream.exchange)


@fault("subgraphs.root-bare", where=lambda x: x.subgraphs)
def names_the_root_by_an_empty_tuple(events, exchange):
    """Names the root graph's events `values|()`."""
    for event in events:
        yield event.named(f"{event.name}|()") if event.name in exchange.modes else event


@fault("subgraphs.root-bare", where=lambda x: x.subgraphs)
def shows_a_subgraphs_state_as_the_roots(events, exchange):
    """Sends the state of a subgraph also under the bare name."""
    for event in events:
        yield event
        if event.base == "values" and event.namespace:
            yield event.named("values")


@verifies("subgraphs.nested-path", over=("graph", "flag"))
def test_the_path_has_a_segment_for_each_level(graph_inside) -> None:
    """Two levels down the name has two segments, of which the first is the name of the level between."""
    view = graph_inside["nested", "true"]
    mode, stream = view.axes["mode"], view["stream"]
    middle = _only_namespace(stream[mode], 1, "middle_graph", mode, stream.exchange)
    inner = _only_namespace(stream[mode], 2, "inner_graph", mode, stream.exchange)
    expect(inner.rpartition("|")[0] == middle, f"{shown(inner)} does not begin with {shown(middle)}", stream.exchange)
    levels = LEVELS["nested"]
    for namespace, nodes in ((middle, ("middle_graph",)), (inner, ("middle_graph", "inner_graph"))):
        expect_level(mode, within(stream[mode], namespace), levels[nodes], stream.exchange)


def _only_namespace(events: Events, depth: int, node: str, mode: str, where: Exchange) -> str:
    """The one namespace of this depth, whose last segment must be the node and an id."""
    found = list(dict.fromkeys(suffix(event) for event in events if len(event.namespace) == depth))
    expect(len(found) == 1, f"expected one namespace of {depth} segments in {mode}, came {shown(found)}", where)
    good = re.fullmatch(rf"{node}:[^|]+", found[0].rpartition("|")[2])
    expect(good, f"expected {node}:<id> as segment {depth}, came {shown(found[0])}", where)
    return found[0]


@fault("subgraphs.nested-path", where=lambda x: x.subgraphs)
def tells_the_innermost_level_only(events, exchange):
    """Names an event by the last segment of its path."""
    for event in events:
        yield event.named(f"{event.base}|{event.namespace.rpartition('|')[2]}") if event.namespace else event


@fault("subgraphs.nested-path", where=lambda x: x.subgraphs)
def tells_the_outermost_level_only(events, exchange):
    """Names an event by the first segment of its path."""
    for event in events:
        yield event.named(f"{event.base}|{event.namespace.partition('|')[0]}") if event.namespace else event


@fault("subgraphs.nested-path", where=lambda x: x.subgraphs)
def gives_the_parent_another_id_in_the_path(events, exchange):
    """Writes an id of its own for the parent into the path of what is inside it."""
    for event in events:
        yield event.named(re.sub(r":[^|]*\|", ":other|", event.name)) if "|" in event.namespace else event


@verifies("subgraphs.every-mode", over=("mode", "flag"))
def test_namespaces_in_each_mode_and_in_all(graph_inside, state_modes_together: View) -> None:
    """Alone and together, values, updates and debug name the same graphs; together by the same ids."""
    graph, together = state_modes_together.axes["graph"], state_modes_together["stream"]
    reference = _namespaces(together["updates"])
    for mode in STATE_MODES:
        alone = graph_inside[mode, "true"]["stream"]
        for stream, how in ((alone, "alone"), (together, "together")):
            came = sorted(_nodes(namespace) for namespace in _namespaces(stream[mode]))
            equal(came, sorted(map(list, LEVELS[graph])), f"the graphs named in {mode} {how}", stream.exchange)
        same = _namespaces(together[mode])
        expect(same == reference, f"{mode} has {shown(same)}, updates {shown(reference)}", together.exchange)


def _namespaces(events: Events) -> list[str]:
    return sorted({suffix(event) for event in events})


def _nodes(namespace: str) -> list[str]:
    return [segment.partition(":")[0] for segment in namespace.split("|") if namespace]


@fault("subgraphs.every-mode", where=lambda x: x.subgraphs)
def names_subgraphs_in_updates_only(events, exchange):
    """Sends the inner events of values and debug under the bare name."""
    for event in events:
        yield event.named(event.base) if event.base in ("values", "debug") else event


@fault("subgraphs.every-mode", where=lambda x: x.subgraphs and len(x.modes) > 1)
def loses_namespaces_with_several_modes(events, exchange):
    """Sends all events under the bare name as soon as there are several modes."""
    for event in events:
        yield event.named(event.base)


@fault("subgraphs.every-mode", where=lambda x: x.subgraphs)
def gives_each_mode_ids_of_its_own(events, exchange):
    """Writes another id for the same invocation into the names of each mode."""
    for event in events:
        yield event.named(event.name.replace(":", f":{event.base}-"))


# --- which invocation, which model, and in which order ---


@verifies("subgraphs.distinct-invocations")
def test_each_invocation_has_its_own_namespace(several_invocations: View) -> None:
    """The inner updates of one invocation, and no others, share a namespace."""
    stream = several_invocations["stream"]
    inside = stream["updates"].inside
    if not inside:
        cannot_tell("no update came from inside a subgraph, so there is no namespace to look at")
    came = [within(inside, namespace).values for namespace in _namespaces(inside)]
    expected = INVOCATIONS[several_invocations.axes["graph"]]
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


@verifies("subgraphs.tokens-and-custom-namespaced", over="modes")
def test_tokens_and_data_from_inside_have_the_namespace(model_inside) -> None:
    """What a model says and a node writes inside bears the namespace that its updates bear; at the root none."""
    stream = model_inside["messages-tuple", "custom", "updates"]["stream"]
    namespaces = _namespaces(stream["updates"].inside)
    if len(namespaces) != 1:
        cannot_tell(f"the updates from inside name no one invocation: {shown(namespaces)}")
    for events, text in ((stream["messages-tuple"], ROOT_ANSWER), (stream["custom"], "root")):
        _expect_named(events, text, "")
    for events, text in ((stream["messages-tuple"], INNER_ANSWER), (stream["custom"], "inner")):
        _expect_named(events, text, namespaces[0])


def _expect_named(events: Events, text: str, namespace: str) -> None:
    """The events that together say a text must have this namespace."""
    said = [_said(event) for event in events]
    begin = "".join(said).find(text)
    if begin < 0:
        cannot_tell(f"{shown(text)} did not come, so there is no name to look at")
    for event, start, part in zip(events, itertools.accumulate(map(len, said), initial=0), said, strict=False):
        if part and begin <= start < begin + len(text):
            good = suffix(event) == namespace
            expect(good, f"expected the namespace {shown(namespace)}, came {shown(suffix(event))}", event)


def _said(event: Event) -> str:
    """The text of a piece or of a custom write."""
    if event.base == "custom":
        return str(event.value["from"])
    content = event.value[0]["content"]
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


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


@verifies("subgraphs.children-first", over=("mode", "flag"))
def test_inner_updates_come_before_the_parents(graph_inside) -> None:
    """A node that is a subgraph yields its update after all that its nodes yielded."""
    view = graph_inside["updates", "true"]
    stream = view["stream"]
    order = [name for event in stream["updates"] for name in event.value]
    for child, parent in CHILD_AND_PARENT[view.axes["graph"]]:
        if child not in order or parent not in order:
            cannot_tell(f"the updates of {child} and {parent} did not both come")
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
