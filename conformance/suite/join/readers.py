"""Several readers of one run, and readers that leave: what the others receive, and whether the run continues."""

from conformance.authoring import (
    Answer,
    Events,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    at_path,
    condition,
    expect,
    fault,
    inconclusive,
    is_join,
    scenario,
    starts_stream,
    verifies,
    without,
)
from conformance.suite.join.progress import (
    AFTER,
    counts,
    expect_every_update,
    expect_joined,
    first_due,
    steps_done,
    updates_after_join,
)
from conformance.suite.join.scenarios import COUNTING, N, background, joined_beside_the_creator


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "first", "second", "state after the join", "third"),
    paced=True,
)
async def three_readers(server: Server) -> None:
    """Two clients join a background run when it is created, a third one when the first has received three updates."""
    thread, run = await background(server, **COUNTING)
    readers = [server.runs.join_stream(thread, run, name=name) for name in ("first", "second")]
    for reader in readers:
        await reader.answered()
    await server.threads.get_state(thread, name=AFTER)
    await readers[0].seen(3, "updates")
    for reader in (*readers, server.runs.join_stream(thread, run, name="third")):
        await reader.ended()


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "reader", "run while read", "poll run", "state at the end"),
    long=True,
)
async def left_by_its_only_reader(server: Server) -> None:
    """The only reader of a background run leaves after two updates; the state is read when the run has ended."""
    thread, run = await background(server, **COUNTING)
    reader = server.runs.join_stream(thread, run, name="reader")
    await reader.seen(2, "updates")
    await server.runs.get(thread, run, name="run while read")
    await reader.leave()
    await server.runs.ended(thread, run)
    await server.threads.get_state(thread, name="state at the end")


def expect_every_update_since_join(recording: RecordingView, late: str, early: str, start: str) -> None:
    """Expect that a client received every update that an earlier reader received after the join was answered.

    The first of them may be missing, because it may have been on its way when the client joined.  So may those that
    can have been produced before, and reached the earlier reader late; `start` is the request that started the run.
    """
    exchange = recording[late].exchange
    since = counts(recording[early]["updates"].after(exchange.answered or 0))
    if len(since) < 2:
        inconclusive(f"the run had ended before `{late}` was answered")
    passed = (exchange.answered_t or 0.0) - recording[start].exchange.sent_t
    due = max(since[1], 1 + int(passed / COUNTING["delay"]))
    expect_every_update(recording[late], due=due, last=N)


# --- join.several-readers


@verifies("join.several-readers", on=(three_readers, joined_beside_the_creator))
def test_each_reader_gets_everything_since_its_join(readers: RecordingView, beside: RecordingView) -> None:
    """Two clients that join at the start receive every update; a third one receives every update after its join."""
    for name in ("first", "second"):
        expect_joined(readers, name, beside)
    for name in ("first", "second"):
        expect_every_update(readers[name], due=first_due(readers), last=N)
    expect_every_update_since_join(readers, "third", "first", "create run")


@condition
def beside_the_creator(exchange: FaultContext) -> bool:
    """Joins of a run that was created by a POST stream."""
    return any(other.kind == "stream" for other in exchange.readers)


@verifies("join.rest-of-run", on=joined_beside_the_creator)
def test_who_joins_beside_the_creator_gets_the_rest(recording: RecordingView) -> None:
    """A client that joins a run that was created by a POST stream receives something of the rest, and the end."""
    creator, joiner = recording["creator"], recording["joiner"]
    later = creator["updates"].after(joiner.exchange.answered or joiner.sent)
    if not joiner.is_stream or len(later) < 2 or N not in counts(later):
        inconclusive("no client could join a run that was created by a POST stream and read to its end")
    nothing = f"`joiner` must receive what the run produces after the join; it received none of {len(later)} updates"
    expect(joiner.exchange.events.after(joiner.sent), nothing, joiner)


@condition
def of_a_run_with_other_readers(exchange: FaultContext) -> bool:
    """Streams of a run that another client reads as well."""
    return bool(exchange.readers)


@fault("join.rest-of-run", where=is_join & beside_the_creator)
def sends_nothing_to_who_joins_a_streamed_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends nothing to a client that joins a run whose creator reads it, and ends its stream with the run."""
    yield from without(events, "updates")


@fault("join.several-readers", where=is_join)
def shares_events_out_among_joiners(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each event to only one of the clients that joined a run."""
    for number, event in enumerate(events):
        if not exchange.readers or number % (len(exchange.readers) + 1) == 0:
            yield event


@fault("join.several-readers", where=is_join)
def the_newest_reader_takes_over(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Stops sending to a joining client when another client joins."""
    for event in events:
        if any(reader.sent > exchange.exchange.sent for reader in exchange.readers):
            return
        yield event


@fault("join.several-readers", part="answer", where=is_join & of_a_run_with_other_readers)
def has_one_reader_for_each_run(answer: Answer, exchange: FaultContext) -> None:
    """Refuses to let a second client read a run."""
    answer.refuse(409)


# --- join.does-not-replay


@verifies("join.does-not-replay", on=three_readers)
def test_nothing_comes_that_another_reader_had(recording: RecordingView) -> None:
    """A client that joins late receives no update that another client had already received before the join."""
    first, third = recording["first"], recording["third"]
    had = counts(updates_after_join(first).before(third.sent))
    for event in updates_after_join(third):
        [count] = counts(Events([event]))
        replayed = f"update {count} must not be sent to `third`, because `first` had received it before `third` joined"
        expect(count not in had, replayed, event)


# --- join.others-undisturbed


@verifies("join.others-undisturbed", on=joined_beside_the_creator)
def test_who_comes_and_leaves_disturbs_nobody(recording: RecordingView) -> None:
    """A client that joins and leaves takes no update from the creator of the run, nor from a client that stays."""
    creator, joiner, leaver = recording["creator"], recording["joiner"], recording["leaver"]
    if creator.ending == "left" or leaver.ending != "left" or not joiner.is_stream:
        inconclusive("no client could join a run that was created by a POST stream, read from it and leave")
    expect_every_update(creator, due=1, last=N)
    expect_every_update_since_join(recording, "joiner", "creator", "creator")
    if not creator["updates"].after(leaver.exchange.ended or leaver.sent):
        inconclusive("the run had ended before `leaver` left")


@fault("join.others-undisturbed", where=starts_stream)
def takes_from_the_creator_what_joiners_get(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every other event to a joining client instead of to the creator of the run."""
    for number, event in enumerate(events):
        if not exchange.readers or number % 2 == 0:
            yield event


@fault("join.others-undisturbed", where=starts_stream)
def ends_the_creator_s_stream_for_a_joiner(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends the stream of the run's creator when another client joins."""
    for event in events:
        if exchange.readers:
            return
        yield event


# --- join.leaving-reader-keeps-the-run


@verifies("join.leaving-reader-keeps-the-run", on=left_by_its_only_reader)
def test_the_run_goes_on_without_its_reader(recording: RecordingView) -> None:
    """The state shows the last step at the end, although the only reader left in the middle of the run."""
    reader = recording["reader"]
    had = counts(updates_after_join(reader))
    if reader.ending != "left" or N in had or not recording["run while read"].accepted:
        inconclusive("`reader` did not leave in the middle of the run, or the run could not be looked up")
    recording["poll run"].expect_accepted()
    done = steps_done(recording["state at the end"])
    stopped = f"the run must continue after its reader has left; at the end its state shows {done} of {N} steps"
    expect(done == N, stopped, reader)


@condition
def after_a_reader_left(exchange: FaultContext) -> bool:
    """Requests about a thread on which an earlier join was left before it ended."""
    thread = exchange.path.partition("/threads/")[2].partition("/")[0]
    return any(one.kind == "join" and one.ending != "complete" and thread in one.url for one in exchange.earlier)


@fault("join.leaving-reader-keeps-the-run", part="answer", where=at_path("/state") & after_a_reader_left)
def cancels_the_run_of_a_reader_that_leaves(answer: Answer, exchange: FaultContext) -> None:
    """Cancels a run when its last reader leaves, so that its state stays at the second step."""
    answer.json = {"values": {"count": 2}, "next": ["step"]}


@fault("join.leaving-reader-keeps-the-run", part="answer", where=at_path("/state") & after_a_reader_left)
def rolls_back_the_run_of_a_reader_that_leaves(answer: Answer, exchange: FaultContext) -> None:
    """Rolls back a run when its last reader leaves, so that its state is empty."""
    answer.json = {"values": {}, "next": []}
