"""The mode `values`: the whole state after each super-step."""

from collections.abc import Callable, Iterator
from itertools import permutations
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
    inconclusive,
    is_join,
    rewritten,
    same_sequence,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import ANSWER, FINAL_STATE, REFINED, TOPIC

INPUTS: dict[str, Any] = {
    "joke": TOPIC,
    "parallel": {"items": ["start"], "scale": 0.3},
    "tokens": TOPIC,
    "accumulate": {"item": "x"},
    "counter": {"n": 3, "delay": 0},
}
STATES: dict[str, list[Any]] = {
    "joke": [REFINED, FINAL_STATE],
    "tokens": [{**TOPIC, "joke": ANSWER}],
    "accumulate": [{"item": "x", "items": ["x"], "count": 1}],
    "counter": [{"n": 3, "delay": 0, "count": number} for number in (1, 2, 3)],
}
"""The state after each step, by graph; `states_of` knows those of `parallel`, which have several forms."""


@scenario(graph=tuple(INPUTS))
async def values_alone(server: Server) -> None:
    """Stream a first run on a new thread."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["values"])


@scenario(graph="joke", exchanges=("create thread", "first run", "second run"))
async def values_of_two_runs(server: Server) -> None:
    """Stream two runs on one thread, one after the other, with different inputs."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"topic": "ice cream"}, stream_mode=["values"], name="first run")
    await server.runs.streamed(thread, input={"topic": "rain"}, stream_mode=["values"], name="second run")


@verifies("values.full-state", on=values_alone)
def test_every_event_holds_the_whole_state(recording: RecordingView) -> None:
    """Every values event holds an object: after each step a whole state of the run, at the end the final state."""
    stream = recording["stream"]
    states = states_of(recording.axes["graph"], stream)
    for event in stream["values"]:
        expect(isinstance(event.value, dict), f"a values event must hold an object, not {shown(event.value)}", event)
    steps = after_the_steps(stream, states)
    for event in steps:
        known = any(first_difference(event.value, state) is None for state in states)
        wanted = f"a values event after a step must hold one of the states {shown(states)}"
        expect(known, f"{wanted}; received {shown(event.value)}", event)
    same_sequence(Events(steps[-1:]), states[-1:], "the last values event must hold the final state", stream)


def states_of(graph: str, stream: ExchangeView) -> list[Any]:
    """Return the state after each step of a graph.

    In which order `parallel` joins the items of its first step is implementation-defined; the order is taken from the
    last state of the stream.
    """
    if graph != "parallel":
        return list(STATES[graph])
    last = stream["values"].values[-1:]
    orders = [["start", *order] for order in permutations("abc")]
    joined = {tuple(order): {"items": [*order, "join"], "scale": 0.3} for order in orders}
    order = next((one for one in orders if [joined[tuple(one)]] == last), orders[0])
    return [{"items": order, "scale": 0.3}, joined[tuple(order)]]


def after_the_steps(stream: ExchangeView, states: list[Any]) -> Events:
    """Return the values events without the one that may precede the first step.

    The specification speaks of "after each super-step" (218); it does not say what may precede the first.
    """
    events = stream["values"]
    leads = len(events) > len(states) and first_difference(events[0].value, states[0]) is not None
    return Events(events[1:]) if leads else events


@fault("values.full-state")
def sends_changed_keys_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the keys of the state that changed since the previous event."""
    before: dict[str, Any] = {}

    def changed(state: dict[str, Any]) -> dict[str, Any]:
        new = {key: value for key, value in state.items() if key not in before or before[key] != value}
        before.update(state)
        return new

    yield from rewritten(events, "values", changed)


@fault("values.full-state")
def puts_the_state_under_a_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Wraps the state in an object with one key, as updates are."""
    yield from rewritten(events, "values", lambda state: {"step": state})


@fault("values.full-state")
def sends_the_state_as_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the state as the text that its programming language prints for it."""
    yield from rewritten(events, "values", str)


@fault("values.full-state")
def forgets_the_input_in_the_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves out of the state the keys that only the input set."""
    given = exchange.body.get("input") or {}

    def returned(state: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in state.items() if key not in given or value != given[key]}

    yield from rewritten(events, "values", returned)


@fault("values.full-state")
def sends_no_final_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends the stream without the last values event."""
    held: SentEvent | None = None
    for event in events:
        if event.name != "values":
            yield event
            continue
        if held is not None:
            yield held
        held = event


@verifies("values.one-per-step", on=values_alone)
def test_every_step_has_one_event(recording: RecordingView) -> None:
    """There is one values event after each step, in step order, and at most one before the first step."""
    stream = recording["stream"]
    graph = recording.axes["graph"]
    if not all(isinstance(event.value, dict) for event in stream["values"]):
        inconclusive("a values event holds no object, so its step is unknown; values.full-state judges that")
    states = states_of(graph, stream)
    what = f"the values events of {graph} after its {len(states)} steps"
    same_sequence(after_the_steps(stream, states), states, what, stream)


@fault("values.one-per-step")
def sends_values_for_each_parallel_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the state after each node of a step in which several nodes run."""
    for event in events:
        items = event.value.get("items", []) if event.base == "values" and exchange.graph == "parallel" else []
        for count in range(2, len(items)):
            yield event.holding(event.value | {"items": items[:count]})
        yield event


@fault("values.one-per-step")
def sends_only_the_final_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the final state, when the run has ended."""
    last: SentEvent | None = None
    for event in events:
        if event.name == "values":
            last = event
        else:
            yield event
    if last is not None:
        yield last


@fault("values.one-per-step")
def sends_the_final_state_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Repeats the final state when the run has ended."""
    last: SentEvent | None = None
    for event in events:
        last = event if event.name == "values" else last
        yield event
    if last is not None:
        yield last


@verifies("values.input-first", on=values_of_two_runs)
def test_the_input_state_comes_first(recording: RecordingView) -> None:
    """The first values event of a run is the stored state merged with the input; that of the first step follows."""
    first, second = recording["first run"], recording["second run"]
    same_sequence(Events(first["values"][:2]), [TOPIC, REFINED], "the beginning of the first run", first)
    stored = [FINAL_STATE | {"topic": "rain"}, FINAL_STATE | {"topic": "rain and cats"}]
    same_sequence(Events(second["values"][:2]), stored, "the beginning of the second run", second)


@fault("values.input-first", where=~is_join)
def starts_with_the_first_step(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no state before the first step."""
    yield from change_first_values(events, lambda event: None)


@fault("values.input-first", where=~is_join)
def starts_with_null(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends null as the state before the first step."""
    yield from change_first_values(events, lambda event: event.holding(None))


@fault("values.input-first", where=~is_join)
def starts_with_the_input_alone(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the input as the first state, without the stored state that it is merged with."""
    yield from change_first_values(events, lambda event: event.holding(exchange.body.get("input")))


def change_first_values(events: SentEvents, change: Callable[[SentEvent], SentEvent | None]) -> Iterator[SentEvent]:
    """Yield the events with the first state of the root graph changed; without it if `change` returns None."""
    for event in events:
        if event.name == "values":
            if (first := change(event)) is not None:
                yield first
            break
        yield event
    yield from events
