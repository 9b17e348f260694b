"""Several readers of one run, and readers that leave: what the others get, and what becomes of the run."""

from conformance import Events, View, cannot_tell, expect, fault, scenario, verifies

from .join import (
    AFTER,
    COUNTING,
    N,
    background,
    counts,
    expect_joined,
    first_due,
    steps_done,
    unbroken_to_the_end,
    updates_of_a_joiner,
)


@scenario(graph="counter", paced=True)
async def three_readers(server):
    """Two join as soon as the run is created, a third when the first of them has had three updates."""
    thread, run = await background(server, **COUNTING)
    readers = [server.runs.join_stream(thread, run, name=name) for name in ("first", "second")]
    for reader in readers:
        await reader.answered()
    await server.threads.get_state(thread, name=AFTER)
    await readers[0].seen(3, "updates")
    for reader in (*readers, server.runs.join_stream(thread, run, name="third")):
        await reader.ended()


@scenario(graph="counter", paced=True)
async def joined_beside_the_creator(server):
    """A run is streamed; after three updates two readers join it, and one of them leaves after its first."""
    thread = await server.threads.create()
    creator = server.runs.stream(thread, name="creator", input=COUNTING, stream_mode=["updates"])
    await creator.seen(3, "updates")
    run = await creator.run_id()
    joiner, leaver = (server.runs.join_stream(thread, run, name=name) for name in ("joiner", "leaver"))
    await leaver.seen(1, "updates")
    await leaver.leave()
    await creator.ended()
    await joiner.ended()


@scenario(graph="counter", long=True)
async def left_by_its_only_reader(server):
    """The only reader leaves after two updates; the run is awaited, and its state read."""
    thread, run = await background(server, **COUNTING)
    reader = server.runs.join_stream(thread, run, name="reader")
    await reader.seen(2, "updates")
    await server.runs.get(thread, run, name="run while read")
    await reader.leave()
    await server.runs.ended(thread, run)
    await server.threads.get_state(thread, name="state at the end")


def complete_since_its_join(view: View, joiner: str, other: str) -> None:
    """The joiner gets what the other reader saw after the join was answered, but for one update that was on its way."""
    since = counts(view[other]["updates"].after(view[joiner].exchange.answered or 0))
    if len(since) < 2:
        cannot_tell(f"the run was over when `{joiner}` joined")
    unbroken_to_the_end(view[joiner], since[1], N)


@verifies("join.several-readers")
def test_each_reader_gets_everything_since_its_join(three_readers: View, joined_beside_the_creator: View) -> None:
    """Two readers get what came since the start, the third what came since the middle."""
    for reader in ("first", "second"):
        expect_joined(three_readers, reader, joined_beside_the_creator)
    for reader in ("first", "second"):
        unbroken_to_the_end(three_readers[reader], first_due(three_readers), N)
    complete_since_its_join(three_readers, "third", "first")


@verifies("join.does-not-replay")
def test_nothing_comes_that_another_reader_had(three_readers: View) -> None:
    """What the first reader had seen before the third joined does not come to the third."""
    first, third = three_readers["first"], three_readers["third"]
    had = counts(updates_of_a_joiner(first).before(third.sent))
    for event in updates_of_a_joiner(third):
        expect(counts(Events([event]))[0] not in had, "this update had been read by another before the join", event)


@verifies("join.others-undisturbed")
def test_who_comes_and_leaves_disturbs_nobody(joined_beside_the_creator: View) -> None:
    """The creator gets every update, and the reader that stays every one since it came."""
    view = joined_beside_the_creator
    creator, leaver = view["creator"], view["leaver"].exchange
    if creator.exchange.how == "left" or leaver.how != "left" or not view["joiner"].exchange.is_stream:
        cannot_tell("nobody could join a run that was created by POST stream, read from it and leave")
    unbroken_to_the_end(creator, 1, N)
    complete_since_its_join(view, "joiner", "creator")
    if not creator["updates"].after(leaver.ended or leaver.sent):
        cannot_tell("the run was over when the reader left")


@verifies("join.leaving-reader-keeps-the-run")
def test_the_run_goes_on_without_its_reader(left_by_its_only_reader: View) -> None:
    """The run's state shows its last step, although the only reader left in the middle."""
    view = left_by_its_only_reader
    reader = view["reader"]
    had = counts(updates_of_a_joiner(reader))
    if reader.exchange.how != "left" or N in had or not view["run while read"].exchange.accepted:
        cannot_tell("the reader did not leave in the middle of the run, or the run cannot be looked up")
    view["poll run"].expect_accepted()
    done = steps_done(view["state at the end"])
    expect(
        done == N, f"the run must go on when its reader leaves; its state shows {done} of {N} steps", reader.exchange
    )


@fault("join.several-readers", where=lambda x: x.is_join)
def shares_events_out_among_joiners(events, exchange):
    """Gives each event to one of the readers that are there."""
    for number, event in enumerate(events):
        if not exchange.readers or number % (len(exchange.readers) + 1) == 0:
            yield event


@fault("join.several-readers", where=lambda x: x.is_join)
def the_newest_reader_takes_over(events, exchange):
    """Sends nothing more to a joiner when another has come."""
    for event in events:
        if any(reader.sent > exchange.exchange.sent for reader in exchange.readers):
            return
        yield event


@fault("join.several-readers", part="answer", where=lambda x: x.is_join and x.readers)
def has_one_reader_for_each_run(answer, exchange):
    """Refuses who comes second."""
    answer.refuse(409)


@fault("join.others-undisturbed", where=lambda x: x.kind == "stream")
def takes_from_the_creator_what_joiners_get(events, exchange):
    """Gives every other event to somebody else as soon as there is somebody else."""
    for number, event in enumerate(events):
        if not exchange.readers or number % 2 == 0:
            yield event


@fault("join.others-undisturbed", where=lambda x: x.kind == "stream")
def ends_the_creator_s_stream_for_a_joiner(events, exchange):
    """Hands the run over to who joins it."""
    for event in events:
        if exchange.readers:
            return
        yield event


def _left_by_a_reader(exchange):
    """Whether an earlier join on this thread did not come to its end."""
    thread = exchange.path.partition("/threads/")[2].partition("/")[0]
    return any(one.kind == "join" and one.how != "complete" and thread in one.url for one in exchange.earlier)


def _asks_for_the_state(exchange):
    return exchange.path.endswith("/state") and _left_by_a_reader(exchange)


@fault("join.leaving-reader-keeps-the-run", part="answer", where=_asks_for_the_state)
def cancels_the_run_of_a_reader_that_leaves(answer, exchange):
    """Stops a run at once when nobody reads it any more, so that its state stays at the second step."""
    answer.json = {"values": {"count": 2}, "next": ["step"]}


@fault("join.leaving-reader-keeps-the-run", part="answer", where=_asks_for_the_state)
def rolls_back_the_run_of_a_reader_that_leaves(answer, exchange):
    """Undoes a run that nobody reads any more."""
    answer.json = {"values": {}, "next": []}
