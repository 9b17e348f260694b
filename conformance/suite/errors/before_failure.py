"""What a failing run sends besides the error: all output from before the failure, and none of the step that failed."""

from conformance.authoring import (
    Events,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    of_graph,
    same_sequence,
    shown,
    verifies,
)
from conformance.suite.errors.failing import KEPT, failed_then_healthy, failing, failing_inside

WRITTEN = {"about_to": "fail"}
"""The custom data that the failing node writes before it fails."""


# --- errors.earlier-events-kept


@verifies("errors.earlier-events-kept", on=failing, over="mode")
def test_what_came_before_the_failure_is_delivered(recordings: dict[str, RecordingView]) -> None:
    """Before the error come the first node's update and state, and the custom data of the failing node, each alone."""
    expect_first_update(recordings["updates"]["failing"])
    expect_first_state(recordings["values"]["failing"])
    expect_custom_data(recordings["custom"]["failing"])


@verifies("errors.earlier-events-kept", on=failed_then_healthy)
def test_what_came_before_the_failure_is_delivered_in_all_modes(recording: RecordingView) -> None:
    """With three modes in one stream, the first node's update and state and the custom data precede the error."""
    expect_first_update(recording["failing"])
    expect_first_state(recording["failing"])
    expect_custom_data(recording["failing"])


@verifies("errors.earlier-events-kept", on=failing_inside)
def test_what_came_before_a_failure_inside_is_delivered(recording: RecordingView) -> None:
    """If a node inside a subgraph fails, the first node's update and state and the custom data precede the error."""
    expect_first_update(recording["failing"])
    expect_first_state(recording["failing"])
    expect_custom_data(recording["failing"])


def expect_first_update(stream: ExchangeView) -> None:
    """Expect that the first update of the root graph is that of the first node, before the error."""
    first = Events(before_the_error(stream, "updates").root[:1])
    same_sequence(first, [KEPT], "the first update of a failing run", stream)


def expect_first_state(stream: ExchangeView) -> None:
    """Expect the state after the first node, before the error."""
    logs = [member(event.value, "log") for event in before_the_error(stream, "values").root]
    expect(["ok_node"] in logs, "the state after `ok_node` must come before the error; it did not", stream)


def expect_custom_data(stream: ExchangeView) -> None:
    """Expect the custom data of the failing node, before the error."""
    same_sequence(before_the_error(stream, "custom"), [WRITTEN], "the custom data before the error", stream)


def before_the_error(stream: ExchangeView, mode: str) -> Events:
    """Return the events of a mode before the error event; all of them if there is no error event."""
    end = next((event.position for event in stream["error"]), len(stream.events) + 1)
    return Events(event for event in stream[mode] if event.position < end)


@fault("errors.earlier-events-kept", where=of_graph("fails", "fails_inside"))
def keeps_only_the_error(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Discards the output of a run that fails."""
    all_of_it = list(events)
    failed = any(event.base == "error" for event in all_of_it)
    yield from (event for event in all_of_it if not failed or event.base in ("metadata", "error"))


@fault("errors.earlier-events-kept", where=of_graph("fails", "fails_inside"))
def loses_the_last_event_before_a_failure(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Loses the last event before the error, which is still in a buffer when the run fails."""
    held: SentEvent | None = None
    for event in events:
        if held is not None and not (event.base == "error" and held.base != "metadata"):
            yield held
        held = event
    if held is not None:
        yield held


# --- errors.nothing-from-the-failed-step


@verifies("errors.nothing-from-the-failed-step", on=failing, over="mode")
def test_the_failed_node_has_no_update_and_no_state(recordings: dict[str, RecordingView]) -> None:
    """The node that failed has no update, and no state follows that of the step before it."""
    expect_no_update_of(recordings["updates"]["failing"], "bad_node")
    expect_no_state_after_the_first_step(recordings["values"]["failing"])


@verifies("errors.nothing-from-the-failed-step", on=failed_then_healthy)
def test_the_failed_node_has_nothing_when_modes_are_combined(recording: RecordingView) -> None:
    """With three modes in one stream, the failed node has no update, and no state follows that of the first step."""
    expect_no_update_of(recording["failing"], "bad_node")
    expect_no_state_after_the_first_step(recording["failing"])


@verifies("errors.nothing-from-the-failed-step", on=failing_inside)
def test_a_failed_subgraph_has_nothing(recording: RecordingView) -> None:
    """Neither the node that failed nor its subgraph has an update, and the root graph has no further state."""
    expect_no_update_of(recording["failing"], "bad_node", "sub")
    expect_no_state_after_the_first_step(recording["failing"])


def expect_no_update_of(stream: ExchangeView, *nodes: str) -> None:
    """Expect no update of these nodes; inconclusive if the stream has no update at all."""
    if not stream["updates"]:
        inconclusive("the step before the failure has no update either")
    for event in stream["updates"]:
        for node in nodes:
            expect(node not in event.value, f"`{node}` failed, so it must have no update: {shown(event.value)}", event)


def expect_no_state_after_the_first_step(stream: ExchangeView) -> None:
    """Expect that the state with the first step's log is the last one of the root graph, and comes once.

    It may come again if the states of subgraphs come under the bare name, see subgraphs.root-bare: the subgraph
    starts with this state.
    """
    logs = [member(event.value, "log") for event in stream["values"].root]
    if ["ok_node"] not in logs:
        inconclusive("the step before the failure has no state either")
    mixed = bool((stream.run_request or {}).get("stream_subgraphs")) and not stream["values"].inside
    for state, log in list(zip(stream["values"].root, logs, strict=True))[logs.index(["ok_node"]) + 1 :]:
        if not mixed or log != ["ok_node"]:
            fail(f"the second step failed, so no state may follow that of the first: {shown(state.value)}", state)


@fault("errors.nothing-from-the-failed-step")
def sends_an_empty_update_for_the_failed_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an update with null for the node that failed."""
    for event in events:
        if event.base == "error" and "updates" in exchange.modes:
            yield event.named("updates").holding({"bad_node": None})
        yield event


@fault("errors.nothing-from-the-failed-step")
def sends_the_state_once_more_at_a_failure(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Repeats the last state before the error event."""
    state: SentEvent | None = None
    for event in events:
        if event.base == "error" and state is not None:
            yield state
        state = event if event.name == "values" else state
        yield event


@fault("errors.nothing-from-the-failed-step")
def keeps_what_the_failed_node_would_have_written(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a state that contains the failed step before the error event."""
    state: SentEvent | None = None
    for event in events:
        if event.base == "error" and state is not None:
            yield state.holding({**state.value, "log": ["ok_node", "bad_node"]})
        state = event if event.name == "values" else state
        yield event
