"""The form of the event `error`: its data, its message and its name."""

from conformance.authoring import (
    EVERY_STREAM,
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    rewritten,
    schema_errors,
    shown,
    verifies,
    with_subgraphs,
)
from conformance.suite.errors.failing import failing, failing_inside, require_a_run_without_error

TEXT = "the reference graph failed on purpose"
"""The text of the value error that the failing node raises."""


def error_event(recording: RecordingView) -> Event:
    """Return the first error event of the failing run; inconclusive if there is none, see errors.error-event."""
    require_a_run_without_error(recording["afterwards"])
    errors = recording["failing"]["error"]
    return errors[0] if errors else inconclusive(f"`failing` of `{recording.recording.variant}` has no error event")


# --- errors.error-shape


@verifies("errors.error-shape", on=failing, over=("mode", "place"))
def test_the_error_event_tells_kind_and_message(recordings: dict[tuple[str, str], RecordingView]) -> None:
    """The data of the error event is an object with the non-empty strings `error` and `message`."""
    for recording in recordings.values():
        event = error_event(recording)
        if problems := schema_errors("error", event.value):
            fail(f"the data of the error event must be {{error, message}}: {problems[0]}", event)


@verifies("errors.error-shape", on=EVERY_STREAM, alone=[failing])
def test_every_error_event_tells_kind_and_message(stream: ExchangeView) -> None:
    """The data of the error event is the same kind of object in every stream of a valid request."""
    if not stream.is_stream or not stream["error"]:
        inconclusive(f"`{stream.name}` has no error event")
    for event in stream["error"]:
        if problems := schema_errors("error", event.value):
            fail(f"the data of the error event must be {{error, message}}: {problems[0]}", event)


@fault("errors.error-shape")
def error_is_null(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends null as the data of the error event."""
    yield from rewritten(events, "error", lambda value: None)


@fault("errors.error-shape")
def error_is_a_bare_string(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the message as the data of the error event, as a string instead of an object."""
    yield from rewritten(events, "error", lambda value: value["message"])


@fault("errors.error-shape")
def error_is_a_detail(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the error event in the shape of a refusal, with a `detail`."""
    yield from rewritten(events, "error", lambda value: {"detail": value["message"]})


@fault("errors.error-shape")
def error_without_a_message(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the error event with an empty message."""
    yield from rewritten(events, "error", lambda value: {**value, "message": ""})


# --- errors.message-text


@verifies("errors.message-text", on=failing, over=("mode", "place"))
def test_the_message_is_what_the_node_said(recordings: dict[tuple[str, str], RecordingView]) -> None:
    """The message of the error event contains the text of the value error that the node raised."""
    for recording in recordings.values():
        event = error_event(recording)
        message = member(event.value, "message")
        if not isinstance(message, str):
            inconclusive("the error event has no message, see errors.error-shape")
        expect(TEXT in message, f"the message should contain {shown(TEXT)}; it is {shown(message)}", event)


@fault("errors.message-text")
def masks_the_message(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Replaces the message of every error by a general one."""
    yield from rewritten(events, "error", lambda value: {**value, "message": "An internal error occurred"})


# --- errors.bare-name


@verifies("errors.bare-name", on=failing_inside)
def test_a_failure_inside_a_subgraph_has_a_bare_name(recording: RecordingView) -> None:
    """The error event has no namespace, also if the failing node is inside a subgraph."""
    error_event(recording)
    for event in recording["failing"]["error"]:
        expect(event.name == "error", f"the event must be named error; it is {shown(event.name)}", event)


@fault("errors.bare-name", where=with_subgraphs)
def names_the_failing_subgraph(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the error event under the namespace of the subgraph that failed."""
    for event in events:
        yield event.named("error|sub:1") if event.base == "error" else event


@fault("errors.bare-name", where=with_subgraphs)
def tells_each_level_of_the_failure(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an error event for the subgraph before that of the run."""
    for event in events:
        if event.base == "error":
            yield event.named("error|sub:1")
        yield event
