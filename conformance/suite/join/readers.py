"""Several readers of one run, and readers that leave: what the others get, and what becomes of the run."""

from conformance.authoring import Events, RecordingView, expect, fault, inconclusive, verifies
from conformance.suite.join.progress import (
    counts,
    expect_joined,
    first_due,
    steps_done,
    unbroken_to_the_end,
    updates_of_a_joiner,
)
from conformance.suite.join.scenarios import (
    N,
    joined_beside_the_creator,
    left_by_its_only_reader,
    three_readers,
)


def complete_since_its_join(view: RecordingView, joiner: str, other: str) -> None:
    """The joiner gets what the other reader saw after the join was answered, but for one update that was on its way."""
    since = counts(view[other]["updates"].after(view[joiner].exchange.answered or 0))
    if len(since) < 2:
        inconclusive(f"the run was over when `{joiner}` joined")
    unbroken_to_the_end(view[joiner], since[1], N)


@verifies("join.several-readers", on=(three_readers, joined_beside_the_creator))
def test_each_reader_gets_everything_since_its_join(
    three_readers: RecordingView, joined_beside_the_creator: RecordingView
) -> None:
    """Two readers get what came since the start, the third what came since the middle."""
    for reader in ("first", "second"):
        expect_joined(three_readers, reader, joined_beside_the_creator)
    for reader in ("first", "second"):
        unbroken_to_the_end(three_readers[reader], first_due(three_readers), N)
    complete_since_its_join(three_readers, "third", "first")


@verifies("join.does-not-replay", on=three_readers)
def test_nothing_comes_that_another_reader_had(recording: RecordingView) -> None:
    """What the first reader had seen before the third joined does not come to the third."""
    first, third = recording["first"], recording["third"]
    had = counts(updates_of_a_joiner(first).before(third.sent))
    for event in updates_of_a_joiner(third):
        expect(counts(Events([event]))[0] not in had, "this update had been read by another before the join", event)


@verifies("join.others-undisturbed", on=joined_beside_the_creator)
def test_who_comes_and_leaves_disturbs_nobody(recording: RecordingView) -> None:
    """The creator gets every update, and the reader that stays every one since it came."""
    view = recording
    creator, leaver = view["creator"], view["leaver"].exchange
    if creator.exchange.ending == "left" or leaver.ending != "left" or not view["joiner"].exchange.is_stream:
        inconclusive("nobody could join a run that was created by POST stream, read from it and leave")
    unbroken_to_the_end(creator, 1, N)
    complete_since_its_join(view, "joiner", "creator")
    if not creator["updates"].after(leaver.ended or leaver.sent):
        inconclusive("the run was over when the reader left")


@verifies("join.leaving-reader-keeps-the-run", on=left_by_its_only_reader)
def test_the_run_goes_on_without_its_reader(recording: RecordingView) -> None:
    """The run's state shows its last step, although the only reader left in the middle."""
    view = recording
    reader = view["reader"]
    had = counts(updates_of_a_joiner(reader))
    if reader.exchange.ending != "left" or N in had or not view["run while read"].exchange.accepted:
        inconclusive("the reader did not leave in the middle of the run, or the run cannot be looked up")
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
    return any(one.kind == "join" and one.ending != "complete" and thread in one.url for one in exchange.earlier)


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
