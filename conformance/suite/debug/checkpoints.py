"""The mode `debug`: the envelope of its events, the nodes that they name, and the full state after each step.

`debug.tasks` judges the tasks of a step and their results.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from conformance.authoring import (
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    equal,
    expect,
    fault,
    is_stateless,
    rewritten,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import FINAL_STATE, REFINED, TOPIC

TYPES = ("checkpoint", "task", "task_result")

START = {"items": ["start"], "scale": 0.2}
"""The input of the graph `parallel`."""
FORKED = {**START, "items": ["start", "a", "b", "c"]}
"""Its state after the first step, in the order of `in_order`."""
JOINED = {**START, "items": ["start", "a", "b", "c", "join"]}
"""Its final state, in the order of `in_order`."""


@scenario(graph="joke", on=("thread", "no-thread"))
async def debug_of_joke(server: Server, on: str) -> None:
    """Stream the specification's example (596-639), on a thread and without a thread."""
    thread = await server.threads.create() if on == "thread" else None
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["debug"])


@scenario(graph="counter")
async def debug_of_counter(server: Server) -> None:
    """Stream a run that visits one node three times."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"n": 3}, stream_mode=["debug"])


@scenario(graph="parallel")
async def debug_of_parallel(server: Server) -> None:
    """Stream a run of three nodes in one step, followed by one node."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=START, stream_mode=["debug"])


@verifies("debug.envelope", on=debug_of_joke)
def test_each_debug_event_has_type_step_and_payload(recording: RecordingView) -> None:
    """Every event is named `debug` and holds an object with a known type, an integer step and an object payload."""
    stream = recording["stream"]
    found = [event for event in stream.events if event.name.startswith("debug")]
    expect(found or stream["debug"], "the mode `debug` must yield events named `debug`; the stream has none", stream)
    for event in found:
        expect(event.name == "debug", f"the event must be named `debug`, not {shown(event.name)}", event)
        value = event.value
        expect(isinstance(value, dict), f"the data must be an object; received {shown(value)}", event)
        kind, step = value.get("type"), value.get("step")
        expect(kind in TYPES, f"`type` must be one of {', '.join(TYPES)}; received {shown(kind)}", event)
        integer = isinstance(step, int) and not isinstance(step, bool)
        expect(integer, f"`step` must be an integer; received {shown(step)}", event)
        payload = value.get("payload")
        expect(isinstance(payload, dict), f"`payload` must be an object; received {shown(payload)}", event)


@fault("debug.envelope")
def sends_the_payload_alone(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the payload without type and step."""
    yield from rewritten(events, "debug", lambda value: value["payload"])


@fault("debug.envelope")
def has_types_of_its_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the types node_started and node_ended instead of task and task_result."""
    types = {"task": "node_started", "task_result": "node_ended"}
    yield from rewritten(events, "debug", lambda value: value | {"type": types.get(value["type"], value["type"])})


@fault("debug.envelope")
def writes_the_step_as_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the number of the step as a string."""
    yield from rewritten(events, "debug", lambda value: value | {"step": str(value["step"])})


@fault("debug.envelope")
def names_debug_events_by_type(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Adds the type to the name of each debug event."""
    for event in events:
        yield event.named(f"debug/{event.value['type']}") if event.base == "debug" else event


@verifies("debug.node-names", on=debug_of_joke)
def test_every_node_is_named(recording: RecordingView) -> None:
    """The debug events name both nodes of the run, on a thread and without a thread."""
    names_nodes(recording["stream"], ("refine_topic", "generate_joke"))


@verifies("debug.node-names", on=debug_of_parallel)
def test_nodes_of_one_step_are_named(recording: RecordingView) -> None:
    """The debug events name the three nodes of the first step and the node of the second."""
    names_nodes(recording["stream"], ("a", "b", "c", "join"))


def names_nodes(stream: ExchangeView, nodes: Sequence[str]) -> None:
    """Fail unless each of these nodes is the `payload.name` of an event."""
    named = [payload_of(event).get("name") for event in stream["debug"]]
    for node in nodes:
        missing = f"a debug event must have the payload.name `{node}`; the stream names {shown(named)}"
        expect(node in named, missing, stream)


@fault("debug.node-names")
def leaves_the_names_out(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the name of the node out of each task."""
    yield from change_payloads(events, lambda kind, payload: {key: payload[key] for key in payload if key != "name"})


@fault("debug.node-names", where=is_stateless)
def debugs_threads_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no debug events in a run without a thread."""
    yield from without(events, "debug")


@fault("debug.node-names")
def names_the_first_node_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives every task the name of the first node."""
    names: list[str] = []

    def first(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        names.append(payload.get("name", ""))
        return payload | {"name": next(filter(None, names))} if kind != "checkpoint" else payload

    yield from change_payloads(events, first)


@verifies("debug.full-state", on=debug_of_joke, over="on")
def test_each_step_ends_in_a_checkpoint_with_the_full_state(recordings: Mapping[str, RecordingView]) -> None:
    """A checkpoint after each of the two steps has the full state, with the keys that did not change."""
    shows_states(recordings["thread"]["stream"], [REFINED, FINAL_STATE])


@verifies("debug.full-state", on=debug_of_counter)
def test_each_visit_of_a_node_ends_in_a_checkpoint(recording: RecordingView) -> None:
    """A checkpoint after each visit of the node has the full state."""
    shows_states(recording["stream"], [{"n": 3, "count": count} for count in (1, 2, 3)])


@verifies("debug.full-state", on=debug_of_parallel)
def test_a_step_of_several_nodes_ends_in_one_checkpoint(recording: RecordingView) -> None:
    """The checkpoint after the step of three nodes has the state with the results of all three, in any order."""
    shows_states(recording["stream"], [FORKED, JOINED])


def shows_states(stream: ExchangeView, states: Sequence[Mapping[str, Any]]) -> None:
    """Fail unless the last checkpoints have these states; any number of checkpoints may precede the first step."""
    found = [event for event in stream["debug"].root if type_of(event) == "checkpoint"]
    enough = f"a checkpoint must follow each of the {len(states)} steps; received {len(found)} checkpoints"
    expect(len(found) >= len(states), enough, stream)
    for number, (event, state) in enumerate(zip(found[-len(states) :], states, strict=True), 1):
        equal(in_order(payload_of(event).get("values")), state, f"payload.values after step {number}", event)


def type_of(event: Event) -> Any:
    """Return the type of a debug event."""
    return event.value.get("type")


def payload_of(event: Event) -> dict[str, Any]:
    """Return the payload of a debug event."""
    payload: dict[str, Any] = event.value["payload"]
    return payload


def in_order(values: Any) -> Any:
    """Return a state without the server's own keys, which begin with `__`, and with the items of a, b and c sorted.

    The nodes a, b and c of `parallel` run at the same time, so the order of their items is implementation-defined.
    """
    if not isinstance(values, dict):
        return values
    state = {key: value for key, value in values.items() if not key.startswith("__")}
    if isinstance(items := state.get("items"), list):
        state["items"] = items[:1] + sorted(items[1:4], key=str) + items[4:]
    return state


@fault("debug.full-state")
def shows_what_changed_for_the_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the values that changed in each checkpoint."""
    before: dict[str, Any] = {}

    def difference(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        if kind != "checkpoint":
            return payload
        values = {key: value for key, value in payload["values"].items() if before.get(key) != value}
        before.update(values)
        return payload | {"values": values}

    yield from change_payloads(events, difference)


@fault("debug.full-state")
def sends_no_checkpoint_at_the_end(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each checkpoint when the next step starts, and so none after the last step."""
    held: list[SentEvent] = []
    for event in events:
        if event.base == "debug":
            yield from held
            held = [event] if event.value["type"] == "checkpoint" else []
        yield from () if event in held else (event,)


@fault("debug.full-state")
def shows_the_state_before_the_step(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends in each checkpoint the state before the results of the step are applied."""
    states: list[Any] = [{}]

    def late(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        states.extend([payload["values"]] if kind == "checkpoint" else [])
        return payload | {"values": states[-2]} if kind == "checkpoint" else payload

    yield from change_payloads(events, late)


def change_payloads(events: SentEvents, change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Iterator[SentEvent]:
    """Yield the events, with `change(type, payload)` as the payload of each debug event."""
    yield from rewritten(events, "debug", lambda value: value | {"payload": change(value["type"], value["payload"])})
