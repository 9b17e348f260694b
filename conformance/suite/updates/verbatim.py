"""JSON values of every kind in updates and in the state: what a node returned is what is shown, value and type."""

from typing import Any

from conformance.authoring import Events, RecordingView, fault, rewritten, same_sequence, scenario, verifies
from conformance.suite.graphs import DEEP

JSON_VALUES: list[Any] = [
    "text", "", "1", "true", "null", "[]", "2025-06-17T00:00:00Z",
    0, -1, 2**53 - 1, 1 - 2**53, 0.25, -0.5, 1e-7, 0.30000000000000004, True, False, None,
    [], {}, [[]], [{}], [None], {"a": {}}, {"a": []}, {"a": None, "b": ""}, {"10": 1, "9": 2},
    [1, [2, [3]], {"a": [True, {"b": 0}]}], {"data": {"data": None}}, DEEP,
]  # fmt: skip
"""JSON values of every kind, with text that looks like another kind, and the outermost integers that JavaScript has."""


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


@verifies("updates.data-verbatim", on=echo_updates)
def test_an_update_keeps_values_and_types(recording: RecordingView) -> None:
    """What the node returned is what the update shows."""
    stream = recording["stream"]
    returned = [{"echo": {"echoed": JSON_VALUES}}]
    same_sequence(stream["updates"], returned, "JSON values of every kind in an update", stream.exchange)


@verifies("updates.data-verbatim", on=echo_values)
def test_the_state_keeps_values_and_types(recording: RecordingView) -> None:
    """What the node returned is what the state holds at the end."""
    stream = recording["stream"]
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
    for mode in ("updates", "values"):
        events = rewritten(events, mode, lambda value: everywhere(value, change))
    yield from events


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
