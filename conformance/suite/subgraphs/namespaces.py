"""How events from inside subgraphs are named: `<mode>|<node>:<id>`, a segment for each level, the same in all modes.

`flag.py` judges whether they are sent at all, `invocations.py` whether two invocations differ.
"""

import re
from typing import Any

from conformance.authoring import (
    Events,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    equal,
    expect,
    fault,
    inconclusive,
    scenario,
    shown,
    verifies,
    with_subgraphs,
)
from conformance.suite.modes.lists import with_several_modes
from conformance.suite.subgraphs.levels import INPUT, LEVELS, Level, graph_inside

STATE_MODES = ("values", "updates", "debug")

Namespace = tuple[str, ...]


@scenario(graph=("subgraph", "nested"))
async def state_modes_together(server: Server) -> None:
    """A graph with subgraphs is streamed in values, updates and debug at once."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=list(STATE_MODES), stream_subgraphs=True)


def expect_level(mode: str, events: Events, level: Level, stream: ExchangeView) -> None:
    """Expect the events of one graph: its states in values, its nodes in updates and debug."""
    received, expected = _received_and_expected(mode, events, level)
    equal(received, expected, f"{mode} of the graph with the nodes {', '.join(level.nodes)}", stream)


def _received_and_expected(mode: str, events: Events, level: Level) -> tuple[list[Any], list[Any]]:
    received, expected = _states_or_nodes(mode, events), list(level.states if mode == "values" else level.nodes)
    if mode == "values" and received[:1] != expected[:1]:
        expected = expected[1:]  # a server need not send the state that the graph starts with
    return received, expected


def _sends_only_the_root(mode: str, stream: ExchangeView, root: Level) -> bool:
    """Return whether the events of a mode are exactly those of the root graph, under the bare name."""
    received, expected = _received_and_expected(mode, stream[mode].root, root)
    like_it = [event for event in stream.events if event.name.startswith(mode)]
    return received == expected and all(event.name == mode for event in like_it)


def _states_or_nodes(mode: str, events: Events) -> list[Any]:
    if mode == "values":
        return events.values
    if mode == "updates":
        return [name for event in events for name in event.value]
    entries = [event.value for event in events]
    return [entry["payload"]["name"] for entry in entries if entry["type"] == "task_result"]


def _names_path(namespace: Namespace, *nodes: str) -> bool:
    """Return whether the namespace has a segment for each node: the node, a colon and an id."""
    pairs = [segment.partition(":") for segment in namespace]
    return [node for node, _, _ in pairs] == list(nodes) and all(id for _, _, id in pairs)


# --- subgraphs.namespace


@verifies("subgraphs.namespace", on=graph_inside, over=("graph", "flag"))
def test_inner_events_are_named_by_node_and_id(recordings: dict[tuple[str, str], RecordingView]) -> None:
    """An event from inside is named `<mode>|node_2:<id>`, with the same id for the whole invocation."""
    recording = recordings["subgraph", "true"]
    mode, stream = recording.axes["mode"], recording["stream"]
    inside = stream[mode].inside
    if not inside and _sends_only_the_root(mode, stream, LEVELS["subgraph"][()]):
        inconclusive(f"no event of {mode} from inside arrived, which subgraphs.included judges")
    for event in inside:
        named = _names_path(event.namespace, "node_2") and event.namespace == inside[0].namespace
        wrong = f"the event must be named {mode}|node_2:<id>, with one id for the invocation; it is {shown(event.name)}"
        expect(named, wrong, event)
    expect_level(mode, inside, LEVELS["subgraph"]["node_2",], stream)


@fault("subgraphs.namespace", where=with_subgraphs)
def puts_a_colon_before_the_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names events from inside `updates:node_2`, with a colon instead of a bar and without an id."""
    for event in events:
        yield event.named(f"{event.base}:{event.namespace.partition(':')[0]}") if event.namespace else event


@fault("subgraphs.namespace", where=with_subgraphs)
def prints_a_tuple_into_the_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names events from inside `updates|('node_2:…',)`, with the namespace as Python prints it."""
    for event in events:
        segments = tuple(event.namespace.split("|"))
        yield event.named(f"{event.base}|{segments}") if event.namespace else event


@fault("subgraphs.namespace", where=with_subgraphs)
def names_the_node_without_an_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names events from inside `updates|node_2`, without a colon and an id."""
    for event in events:
        yield event.named(re.sub(r":[^|]*", "", event.name))


@fault("subgraphs.namespace", where=with_subgraphs)
def leaves_the_id_empty(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names events from inside `updates|node_2:`, with an empty id."""
    for event in events:
        yield event.named(re.sub(r":[^|]*", ":", event.name))


@fault("subgraphs.namespace", where=with_subgraphs)
def invents_an_id_for_each_event(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives every event from inside a different id, instead of one id for the invocation."""
    for number, event in enumerate(events):
        yield event.named(re.sub(r":[^|]*", f":{number}", event.name))


@fault("subgraphs.namespace", where=with_subgraphs)
def puts_the_namespace_into_data(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the library's pair of namespace and chunk as data, under the bare name of the mode."""
    for event in events:
        pair = [event.namespace.split("|"), event.value]
        yield event.named(event.base).holding(pair) if event.namespace else event


# --- subgraphs.root-bare


@verifies("subgraphs.root-bare", on=graph_inside, over="flag")
def test_the_root_graph_keeps_the_bare_name(recordings: dict[str, RecordingView]) -> None:
    """All events of the root graph, and no others, have the bare name of the mode."""
    recording = recordings["true"]
    mode, stream = recording.axes["mode"], recording["stream"]
    expect_level(mode, stream[mode].root, LEVELS[recording.axes["graph"]][()], stream)


@fault("subgraphs.root-bare", where=with_subgraphs)
def names_the_root_by_an_empty_tuple(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Adds an empty tuple to the event names of the root graph: `values|()`."""
    for event in events:
        yield event.named(f"{event.name}|()") if event.name in exchange.modes else event


@fault("subgraphs.root-bare", where=with_subgraphs)
def shows_a_subgraphs_state_as_the_roots(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the state of a subgraph a second time, under the bare name."""
    for event in events:
        yield event
        if event.base == "values" and event.namespace:
            yield event.named("values")


# --- subgraphs.nested-path


@verifies("subgraphs.nested-path", on=graph_inside, over=("graph", "flag"))
def test_the_path_has_a_segment_for_each_level(recordings: dict[tuple[str, str], RecordingView]) -> None:
    """Two levels down the namespace has two segments, and the first is the namespace of the level between."""
    recording = recordings["nested", "true"]
    mode, stream = recording.axes["mode"], recording["stream"]
    inside = stream[mode].inside
    if not inside:
        inconclusive(f"no event of {mode} has a namespace, see subgraphs.namespace")
    middle, inner = _only_namespace(inside, 1, stream), _only_namespace(inside, 2, stream)
    for namespace, nodes in ((middle, ("middle_graph",)), (inner, ("middle_graph", "inner_graph"))):
        path = "|".join(f"{node}:<id>" for node in nodes)
        wrong = f"the namespace in {mode} must be {path} and start with {shown(middle)}; it is {shown(namespace)}"
        expect(_names_path(namespace, *nodes) and namespace[:1] == middle, wrong, stream)
        level = Events(event for event in inside if event.namespace == namespace)
        expect_level(mode, level, LEVELS["nested"][nodes], stream)


def _only_namespace(events: Events, depth: int, stream: ExchangeView) -> Namespace:
    """Return the one namespace that has this many segments; fail if there is none, or another."""
    found = sorted({event.namespace for event in events if len(event.namespace) == depth})
    expect(len(found) == 1, f"there must be one namespace of {depth} segments; received {shown(found)}", stream)
    return found[0]


@fault("subgraphs.nested-path", where=with_subgraphs)
def tells_the_innermost_level_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names an event by the last segment of its path only."""
    for event in events:
        yield event.named(f"{event.base}|{event.namespace.rpartition('|')[2]}") if event.namespace else event


@fault("subgraphs.nested-path", where=with_subgraphs)
def tells_the_outermost_level_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names an event by the first segment of its path only."""
    for event in events:
        yield event.named(f"{event.base}|{event.namespace.partition('|')[0]}") if event.namespace else event


@fault("subgraphs.nested-path", where=with_subgraphs)
def gives_the_parent_another_id_in_the_path(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives the parent another id in the paths of its subgraphs than in its own events."""
    for event in events:
        yield event.named(re.sub(r":[^|]*\|", ":other|", event.name)) if "|" in event.namespace else event


# --- subgraphs.every-mode


@verifies("subgraphs.every-mode", on=(graph_inside, state_modes_together), over=("mode", "flag"))
def test_namespaces_in_each_mode_and_in_all(
    alone: dict[tuple[str, str], RecordingView], together: RecordingView
) -> None:
    """Values, updates and debug name the same graphs, alone and together; together they use the same ids."""
    graph, combined = together.axes["graph"], together["stream"]
    reference = _namespaces(combined["updates"])
    for mode in STATE_MODES:
        for stream, how in ((alone[mode, "true"]["stream"], "alone"), (combined, "together")):
            received = [_nodes(namespace) for namespace in _namespaces(stream[mode])]
            equal(sorted(received), sorted(map(list, LEVELS[graph])), f"the graphs named in {mode} {how}", stream)
        found = _namespaces(combined[mode])
        other = f"{mode} must have the namespaces of updates, {shown(reference)}; it has {shown(found)}"
        expect(found == reference, other, combined)


def _namespaces(events: Events) -> list[Namespace]:
    return sorted({event.namespace for event in events})


def _nodes(namespace: Namespace) -> list[str]:
    return [segment.partition(":")[0] for segment in namespace]


@fault("subgraphs.every-mode", where=with_subgraphs)
def names_subgraphs_in_updates_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends values and debug events from inside subgraphs under the bare name."""
    for event in events:
        yield event.named(event.base) if event.base in ("values", "debug") else event


@fault("subgraphs.every-mode", where=with_subgraphs & with_several_modes)
def loses_namespaces_with_several_modes(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every event under the bare name if there are several modes."""
    for event in events:
        yield event.named(event.base)


@fault("subgraphs.every-mode", where=with_subgraphs)
def gives_each_mode_ids_of_its_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives the same invocation a different id in each mode."""
    for event in events:
        yield event.named(event.name.replace(":", f":{event.base}-"))
