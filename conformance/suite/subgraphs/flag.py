"""The flag stream_subgraphs: without it only the root graph is streamed, with it every graph that runs.

`namespaces.py` and `invocations.py` judge how events from inside are named and ordered.
"""

from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    Events,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    of_graph,
    scenario,
    shown,
    verifies,
    with_subgraphs,
)
from conformance.suite.modes.lists import one_mode
from conformance.suite.subgraphs.levels import INPUT, STATES, UPDATES, graph_inside

HEARTBEATS = frozenset({"heartbeat", "keep-alive", "keepalive", "ping"})
"""Names of events that belong to no mode; modes.only-requested forbids them."""


@scenario(graph="subgraph", form=("string", "list"))
async def norms_subgraph(server: Server, form: str) -> None:
    """The specification's example is run with a string (its SDK call, 508-561) or with a list (its curl, 576-590)."""
    thread = await server.threads.create()
    mode = "updates" if form == "string" else ["updates"]
    await server.runs.streamed(thread, input=INPUT["subgraph"], stream_subgraphs=True, stream_mode=mode)


def output(mode: str, events: Events) -> list[Any]:
    """Return states and updates as they are; of debug the tasks and their results, each with the name of the node."""
    if mode != "debug":
        return events.values
    entries = [event.value for event in events]
    return [[entry["type"], entry["payload"]["name"]] for entry in entries if entry["type"] != "checkpoint"]


def expected_output(mode: str, graph: str) -> list[list[Any]]:
    """Return the output of the root graph and of each graph inside, outermost first."""
    if mode == "values":
        return list(STATES[graph])
    if mode == "updates":
        return list(UPDATES[graph])
    names = [[name for update in updates for name in update] for updates in UPDATES[graph]]
    return [[[kind, name] for name in nodes for kind in ("task", "task_result")] for nodes in names]


# --- subgraphs.off-by-default


@verifies("subgraphs.off-by-default", on=graph_inside, over="flag")
def test_without_the_flag_nothing_comes_from_inside(recordings: dict[str, RecordingView]) -> None:
    """Without stream_subgraphs, or with false, the stream is that of the root graph, with the subgraph's node in it."""
    for flag in ("absent", "false"):
        stream, axes = recordings[flag]["stream"], recordings[flag].axes
        mode, graph = axes["mode"], axes["graph"]
        for event in stream[mode].inside:
            fail(f"stream_subgraphs is {flag}, so `{event.name}` must not be sent", event)
        received, expected = output(mode, stream[mode]), expected_output(mode, graph)[0]
        if mode == "values" and received[:1] == [INPUT[graph]]:
            expected = [INPUT[graph], *expected]  # a server may send the input as the first state
        equal(received, expected, f"the output in {mode} with stream_subgraphs {flag}", stream)


@fault(
    "subgraphs.off-by-default",
    where=~with_subgraphs & of_graph("subgraph", "nested", "repeated", "parallel_subgraphs", "twins", "program"),
)
def streams_subgraphs_always(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends events from inside subgraphs although the flag is not set."""
    for event in events:
        if event.name in ("values", "updates", "debug"):
            yield event.named(f"{event.name}|node:1")
        yield event


@fault("subgraphs.off-by-default", where=~with_subgraphs & of_graph("subgraph"))
def streams_inner_updates_under_the_bare_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the updates of inner nodes like those of the root graph although the flag is not set."""
    for event in events:
        if event.name == "updates" and "node_2" in event.value:
            yield event.holding({"subgraph_node_1": {"bar": "bar"}})
            yield event.holding({"subgraph_node_2": event.value["node_2"]})
        yield event


@fault("subgraphs.off-by-default", where=~with_subgraphs & of_graph("subgraph"))
def shows_inner_state_under_the_bare_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the state of a subgraph like that of the root graph although the flag is not set."""
    for event in events:
        if event.name == "values":
            yield event.holding(event.value | {"bar": "bar"})
        yield event


@fault(
    "subgraphs.off-by-default",
    where=~with_subgraphs & of_graph("subgraph", "nested", "repeated", "parallel_subgraphs", "twins"),
)
def hides_the_node_that_is_a_subgraph(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no update for a node that is a subgraph if the flag is not set."""
    nodes = {"node_2", "middle_graph", "round", "left", "right", "twin"}
    yield from (event for event in events if event.name != "updates" or not nodes & set(event.value))


# --- subgraphs.included


@verifies("subgraphs.included", on=graph_inside, over="flag")
def test_every_graph_is_heard(recordings: dict[str, RecordingView]) -> None:
    """With stream_subgraphs the stream has the output of the parent and of every subgraph, each graph's in order."""
    recording = recordings["true"]
    expect_all(recording["stream"], recording.axes["mode"], recording.axes["graph"])


@verifies("subgraphs.included", on=norms_subgraph)
def test_the_norms_subgraph_call(recording: RecordingView) -> None:
    """The specification's example streams two updates of the parent and two of the subgraph."""
    expect_all(recording["stream"], "updates", "subgraph")


def expect_all(stream: ExchangeView, mode: str, graph: str) -> None:
    """Expect all output of the root graph and of each graph inside, each graph's in order; namespaces do not matter."""
    named = Events(event for event in stream.events if event.name.startswith(mode))
    received = output(mode, named or stream[mode])
    outputs = expected_output(mode, graph)
    for expected in outputs:
        rest = iter(received)
        for item in expected:
            ordered = f"with stream_subgraphs {mode} must hold {shown(item)}, in the order of its graph; it does not"
            expect(item in rest, ordered, stream)
    wanted = [item for expected in outputs for item in expected]
    for item in wanted:
        required, count = wanted.count(item), received.count(item)
        # A state may appear more often, because another graph may start with it.
        enough = count >= required if mode == "values" else count == required
        times = f"with stream_subgraphs {mode} must hold {shown(item)} {required} times, it holds it {count} times"
        expect(enough, times, stream)


@fault("subgraphs.included", where=with_subgraphs)
def ignores_the_flag(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends nothing from inside subgraphs although the flag is set."""
    yield from (event for event in events if not event.namespace)


@fault("subgraphs.included", where=with_subgraphs)
def sends_the_inner_events_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only what comes from inside subgraphs if the flag is set, and nothing of the parent."""
    yield from (event for event in events if event.namespace or event.base not in exchange.modes - {"events"})


@fault("subgraphs.included", where=with_subgraphs)
def leaves_out_the_node_that_is_a_subgraph(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops the parent's update for a subgraph, because it repeats an update from inside."""
    inner: dict[str, Any] = {}
    for event in events:
        if event.base == "updates" and event.namespace:
            inner = next(iter(event.value.values()))
        elif event.name == "updates" and inner and inner in event.value.values():
            continue
        yield event


@fault("subgraphs.included", where=with_subgraphs)
def goes_one_level_deep(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends nothing from a subgraph of a subgraph."""
    yield from (event for event in events if "|" not in event.namespace)


# --- subgraphs.only-requested


@verifies("subgraphs.only-requested", on=one_mode, over=("mode", "subgraphs"))
def test_only_requested_modes_come_from_subgraphs(recordings: dict[tuple[str, bool], RecordingView]) -> None:
    """With stream_subgraphs a stream has no event of another mode than the requested one."""
    for mode in MODES:
        stream = recordings[mode, True]["stream"]
        if not stream[mode]:
            inconclusive(f"a run with stream_subgraphs and {mode} carried no event of that mode")
        expect_no_other_mode(stream)


@verifies("subgraphs.only-requested", on=EVERY_STREAM, alone=[norms_subgraph])
def test_only_requested_modes_come_with_subgraphs(stream: ExchangeView) -> None:
    """Every stream with stream_subgraphs has no event of a mode that was not requested."""
    if not stream.is_stream or stream.run_request is None:
        inconclusive(f"`{stream.name}` is not a stream of a run that the suite started")
    if not stream.run_request.get("stream_subgraphs"):
        inconclusive(f"`{stream.name}` is a stream without subgraphs, see modes.only-requested")
    expect_no_other_mode(stream)


def expect_no_other_mode(stream: ExchangeView) -> None:
    """Fail at the first event that can belong to a mode that the run did not ask for."""
    allowed = {"metadata", "error", "end"} | stream.requested | HEARTBEATS
    for event in stream.events:
        expect(event.base in allowed, f"the run did not ask for the mode of `{event.name}`", event)


@fault("subgraphs.only-requested", where=with_subgraphs)
def adds_checkpoints_to_values(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a checkpoints event before each values event if the flag is set."""
    for event in events:
        if event.base == "values":
            yield event.named(event.name.replace("values", "checkpoints")).holding({"step": 0})
        yield event
