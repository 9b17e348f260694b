"""How events from inside subgraphs are named: `<mode>|<node>:<id>`, a segment for each level, the same in all modes.

That they come at all is the matter of `subgraphs`, which invocation they are from that of `subgraph_invocations`.
"""

import re
from dataclasses import dataclass
from typing import Any

from conformance.authoring import Events, Exchange, RecordingView, equal, expect, fault, scenario, shown, verifies
from conformance.suite.subgraphs.flag import INPUT, STATES, UPDATES, graph_inside

STATE_MODES = ("values", "updates", "debug")


@dataclass(frozen=True)
class Level:
    """A graph within another: its nodes in order, the state it begins with, and the states after each node."""

    nodes: tuple[str, ...]
    states: tuple[dict[str, str], ...]


def _levels(graph: str, begins: dict[tuple[str, ...], dict[str, str]]) -> dict[tuple[str, ...], Level]:
    """The graphs of a run by the nodes that lead to them from the root, each with the state that it begins with."""
    levels = zip(begins.items(), UPDATES[graph], STATES[graph], strict=True)
    return {path: Level(_names(updates), (begin, *states)) for (path, begin), updates, states in levels}


def _names(updates: list[dict[str, dict[str, str]]]) -> tuple[str, ...]:
    return tuple(name for update in updates for name in update)


LEVELS = {
    "subgraph": _levels("subgraph", {(): {"foo": "foo"}, ("node_2",): {"foo": "hi! foo"}}),
    "nested": _levels(
        "nested",
        {
            (): {"path": "start"},
            ("middle_graph",): {"path": "start > outer"},
            ("middle_graph", "inner_graph"): {"path": "start > outer > middle"},
        },
    ),
}


@scenario(graph=("subgraph", "nested"))
async def state_modes_together(server):
    """A graph with subgraphs in three modes at once."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=list(STATE_MODES), stream_subgraphs=True)


def expect_level(mode: str, events: Events, level: Level, where: Exchange) -> None:
    """These events must be those of one graph: its states in values, its nodes in updates and debug."""
    came, expected = _told(mode, events), list(level.states if mode == "values" else level.nodes)
    begins = mode == "values" and came[:1] == expected[:1]
    wanted = expected[1:] if mode == "values" and not begins else expected
    expect(came == wanted, f"expected of this graph in {mode} {shown(wanted)}, came {shown(came)}", where)


def _told(mode: str, events: Events) -> list[Any]:
    if mode == "values":
        return events.values
    if mode == "updates":
        return [name for event in events for name in event.value]
    entries = [event.value for event in events]
    return [entry["payload"]["name"] for entry in entries if entry["type"] == "task_result"]


def within(events: Events, namespace: tuple[str, ...]) -> Events:
    return Events(event for event in events if event.namespace == namespace)


@verifies("subgraphs.namespace", on=graph_inside, over=("graph", "flag"))
def test_inner_events_are_named_by_node_and_id(graph_inside) -> None:
    """An inner event is `<mode>|node_2:<id>`, with one suffix for the one invocation."""
    view = graph_inside["subgraph", "true"]
    mode, stream = view.axes["mode"], view["stream"]
    inside = stream[mode].inside
    for event in inside:
        named = _is_path(event.namespace, "node_2") and event.namespace == inside[0].namespace
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


@verifies("subgraphs.root-bare", on=graph_inside, over="flag")
def test_the_root_graph_keeps_the_bare_name(graph_inside) -> None:
    """The events with the bare name are those of the root graph, all of them and no other."""
    view = graph_inside["true"]
    mode, stream = view.axes["mode"], view["stream"]
    expect_level(mode, stream[mode].root, LEVELS[view.axes["graph"]][()], stream.exchange)


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


@verifies("subgraphs.nested-path", on=graph_inside, over=("graph", "flag"))
def test_the_path_has_a_segment_for_each_level(graph_inside) -> None:
    """Two levels down the name has two segments, of which the first is the name of the level between."""
    view = graph_inside["nested", "true"]
    mode, stream = view.axes["mode"], view["stream"]
    namespaces = [event.namespace for event in stream[mode].inside]
    middle, inner = _only(namespaces, 1, stream.exchange), _only(namespaces, 2, stream.exchange)
    for namespace, nodes in ((middle, ("middle_graph",)), (inner, ("middle_graph", "inner_graph"))):
        good = _is_path(namespace, *nodes) and namespace[:1] == middle
        path = "|".join(f"{node}:<id>" for node in nodes)
        expect(
            good,
            f"expected {path} in {mode}, the first as in {shown(middle)}, came {shown(namespace)}",
            stream.exchange,
        )
        expect_level(mode, within(stream[mode], namespace), LEVELS["nested"][nodes], stream.exchange)


def _only(namespaces: list[tuple[str, ...]], depth: int, where: Exchange) -> tuple[str, ...]:
    """The one namespace of this many segments."""
    found = sorted({namespace for namespace in namespaces if len(namespace) == depth})
    expect(len(found) == 1, f"expected one namespace of {depth} segments, came {shown(found)}", where)
    return found[0]


def _is_path(namespace: tuple[str, ...], *nodes: str) -> bool:
    """Whether each segment is its node, a colon and an id."""
    pairs = [segment.partition(":") for segment in namespace]
    return [node for node, _, _ in pairs] == list(nodes) and all(id for _, _, id in pairs)


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


@verifies("subgraphs.every-mode", on=(graph_inside, state_modes_together), over=("mode", "flag"))
def test_namespaces_in_each_mode_and_in_all(graph_inside, state_modes_together: RecordingView) -> None:
    """Alone and together, values, updates and debug name the same graphs; together by the same ids."""
    graph, together = state_modes_together.axes["graph"], state_modes_together["stream"]
    reference = _namespaces(together["updates"])
    for mode in STATE_MODES:
        alone = graph_inside[mode, "true"]["stream"]
        for stream, how in ((alone, "alone"), (together, "together")):
            came = [_nodes(namespace) for namespace in _namespaces(stream[mode])]
            equal(sorted(came), sorted(map(list, LEVELS[graph])), f"the graphs named in {mode} {how}", stream.exchange)
        same = _namespaces(together[mode])
        expect(same == reference, f"{mode} has {shown(same)}, updates {shown(reference)}", together.exchange)


def _namespaces(events: Events) -> list[tuple[str, ...]]:
    return sorted({event.namespace for event in events})


def _nodes(namespace: tuple[str, ...]) -> list[str]:
    return [segment.partition(":")[0] for segment in namespace]


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
