"""The mode `events`: the envelope of its events, and how a graph and its nodes start and end, inner nodes included.

`events.output` judges the output of the whole graph, `events.models` the calls of models.
"""

import itertools

from conformance.authoring import (
    EVERY_STREAM,
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    expect,
    fail,
    fault,
    inconclusive,
    rewritten,
    shown,
    verifies,
    with_subgraphs,
    without,
)
from conformance.suite.errors.failing import FAILING
from conformance.suite.events.scenarios import (
    end_of_graph,
    events_of_joke,
    events_of_subgraph,
    events_of_tokens,
    start_of_graph,
)


@verifies("events.envelope", on=(events_of_joke, events_of_tokens))
def test_each_event_tells_what_who_and_in_which_call(nodes: RecordingView, model: RecordingView) -> None:
    """Every event is named `events` and holds an object with the strings event, name and run_id and an object data."""
    for stream in (nodes["stream"], model["stream"]):
        found = [event for event in stream.events if event.name.startswith("events")]
        expect(
            found or stream["events"], "the mode `events` must yield events named `events`; the stream has none", stream
        )
        for event in found:
            expect(event.name == "events", f"the event must be named `events`, not {shown(event.name)}", event)
            value = event.value
            expect(isinstance(value, dict), f"the data must be an object; received {shown(value)}", event)
            for key in ("event", "name", "run_id"):
                expect(isinstance(value.get(key), str), f"`{key}` must be a string; received {shown(value)}", event)
            expect(isinstance(value.get("data"), dict), f"`data` must be an object; received {shown(value)}", event)


@fault("events.envelope")
def names_events_by_what_happened(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names each event by its inner event, such as on_chain_start."""
    for event in events:
        yield event.named(event.value["event"]) if event.base == "events" else event


@fault("events.envelope")
def does_not_tell_the_call(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves run_id out of every event."""
    yield from rewritten(events, "events", lambda value: {key: value[key] for key in value if key != "run_id"})


@fault("events.envelope")
def spreads_the_data_over_the_event(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends input, chunk and output beside the name instead of inside data."""
    yield from rewritten(events, "events", lambda value: {**value.pop("data"), **value})


@verifies("events.nodes", on=events_of_joke)
def test_graph_and_nodes_start_and_end(recording: RecordingView) -> None:
    """The whole graph starts, then each node starts and ends in turn, then the whole graph ends."""
    stream = recording["stream"]
    before = start_of_graph(stream)
    start_and_end_once(stream)
    for node in ("refine_topic", "generate_joke"):
        start, end = start_and_end_of(node, stream)
        follows = f"`{node}` must start after event {before.position} (`{before.value['name']}`)"
        expect(start.position > before.position, f"{follows}; it started in event {start.position}", start)
        before = end
    end = end_of_graph(stream)
    late = f"the whole graph must end after its last node; it ended in event {end.position}"
    expect(end.position > before.position, late, end)


@verifies("events.nodes", on=EVERY_STREAM)
def test_what_starts_ends_in_every_stream(stream: ExchangeView) -> None:
    """In a run that succeeds each call, identified by its run_id, starts once and then ends once."""
    if not stream.is_stream or stream.exchange.kind != "stream" or "events" not in stream.requested:
        inconclusive(f"`{stream.name}` did not ask for the mode `events`")
    if stream["error"] or stream.ending != "complete" or stream.exchange.graph in FAILING:
        inconclusive(f"`{stream.name}` failed or ended early")
    start_and_end_once(stream)
    active: dict[str, Event] = {}
    for event in stream["events"]:
        happened, call = event.value["event"], event.value["run_id"]
        if happened == "on_chain_start":
            active[call] = event
        elif happened == "on_chain_end":
            started = active.pop(call, None)
            expect(started, f"`{event.value['name']}` ended without an earlier on_chain_start of its run_id", event)
    for start in active.values():
        fail(f"`{start.value['name']}` started, but the stream has no on_chain_end with its run_id", start)


def start_and_end_once(stream: ExchangeView) -> None:
    """Fail if a call, identified by its run_id, starts twice or ends twice."""
    seen = set()
    for event in stream["events"]:
        happened, call = event.value["event"], event.value["run_id"]
        twice = f"{happened} of `{event.value['name']}` must be sent once; it was sent twice with the same run_id"
        expect((happened, call) not in seen, twice, event)
        seen |= {(happened, call)} if happened in ("on_chain_start", "on_chain_end") else set()


def start_and_end_of(node: str, stream: ExchangeView) -> tuple[Event, Event]:
    """Return the first on_chain_start of a node that an on_chain_end of the same run_id follows, and this end."""
    graph = start_of_graph(stream)
    found = [event for event in stream["events"] if event is not graph and event.value["name"] == node]
    starts = [event for event in found if event.value["event"] == "on_chain_start"]
    expect(starts, f"the node `{node}` must start with an on_chain_start; the stream has none", stream)
    for start, event in itertools.product(starts, found):
        same = event.value["event"] == "on_chain_end" and event.value["run_id"] == start.value["run_id"]
        if same and event.position > start.position:
            return start, event
    fail(f"`{node}` started here, but no later on_chain_end of `{node}` has its run_id", starts[0])


@fault("events.nodes")
def tells_of_the_whole_graph_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the events of the whole graph but not those of its nodes."""
    calls: list[str] = []
    for event in events:
        calls += [event.value["run_id"]] if event.base == "events" else []
        if event.base != "events" or event.value["run_id"] == calls[0]:
            yield event


@fault("events.nodes")
def tells_no_ends(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no on_chain_end."""
    yield from without(events, "events", lambda value: value["event"] == "on_chain_end")


@fault("events.nodes")
def gives_every_event_a_new_run_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives every event a different run_id."""
    number = itertools.count()
    yield from rewritten(events, "events", lambda value: value | {"run_id": f"call-{next(number)}"})


@fault("events.nodes")
def tells_every_event_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every event twice."""
    for event in events:
        yield from [event, event] if event.base == "events" else [event]


@fault("events.nodes")
def names_nodes_by_the_graph(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives the events of nodes the name of the graph."""
    named = {"name": exchange.graph}
    yield from rewritten(
        events, "events", lambda value: value | named if value["event"].startswith("on_chain") else value
    )


@verifies("events.children", on=events_of_subgraph)
def test_events_of_inner_nodes_come_with_the_flag_and_without(recording: RecordingView) -> None:
    """The inner nodes start and end, with and without the flag, and every event is named `events`."""
    stream = recording["stream"]
    for event in stream["events"]:
        expect(event.name == "events", f"the event must be named `events`, not {shown(event.name)}", event)
    for node in ("subgraph_node_1", "subgraph_node_2"):
        start_and_end_of(node, stream)


@fault("events.children")
def tells_nothing_of_inner_nodes(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Never sends events of nodes inside subgraphs."""
    yield from (event for event in events if not is_inner(event))


@fault("events.children", where=~with_subgraphs)
def tells_of_inner_nodes_on_request(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends events of nodes inside subgraphs only with `stream_subgraphs`."""
    yield from (event for event in events if not is_inner(event))


@fault("events.children", where=with_subgraphs)
def names_inner_events_by_their_graph(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Adds the namespace to the names of events from inside subgraphs."""
    for event in events:
        path = event.value["metadata"]["langgraph_checkpoint_ns"].rpartition("|")[0] if is_inner(event) else ""
        yield event.named(f"events|{path}") if path else event


def is_inner(event: SentEvent) -> bool:
    """Return whether an event is from inside a subgraph."""
    return event.base == "events" and "|" in event.value["metadata"].get("langgraph_checkpoint_ns", "")
