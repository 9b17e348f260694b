"""Joining a background run: what a reader gets who comes at its start, in its middle, or after its end.

Progress is told by the counter's own numbers: update `k` is produced when step `k` is done, and the state shows `k`
from then on.  A state is asked for before or after a join, so what it shows bounds what the joiner may or must get.
"""

from conformance.authoring import (
    HANG,
    RecordingView,
    expect,
    fault,
    inconclusive,
    member,
    shown,
    verifies,
)
from conformance.suite.join.progress import (
    AFTER,
    counts,
    ended_with_the_run,
    expect_joined,
    first_due,
    is_over,
    steps_done,
    steps_told,
    unbroken_to_the_end,
    updates_of_a_joiner,
)
from conformance.suite.join.scenarios import (
    SLOW,
    N,
    joined_beside_the_creator,
    joined_from_the_start,
    joined_in_the_middle,
)

# --- a run in the background


@verifies("join.background-run", on=(joined_from_the_start, joined_in_the_middle))
def test_a_background_run_is_created_before_it_ends(
    joined_from_the_start: RecordingView, joined_in_the_middle: RecordingView
) -> None:
    """The answer holds the run's id, and the run goes on: its joiner hears of a step, or its state shows one more."""
    created = joined_from_the_start["create run"]
    run = member(created.json, "run_id")
    expect(isinstance(run, str) and run, "the answer must be an object that holds the run's id", created.exchange)
    ended = f"the run must go on after the answer, whose status is {shown(member(created.json, 'status'))}"
    expect(not is_over(created), ended, created.exchange)
    join = joined_from_the_start["join"].exchange
    if join.is_stream and any(event.base == "updates" for event in join.events):
        done, steps = steps_done(joined_from_the_start[AFTER]), SLOW["n"]
    else:
        looks = [steps_done(look) for look in joined_in_the_middle.all("poll state")]
        done, steps = looks[0], N
        if done == looks[-1] < N:
            inconclusive("whether the run went on is not known: neither a join nor the state tells")
    over = f"the run must go on after the answer, but all {steps} steps were done when the state was asked for at once"
    expect(done < steps, over, created.exchange)


@verifies("join.active-run", on=(joined_from_the_start, joined_beside_the_creator))
def test_an_active_run_can_be_joined(
    joined_from_the_start: RecordingView, joined_beside_the_creator: RecordingView
) -> None:
    """The answer is an event stream that tells of the run's last step, in whatever mode, and ends."""
    expect_joined(joined_from_the_start, "join", joined_beside_the_creator)
    stream = joined_from_the_start["join"]
    last = SLOW["n"] in steps_told(stream)
    expect(last, "nothing came that tells of the last step of the joined run", stream.exchange)
    ended_with_the_run(stream)


@verifies("join.rest-of-run", on=(joined_from_the_start, joined_beside_the_creator))
def test_who_joins_at_the_start_gets_all(
    joined_from_the_start: RecordingView, joined_beside_the_creator: RecordingView
) -> None:
    """Who joins before the first step is done gets the update of every step."""
    expect_joined(joined_from_the_start, "join", joined_beside_the_creator)
    due = first_due(joined_from_the_start)
    unbroken_to_the_end(joined_from_the_start["join"], due, SLOW["n"])
    if due > 1:
        inconclusive("the first step was done before the join was answered")


@verifies("join.rest-of-run", on=(joined_in_the_middle, joined_beside_the_creator))
def test_who_joins_in_the_middle_gets_the_rest(
    joined_in_the_middle: RecordingView, joined_beside_the_creator: RecordingView
) -> None:
    """What was not done when the join was answered comes without a gap."""
    expect_joined(joined_in_the_middle, "join", joined_beside_the_creator)
    unbroken_to_the_end(joined_in_the_middle["join"], first_due(joined_in_the_middle), N)


@fault("join.background-run", part="answer", where=lambda x: x.method == "POST" and x.path.endswith("/runs"))
def tells_no_run_id(answer, exchange):
    """Accepts a background run without saying which it is."""
    answer.json = {"status": "pending"}


@fault("join.background-run", part="answer", where=lambda x: x.method == "POST" and x.path.endswith("/runs"))
def answers_with_the_outcome(answer, exchange):
    """Waits for the run, and answers its creation with what became of it."""
    answer.json = {**answer.json, "status": "success"}


@fault("join.background-run", part="answer", where=lambda x: x.graph == "counter" and x.path.endswith("/state"))
def runs_before_it_answers(answer, exchange):
    """Answers the creation when the run is over, so that the state shows all its steps at once."""
    answer.json = {"values": {"n": N, "count": N}, "next": []}


@fault("join.active-run", part="answer", where=lambda x: x.is_join)
def has_no_joins(answer, exchange):
    """Does not know the path."""
    answer.refuse(404)


@fault("join.active-run", part="answer", where=lambda x: x.is_join)
def answers_joins_with_the_final_state(answer, exchange):
    """Waits for the end of the run and answers a join with JSON."""
    answer.replace_header("content-type", "application/json")
    answer.json = {"count": 3, "n": 3}


@fault("join.active-run", part="answer", where=lambda x: x.is_join and "?" in x.exchange.url)
def refuses_the_query_of_the_clients(answer, exchange):
    """Validates the query and knows no parameter."""
    answer.refuse(422)


@fault("join.active-run", where=lambda x: x.is_join)
def never_ends_a_join(events, exchange):
    """Keeps a joiner's connection open after the run."""
    yield from events
    yield HANG


@fault("join.rest-of-run", where=lambda x: x.is_join)
def loses_an_event_after_the_join(events, exchange):
    """Drops the second event of a mode, while it switches from one source of events to the other."""
    seen = 0
    for event in events:
        seen += event.base in exchange.modes
        if event.base not in exchange.modes or seen != 2:
            yield event


@fault("join.rest-of-run", where=lambda x: x.is_join)
def loses_the_last_event_of_a_join(events, exchange):
    """Closes when the run is over, before all has been sent."""
    held = next(events, None)
    for event in events:
        yield held
        held = event


@fault("join.rest-of-run", where=lambda x: x.is_join)
def doubles_the_events_of_a_join(events, exchange):
    """Delivers from two sources, and everything twice."""
    for event in events:
        yield event
        if event.base in exchange.modes:
            yield event


# --- before the join


@verifies("join.does-not-replay", on=joined_in_the_middle)
def test_nothing_comes_that_nobody_read(recording: RecordingView) -> None:
    """No update comes of a step before the one that the state had shown last; that one may have been on its way."""
    shown_before = steps_done(recording["poll state"])
    updates = updates_of_a_joiner(recording["join"])
    for event, count in zip(updates, counts(updates), strict=True):
        expect(
            count >= shown_before,
            f"update {count} was produced before the join: the state had shown step {shown_before}",
            event,
        )


@fault("join.does-not-replay", where=lambda x: x.is_join)
def replays_from_the_start(events, exchange):
    """Sends a joiner first what other readers have had."""
    yield from exchange.sent_before
    yield from events


@fault("join.does-not-replay", where=lambda x: x.is_join and x.graph == "counter")
def hands_its_buffer_to_the_first_reader(events, exchange):
    """Keeps what nobody reads, and gives it to the first joiner."""
    for position, event in enumerate(events):
        count = event.value["step"]["count"] if event.base == "updates" else 1
        if position == 0 and not exchange.sent_before:
            yield from (event.holding({"step": {"count": earlier}}) for earlier in range(1, count))
        yield event
