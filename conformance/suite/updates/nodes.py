"""The mode `updates`: what each node returned, under its name, after each step.

That JSON values of every kind keep their form in it is the matter of `updates_verbatim`.
"""

from typing import Any

from conformance.authoring import (
    Events,
    RecordingView,
    expect,
    fault,
    first_difference,
    rewritten,
    same_sequence,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import PRINTED, TOPIC


@scenario(graph="joke")
async def joke_updates(server):
    """The specification's first example, lines 123-211."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"])


@scenario(graph="parallel")
async def parallel_updates(server):
    """Three nodes in one step, then one."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"items": ["start"], "scale": 0.3}, stream_mode=["updates"])


@scenario(graph="fanout")
async def fanout_updates(server):
    """One node started three times in one step; two of the three return the same."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"subjects": ["cats", "dogs", "cats"]}, stream_mode=["updates"])


@scenario(graph="counter")
async def counter_updates(server):
    """One node visited three times."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"n": 3}, stream_mode=["updates"])


@scenario(graph="quiet")
async def quiet_updates(server):
    """Of three nodes the second returns nothing."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"log": ["start"]}, stream_mode=["updates"])


def expect_in_any_order(events: Events, expected: list[Any], what: str, exchange: Any) -> None:
    """The data of these events must be exactly these values, in whichever order."""
    missing = list(expected)
    for event in events:
        found = [one for one in missing if first_difference(event.value, one) is None]
        expect(found, f"{what}: expected one of {shown(missing)}, came {shown(event.value)}", event)
        missing.remove(found[0])
    expect(not missing, f"{what}: {shown(missing)} did not come", exchange)


@verifies("updates.node-sequence", on=joke_updates)
def test_each_node_yields_what_it_returned(recording: RecordingView) -> None:
    """The updates of the joke graph are the two objects that the specification prints."""
    stream = recording["stream"]
    same_sequence(stream["updates"], PRINTED, "the updates of the joke graph", stream.exchange)


@fault("updates.node-sequence")
def loses_the_first_node(events, exchange):
    """Never sends the first update."""
    lost = False
    for event in events:
        if event.base == "updates" and not lost:
            lost = True
            continue
        yield event


@fault("updates.node-sequence", where=lambda x: x.graph == "joke")
def sends_the_whole_state_as_update(events, exchange):
    """Shows under the node's name the state after it."""
    state = dict(exchange.body["input"])
    for event in events:
        if event.base == "updates":
            [(node, update)] = event.value.items()
            state |= update
            event = event.holding({node: state})
        yield event


@fault("updates.node-sequence")
def leaves_the_node_name_out(events, exchange):
    """Sends the update alone."""
    yield from rewritten(events, "updates", lambda update: next(iter(update.values())))


@fault("updates.node-sequence")
def sends_updates_as_pairs(events, exchange):
    """Sends a list of node and update, as other libraries print it."""
    yield from rewritten(events, "updates", lambda update: [list(pair) for pair in update.items()])


@fault("updates.node-sequence")
def swaps_neighbouring_updates(events, exchange):
    """Sends each second update before the first."""
    held = None
    for event in events:
        if event.base == "updates" and held is None:
            held = event
            continue
        yield event
        if event.base == "updates":
            yield held
            held = None
    if held is not None:
        yield held


@verifies("updates.separate-in-one-step", on=parallel_updates)
def test_nodes_of_one_step_yield_an_event_each(recording: RecordingView) -> None:
    """The three nodes of the first step have an event each, in any order, and the node of the second comes last."""
    stream = recording["stream"]
    events, at_once = stream["updates"], [{name: {"items": [name]}} for name in ("a", "b", "c")]
    expect_in_any_order(Events(events[:3]), at_once, "the updates of three nodes in one step", stream.exchange)
    same_sequence(Events(events[3:]), [{"join": {"items": ["join"]}}], "after these three updates", stream.exchange)


@verifies("updates.separate-in-one-step", on=fanout_updates)
def test_every_start_of_a_node_yields_an_event(recording: RecordingView) -> None:
    """A node started three times in one step has three events, also where two say the same."""
    stream = recording["stream"]
    events = stream["updates"]
    jokes = [{"gen": {"jokes": [f"joke about {subject}"]}} for subject in ("cats", "dogs", "cats")]
    same_sequence(Events(events[:1]), [{"plan": {"planned": 3}}], "the first step of fanout", stream.exchange)
    expect_in_any_order(Events(events[1:4]), jokes, "the updates of a node started three times", stream.exchange)
    picked = [{"pick": {"best": "joke about cats"}}]
    same_sequence(Events(events[4:]), picked, "the last step of fanout", stream.exchange)


@fault("updates.separate-in-one-step", where=lambda x: x.graph == "parallel")
def sends_one_object_for_a_step(events, exchange):
    """Puts the updates of all nodes of a step into one object."""
    step: dict[str, Any] = {}
    for event in events:
        if event.base == "updates" and "join" not in event.value:
            step |= event.value
            if len(step) < 3:
                continue
            event = event.holding(step)
        yield event


@fault("updates.separate-in-one-step", where=lambda x: x.graph == "fanout")
def merges_the_starts_of_a_node(events, exchange):
    """Adds what the copies of one node returned up to one list."""
    jokes = []
    for event in events:
        if event.base == "updates" and "gen" in event.value:
            jokes += event.value["gen"]["jokes"]
            if len(jokes) < len(exchange.body["input"]["subjects"]):
                continue
            event = event.holding({"gen": {"jokes": jokes}})
        yield event


@fault("updates.separate-in-one-step")
def sends_equal_updates_once(events, exchange):
    """Takes an update that says what an earlier one said for a repetition."""
    sent = set()
    for event in events:
        if event.base == "updates" and event.text in sent:
            continue
        sent.add(event.text)
        yield event


@verifies("updates.repeated-node", on=counter_updates)
def test_every_visit_yields_an_event(recording: RecordingView) -> None:
    """Three visits of one node have three events, in the order of the visits."""
    stream = recording["stream"]
    visits = [{"step": {"count": number}} for number in (1, 2, 3)]
    same_sequence(stream["updates"], visits, "the updates of a node that was visited three times", stream.exchange)


@fault("updates.repeated-node", where=lambda x: x.graph == "counter")
def sends_only_the_last_visit(events, exchange):
    """Keeps one update for each node and sends it at the end."""
    last: dict[str, Any] = {}
    for event in events:
        if event.base == "updates":
            last |= event.value
        else:
            yield event
    if last:
        yield event.named("updates").holding(last)


@fault("updates.repeated-node")
def drops_an_update_shaped_like_the_last(events, exchange):
    """Takes an update with the keys of the one before for a repetition."""
    shape = None
    for event in events:
        if event.base == "updates":
            before, shape = shape, [(node, list(update or ())) for node, update in event.value.items()]
            if shape == before:
                continue
        yield event


@verifies("updates.empty-update", on=quiet_updates)
def test_a_quiet_node_yields_an_empty_update(recording: RecordingView) -> None:
    """The node that returned nothing has its event between those of its neighbours; null or an empty object is free."""
    stream = recording["stream"]
    quiet: Any = {"nothing": {} if {"nothing": {}} in stream["updates"].values else None}
    expected = [{"one": {"log": ["one"]}}, quiet, {"two": {"log": ["two"]}}]
    same_sequence(stream["updates"], expected, "the updates of the quiet graph", stream.exchange)


@fault("updates.empty-update")
def sends_nothing_for_a_quiet_node(events, exchange):
    """Has no event for a node that returned nothing."""
    yield from without(events, "updates", lambda update: not any(update.values()))


@fault("updates.empty-update", where=lambda x: x.graph == "quiet")
def repeats_the_update_before(events, exchange):
    """Shows for a node that returned nothing what the node before it returned."""
    before = None
    for event in events:
        if event.base == "updates":
            [(node, update)] = event.value.items()
            before = update or before
            event = event.holding({node: before})
        yield event
