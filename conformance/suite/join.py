"""Joining a background run: what a reader gets who comes at its start, in its middle, or after its end.

Progress is told by the counter's own numbers: update `k` is produced when step `k` is done, and the state shows `k`
from then on.  A state is asked for before or after a join, so what it shows bounds what the joiner may or must get.
"""

from typing import Any

from conformance import (
    HANG,
    MODES,
    Events,
    Heard,
    View,
    cannot_tell,
    expect,
    fault,
    member,
    same_sequence,
    scenario,
    shown,
    verifies,
    wire,
)

FINAL = ("success", "error", "timeout", "interrupted")
WIRES = {wire(mode) for mode in MODES}
N = 10
COUNTING = {"n": N, "delay": 0.35}
SLOW = {"n": 3, "delay": 1}
"""Few steps, and time enough to join before the first is done."""

CLIENTS = {
    "curl": {},
    "python-sdk": {"cancel_on_disconnect": "false"},
    "javascript-sdk": {"cancel_on_disconnect": "0"},
}
"""The query with which the norm's curl line (940-947) and the two official clients join."""

AFTER = "state after the join"


async def background(server, *, modes=("updates",), **input):
    """A thread and a background run on it."""
    thread = await server.threads.create()
    return thread, await server.runs.create(thread, input=input, stream_mode=list(modes))


async def join_at_once(server, thread, run, **options):
    """Join, and look at the state as soon as the join is answered: what it does not show is to come."""
    stream = server.runs.join_stream(thread, run, **options)
    await stream.answered()
    await server.threads.get_state(thread, name=AFTER)
    return stream


@scenario(graph="counter", client=tuple(CLIENTS), paced=True)
async def joined_from_the_start(server, client):
    """The only reader joins as soon as the run is created."""
    key = {} if server.needs_key else {"x-api-key": "any"}
    headers = {"Content-Type": "application/json", **key} if client == "curl" else {}
    thread, run = await background(server, **SLOW)
    stream = await join_at_once(server, thread, run, query=CLIENTS[client], headers=headers)
    await stream.ended()


@scenario(graph="counter", paced=True)
async def joined_in_the_middle(server):
    """The only reader joins when the state shows the third step; nobody read before."""
    thread, run = await background(server, **COUNTING)
    await server.threads.state_when(thread, lambda values: count_in(values) >= 3)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


def count_in(values: Any) -> int:
    """The counter's number in a state or in what a step returned, 0 if there is none."""
    count = member(values, "count")
    return count if isinstance(count, int) else 0


def counts(updates: Events) -> list[int]:
    """The numbers of these updates."""
    return [count_in(member(value, "step")) for value in updates.values]


def steps_told(stream: Heard) -> list[int]:
    """The numbers of the steps that its events tell, in whatever mode."""
    return [max(count_in(value), count_in(member(value, "step"))) for value in stream.events.values]


def values_in(state: Heard) -> dict[str, Any]:
    """The values that a state shows; cantTell where it cannot be read."""
    if not state.exchange.accepted:
        cannot_tell(f"how far the run was is not known: `{state.name}` was answered {state.status}")
    values = member(state.json, "values")
    return values if isinstance(values, dict) else {}


def steps_done(state: Heard) -> int:
    """How many steps a state of the counter shows."""
    return count_in(values_in(state))


def first_due(view: View) -> int:
    """The number of the first update that who had joined must get.

    A state may lag behind by one step, and no more: each step reads what the one before it wrote.
    """
    done = steps_done(view[AFTER])
    return done + 2 if done else 1


def unbroken_to_the_end(stream: Heard, latest_first: int, n: int) -> None:
    """The updates begin with this number or an earlier one, and run on to the last."""
    if latest_first > n:
        cannot_tell(f"the run was over before `{stream.name}` was answered")
    first = max(1, min([latest_first, *counts(stream["updates"])[:1]]))
    expected = [{"step": {"count": count}} for count in range(first, n + 1)]
    same_sequence(stream["updates"], expected, f"the updates of `{stream.name}`", stream.exchange)
    ended_with_the_run(stream)


def updates_of_a_joiner(stream: Heard) -> Events:
    """Its updates; cantTell where there are none, since silence is no proof of what a joiner is spared."""
    updates = stream["updates"] if stream.exchange.is_stream else Events()
    return updates or cannot_tell(f"`{stream.name}` brought no update at all")


def ended_with_the_run(stream: Heard) -> None:
    """The server must have ended the stream."""
    exchange = stream.exchange
    expect(exchange.how == "complete", f"`{exchange.name}` must end with the run, it was {exchange.how}", exchange)


# --- a run in the background


def is_over(created: Heard) -> bool:
    """Whether the answer that tells of the new run says that it has ended."""
    return member(created.json, "status") in FINAL


def expect_joined(view: View, join: str, active: View) -> None:
    """The join must have been answered with a stream.

    A refusal tells nothing of a run that was over, unless a run that its creator was reading is refused as well.
    """
    stream = view[join]
    if is_over(view["create run"]) and not stream.exchange.is_stream and active["joiner"].exchange.is_stream:
        cannot_tell("the run was over when its creation was answered, as join.background-run tells")
    stream.expect_stream()


@verifies("join.background-run")
def test_a_background_run_is_created_before_it_ends(joined_from_the_start: View, joined_in_the_middle: View) -> None:
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
            cannot_tell("whether the run went on is not known: neither a join nor the state tells")
    over = f"the run must go on after the answer, but all {steps} steps were done when the state was asked for at once"
    expect(done < steps, over, created.exchange)


@verifies("join.active-run")
def test_an_active_run_can_be_joined(joined_from_the_start: View, joined_beside_the_creator: View) -> None:
    """The answer is an event stream that tells of the run's last step, in whatever mode, and ends."""
    expect_joined(joined_from_the_start, "join", joined_beside_the_creator)
    stream = joined_from_the_start["join"]
    last = SLOW["n"] in steps_told(stream)
    expect(last, "nothing came that tells of the last step of the joined run", stream.exchange)
    ended_with_the_run(stream)


@verifies("join.rest-of-run")
def test_who_joins_at_the_start_gets_all(joined_from_the_start: View, joined_beside_the_creator: View) -> None:
    """Who joins before the first step is done gets the update of every step."""
    expect_joined(joined_from_the_start, "join", joined_beside_the_creator)
    due = first_due(joined_from_the_start)
    unbroken_to_the_end(joined_from_the_start["join"], due, SLOW["n"])
    if due > 1:
        cannot_tell("the first step was done before the join was answered")


@verifies("join.rest-of-run")
def test_who_joins_in_the_middle_gets_the_rest(joined_in_the_middle: View, joined_beside_the_creator: View) -> None:
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


@verifies("join.does-not-replay")
def test_nothing_comes_that_nobody_read(joined_in_the_middle: View) -> None:
    """No update comes of a step before the one that the state had shown last; that one may have been on its way."""
    shown_before = steps_done(joined_in_the_middle["poll state"])
    updates = updates_of_a_joiner(joined_in_the_middle["join"])
    for event, count in zip(updates, counts(updates), strict=True):
        expect(
            count >= shown_before,
            f"update {count} was produced before the join: the state had shown step {shown_before}",
            event,
        )


@fault("join.does-not-replay", where=lambda x: x.is_join)
def replays_from_the_start(events, exchange):
    """Sends a joiner first what other readers have had."""
    yield from exchange.heard_before
    yield from events


@fault("join.does-not-replay", where=lambda x: x.is_join and x.graph == "counter")
def hands_its_buffer_to_the_first_reader(events, exchange):
    """Keeps what nobody reads, and gives it to the first joiner."""
    for position, event in enumerate(events):
        count = event.value["step"]["count"] if event.base == "updates" else 1
        if position == 0 and not exchange.heard_before:
            yield from (event.holding({"step": {"count": earlier}}) for earlier in range(1, count))
        yield event
