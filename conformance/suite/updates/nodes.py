"""The mode `updates`: what each node returned, under the node's name, after each step.

`updates.verbatim` judges whether JSON values of every kind keep their value and type.
"""

from collections.abc import Sequence
from typing import Any

from conformance.authoring import (
    Events,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    expect,
    fault,
    first_difference,
    of_graph,
    rewritten,
    same_sequence,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import PRINTED_UPDATES, TOPIC


@scenario(graph="joke")
async def joke_updates(server: Server) -> None:
    """Stream a run of two nodes one after the other, the first example of the specification (123-211)."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"])


@scenario(graph="parallel")
async def parallel_updates(server: Server) -> None:
    """Stream a run of three nodes in one step, followed by one node."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"items": ["start"], "scale": 0.3}, stream_mode=["updates"])


@scenario(graph="fanout")
async def fanout_updates(server: Server) -> None:
    """Stream a run that starts one node three times in one step; two of the three return the same."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"subjects": ["cats", "dogs", "cats"]}, stream_mode=["updates"])


@scenario(graph="counter")
async def counter_updates(server: Server) -> None:
    """Stream a run that visits one node three times, in three steps."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"n": 3}, stream_mode=["updates"])


@scenario(graph="quiet")
async def quiet_updates(server: Server) -> None:
    """Stream a run of three nodes, of which the second returns nothing."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"log": ["start"]}, stream_mode=["updates"])


@verifies("updates.node-sequence", on=joke_updates)
def test_each_node_yields_what_it_returned(recording: RecordingView) -> None:
    """The updates of the joke graph are the two objects that the specification prints, in this order."""
    stream = recording["stream"]
    same_sequence(stream["updates"], PRINTED_UPDATES, "the updates of the joke graph", stream)


@fault("updates.node-sequence")
def loses_the_first_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Never sends the first update."""
    lost = False
    for event in events:
        if event.base == "updates" and not lost:
            lost = True
            continue
        yield event


@fault("updates.node-sequence", where=of_graph("joke"))
def sends_the_whole_state_as_update(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the whole state after a node instead of the node's update."""
    state = dict(exchange.body["input"])
    for event in events:
        if event.base == "updates":
            [(node, update)] = event.value.items()
            state |= update
            event = event.holding({node: state})
        yield event


@fault("updates.node-sequence")
def leaves_the_node_name_out(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each update without the name of the node."""
    yield from rewritten(events, "updates", lambda update: next(iter(update.values())))


@fault("updates.node-sequence")
def sends_updates_as_pairs(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each update as a list of node and value instead of an object."""
    yield from rewritten(events, "updates", lambda update: [list(pair) for pair in update.items()])


@fault("updates.node-sequence")
def swaps_neighbouring_updates(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the updates in pairs, the second of each pair before the first."""
    held: SentEvent | None = None
    for event in events:
        if event.base != "updates":
            yield event
        elif held is None:
            held = event
        else:
            yield from (event, held)
            held = None
    if held is not None:
        yield held


@verifies("updates.separate-in-one-step", on=parallel_updates)
def test_nodes_of_one_step_yield_an_event_each(recording: RecordingView) -> None:
    """The three nodes of the first step have one event each, in any order, followed by that of the second step."""
    stream = recording["stream"]
    events, at_once = stream["updates"], [{name: {"items": [name]}} for name in ("a", "b", "c")]
    expect_in_any_order(Events(events[:3]), at_once, "the updates of three nodes in one step", stream)
    same_sequence(Events(events[3:]), [{"join": {"items": ["join"]}}], "the updates after the first step", stream)


@verifies("updates.separate-in-one-step", on=fanout_updates)
def test_every_start_of_a_node_yields_an_event(recording: RecordingView) -> None:
    """A node that is started three times in one step has three events, although two of them are equal."""
    stream = recording["stream"]
    events = stream["updates"]
    jokes = [{"gen": {"jokes": [f"joke about {subject}"]}} for subject in ("cats", "dogs", "cats")]
    same_sequence(Events(events[:1]), [{"plan": {"planned": 3}}], "the first step of fanout", stream)
    expect_in_any_order(Events(events[1:4]), jokes, "the updates of a node started three times", stream)
    picked = [{"pick": {"best": "joke about cats"}}]
    same_sequence(Events(events[4:]), picked, "the last step of fanout", stream)


def expect_in_any_order(events: Events, expected: Sequence[Any], what: str, stream: ExchangeView) -> None:
    """Fail unless the data of the events are exactly these values, in any order."""
    missing = list(expected)
    for event in events:
        found = [one for one in missing if first_difference(event.value, one) is None]
        expect(found, f"{what}: expected one of {shown(missing)}, received {shown(event.value)}", event)
        missing.remove(found[0])
    expect(not missing, f"{what}: expected also {shown(missing)}, received nothing more", stream)


@fault("updates.separate-in-one-step", where=of_graph("parallel"))
def sends_one_object_for_a_step(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Merges the updates of all nodes of a step into one event."""
    step: dict[str, Any] = {}
    for event in events:
        if event.base == "updates" and "join" not in event.value:
            step |= event.value
            if len(step) < 3:
                continue
            event = event.holding(step)
        yield event


@fault("updates.separate-in-one-step", where=of_graph("fanout"))
def merges_the_starts_of_a_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Merges the updates of a node that is started several times in one step into one event."""
    jokes: list[str] = []
    for event in events:
        if event.base == "updates" and "gen" in event.value:
            jokes += event.value["gen"]["jokes"]
            if len(jokes) < len(exchange.body["input"]["subjects"]):
                continue
            event = event.holding({"gen": {"jokes": jokes}})
        yield event


@fault("updates.separate-in-one-step")
def sends_equal_updates_once(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops an update that is equal to an earlier one."""
    sent = set()
    for event in events:
        if event.base == "updates" and event.text in sent:
            continue
        sent.add(event.text)
        yield event


@verifies("updates.repeated-node", on=counter_updates)
def test_every_visit_yields_an_event(recording: RecordingView) -> None:
    """A node that is visited three times has three events, in the order of the visits."""
    stream = recording["stream"]
    visits = [{"step": {"count": number}} for number in (1, 2, 3)]
    same_sequence(stream["updates"], visits, "the updates of a node that was visited three times", stream)


@fault("updates.repeated-node", where=of_graph("counter"))
def sends_only_the_last_visit(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps only the latest update of each node and sends it when the run ends."""
    last: dict[str, Any] = {}
    for event in events:
        if event.base == "updates":
            last |= event.value
        else:
            yield event
    if last:
        yield event.named("updates").holding(last)


@fault("updates.repeated-node")
def drops_an_update_shaped_like_the_last(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops an update that has the same node and keys as the one before it."""
    shape = None
    for event in events:
        if event.base == "updates":
            before, shape = shape, [(node, list(update or ())) for node, update in event.value.items()]
            if shape == before:
                continue
        yield event


@verifies("updates.empty-update", on=quiet_updates)
def test_a_quiet_node_yields_an_empty_update(recording: RecordingView) -> None:
    """The node that returns nothing has an event between its neighbours', with null or an empty object."""
    stream = recording["stream"]
    quiet: Any = {"nothing": {} if {"nothing": {}} in stream["updates"].values else None}
    expected = [{"one": {"log": ["one"]}}, quiet, {"two": {"log": ["two"]}}]
    same_sequence(stream["updates"], expected, "the updates of the quiet graph", stream)


@fault("updates.empty-update")
def sends_nothing_for_a_quiet_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no update for a node that returns nothing."""
    yield from without(events, "updates", lambda update: not any(update.values()))


@fault("updates.empty-update", where=of_graph("quiet"))
def repeats_the_update_before(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Repeats the previous node's update for a node that returns nothing."""
    before = None
    for event in events:
        if event.base == "updates":
            [(node, update)] = event.value.items()
            before = update or before
            event = event.holding({node: before})
        yield event
