"""What a stream shows when a node fails: one event `error`, after which the stream ends.

`shape.py` judges the form of this event, `before_failure.py` what precedes it, `after_failure.py` what the server shows
afterwards, and `survival.py` whether it serves other runs.
"""

from conformance.authoring import (
    CUT,
    EVERY_STREAM,
    MODES,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    expect,
    fail,
    fault,
    inconclusive,
    is_stream,
    of_graph,
    scenario,
    showing_a_run,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import TOPIC

INPUT = {"delay": 0}
KEPT = {"ok_node": {"log": ["ok_node"]}}
"""The update of the first node, the only one that succeeds."""
PLACES = ("thread", "stateless")
FAILING = ("fails", "fails_inside", "program")
"""The graphs whose runs can fail; runs of other graphs never do."""


@scenario(
    graph="fails",
    exchanges=("failing", "create thread afterwards", "afterwards", "create thread"),
    mode=MODES,
    place=PLACES,
)
async def failing(server: Server, mode: str, place: str) -> None:
    """The second node of a run fails; then another graph runs on a new thread."""
    thread = await server.threads.create() if place == "thread" else None
    await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=[mode])
    await ordinary_run(server.on("joke"))


@scenario(
    graph="fails_inside", exchanges=("failing", "create thread afterwards", "afterwards", "create thread"), place=PLACES
)
async def failing_inside(server: Server, place: str) -> None:
    """A node inside a subgraph fails in a run with stream_subgraphs; then another graph runs on a new thread."""
    thread = await server.threads.create() if place == "thread" else None
    modes = ["values", "updates", "custom"]
    await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=modes, stream_subgraphs=True)
    await ordinary_run(server.on("joke"))


@scenario(graph="fails", exchanges=("create thread", "failing", "poll run", "get thread", "get state", "healthy"))
async def failed_then_healthy(server: Server) -> None:
    """A run fails; the run, its thread and the state are read; then a run on the same thread succeeds."""
    thread = await server.threads.create()
    modes = ["values", "updates", "custom"]
    stream = await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=modes)
    await server.runs.ended(thread, await stream.run_id())
    await server.threads.get(thread)
    await server.threads.get_state(thread)
    await server.runs.streamed(thread, name="healthy", input={"healthy": True}, stream_mode=modes)


async def ordinary_run(server: Server) -> None:
    """Stream a run that does not fail, on a new thread."""
    thread = await server.threads.create(name="create thread afterwards")
    await server.runs.streamed(thread, name="afterwards", input=TOPIC, stream_mode=["updates"])


# --- errors.error-event


@verifies("errors.error-event", on=EVERY_STREAM)
def test_a_run_that_does_not_fail_has_no_error_event(stream: ExchangeView) -> None:
    """No error event appears in a run whose nodes all succeed."""
    if stream.exchange.graph in FAILING or not stream.is_stream or not showing_a_run(stream):
        inconclusive(f"`{stream.name}` shows no run of a graph whose nodes all succeed")
    for event in stream["error"]:
        fail(f"no node of `{stream.exchange.graph}` fails, so the stream must have no error event", event)


@verifies("errors.error-event", on=failing)
def test_a_failing_run_says_so_once_and_ends(recording: RecordingView) -> None:
    """The stream of a failing run has one event `error`, after it at most one closing event, and then ends."""
    stream = recording["failing"]
    expect_one_error_at_the_end(stream)
    [error] = stream["error"]
    expect(error.name == "error", f"the event must be named error; it is {shown(error.name)}", error)
    require_a_run_without_error(recording["afterwards"])


@verifies("errors.error-event", on=failing_inside)
def test_a_failure_inside_a_subgraph_is_told_once(recording: RecordingView) -> None:
    """If a node inside a subgraph fails, the stream has one error event, at most one closing event, and then ends."""
    expect_one_error_at_the_end(recording["failing"])
    require_a_run_without_error(recording["afterwards"])


def expect_one_error_at_the_end(stream: ExchangeView) -> None:
    """Expect one error event, after it at most one closing event, and a stream that ends by the rules of HTTP."""
    errors = stream["error"]
    expect(errors, f"a failing run must send an error event; the stream ended without one ({stream.ending})", stream)
    if len(errors) > 1:
        fail(f"a failing run must send one error event; it sent another: {shown(errors[1].text)}", errors[1])
    rest = stream.events[errors[0].position :]
    late = rest[1:] if rest and rest[0].name == "end" else rest
    if late:
        fail(f"only one closing event may follow the error event; {shown(late[0].name)} followed", late[0])
    stream.expect_complete("after the error event")


def require_a_run_without_error(ordinary: ExchangeView) -> None:
    """End the check as inconclusive if a run that does not fail has an error event as well."""
    if any(event.base == "error" for event in ordinary.exchange.events):
        inconclusive("a run that does not fail ended with an error event as well, so error events prove nothing")


@fault("errors.error-event", where=is_stream & of_graph("parallel"))
def reports_an_error_of_its_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an error event in a run that succeeds, because it cannot serialize something of its own."""
    last: SentEvent | None = None
    for last in events:
        yield last
    if last is not None:
        yield last.named("error").holding({"error": "TypeError", "message": "Object of type set is not serializable"})


@fault("errors.error-event")
def ends_without_a_word(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends the stream of a failed run without an error event, as if the run had succeeded."""
    yield from without(events, "error")


@fault("errors.error-event")
def tells_the_failure_in_a_closing_event(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an event `end` with a status instead of the event `error`."""
    for event in events:
        yield event.named("end").holding({"status": "error"}) if event.base == "error" else event


@fault("errors.error-event")
def sends_on_after_the_error(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Repeats the last event of a mode after the error event."""
    last: SentEvent | None = None
    for event in events:
        yield event
        if event.base == "error" and last is not None:
            yield last
        last = event if event.base != "metadata" else None


@fault("errors.error-event")
def tells_the_failure_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends one error event for the node and another for the run."""
    for event in events:
        yield event
        if event.base == "error":
            yield event


@fault("errors.error-event")
def breaks_the_connection_at_a_failure(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Cuts the connection when a node fails, instead of sending an error event."""
    for event in events:
        yield CUT if event.base == "error" else event


@fault("errors.error-event")
def breaks_the_connection_after_the_error(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Cuts the connection after the error event."""
    for event in events:
        yield event
        if event.base == "error":
            yield CUT
