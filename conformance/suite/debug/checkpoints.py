"""The mode `debug`: the envelope of its events, the nodes that they name, and the full state after each step.

The tasks of a step and their results are the matter of `debug_tasks`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.authoring import (
    Event,
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fault,
    rewritten,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import REFINED, TOLD, TOPIC

TYPES = ("checkpoint", "task", "task_result")
START = {"items": ["start"], "scale": 0.2}
FORKED = {**START, "items": ["start", "a", "b", "c"]}
JOINED = {**START, "items": ["start", "a", "b", "c", "join"]}


@scenario(graph="joke", on=("thread", "no-thread"))
async def debug_of_joke(server, on):
    """The specification's example, lines 596-639, and the same without a thread."""
    thread = await server.threads.create() if on == "thread" else None
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["debug"])


@scenario(graph="counter")
async def debug_of_counter(server):
    """One node that is repeated."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"n": 3}, stream_mode=["debug"])


@scenario(graph="parallel")
async def debug_of_parallel(server):
    """Three nodes in one step, then one."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=START, stream_mode=["debug"])


@verifies("debug.envelope", on=debug_of_joke)
def test_each_debug_event_has_type_step_and_payload(recording: RecordingView) -> None:
    """Every event is named `debug` and is an object with type, step and payload."""
    stream = recording["stream"]
    found = [event for event in stream.events if event.name.startswith("debug")]
    expect(found, "the mode `debug` was asked for, but no event named `debug` came", stream.exchange)
    for event in found:
        expect(event.name == "debug", f"the event must be named `debug`, not {shown(event.name)}", event)
        value = event.value
        expect(isinstance(value, dict), f"the data must be an object; came {shown(value)}", event)
        kind, step = value.get("type"), value.get("step")
        expect(kind in TYPES, f"`type` must be one of {', '.join(TYPES)}; came {shown(kind)}", event)
        integer = isinstance(step, int) and not isinstance(step, bool)
        expect(integer, f"`step` must be an integer; came {shown(step)}", event)
        payload = value.get("payload")
        expect(isinstance(payload, dict), f"`payload` must be an object; came {shown(payload)}", event)


@fault("debug.envelope")
def sends_the_payload_alone(events, exchange):
    """Sends the payload without type and step."""
    yield from rewritten(events, "debug", lambda value: value["payload"])


@fault("debug.envelope")
def has_types_of_its_own(events, exchange):
    """Calls what happens node_started and node_ended."""
    own = {"task": "node_started", "task_result": "node_ended"}
    yield from rewritten(events, "debug", lambda value: value | {"type": own.get(value["type"], value["type"])})


@fault("debug.envelope")
def writes_the_step_as_text(events, exchange):
    """Sends the number of the step as text."""
    yield from rewritten(events, "debug", lambda value: value | {"step": str(value["step"])})


@fault("debug.envelope")
def names_debug_events_by_type(events, exchange):
    """Adds the type to the name of the event."""
    for event in events:
        yield event.named(f"debug/{event.value['type']}") if event.base == "debug" else event


@verifies("debug.node-names", on=debug_of_joke)
def test_every_node_is_named(recording: RecordingView) -> None:
    """Both nodes are named, with a thread and without."""
    names_nodes(recording["stream"], ("refine_topic", "generate_joke"))


@verifies("debug.node-names", on=debug_of_parallel)
def test_nodes_of_one_step_are_named(recording: RecordingView) -> None:
    """The three nodes of one step, and the one after them."""
    names_nodes(recording["stream"], ("a", "b", "c", "join"))


def names_nodes(stream: ExchangeView, nodes: Sequence[str]) -> None:
    """For each of these nodes there must be an event with its name."""
    named = [payload(event).get("name") for event in stream["debug"]]
    for node in nodes:
        expect(node in named, f"no debug event has the payload.name `{node}`; came {shown(named)}", stream.exchange)


@fault("debug.node-names")
def leaves_the_names_out(events, exchange):
    """Tells a task by its id alone."""
    yield from payloads_changed(events, lambda type, said: {key: said[key] for key in said if key != "name"})


@fault("debug.node-names", where=lambda x: x.stateless)
def debugs_threads_only(events, exchange):
    """Sends nothing in a run without a thread."""
    yield from without(events, "debug")


@fault("debug.node-names")
def names_the_first_node_only(events, exchange):
    """Gives every task the name of the first."""
    names: list[str] = []

    def first(type, said):
        names.append(said.get("name", ""))
        return said | {"name": next(filter(None, names))} if type != "checkpoint" else said

    yield from payloads_changed(events, first)


@verifies("debug.full-state", on=debug_of_joke, over="on")
def test_each_step_ends_in_a_checkpoint_with_the_full_state(debug_of_joke: Mapping[str, RecordingView]) -> None:
    """After each of the two steps the full state, keys that did not change included."""
    shows_states(debug_of_joke["thread"]["stream"], [REFINED, TOLD])


@verifies("debug.full-state", on=debug_of_counter)
def test_each_visit_of_a_node_ends_in_a_checkpoint(recording: RecordingView) -> None:
    """After each visit of the repeated node the full state."""
    shows_states(recording["stream"], [{"n": 3, "count": count} for count in (1, 2, 3)])


@verifies("debug.full-state", on=debug_of_parallel)
def test_a_step_of_several_nodes_ends_in_one_checkpoint(recording: RecordingView) -> None:
    """After the step of three nodes the state with what all of them returned, in whatever order."""
    shows_states(recording["stream"], [FORKED, JOINED])


def shows_states(stream: ExchangeView, states: Sequence[Mapping[str, Any]]) -> None:
    """The last checkpoints must have these states; how many come before the first step is free."""
    found = [event for event in stream["debug"].root if kind(event) == "checkpoint"]
    enough = f"expected a checkpoint after each of the {len(states)} steps, came {len(found)}"
    expect(len(found) >= len(states), enough, stream.exchange)
    for number, (event, state) in enumerate(zip(found[-len(states) :], states, strict=True), 1):
        equal(in_order(payload(event).get("values")), state, f"payload.values after step {number}", event)


def kind(event: Event) -> Any:
    return event.value.get("type")


def payload(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = event.value["payload"]
    return told


def in_order(values: Any) -> Any:
    """A state without a server's own keys, and with what a, b and c added at once in the order of their names."""
    if not isinstance(values, dict):
        return values
    own = {key: value for key, value in values.items() if not key.startswith("__")}
    if isinstance(items := own.get("items"), list):
        own["items"] = items[:1] + sorted(items[1:4], key=str) + items[4:]
    return own


@fault("debug.full-state")
def shows_what_changed_for_the_state(events, exchange):
    """Puts into the values of a checkpoint only what is not as it was before."""
    before: dict[str, Any] = {}

    def difference(type, said):
        if type != "checkpoint":
            return said
        values = {key: value for key, value in said["values"].items() if before.get(key) != value}
        before.update(values)
        return said | {"values": values}

    yield from payloads_changed(events, difference)


@fault("debug.full-state")
def sends_no_checkpoint_at_the_end(events, exchange):
    """Sends a checkpoint when the next step begins, and so none after the last."""
    held: list[Any] = []
    for event in events:
        if event.base == "debug":
            yield from held
            held = [event] if event.value["type"] == "checkpoint" else []
        yield from () if event in held else (event,)


@fault("debug.full-state")
def shows_the_state_before_the_step(events, exchange):
    """Makes the checkpoint of a step before the results are applied."""
    states: list[Any] = [{}]

    def late(type, said):
        states.extend([said["values"]] if type == "checkpoint" else [])
        return said | {"values": states[-2]} if type == "checkpoint" else said

    yield from payloads_changed(events, late)


def payloads_changed(events, change):
    """The events with each payload as `change(type, payload)` makes it."""
    yield from rewritten(events, "debug", lambda value: value | {"payload": change(value["type"], value["payload"])})
