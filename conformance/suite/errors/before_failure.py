"""What comes with a failure: what was produced before it is delivered, and nothing of the step that failed."""

from conformance.authoring import (
    Events,
    ExchangeView,
    RecordingView,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    same_sequence,
    shown,
    verifies,
)
from conformance.suite.errors.failing import KEPT, failed_then_healthy, failing, failing_inside

WRITTEN = {"about_to": "fail"}
"""What the failing node writes before it fails."""


@verifies("errors.earlier-events-kept", on=failing, over="mode")
def test_what_came_before_the_failure_is_delivered(failing: dict[str, RecordingView]) -> None:
    """Before the error come the update and the state of the first node and the data that the second wrote."""
    first_step_is_told(failing["updates"]["failing"])
    first_state_is_told(failing["values"]["failing"])
    data_is_told(failing["custom"]["failing"])


@verifies("errors.earlier-events-kept", on=failed_then_healthy)
def test_what_came_before_the_failure_is_delivered_in_all_modes(recording: RecordingView) -> None:
    """The same when the modes are asked for together."""
    stream = recording["failing"]
    first_step_is_told(stream)
    first_state_is_told(stream)
    data_is_told(stream)


@verifies("errors.earlier-events-kept", on=failing_inside)
def test_what_came_before_a_failure_inside_is_delivered(recording: RecordingView) -> None:
    """The same when the failing node is inside a subgraph."""
    stream = recording["failing"]
    first_step_is_told(stream)
    first_state_is_told(stream)
    data_is_told(stream)


def first_step_is_told(stream: ExchangeView) -> None:
    first = Events(before_the_error(stream, "updates").root[:1])
    same_sequence(first, [KEPT], "the first update of a failing run", stream.exchange)


def first_state_is_told(stream: ExchangeView) -> None:
    logs = [member(event.value, "log") for event in before_the_error(stream, "values").root]
    expect(["ok_node"] in logs, "the state after `ok_node` must come before the error, it did not", stream.exchange)


def data_is_told(stream: ExchangeView) -> None:
    same_sequence(before_the_error(stream, "custom"), [WRITTEN], "the custom data before the error", stream.exchange)


def before_the_error(stream: ExchangeView, mode: str) -> Events:
    end = next((event.position for event in stream["error"]), len(stream.events) + 1)
    return Events(event for event in stream[mode] if event.position < end)


@fault("errors.earlier-events-kept", where=lambda x: x.graph.startswith("fails"))
def keeps_only_the_error(events, exchange):
    """Throws away what a failing run has produced."""
    all_of_it = list(events)
    failed = any(event.base == "error" for event in all_of_it)
    yield from (event for event in all_of_it if not failed or event.base in ("metadata", "error"))


@fault("errors.earlier-events-kept", where=lambda x: x.graph.startswith("fails"))
def loses_the_last_event_before_a_failure(events, exchange):
    """Loses the last event before the error, which is still in a buffer when the run fails."""
    held = None
    for event in events:
        if held is not None and not (event.base == "error" and held.base != "metadata"):
            yield held
        held = event
    if held is not None:
        yield held


@verifies("errors.nothing-from-the-failed-step", on=failing, over="mode")
def test_the_failed_node_has_no_update_and_no_state(failing: dict[str, RecordingView]) -> None:
    """No update bears the name of the node that failed, and no state comes after that of the step before."""
    no_update_of(failing["updates"]["failing"], "bad_node")
    no_state_after_the_first_step(failing["values"]["failing"])


@verifies("errors.nothing-from-the-failed-step", on=failed_then_healthy)
def test_the_failed_node_has_nothing_when_modes_are_combined(recording: RecordingView) -> None:
    """The same when the modes are asked for together."""
    no_update_of(recording["failing"], "bad_node")
    no_state_after_the_first_step(recording["failing"])


@verifies("errors.nothing-from-the-failed-step", on=failing_inside)
def test_a_failed_subgraph_has_nothing(recording: RecordingView) -> None:
    """Neither the node that failed nor the subgraph that holds it has an update, and the whole has no further state."""
    no_update_of(recording["failing"], "bad_node", "sub")
    no_state_after_the_first_step(recording["failing"])


def no_update_of(stream: ExchangeView, *nodes: str) -> None:
    if not stream["updates"]:
        inconclusive("not even the step before the failure has an update")
    for event in stream["updates"]:
        for node in nodes:
            expect(node not in event.value, f"`{node}` failed and must have no update: {shown(event.value)}", event)


def no_state_after_the_first_step(stream: ExchangeView) -> None:
    """The state with the first step's log comes once and is the last of the whole graph.

    Where a subgraph's states come under the bare name, the matter of subgraphs.root-bare, its first one repeats it.
    """
    logs = [member(event.value, "log") for event in stream["values"].root]
    if ["ok_node"] not in logs:
        inconclusive("not even the step before the failure has a state")
    mixed = bool((stream.run_request or {}).get("stream_subgraphs")) and not stream["values"].inside
    for state, log in list(zip(stream["values"].root, logs, strict=True))[logs.index(["ok_node"]) + 1 :]:
        if not mixed or log != ["ok_node"]:
            fail(f"the next step failed and must have no state, then came {shown(state.value)}", state)


@fault("errors.nothing-from-the-failed-step")
def sends_an_empty_update_for_the_failed_node(events, exchange):
    """Tells the failed node's update as null before the error."""
    for event in events:
        if event.base == "error" and "updates" in exchange.modes:
            yield event.named("updates").holding({"bad_node": None})
        yield event


@fault("errors.nothing-from-the-failed-step")
def sends_the_state_once_more_at_a_failure(events, exchange):
    """Repeats the last state before the error."""
    state = None
    for event in events:
        if event.base == "error" and state is not None:
            yield state
        state = event if event.name == "values" else state
        yield event


@fault("errors.nothing-from-the-failed-step")
def keeps_what_the_failed_node_would_have_written(events, exchange):
    """Sends a state with the failed step before the error."""
    state = None
    for event in events:
        if event.base == "error" and state is not None:
            yield state.holding({**state.value, "log": ["ok_node", "bad_node"]})
        state = event if event.name == "values" else state
        yield event
