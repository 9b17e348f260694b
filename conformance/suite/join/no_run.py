"""Joins of what is no active run: of one that has ended, and of one that never was."""

from uuid import uuid4

from conformance.authoring import HANG, RecordingView, expect, fault, inconclusive, scenario, verifies
from conformance.suite.join.progress import WIRES
from conformance.suite.join.scenarios import background, joined_from_the_start

NO_RUNS = {"unknown run": str(uuid4()), "malformed run": "no-run-has-this-id"}


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "reader", "poll run", "join"),
    before=("read", "unread"),
    long=True,
)
async def joined_after_the_end(server, before):
    """A reader comes when the run is over; another had read it, or nobody had."""
    thread, run = await background(server, n=3, delay=0.2)
    if before == "read":
        await server.runs.join_stream(thread, run, name="reader").ended()
    await server.runs.ended(thread, run)
    await server.runs.join_stream(thread, run).ended()


@scenario(
    graph="counter", exchanges=("create thread", "create run", "neighbour", "unknown run", "malformed run"), paced=True
)
async def joined_without_a_run(server):
    """On a thread with an active run, which is joined, runs are joined that do not exist."""
    thread, run = await background(server, n=3, delay=0.4)
    neighbour = server.runs.join_stream(thread, run, name="neighbour")
    await neighbour.answered()
    others = [server.runs.join_stream(thread, id, name=name, valid=False) for name, id in NO_RUNS.items()]
    for stream in (neighbour, *others):
        await stream.ended()


# --- after the end


@verifies("join.finished-run", on=(joined_after_the_end, joined_from_the_start), over="client")
def test_a_join_of_a_finished_run_closes(
    joined_after_the_end: RecordingView, joined_from_the_start: dict[str, RecordingView]
) -> None:
    """It closes by itself without an event of a mode; a join of an active run did bring some."""
    exchange = joined_after_the_end["join"].exchange
    joined_after_the_end["join"].expect_answered()
    expect((exchange.status or 0) < 500, f"a join of a finished run was answered {exchange.status}", exchange)
    expect(exchange.ending == "complete", f"a join of a finished run must close, it was {exchange.ending}", exchange)
    for event in exchange.events if exchange.is_stream else ():
        expect(event.base not in WIRES, f"a `{event.name}` event came, produced before the join", event)
    active = [stream["join"].exchange for stream in joined_from_the_start.values()]
    if not any(event.base in WIRES for exchange in active if exchange.is_stream for event in exchange.events):
        inconclusive("a join of an active run brought nothing either")


@fault("join.finished-run", where=lambda x: x.is_join)
def waits_for_more_of_a_finished_run(events, exchange):
    """Waits for events that never come."""
    event = None
    for event in events:
        yield event
    if event is None:
        yield HANG


@fault("join.finished-run", where=lambda x: x.is_join)
def replays_a_finished_run(events, exchange):
    """Sends the whole run to who comes too late."""
    event = None
    for event in events:
        yield event
    if event is None:
        yield from exchange.sent_before


def _has_ended(join):
    """Whether the server has told that the run which is joined is over."""
    run = join.path.removesuffix("/stream")
    return join.is_join and any(one.url == run and b'"success"' in one.content for one in join.earlier)


@fault("join.finished-run", part="answer", where=_has_ended)
def breaks_down_at_a_finished_run(answer, exchange):
    """Answers a join that comes too late with an internal error."""
    answer.refuse(500)


# --- no such run


def _neighbour_was_joined(view: RecordingView) -> None:
    neighbour = view["neighbour"].exchange
    if not neighbour.is_stream or not any(event.base in WIRES for event in neighbour.events):
        inconclusive("a run that exists could not be joined either")


@verifies("join.unknown-run-ends", on=joined_without_a_run)
def test_a_join_of_no_run_ends_without_output(recording: RecordingView) -> None:
    """It is answered and ends by itself, with no event of a mode and no metadata."""
    for name in NO_RUNS:
        exchange = recording[name].exchange
        recording[name].expect_answered()
        expect(
            exchange.ending == "complete", f"`{name}`: a join of no run must end, it was {exchange.ending}", exchange
        )
        for event in exchange.events if exchange.is_stream else ():
            expect(
                event.base not in {"metadata", *WIRES}, f"`{name}`: there is no run, and yet `{event.name}` came", event
            )
    _neighbour_was_joined(recording)


@verifies("join.unknown-run-is-reported", on=joined_without_a_run)
def test_a_join_of_no_run_is_reported(recording: RecordingView) -> None:
    """It is refused, or answered with a stream whose only event is an error."""
    for name in NO_RUNS:
        reply = recording[name]
        bases = [event.base for event in reply.exchange.events] if reply.exchange.is_stream else []
        expect(
            reply.refused or bases in (["error"], ["error", "end"]),
            f"`{name}` must be answered with 4xx or with an error event, it was answered {reply.status} with {bases}",
            reply.exchange,
        )
    _neighbour_was_joined(recording)


@fault("join.unknown-run-ends", where=lambda x: x.is_join)
def waits_for_a_run_that_does_not_exist(events, exchange):
    """Waits for the run to appear."""
    for position, event in enumerate(events):
        yield HANG if position == 0 and event.base == "error" else event


@fault("join.unknown-run-ends", where=lambda x: x.is_join)
def streams_another_run_instead(events, exchange):
    """Takes the thread's latest run for the one that was asked for."""
    for position, event in enumerate(events):
        if position == 0 and event.base == "error":
            yield event.named("metadata").holding({"run_id": str(uuid4()), "attempt": 1})
            yield event.named("updates").holding({"step": {"count": 1}})
            return
        yield event


@fault("join.unknown-run-is-reported", where=lambda x: x.is_join)
def answers_joins_of_no_run_with_nothing(events, exchange):
    """Sends an empty stream."""
    for position, event in enumerate(events):
        if position or event.base != "error":
            yield event
