"""What a stream tells when a node fails: the event `error`, its form, and that it comes once and last.

What comes before it is the matter of `before_failure`, what the server does afterwards that of `after_failure`.
"""

from conformance.authoring import (
    CUT,
    MODES,
    ExchangeView,
    RecordingView,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    rewritten,
    scenario,
    schema_errors,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import TOPIC

INPUT = {"delay": 0}
TEXT = "the reference graph failed on purpose"
KEPT = {"ok_node": {"log": ["ok_node"]}}
"""The update of the one step that succeeds."""
PLACES = ("thread", "stateless")


@scenario(
    graph="fails",
    exchanges=("failing", "create thread afterwards", "afterwards", "create thread"),
    mode=MODES,
    place=PLACES,
)
async def failing(server, mode, place):
    """The second node fails; then an ordinary run of another graph on a new thread."""
    thread = await server.threads.create() if place == "thread" else None
    await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=[mode])
    await ordinary_run(server.on("joke"))


@scenario(
    graph="fails_inside", exchanges=("failing", "create thread afterwards", "afterwards", "create thread"), place=PLACES
)
async def failing_inside(server, place):
    """A node inside a subgraph fails, and the subgraphs' output was asked for."""
    thread = await server.threads.create() if place == "thread" else None
    modes = ["values", "updates", "custom"]
    await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=modes, stream_subgraphs=True)
    await ordinary_run(server.on("joke"))


@scenario(graph="fails", exchanges=("create thread", "failing", "poll run", "get thread", "get state", "healthy"))
async def failed_then_healthy(server):
    """After a failure the run, the thread and its state are read; then a run on the same thread succeeds."""
    thread = await server.threads.create()
    modes = ["values", "updates", "custom"]
    stream = await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=modes)
    await server.runs.ended(thread, await stream.run_id())
    await server.threads.get(thread)
    await server.threads.get_state(thread)
    await server.runs.streamed(thread, name="healthy", input={"healthy": True}, stream_mode=modes)


async def ordinary_run(server):
    thread = await server.threads.create(name="create thread afterwards")
    await server.runs.streamed(thread, name="afterwards", input=TOPIC, stream_mode=["updates"])


@verifies("errors.error-event", on=failing)
def test_a_failing_run_says_so_once_and_ends(recording: RecordingView) -> None:
    """The stream gets one event `error`, and after it at most one closing event."""
    one_error_and_then_nothing(recording["failing"])
    name = recording["failing"]["error"][0].name
    expect(name == "error", f"the event must be named error, it is {shown(name)}", recording["failing"]["error"][0])
    not_every_stream_fails(recording["afterwards"])


@verifies("errors.error-event", on=failing_inside)
def test_a_failure_inside_a_subgraph_is_told_once(recording: RecordingView) -> None:
    """The same when the failing node is inside a subgraph."""
    one_error_and_then_nothing(recording["failing"])
    not_every_stream_fails(recording["afterwards"])


def one_error_and_then_nothing(stream: ExchangeView) -> None:
    errors = stream["error"]
    how = stream.exchange.ending
    expect(errors, f"a node failed, and no event named error came before the stream ended ({how})", stream.exchange)
    if len(errors) > 1:
        fail(f"expected one error event, then came another: {shown(errors[1].text)}", errors[1])
    rest = stream.events[errors[0].position :]
    late = rest[1:] if rest and rest[0].name == "end" else rest
    if late:
        fail(f"after the error event only one closing event may come, then came {shown(late[0].name)}", late[0])
    expect(how == "complete", f"after the error event the stream must end, it was {how}", stream.exchange)


def not_every_stream_fails(ordinary: ExchangeView) -> None:
    """An error event tells something only where an ordinary run has none."""
    if any(event.base == "error" for event in ordinary.exchange.events):
        inconclusive("an ordinary run ended with an error event as well")


@fault("errors.error-event")
def ends_without_a_word(events, exchange):
    """Ends the stream of a failed run as if all were well."""
    yield from without(events, "error")


@fault("errors.error-event")
def tells_the_failure_in_a_closing_event(events, exchange):
    """Sends `end` with a status in the place of `error`."""
    for event in events:
        yield event.named("end").holding({"status": "error"}) if event.base == "error" else event


@fault("errors.error-event")
def sends_on_after_the_error(events, exchange):
    """Repeats the last event of a mode after the error."""
    last = None
    for event in events:
        yield event
        if event.base == "error" and last is not None:
            yield last
        last = event if event.base != "metadata" else None


@fault("errors.error-event")
def tells_the_failure_twice(events, exchange):
    """Sends one error event for the node and one for the run."""
    for event in events:
        yield event
        if event.base == "error":
            yield event


@fault("errors.error-event")
def breaks_the_connection_at_a_failure(events, exchange):
    """Cuts the connection when a node fails."""
    for event in events:
        yield CUT if event.base == "error" else event


@fault("errors.error-event")
def breaks_the_connection_after_the_error(events, exchange):
    """Sends the error and cuts the connection."""
    for event in events:
        yield event
        if event.base == "error":
            yield CUT


@verifies("errors.error-shape", on=failing, over=("mode", "place"))
def test_the_error_event_tells_kind_and_message(failing: dict[tuple[str, str], RecordingView]) -> None:
    """Its data is an object with the non-empty strings `error` and `message`."""
    for view in failing.values():
        event = the_error(view)
        if problems := schema_errors("error", event.value):
            fail(f"the data of the error event must be {{error, message}}: {problems[0]}", event)


def the_error(view):
    """The error event of the failing run; without one errors.error-event is red, and there is nothing to judge here."""
    not_every_stream_fails(view["afterwards"])
    errors = view["failing"]["error"]
    return errors[0] if errors else inconclusive(f"no error event came on `failing` of `{view.recording.variant}`")


@fault("errors.error-shape")
def error_is_null(events, exchange):
    """Sends null with the error event."""
    yield from rewritten(events, "error", lambda value: None)


@fault("errors.error-shape")
def error_is_a_bare_string(events, exchange):
    """Sends the message alone."""
    yield from rewritten(events, "error", lambda value: value["message"])


@fault("errors.error-shape")
def error_is_a_detail(events, exchange):
    """Sends the error in the form of a refusal."""
    yield from rewritten(events, "error", lambda value: {"detail": value["message"]})


@fault("errors.error-shape")
def error_without_a_message(events, exchange):
    """Leaves the message empty."""
    yield from rewritten(events, "error", lambda value: {**value, "message": ""})


@verifies("errors.message-text", on=failing, over=("mode", "place"))
def test_the_message_is_what_the_node_said(failing: dict[tuple[str, str], RecordingView]) -> None:
    """The message of the error event contains the text of the node's value error."""
    for view in failing.values():
        event = the_error(view)
        message = member(event.value, "message")
        if not isinstance(message, str):
            inconclusive("the error event has no message, as errors.error-shape tells")
        expect(TEXT in message, f"the message should contain {shown(TEXT)}, it is {shown(message)}", event)


@fault("errors.message-text")
def masks_the_message(events, exchange):
    """Says `internal error` whatever happened."""
    yield from rewritten(events, "error", lambda value: {**value, "message": "An internal error occurred"})


@verifies("errors.bare-name", on=failing_inside)
def test_a_failure_inside_a_subgraph_has_a_bare_name(recording: RecordingView) -> None:
    """The error event has no namespace, wherever the failing node is."""
    the_error(recording)
    for event in recording["failing"]["error"]:
        expect(event.name == "error", f"the event must be named error, it is {shown(event.name)}", event)


@fault("errors.bare-name", where=lambda x: x.subgraphs)
def names_the_failing_subgraph(events, exchange):
    """Sends the error under the namespace of the subgraph that failed."""
    for event in events:
        yield event.named("error|sub:1") if event.base == "error" else event


@fault("errors.bare-name", where=lambda x: x.subgraphs)
def tells_each_level_of_the_failure(events, exchange):
    """Sends the error of the subgraph, then that of the whole."""
    for event in events:
        if event.base == "error":
            yield event.named("error|sub:1")
        yield event
