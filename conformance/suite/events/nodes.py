"""The mode `events`: what a graph and its nodes report when they start and end, inner ones included.

What models report, and the tags and metadata of every event, is the matter of `events_model`.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    Event,
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    rewritten,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import TOLD, TOPIC

CHUNKS = {*MODES, "messages", "tasks", "checkpoints"}
"""What can stand before a chunk in a library's pair of mode and chunk."""


async def _events(server, input, **fields):
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=input, stream_mode=["events"], **fields)


@scenario(graph="joke")
async def events_of_joke(server):
    """The specification's example, lines 792-837."""
    await _events(server, TOPIC)


@scenario(graph="tokens")
async def events_of_tokens(server):
    """A node that calls a model."""
    await _events(server, TOPIC)


@scenario(graph="models")
async def events_of_models(server):
    """Four calls of models one after another, two of them with tags."""
    await _events(server, TOPIC)


@scenario(graph="subgraph", flag=(False, True))
async def events_of_subgraph(server, flag):
    """A node that is a graph itself, with stream_subgraphs and without."""
    await _events(server, {"foo": "foo"}, stream_subgraphs=flag)


@verifies("events.envelope", on=(events_of_joke, events_of_tokens))
def test_each_event_tells_what_who_and_in_which_call(
    events_of_joke: RecordingView, events_of_tokens: RecordingView
) -> None:
    """Every event is named `events` and is an object with event, name, run_id and data; of nodes and of a model."""
    for stream in (events_of_joke["stream"], events_of_tokens["stream"]):
        found = [event for event in stream.events if event.name.startswith("events")]
        expect(found, "the mode `events` was asked for, but no event named `events` came", stream.exchange)
        for event in found:
            expect(event.name == "events", f"the event must be named `events`, not {shown(event.name)}", event)
            value = event.value
            expect(isinstance(value, dict), f"the data must be an object; came {shown(value)}", event)
            for key in ("event", "name", "run_id"):
                expect(isinstance(value.get(key), str), f"`{key}` must be text; came {shown(value)}", event)
            expect(isinstance(value.get("data"), dict), f"`data` must be an object; came {shown(value)}", event)


@fault("events.envelope")
def names_events_by_what_happened(events, exchange):
    """Takes the inner event for the name, such as on_chain_start."""
    for event in events:
        yield event.named(event.value["event"]) if event.base == "events" else event


@fault("events.envelope")
def does_not_tell_the_call(events, exchange):
    """Leaves run_id out of every event."""
    yield from rewritten(events, "events", lambda value: {key: value[key] for key in value if key != "run_id"})


@fault("events.envelope")
def spreads_the_data_over_the_event(events, exchange):
    """Has input, chunk and output beside the name, without data."""
    yield from rewritten(events, "events", lambda value: {**value.pop("data"), **value})


@verifies("events.nodes", on=events_of_joke)
def test_graph_and_nodes_start_and_end(recording: RecordingView) -> None:
    """The whole starts first, then one node after the other starts and ends, then the whole ends."""
    stream = recording["stream"]
    whole = whole_graph(stream)
    only_once(stream)
    before = whole
    for node in ("refine_topic", "generate_joke"):
        start, end = lasted(stream, node, whole)
        expect(start.position > before.position, f"`{node}` must start after what came before it had ended", start)
        before = end
    end = end_of(stream, whole)
    expect(end.position > before.position, "the whole graph must end after its nodes", end)


@verifies("events.nodes", on=EVERY_STREAM)
def test_what_starts_ends_in_every_stream(stream: ExchangeView) -> None:
    """Each call of a run that succeeds starts once and then ends once, told by its run_id."""
    if not stream.exchange.is_stream or stream.exchange.kind != "stream" or "events" not in stream.requested:
        inconclusive(f"`{stream.name}` did not ask for events")
    if stream["error"] or stream.exchange.ending != "complete":
        inconclusive(f"`{stream.name}` did not come to its end")
    only_once(stream)
    under_way: dict[str, Event] = {}
    for event in stream["events"]:
        happened, call = event.value["event"], event.value["run_id"]
        if happened == "on_chain_start":
            under_way[call] = event
        elif happened == "on_chain_end":
            start = under_way.pop(call, None)
            expect(start, f"`{event.value['name']}` ended, but no on_chain_start of its run_id came before", event)
    for start in under_way.values():
        fail(f"`{start.value['name']}` started, but no on_chain_end of its run_id came", start)


def whole_graph(stream: ExchangeView) -> Event:
    """The start of the whole graph, which is the run_id that starts first; its name is free."""
    for event in stream["events"]:
        if event.value.get("event") == "on_chain_start":
            return event
    fail("no on_chain_start came, not even of the whole graph", stream.exchange)


def only_once(stream: ExchangeView) -> None:
    """No call, told by its run_id, may start or end twice."""
    told = set()
    for event in stream["events"]:
        happened, call = event.value["event"], event.value["run_id"]
        expect((happened, call) not in told, f"{happened} of `{event.value['name']}` came twice", event)
        told |= {(happened, call)} if happened in ("on_chain_start", "on_chain_end") else set()


def end_of(stream: ExchangeView, whole: Event) -> Event:
    """The on_chain_end of the whole graph."""
    for event in stream["events"]:
        if event.value["event"] == "on_chain_end" and event.value["run_id"] == whole.value["run_id"]:
            return event
    fail("the whole graph started, but no on_chain_end of its run_id came", whole)


def lasted(stream: ExchangeView, node: str, whole: Event) -> tuple[Event, Event]:
    """The first on_chain_start of a node that an on_chain_end of the same run_id follows, and this end."""
    found = [event for event in stream["events"] if event is not whole and event.value["name"] == node]
    starts = [event for event in found if event.value["event"] == "on_chain_start"]
    expect(starts, f"no on_chain_start of `{node}` came", stream.exchange)
    for start, event in itertools.product(starts, found):
        same = event.value["event"] == "on_chain_end" and event.value["run_id"] == start.value["run_id"]
        if same and event.position > start.position:
            return start, event
    fail(f"`{node}` started, but no on_chain_end of `{node}` with this run_id came after it", starts[0])


@fault("events.nodes")
def tells_of_the_whole_graph_only(events, exchange):
    """Sends the events of the whole graph and none of its nodes."""
    calls: list[str] = []
    for event in events:
        calls += [event.value["run_id"]] if event.base == "events" else []
        if event.base != "events" or event.value["run_id"] == calls[0]:
            yield event


@fault("events.nodes")
def tells_no_ends(events, exchange):
    """Sends no on_chain_end."""
    yield from without(events, "events", lambda value: value["event"] == "on_chain_end")


@fault("events.nodes")
def gives_every_event_a_new_run_id(events, exchange):
    """Makes a run_id for each event."""
    number = itertools.count()
    yield from rewritten(events, "events", lambda value: value | {"run_id": f"call-{next(number)}"})


@fault("events.nodes")
def tells_every_event_twice(events, exchange):
    """Listens to the graph twice."""
    for event in events:
        yield from [event, event] if event.base == "events" else [event]


@fault("events.nodes")
def names_nodes_by_the_graph(events, exchange):
    """Gives the events of chains the name of the graph."""
    own = exchange.graph
    yield from rewritten(
        events, "events", lambda value: value | {"name": own} if value["event"].startswith("on_chain") else value
    )


@verifies("events.final-state", on=events_of_joke)
def test_the_end_of_the_graph_has_the_final_state(recording: RecordingView) -> None:
    """The output of the whole is the full state, not the last update."""
    ends_in(recording["stream"], TOLD)


@verifies("events.final-state", on=events_of_subgraph)
def test_the_end_of_an_inner_graph_is_not_that_of_the_whole(recording: RecordingView) -> None:
    """The output of the whole is the state of the parent, without the inner graph's own key."""
    ends_in(recording["stream"], {"foo": "hi! foobar"})


def ends_in(stream: ExchangeView, state: Mapping[str, Any]) -> None:
    """The on_chain_end of the whole graph must have this state as its output."""
    end = end_of(stream, whole_graph(stream))
    equal(end.value["data"].get("output"), state, "data.output at the end of the whole graph", end)


@fault("events.final-state")
def tells_no_output(events, exchange):
    """Leaves the output out where a chain ends."""
    yield from rewritten(
        events, "events", lambda value: value | {"data": {}} if value["event"] == "on_chain_end" else value
    )


@fault("events.final-state")
def tells_the_last_update_for_the_state(events, exchange):
    """Ends the graph with the output of its last node."""
    calls: list[str] = []
    outputs: list[Any] = []

    def last(value):
        calls.append(value["run_id"])
        if value["event"] == "on_chain_end":
            outputs.append(value["data"].get("output"))
            value["data"]["output"] = outputs[-2] if value["run_id"] == calls[0] else outputs[-1]
        return value

    yield from rewritten(events, "events", last)


@verifies("events.no-other-modes", on=events_of_joke)
def test_no_event_carries_a_chunk_of_another_mode(recording: RecordingView) -> None:
    """Neither data nor data.chunk is a pair of mode and chunk, as the library's own stream yields them."""
    stream = recording["stream"]
    end_of(stream, whole_graph(stream))
    for event in stream["events"]:
        data = event.value["data"]
        for value in (data, data.get("chunk")):
            expect(not is_other_mode(value), f"a chunk of another mode came as data: {shown(value)}", event)


def is_other_mode(value: Any) -> bool:
    """Whether it is a mode and its chunk, with or without a namespace before."""
    pair = isinstance(value, list) and len(value) in (2, 3)
    return pair and isinstance(value[-2], str) and value[-2] in CHUNKS


@fault("events.no-other-modes")
def passes_the_librarys_chunks_on(events, exchange):
    """Sends what the graph streams in other modes as on_chain_stream of the whole."""
    whole: list[Any] = []
    for event in events:
        yield event
        whole += [event.value] if event.base == "events" else []
        if event.base == "events" and event.value["event"] == "on_chain_end":
            chunk = ["updates", {event.value["name"]: event.value["data"]["output"]}]
            yield event.holding(whole[0] | {"event": "on_chain_stream", "data": {"chunk": chunk}})


@verifies("events.children", on=events_of_subgraph)
def test_events_of_inner_nodes_come_with_the_flag_and_without(recording: RecordingView) -> None:
    """The inner nodes start and end, and no name has a namespace."""
    stream = recording["stream"]
    for event in stream["events"]:
        expect(event.name == "events", f"the event must be named `events`, not {shown(event.name)}", event)
    whole = whole_graph(stream)
    for node in ("subgraph_node_1", "subgraph_node_2"):
        lasted(stream, node, whole)


@fault("events.children")
def tells_nothing_of_inner_nodes(events, exchange):
    """Sends the events of the root graph and its nodes only."""
    yield from (event for event in events if not is_inner(event))


@fault("events.children", where=lambda x: not x.subgraphs)
def tells_of_inner_nodes_on_request(events, exchange):
    """Sends the events of inner nodes only with stream_subgraphs."""
    yield from (event for event in events if not is_inner(event))


@fault("events.children", where=lambda x: x.subgraphs)
def names_inner_events_by_their_graph(events, exchange):
    """Adds the namespace to the name of inner events."""
    for event in events:
        path = event.value["metadata"]["langgraph_checkpoint_ns"].rpartition("|")[0] if is_inner(event) else ""
        yield event.named(f"events|{path}") if path else event


def is_inner(event):
    """Whether an event comes from inside a subgraph."""
    return event.base == "events" and "|" in event.value["metadata"].get("langgraph_checkpoint_ns", "")
