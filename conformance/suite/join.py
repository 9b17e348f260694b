"""Joining a background run: what a reader gets who comes at its start, in its middle, or after its end.

Progress is told by the counter's own numbers: update `k` is produced when step `k` is done, and the state shows `k`
from then on.  A state is asked for before or after a join, so what it shows bounds what the joiner may or must get.
"""

from typing import Any

from conformance import Heard, View, cannot_tell, expect, fail, fault, same_sequence, scenario, verifies, wire
from conformance import HANG

N = 10
COUNTING = {"n": N, "delay": 0.35}
SLOW = {"n": 3, "delay": 1}
"""Few steps, and time enough to join before the first is done."""

CLIENTS: dict[str, dict[str, dict[str, str]]] = {
    "curl": {"headers": {"Content-Type": "application/json", "x-api-key": "none"}},
    "python-sdk": {"query": {"cancel_on_disconnect": "false"}},
    "javascript-sdk": {"query": {"cancel_on_disconnect": "0"}},
}
"""How the norm's curl line (940-947) and the two official clients join."""

NOT_DONE = "state after the join"


async def background(server, *, modes=("updates",), **input):
    """A thread and a background run on it."""
    thread = await server.threads.create()
    return thread, await server.runs.create(thread, input=input, stream_mode=list(modes))


async def join_at_once(server, thread, run, *, name="join", **options):
    """Join, and look at the state as soon as the join is answered: no step that it does not show was done by then."""
    stream = server.runs.join_stream(thread, run, name=name, **options)
    await stream.answered()
    await server.threads.get_state(thread, name=NOT_DONE)
    return stream


@scenario(graph="counter", client=tuple(CLIENTS))
async def joined_from_the_start(server, client):
    """The only reader joins as soon as the run is created."""
    thread, run = await background(server, **SLOW)
    stream = await join_at_once(server, thread, run, **CLIENTS[client])
    await stream.ended()


@scenario(graph="counter")
async def joined_in_the_middle(server):
    """The only reader joins when the state shows the third step; nobody read before."""
    thread, run = await background(server, **COUNTING)
    await server.threads.state_when(thread, lambda values: (values.get("count") or 0) >= 3)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


@scenario(graph="counter", before=("read", "unread"))
async def joined_after_the_end(server, before):
    """A reader comes when the run is over; another had read it, or nobody had."""
    thread, run = await background(server, n=3, delay=0.2)
    if before == "read":
        await server.runs.join_stream(thread, run, name="reader").ended()
    await server.runs.ended(thread, run)
    await server.runs.join_stream(thread, run).ended()


def count_in(values: Any) -> int:
    """The counter's number in a state or an update, 0 if there is none."""
    count = values.get("count") if isinstance(values, dict) else None
    return count if isinstance(count, int) else 0


def steps_done(state: Heard) -> int:
    """How many steps a state shows."""
    value = state.json
    return count_in(value.get("values") if isinstance(value, dict) else None)


def counts(stream: Heard) -> list[int]:
    """The numbers of the updates that came."""
    return [count_in(value.get("step")) if isinstance(value, dict) else 0 for value in stream["updates"].values]


def unbroken_to_the_end(stream: Heard, latest_first: int, n: int, who: str) -> None:
    """The updates must run on without a gap up to the last, and begin with this number at the latest."""
    first = min([latest_first, *counts(stream)[:1]])
    expected = [{"step": {"count": count}} for count in range(first, n + 1)]
    same_sequence(stream["updates"], expected, f"the updates of {who}", stream.exchange)
    ended_with_the_run(stream)


def ended_with_the_run(stream: Heard) -> None:
    exchange = stream.exchange
    expect(exchange.how == "complete", f"`{exchange.name}` must end with the run, it ended as {exchange.how}", exchange)


# --- a run in the background


@verifies("join.background-run")
def test_a_background_run_is_created_before_it_ends(joined_from_the_start: View) -> None:
    """The answer holds the run's id, and the run can still be joined."""
    created = joined_from_the_start["create run"]
    answer = created.json
    run = answer.get("run_id") if isinstance(answer, dict) else None
    expect(isinstance(run, str) and run, "the answer must be an object that holds the run's id", created.exchange)
    updates = joined_from_the_start["join"]["updates"]
    expect(updates, "the run must go on after the answer, but a join sent at once brought none of it", created.exchange)


@verifies("join.active-run")
def test_an_active_run_can_be_joined(joined_from_the_start: View) -> None:
    """The answer is an event stream that brings the run's last update and ends."""
    stream = joined_from_the_start["join"]
    expect(SLOW["n"] in counts(stream), "the last update of the run that was joined did not come", stream.exchange)
    ended_with_the_run(stream)


@verifies("join.rest-of-run")
def test_the_only_reader_from_the_start_gets_all(joined_from_the_start: View) -> None:
    """Who joins before the first step is done gets the update of every step."""
    stream = joined_from_the_start["join"]
    if counts(stream)[:1] != [1] and steps_done(joined_from_the_start[NOT_DONE]):
        cannot_tell("the first step was done before the join was answered")
    unbroken_to_the_end(stream, 1, SLOW["n"], "who joined before the first step was done")


@verifies("join.rest-of-run")
def test_who_joins_in_the_middle_gets_the_rest(joined_in_the_middle: View) -> None:
    """From some update on all come; the steps that the state did not show when the join was answered are among them."""
    done = steps_done(joined_in_the_middle[NOT_DONE])
    stream = joined_in_the_middle["join"]
    # The state may lag behind the events by one step, no more: a step reads what the one before it wrote.
    if done + 2 > N:
        cannot_tell(f"the join was answered only when {done} of {N} steps were done")
    unbroken_to_the_end(stream, done + 2, N, "who joined in the middle")


@fault("join.background-run", part="answer", where=lambda x: x.method == "POST" and x.path.endswith("/runs"))
def tells_no_run_id(answer, exchange):
    """Accepts a background run without saying which it is."""
    answer.json = {"status": "pending"}


@fault("join.background-run", where=lambda x: x.is_join)
def runs_before_it_answers(events, exchange):
    """Answers the creation when the run is over, so that every join comes too late."""
    yield from ()


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
