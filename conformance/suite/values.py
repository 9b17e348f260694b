"""The mode `values`: the whole state after each super-step."""

from itertools import permutations
from typing import Any

from conformance.authoring import (
    Events,
    ExchangeView,
    RecordingView,
    expect,
    fault,
    first_difference,
    rewritten,
    same_sequence,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import ANSWER, REFINED, TOLD, TOPIC

INPUTS: dict[str, Any] = {
    "joke": TOPIC,
    "parallel": {"items": ["start"], "scale": 0.3},
    "tokens": TOPIC,
    "accumulate": {"item": "x"},
    "counter": {"n": 3, "delay": 0},
}
STATES: dict[str, list[Any]] = {
    "joke": [REFINED, TOLD],
    "tokens": [{**TOPIC, "joke": ANSWER}],
    "accumulate": [{"item": "x", "items": ["x"], "count": 1}],
    "counter": [{"n": 3, "delay": 0, "count": number} for number in (1, 2, 3)],
}
"""The state after each step; that of `parallel` has several forms."""


@scenario(graph=tuple(INPUTS))
async def values_alone(server):
    """A first run on a new thread."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["values"])


@scenario(graph="joke", exchanges=("create thread", "first run", "second run"))
async def values_of_two_runs(server):
    """A second run on the thread of a first."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"topic": "ice cream"}, stream_mode=["values"], name="first run")
    await server.runs.streamed(thread, input={"topic": "rain"}, stream_mode=["values"], name="second run")


def states_of(graph: str, stream: ExchangeView) -> list[Any]:
    """The state after each step; the order in which `parallel` joins items is free, so its last state tells."""
    if graph != "parallel":
        return list(STATES[graph])
    last = stream["values"].values[-1:]
    orders = [["start", *order] for order in permutations("abc")]
    joined = {tuple(order): {"items": [*order, "join"], "scale": 0.3} for order in orders}
    order = next((one for one in orders if [joined[tuple(one)]] == last), orders[0])
    return [{"items": order, "scale": 0.3}, joined[tuple(order)]]


def after_the_steps(stream: ExchangeView, states: list[Any]) -> Events:
    """The values events but for one that stands before the first step.

    The specification speaks of "after each super-step" (218); what may come before the first is not judged by it.
    """
    events = stream["values"]
    leads = len(events) > len(states) and first_difference(events[0].value, states[0]) is not None
    return Events(events[1:]) if leads else events


@verifies("values.full-state", on=values_alone)
def test_every_event_holds_the_whole_state(recording: RecordingView) -> None:
    """Every values event is an object, each after a step a whole state of the run, and the last one its final state."""
    stream = recording["stream"]
    states = states_of(recording.axes["graph"], stream)
    for event in stream["values"]:
        expect(isinstance(event.value, dict), f"a values event holds {shown(event.value)}, which is no object", event)
    steps = after_the_steps(stream, states)
    for event in steps:
        known = any(first_difference(event.value, state) is None for state in states)
        expect(known, f"the state after a step is one of {shown(states)}, came {shown(event.value)}", event)
    same_sequence(Events(steps[-1:]), states[-1:], "the last values event is the final state", stream.exchange)


@fault("values.full-state")
def sends_changed_keys_only(events, exchange):
    """Sends of the state what differs from the event before."""
    before: dict[str, Any] = {}

    def changed(state):
        new = {key: value for key, value in state.items() if key not in before or before[key] != value}
        before.update(state)
        return new

    yield from rewritten(events, "values", changed)


@fault("values.full-state")
def puts_the_state_under_a_name(events, exchange):
    """Wraps the state in an object, as updates are."""
    yield from rewritten(events, "values", lambda state: {"step": state})


@fault("values.full-state")
def sends_the_state_as_text(events, exchange):
    """Sends what the language prints for its state object."""
    yield from rewritten(events, "values", str)


@fault("values.full-state")
def forgets_the_input_in_the_state(events, exchange):
    """Leaves keys out that only the input set."""
    given = exchange.body.get("input") or {}

    def returned(state):
        return {key: value for key, value in state.items() if key not in given or value != given[key]}

    yield from rewritten(events, "values", returned)


@fault("values.full-state")
def sends_no_final_state(events, exchange):
    """Ends without the last values event."""
    held = None
    for event in events:
        if event.base == "values" and not event.namespace:
            event, held = held, event
        if event is not None:
            yield event


@verifies("values.one-per-step", on=values_alone)
def test_every_step_has_one_event(recording: RecordingView) -> None:
    """After each step there is one values event, in step order, and before the first at most one."""
    stream = recording["stream"]
    graph = recording.axes["graph"]
    states = states_of(graph, stream)
    what = f"the values events of {graph} after its {len(states)} steps"
    same_sequence(after_the_steps(stream, states), states, what, stream.exchange)


@fault("values.one-per-step")
def sends_values_for_each_parallel_node(events, exchange):
    """Sends the state for every item that a step added to a list."""
    for event in events:
        items = event.value.get("items", []) if event.base == "values" and exchange.graph == "parallel" else []
        for count in range(2, len(items)):
            yield event.holding(event.value | {"items": items[:count]})
        yield event


@fault("values.one-per-step")
def sends_only_the_final_state(events, exchange):
    """Keeps the states to itself until the run has ended."""
    last = None
    for event in events:
        if event.base == "values" and not event.namespace:
            last = event
        else:
            yield event
    if last is not None:
        yield last


@fault("values.one-per-step")
def sends_the_final_state_twice(events, exchange):
    """Repeats the last state at the end of the run."""
    last = None
    for event in events:
        last = event if event.base == "values" and not event.namespace else last
        yield event
    if last is not None:
        yield last


@verifies("values.input-first", on=values_of_two_runs)
def test_the_input_state_comes_first(recording: RecordingView) -> None:
    """The first values event of a run is the stored state with the input applied, then come those of the steps."""
    first, second = recording["first run"], recording["second run"]
    same_sequence(Events(first["values"][:2]), [TOPIC, REFINED], "the beginning of a first run", first.exchange)
    stored = [TOLD | {"topic": "rain"}, TOLD | {"topic": "rain and cats"}]
    same_sequence(Events(second["values"][:2]), stored, "the beginning of a second run", second.exchange)


def first_values_as(events, change):
    """The events, with the first state of the root graph replaced by what `change` makes of it; None drops it."""
    done = False
    for event in events:
        if event.name == "values" and not done:
            done, event = True, change(event)
        if event is not None:
            yield event


@fault("values.input-first", where=lambda x: not x.is_join)
def starts_with_the_first_step(events, exchange):
    """Sends no state before the first step."""
    yield from first_values_as(events, lambda event: None)


@fault("values.input-first", where=lambda x: not x.is_join)
def starts_with_null(events, exchange):
    """Has null for the state before the first step."""
    yield from first_values_as(events, lambda event: event.holding(None))


@fault("values.input-first", where=lambda x: not x.is_join)
def starts_with_the_input_alone(events, exchange):
    """Shows the input, not the stored state that it was merged with."""
    yield from first_values_as(events, lambda event: event.holding(exchange.body.get("input")))
