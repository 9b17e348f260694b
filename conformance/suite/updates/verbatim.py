"""JSON values of every kind in updates and in the state: they keep their value and type."""

from collections.abc import Callable, Iterator
from typing import Any

from conformance.authoring import (
    Events,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    asks_for,
    fault,
    of_graph,
    rewritten,
    same_sequence,
    scenario,
    verifies,
)
from conformance.suite.graphs import DEEP

JSON_VALUES: list[Any] = [
    "text", "", "1", "true", "null", "[]", "2025-06-17T00:00:00Z",
    0, -1, 2**53 - 1, 1 - 2**53, 0.25, -0.5, 1e-7, 0.30000000000000004, True, False, None,
    [], {}, [[]], [{}], [None], {"a": {}}, {"a": []}, {"a": None, "b": ""}, {"10": 1, "9": 2},
    [1, [2, [3]], {"a": [True, {"b": 0}]}], {"data": {"data": None}}, DEEP,
]  # fmt: skip
"""JSON values of every kind, text that looks like another kind, and the largest integers that JavaScript has."""

shows_state = asks_for("updates") | asks_for("values")
"""Streams that show what the nodes returned."""


@scenario(graph="echo")
async def echo_updates(server: Server) -> None:
    """Stream the updates of a node that returns JSON values of every kind."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": JSON_VALUES}, stream_mode=["updates"])


@scenario(graph="echo")
async def echo_values(server: Server) -> None:
    """Stream a state that holds JSON values of every kind."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": JSON_VALUES}, stream_mode=["values"])


@verifies("updates.data-verbatim", on=echo_updates)
def test_an_update_keeps_values_and_types(recording: RecordingView) -> None:
    """The update holds exactly the values that the node returned."""
    stream = recording["stream"]
    returned = [{"echo": {"echoed": JSON_VALUES}}]
    same_sequence(stream["updates"], returned, "JSON values of every kind in an update", stream)


@verifies("updates.data-verbatim", on=echo_values)
def test_the_state_keeps_values_and_types(recording: RecordingView) -> None:
    """The last state holds exactly the values of the input and those that the node returned."""
    stream = recording["stream"]
    state = [{"payloads": JSON_VALUES, "echoed": JSON_VALUES}]
    last = Events(stream["values"][-1:])
    same_sequence(last, state, "JSON values of every kind in the last state", stream)


def change_inside(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a JSON value with the change made to every value inside it, innermost first, and then to itself."""
    if isinstance(value, dict):
        value = {key: change_inside(inner, change) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [change_inside(inner, change) for inner in value]
    return change(value)


def in_the_state(events: SentEvents, change: Callable[[Any], Any]) -> Iterator[SentEvent]:
    """Yield the events with the change made to every value inside updates and states."""
    for mode in ("updates", "values"):
        events = rewritten(events, mode, lambda value: change_inside(value, change))
    yield from events


@fault("updates.data-verbatim", where=shows_state)
def leaves_null_out_of_objects(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops the keys of objects whose value is null."""

    def without_null(value: Any) -> Any:
        return {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value

    yield from in_the_state(events, without_null)


@fault("updates.data-verbatim", where=shows_state & of_graph("echo"))
def sends_numbers_as_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every number as a string."""
    yield from in_the_state(events, lambda value: str(value) if type(value) in (int, float) else value)


@fault("updates.data-verbatim", where=shows_state)
def prints_numbers_with_fifteen_digits(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every number as a floating-point number of fifteen significant digits."""
    yield from in_the_state(events, lambda value: float(f"{value:.15g}") if type(value) in (int, float) else value)


@fault("updates.data-verbatim", where=shows_state)
def sends_truth_as_a_number(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends true as 1 and false as 0."""
    yield from in_the_state(events, lambda value: int(value) if isinstance(value, bool) else value)


@fault("updates.data-verbatim", where=shows_state)
def sends_empty_lists_as_null(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every empty list as null."""
    yield from in_the_state(events, lambda value: None if value == [] else value)


@fault("updates.data-verbatim", where=shows_state & of_graph("echo"))
def flattens_nested_objects_to_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every object inside a list as a string."""

    def flat(value: Any) -> Any:
        return [str(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value

    yield from in_the_state(events, flat)
