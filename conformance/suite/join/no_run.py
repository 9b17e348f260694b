"""Joins of a run that is not active: of one that has ended, and of one that does not exist."""

from uuid import uuid4

from conformance.authoring import (
    HANG,
    Answer,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    condition,
    expect,
    fault,
    inconclusive,
    is_join,
    scenario,
    verifies,
)
from conformance.suite.join.progress import WIRES
from conformance.suite.join.scenarios import background, joined_from_the_start

NO_RUNS = {"unknown run": str(uuid4()), "malformed run": "no-run-has-this-id"}


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "reader", "poll run", "join"),
    before=("read", "unread"),
    long=True,
)
async def joined_after_the_end(server: Server, before: str) -> None:
    """A client joins a run that has ended; another client has read the run, or none has."""
    thread, run = await background(server, n=3, delay=0.2)
    if before == "read":
        await server.runs.join_stream(thread, run, name="reader").ended()
    await server.runs.ended(thread, run)
    await server.runs.join_stream(thread, run).ended()


@scenario(
    graph="counter", exchanges=("create thread", "create run", "neighbour", "unknown run", "malformed run"), paced=True
)
async def joined_without_a_run(server: Server) -> None:
    """A client joins an active run; on the same thread it also joins runs that do not exist."""
    thread, run = await background(server, n=3, delay=0.4)
    neighbour = server.runs.join_stream(thread, run, name="neighbour")
    await neighbour.answered()
    others = [server.runs.join_stream(thread, id, name=name, valid=False) for name, id in NO_RUNS.items()]
    for stream in (neighbour, *others):
        await stream.ended()


# --- join.finished-run


@verifies("join.finished-run", on=(joined_after_the_end, joined_from_the_start), over="client")
def test_a_join_of_a_finished_run_closes(ended: RecordingView, active: dict[str, RecordingView]) -> None:
    """The stream ends by itself without an event of any mode, while a join of an active run carries such events."""
    join = ended["join"]
    join.expect_answered()
    expect(
        (join.status or 0) < 500, f"`join` must not be answered with a server error; the status is {join.status}", join
    )
    join.expect_complete("by itself, because the run has ended")
    for event in join.exchange.events if join.is_stream else ():
        expect(event.base not in WIRES, f"`{event.name}` must not be sent: the run had ended before the join", event)
    streams = [recording["join"] for recording in active.values() if recording["join"].is_stream]
    if not any(event.base in WIRES for stream in streams for event in stream.exchange.events):
        inconclusive("no join of an active run carried an event of a mode either")


@fault("join.finished-run", where=is_join)
def waits_for_more_of_a_finished_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps the join of an ended run open and waits for further events."""
    first = next(events, None)
    if first is None:
        yield HANG
    else:
        yield first
        yield from events


@fault("join.finished-run", where=is_join)
def replays_a_finished_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Replays the whole run to a client that joins after its end."""
    first = next(events, None)
    if first is None:
        yield from exchange.sent_before
    else:
        yield first
        yield from events


@condition
def of_an_ended_run(exchange: FaultContext) -> bool:
    """Joins of a run that the server has already reported as ended."""
    run = exchange.path.removesuffix("/stream")
    return any(one.url == run and b'"success"' in one.content for one in exchange.earlier)


@fault("join.finished-run", part="answer", where=is_join & of_an_ended_run)
def breaks_down_at_a_finished_run(answer: Answer, exchange: FaultContext) -> None:
    """Answers the join of an ended run with 500."""
    answer.refuse(500)


# --- join.unknown-run-ends and join.unknown-run-is-reported


def expect_neighbour_joined(recording: RecordingView) -> None:
    """End the check as inconclusive unless the join of the run that exists carried an event of a mode."""
    neighbour = recording["neighbour"]
    if not neighbour.is_stream or not any(event.base in WIRES for event in neighbour.exchange.events):
        inconclusive("`neighbour`, a join of a run that exists, carried no event of a mode either")


@verifies("join.unknown-run-ends", on=joined_without_a_run)
def test_a_join_of_no_run_ends_without_output(recording: RecordingView) -> None:
    """The join is answered and ends by itself, without an event of any mode and without metadata."""
    for name in NO_RUNS:
        join = recording[name]
        join.expect_answered()
        join.expect_complete("by itself, because the run does not exist")
        for event in join.exchange.events if join.is_stream else ():
            silent = event.base not in {"metadata", *WIRES}
            expect(silent, f"`{name}` must not carry `{event.name}`, because the run does not exist", event)
    expect_neighbour_joined(recording)


@verifies("join.unknown-run-is-reported", on=joined_without_a_run)
def test_a_join_of_no_run_is_reported(recording: RecordingView) -> None:
    """The join is refused with 4xx, or answered with a stream whose only event is an error."""
    for name in NO_RUNS:
        join = recording[name]
        bases = [event.base for event in join.exchange.events] if join.is_stream else []
        received = f"it was answered with {join.status} and the events {bases}"
        reported = join.refused or bases in (["error"], ["error", "end"])
        expect(reported, f"`{name}` must be refused with 4xx or answered with one error event; {received}", join)
    expect_neighbour_joined(recording)


@fault("join.unknown-run-ends", where=is_join)
def waits_for_a_run_that_does_not_exist(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps the join of a run that does not exist open, and waits for the run to appear."""
    for position, event in enumerate(events):
        yield HANG if position == 0 and event.base == "error" else event


@fault("join.unknown-run-ends", where=is_join)
def streams_another_run_instead(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Streams the thread's latest run when the requested run does not exist."""
    for position, event in enumerate(events):
        if position == 0 and event.base == "error":
            yield event.named("metadata").holding({"run_id": str(uuid4()), "attempt": 1})
            yield event.named("updates").holding({"step": {"count": 1}})
            return
        yield event


@fault("join.unknown-run-is-reported", where=is_join)
def answers_joins_of_no_run_with_nothing(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Answers the join of a run that does not exist with an empty stream."""
    for position, event in enumerate(events):
        if position or event.base != "error":
            yield event
