"""Creating a run in the background and joining it: at its start, or in the middle.

Progress is measured in steps of the graph `counter`.  The state is read just before or just after a join, so the step
that it shows limits which updates the joining client may or must receive.
"""

from itertools import pairwise

from conformance.authoring import (
    HANG,
    Answer,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    at_path,
    by_method,
    condition,
    expect,
    fault,
    inconclusive,
    is_join,
    member,
    of_graph,
    scenario,
    shown,
    verifies,
)
from conformance.suite.join.progress import (
    AFTER,
    count_in,
    counts,
    expect_answer_during,
    expect_every_update,
    expect_joined,
    first_due,
    is_over,
    steps_done,
    steps_shown,
    updates_after_join,
)
from conformance.suite.join.scenarios import (
    COUNTING,
    SLOW,
    N,
    background,
    join_at_once,
    joined_beside_the_creator,
    joined_from_the_start,
)


@scenario(
    graph="counter", exchanges=("create thread", "create run", "poll state", "join", "state after the join"), paced=True
)
async def joined_in_the_middle(server: Server) -> None:
    """A client joins a background run when the state shows the third step; nobody has read the run before."""
    thread, run = await background(server, **COUNTING)
    await server.threads.state_when(thread, lambda values: count_in(values) >= 3)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


# --- join.background-run


@verifies("join.background-run", on=(joined_from_the_start, joined_in_the_middle))
def test_a_background_run_is_created_before_it_ends(joined: RecordingView, middle: RecordingView) -> None:
    """The answer names the run's id, and the run is still active: at least one of its steps is still to come."""
    created = joined["create run"]
    run = member(created.json, "run_id")
    expect(isinstance(run, str) and run, "the answer to `create run` must be an object with the run's id", created)
    status = shown(member(created.json, "status"))
    expect(not is_over(created), f"POST /runs must return before the run ends, but its answer says {status}", created)
    done, steps = _first_progress(joined, middle)
    early = f"POST /runs must return before the run ends, but the state showed all {steps} steps right after the answer"
    expect(done < steps, early, created)


def _first_progress(joined: RecordingView, middle: RecordingView) -> tuple[int, int]:
    """Return how many steps the first state after `create run` shows, and how many the run has."""
    join = joined["join"].exchange
    read = join.is_stream and any(event.base == "updates" for event in join.events)
    # A late answer to the join proves nothing: then the first state of the other run decides.
    if read and (done := steps_done(joined[AFTER])) < SLOW["n"]:
        return done, SLOW["n"]
    states = middle.all("poll state")
    polled = [steps_done(state) for state in states]
    if polled[0] == N:
        expect_answer_during(N * COUNTING["delay"], middle["create run"].exchange.answered_t, states[0])
    if polled[0] == polled[-1] < N:
        inconclusive("neither a joined stream nor the state shows whether the run continued after `create run`")
    return polled[0], N


@fault("join.background-run", part="answer", where=by_method("POST") & at_path("/runs"))
def tells_no_run_id(answer: Answer, exchange: FaultContext) -> None:
    """Creates a background run without returning its id."""
    answer.json = {"status": "pending"}


@fault("join.background-run", part="answer", where=by_method("POST") & at_path("/runs"))
def answers_with_the_outcome(answer: Answer, exchange: FaultContext) -> None:
    """Waits for a background run to end, and then answers its creation with the terminal status."""
    answer.json = {**answer.json, "status": "success"}


@fault("join.background-run", part="answer", where=of_graph("counter") & at_path("/state"))
def runs_before_it_answers(answer: Answer, exchange: FaultContext) -> None:
    """Answers the creation of a background run after the run has ended, when the state shows every step."""
    answer.json = {"values": {"n": N, "count": N}, "next": []}


# --- join.active-run


@verifies("join.active-run", on=(joined_from_the_start, joined_beside_the_creator))
def test_an_active_run_can_be_joined(joined: RecordingView, beside: RecordingView) -> None:
    """The join is answered with an event stream that shows the run's last step, in whatever mode, and then ends."""
    expect_joined(joined, "join", beside)
    stream = joined["join"]
    shows_the_end = SLOW["n"] in steps_shown(stream)
    if not shows_the_end:
        expect_answer_during(SLOW["n"] * SLOW["delay"], joined["create run"].exchange.sent_t, stream)
    expect(shows_the_end, "`join` must show the last step of the run; no event does", stream)
    stream.expect_complete("with the run")


@condition
def with_a_query(exchange: FaultContext) -> bool:
    """Requests whose URL has a query."""
    return "?" in exchange.exchange.url


@fault("join.active-run", part="answer", where=is_join)
def has_no_joins(answer: Answer, exchange: FaultContext) -> None:
    """Answers every join with 404."""
    answer.refuse(404)


@fault("join.active-run", part="answer", where=is_join)
def answers_joins_with_the_final_state(answer: Answer, exchange: FaultContext) -> None:
    """Waits for the run to end, and then answers a join with the final state as JSON."""
    answer.replace_header("content-type", "application/json")
    answer.json = {"count": 3, "n": 3}


@fault("join.active-run", part="answer", where=is_join & with_a_query)
def refuses_the_query_of_the_clients(answer: Answer, exchange: FaultContext) -> None:
    """Refuses the query parameter that the official SDKs add to a join."""
    answer.refuse(422)


@fault("join.active-run", where=is_join)
def never_ends_a_join(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps the connection of a joining client open after the run has ended."""
    yield from events
    yield HANG


# --- join.rest-of-run


@verifies("join.rest-of-run", on=(joined_from_the_start, joined_beside_the_creator))
def test_who_joins_at_the_start_gets_all(joined: RecordingView, beside: RecordingView) -> None:
    """A client that joins before the first step ends receives the update of every step, once and in order."""
    expect_joined(joined, "join", beside)
    due = first_due(joined)
    expect_every_update(joined["join"], due=due, last=SLOW["n"])
    if due > 1:
        inconclusive("the first step had ended before `join` was answered")


@verifies("join.rest-of-run", on=(joined_in_the_middle, joined_beside_the_creator))
def test_who_joins_in_the_middle_gets_the_rest(joined: RecordingView, beside: RecordingView) -> None:
    """A client that joins in the middle receives every later update up to the last, once and in order."""
    expect_joined(joined, "join", beside)
    expect_every_update(joined["join"], due=first_due(joined), last=N)


@fault("join.rest-of-run", where=is_join)
def loses_an_event_after_the_join(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops the second event of a joined stream, while it switches from stored events to live ones."""
    seen = 0
    for event in events:
        seen += event.base in exchange.modes
        if event.base not in exchange.modes or seen != 2:
            yield event


@fault("join.rest-of-run", where=is_join)
def loses_the_last_event_of_a_join(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Closes a joined stream when the run ends, before the last event has been sent."""
    for event, _ in pairwise(events):
        yield event


@fault("join.rest-of-run", where=is_join)
def doubles_the_events_of_a_join(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each event of a joined stream twice, once from each of two sources."""
    for event in events:
        yield event
        if event.base in exchange.modes:
            yield event


# --- join.does-not-replay


@verifies("join.does-not-replay", on=joined_in_the_middle)
def test_nothing_comes_that_nobody_read(joined: RecordingView) -> None:
    """A joining client receives no update of a step before the one that the state showed last before the join."""
    # The update of that step itself may have been on its way when the client joined.
    done = steps_done(joined["poll state"])
    updates = updates_after_join(joined["join"])
    for event, count in zip(updates, counts(updates), strict=True):
        replayed = f"update {count} must not be sent, because the state had shown step {done} before the join"
        expect(count >= done, replayed, event)


@fault("join.does-not-replay", where=is_join)
def replays_from_the_start(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Replays to a joining client what other readers have already received."""
    yield from exchange.sent_before
    yield from events


@fault("join.does-not-replay", where=is_join & of_graph("counter"))
def hands_its_buffer_to_the_first_reader(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Stores the events that nobody reads, and sends them to the first client that joins."""
    for position, event in enumerate(events):
        count = event.value["step"]["count"] if event.base == "updates" else 1
        if position == 0 and not exchange.sent_before:
            yield from (event.holding({"step": {"count": earlier}}) for earlier in range(1, count))
        yield event
