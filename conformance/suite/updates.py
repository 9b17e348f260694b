"""The mode `updates`: what each node returned, under its name, after each step."""

from typing import Any

from conformance import Events, View, expect, fault, first_difference, same_sequence, scenario, shown, verifies

TOPIC = {"topic": "ice cream"}
PRINTED = [
    {"refine_topic": {"topic": "ice cream and cats"}},
    {"generate_joke": {"joke": "This is a joke about ice cream and cats"}},
]
"""The two updates that the norm prints, lines 209-210."""

DEEP: Any = "bottom"
for _ in range(12):
    DEEP = {"deeper": [DEEP]}

JSON_VALUES: list[Any] = [
    "text", "", "1", "true", "null", "[]", "2025-06-17T00:00:00Z",
    0, -1, 2**53 - 1, 1 - 2**53, 0.25, -0.5, 1e-7, 0.30000000000000004, True, False, None,
    [], {}, [[]], [{}], [None], {"a": {}}, {"a": []}, {"a": None, "b": ""}, {"10": 1, "9": 2},
    [1, [2, [3]], {"a": [True, {"b": 0}]}], {"data": {"data": None}}, DEEP,
]  # fmt: skip
"""JSON values of every kind, with text that looks like another kind, and the outermost integers that JavaScript has."""


@scenario(graph="joke")
async def joke_updates(server):
    """The norm's first example, lines 123-211."""
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


@scenario(graph="echo")
async def echo_updates(server):
    """A node that returns JSON values of every kind."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": JSON_VALUES}, stream_mode=["updates"])


@scenario(graph="echo")
async def echo_values(server):
    """A state that holds JSON values of every kind."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": JSON_VALUES}, stream_mode=["values"])


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


@verifies("updates.node-sequence")
def test_each_node_yields_what_it_returned(joke_updates: View) -> None:
    """The updates of the joke graph are the two objects that the norm prints."""
    stream = joke_updates["stream"]
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
    for event in events:
        yield event.holding(next(iter(event.value.values()))) if event.base == "updates" else event


@fault("updates.node-sequence")
def sends_updates_as_pairs(events, exchange):
    """Sends a list of node and update, as other libraries print it."""
    for event in events:
        yield event.holding([list(pair) for pair in event.value.items()]) if event.base == "updates" else event


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


@verifies("updates.separate-in-one-step")
def test_nodes_of_one_step_yield_an_event_each(parallel_updates: View) -> None:
    """The three nodes of the first step have an event each, in any order, and the node of the second comes last."""
    stream = parallel_updates["stream"]
    events, at_once = stream["updates"], [{name: {"items": [name]}} for name in ("a", "b", "c")]
    expect_in_any_order(Events(events[:3]), at_once, "the updates of three nodes in one step", stream.exchange)
    same_sequence(Events(events[3:]), [{"join": {"items": ["join"]}}], "after these three updates", stream.exchange)


@verifies("updates.separate-in-one-step")
def test_every_start_of_a_node_yields_an_event(fanout_updates: View) -> None:
    """A node started three times in one step has three events, also where two say the same."""
    stream = fanout_updates["stream"]
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


@verifies("updates.repeated-node")
def test_every_visit_yields_an_event(counter_updates: View) -> None:
    """Three visits of one node have three events, in the order of the visits."""
    stream = counter_updates["stream"]
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


@verifies("updates.data-verbatim")
def test_an_update_keeps_values_and_types(echo_updates: View) -> None:
    """What the node returned is what the update shows."""
    stream = echo_updates["stream"]
    returned = [{"echo": {"echoed": JSON_VALUES}}]
    same_sequence(stream["updates"], returned, "JSON values of every kind in an update", stream.exchange)


@verifies("updates.data-verbatim")
def test_the_state_keeps_values_and_types(echo_values: View) -> None:
    """What the node returned is what the state holds at the end."""
    stream = echo_values["stream"]
    state = [{"payloads": JSON_VALUES, "echoed": JSON_VALUES}]
    last = Events(stream["values"][-1:])
    same_sequence(last, state, "JSON values of every kind in the last state", stream.exchange)


def everywhere(value, change):
    """The value with every value inside it changed, the innermost first, and then itself."""
    if isinstance(value, dict):
        value = {key: everywhere(inner, change) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [everywhere(inner, change) for inner in value]
    return change(value)


def shows_state(exchange):
    """Whether the run streams what its nodes returned."""
    return bool(exchange.modes & {"updates", "values"})


def in_the_state(events, change):
    """The events, with a change made to every value inside updates and states."""
    for event in events:
        yield event.holding(everywhere(event.value, change)) if event.base in ("updates", "values") else event


@fault("updates.data-verbatim", where=shows_state)
def leaves_null_out_of_objects(events, exchange):
    """Drops keys that hold null."""

    def without_null(value):
        return {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value

    yield from in_the_state(events, without_null)


@fault("updates.data-verbatim", where=lambda x: shows_state(x) and x.graph == "echo")
def sends_numbers_as_text(events, exchange):
    """Turns every number into a string."""
    yield from in_the_state(events, lambda value: str(value) if type(value) in (int, float) else value)


@fault("updates.data-verbatim", where=shows_state)
def prints_numbers_with_fifteen_digits(events, exchange):
    """Sends every number as a fraction printed with the digits that are usual in C."""
    yield from in_the_state(events, lambda value: float(f"{value:.15g}") if type(value) in (int, float) else value)


@fault("updates.data-verbatim", where=shows_state)
def sends_truth_as_a_number(events, exchange):
    """Turns true into 1 and false into 0."""
    yield from in_the_state(events, lambda value: int(value) if isinstance(value, bool) else value)


@fault("updates.data-verbatim", where=shows_state)
def sends_empty_lists_as_null(events, exchange):
    """Knows no difference between an empty list and nothing."""
    yield from in_the_state(events, lambda value: None if value == [] else value)


@fault("updates.data-verbatim", where=lambda x: shows_state(x) and x.graph == "echo")
def flattens_nested_objects_to_text(events, exchange):
    """Sends an object inside a list as text."""

    def flat(value):
        return [str(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value

    yield from in_the_state(events, flat)


@verifies("updates.empty-update")
def test_a_quiet_node_yields_an_empty_update(quiet_updates: View) -> None:
    """The node that returned nothing has its event between those of its neighbours; null or an empty object is free."""
    stream = quiet_updates["stream"]
    quiet: Any = {"nothing": {} if {"nothing": {}} in stream["updates"].values else None}
    expected = [{"one": {"log": ["one"]}}, quiet, {"two": {"log": ["two"]}}]
    same_sequence(stream["updates"], expected, "the updates of the quiet graph", stream.exchange)


@fault("updates.empty-update")
def sends_nothing_for_a_quiet_node(events, exchange):
    """Has no event for a node that returned nothing."""
    for event in events:
        if not (event.base == "updates" and not any(event.value.values())):
            yield event


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
