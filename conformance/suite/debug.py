"""The mode `debug`: the tasks of each step, their results, and the full state after it."""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance import Event, Events, Heard, View, equal, expect, fail, fault, scenario, shown, verifies

TYPES = ("checkpoint", "task", "task_result")
CATS = {"topic": "ice cream and cats"}
JOKE = {"joke": "This is a joke about ice cream and cats"}
STARTED = {"items": ["start"], "scale": 0.2}
FORKED = {"items": ["start", "a", "b", "c"], "scale": 0.2}


@scenario(graph="joke", on=("thread", "nothing"))
async def debug_of_joke(server, on):
    """The norm's example, lines 596-639, and the same without a thread."""
    thread = await server.threads.create() if on == "thread" else None
    await server.runs.streamed(thread, input={"topic": "ice cream"}, stream_mode=["debug"])


@scenario(graph="counter")
async def debug_of_counter(server):
    """One node that is repeated."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"n": 3}, stream_mode=["debug"])


@scenario(graph="parallel")
async def debug_of_parallel(server):
    """Three nodes in one step, then one."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=STARTED, stream_mode=["debug"])


@verifies("debug.envelope")
def test_each_debug_event_has_type_step_and_payload(debug_of_joke: View) -> None:
    """Every event is named `debug` and is an object with type, step and payload."""
    stream = debug_of_joke["stream"]
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
    for event in events:
        yield event.holding(event.value["payload"]) if event.base == "debug" else event


@fault("debug.envelope")
def has_types_of_its_own(events, exchange):
    """Calls what happens node_started and node_ended."""
    own = {"task": "node_started", "task_result": "node_ended"}
    yield from changed(events, lambda value: value | {"type": own.get(value["type"], value["type"])})


@fault("debug.envelope")
def writes_the_step_as_text(events, exchange):
    """Sends the number of the step as text."""
    yield from changed(events, lambda value: value | {"step": str(value["step"])})


@fault("debug.envelope")
def names_debug_events_by_type(events, exchange):
    """Adds the type to the name of the event."""
    for event in events:
        yield event.named(f"debug/{event.value['type']}") if event.base == "debug" else event


@verifies("debug.node-names")
def test_every_node_is_named(debug_of_joke: View) -> None:
    """Both nodes are named, with a thread and without."""
    names_nodes(debug_of_joke["stream"], ("refine_topic", "generate_joke"))


@verifies("debug.node-names")
def test_nodes_of_one_step_are_named(debug_of_parallel: View) -> None:
    """The three nodes of one step, and the one after them."""
    names_nodes(debug_of_parallel["stream"], ("a", "b", "c", "join"))


def names_nodes(stream: Heard, nodes: Sequence[str]) -> None:
    """For each of these nodes there must be an event with its name."""
    named = [payload(event).get("name") for event in stream["debug"]]
    for node in nodes:
        expect(node in named, f"no debug event has the payload.name `{node}`; came {shown(named)}", stream.exchange)


@fault("debug.node-names")
def leaves_the_names_out(events, exchange):
    """Tells a task by its id alone."""
    yield from payloads_changed(events, lambda kind, said: {key: said[key] for key in said if key != "name"})


@fault("debug.node-names", where=lambda x: x.stateless)
def debugs_threads_only(events, exchange):
    """Sends nothing in a run without a thread."""
    yield from (event for event in events if event.base != "debug")


@fault("debug.node-names")
def names_the_first_node_only(events, exchange):
    """Gives every task the name of the first."""
    names: list[str] = []

    def first(kind, said):
        names.append(said.get("name", ""))
        return said | {"name": next(filter(None, names))} if kind != "checkpoint" else said

    yield from payloads_changed(events, first)


@verifies("debug.full-state")
def test_a_checkpoint_after_each_step_has_the_full_state() -> None: ...
