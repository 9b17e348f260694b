"""Threads: how they are created, what their ids are like, and that each keeps its state to itself."""

import re
from urllib.parse import unquote

from conformance.authoring import (
    EVERY_STREAM,
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    scenario,
    shown,
    verifies,
)


@scenario(graph="joke")
async def created_thread(server):
    """A thread by the body of the specification, line 191, and a run on it."""
    thread = await server.threads.create(body={})
    await server.runs.streamed(thread, input={"topic": "ice cream"}, stream_mode=["updates"])


ITEMS = {"left": ["x", "y"], "right": ["p", "q"]}


@scenario(
    graph="accumulate", exchanges=("create left", "create right", "left 1", "right 1", "left 2", "right 2"), long=True
)
async def two_threads(server):
    """Two runs on each of two threads, in turns."""
    threads = {side: await server.threads.create(name=f"create {side}") for side in ITEMS}
    for visit in (0, 1):
        for side, items in ITEMS.items():
            given = {"item": items[visit]}
            name = f"{side} {visit + 1}"
            await server.runs.streamed(threads[side], name=name, input=given, stream_mode=["values"])


# --- threads.create ---


def thread_of(created: ExchangeView) -> str:
    """The id that the answer to a creation tells."""
    try:
        value = created.json
    except ValueError as problem:
        fail(f"{problem}", created.exchange)
    thread = member(value, "thread_id")
    if not isinstance(thread, str) or not thread:
        fail(f"thread_id is {shown(thread)}, expected a text that is not empty, in {shown(value)}", created.exchange)
    return thread


@verifies("threads.create", on=created_thread)
def test_a_created_thread_can_be_run_on(recording: RecordingView) -> None:
    """The answer tells the thread's id, and a run on that thread is streamed."""
    thread_of(recording["create thread"])
    stream = recording["stream"]
    expect(stream["updates"], "the run on the created thread brought no update", stream.exchange)


def creation(x):
    return x.method == "POST" and x.path.endswith("/threads")


@fault("threads.create", part="answer", where=creation)
def calls_the_thread_id_id(answer, exchange):
    """Names the field `id`."""
    value = answer.json
    answer.json = {"id": value.pop("thread_id"), **value}


@fault("threads.create", part="answer", where=creation)
def creates_without_a_word(answer, exchange):
    """Answers 204 without a body."""
    answer.status, answer.body = 204, b""


@fault("threads.create", part="answer", where=creation)
def numbers_its_threads(answer, exchange):
    """Sends a number as the id."""
    answer.json = answer.json | {"thread_id": 7}


@fault("threads.create", part="answer", where=lambda x: on_a_thread(x) and x.graph == "joke")
def does_not_find_what_it_created(answer, exchange):
    """Answers 404 to a run on a new thread."""
    answer.refuse(404)


# --- threads.isolated ---


@verifies("threads.isolated", on=two_threads)
def test_threads_keep_their_state_apart(recording: RecordingView) -> None:
    """After each run the state holds what its own thread was given so far, and nothing else."""
    left, right = (thread_of(recording[f"create {side}"]) for side in ITEMS)
    expect(left != right, f"two threads were created as {shown(left)}", recording["create right"].exchange)
    for visit in (1, 2):
        for side, items in ITEMS.items():
            stream = recording[f"{side} {visit}"]
            states = stream["values"]
            expect(states, f"`{stream.name}` brought no state", stream.exchange)
            own = items[:visit]
            expected = {"item": own[-1], "items": own, "count": visit}
            equal(states[-1].value, expected, f"the state after `{stream.name}`", states[-1])
            for event in states:
                begins_with(event, own)


def begins_with(event, own):
    """No state of the run, not even a passing one, may hold more than the thread was given."""
    shows = member(event.value, "items")
    if isinstance(shows, list):
        expect(shows == own[: len(shows)], f"the thread was given {own}, its state shows {shown(shows)}", event)


@fault("threads.isolated", part="answer", where=creation)
def creates_one_thread_for_all(answer, exchange):
    """Answers every creation with the same id."""
    answer.json = answer.json | {"thread_id": "00000000-0000-4000-8000-000000000000"}


def on_a_thread(x):
    return x.kind == "stream" and not x.stateless


@fault("threads.isolated", where=lambda x: on_a_thread(x) and x.graph == "accumulate")
def keeps_state_by_assistant(events, exchange):
    """Keeps one state for the graph: another thread's items are in it."""
    for event in events:
        value = event.value
        if event.base == "values" and value.get("items"):
            value |= {"items": ["another thread's", *value["items"]], "count": value.get("count", 0) + 1}
        yield event.holding(value)


@fault("threads.isolated", where=lambda x: on_a_thread(x) and x.graph == "accumulate")
def begins_with_another_state(events, exchange):
    """Shows the state of the thread that ran last until the first step is done."""
    first = True
    for event in events:
        if event.base == "values" and first:
            first = False
            yield event.holding({"item": "another", "items": ["another"], "count": 1})
        yield event


# --- threads.uuid-ids ---

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@verifies("threads.uuid-ids", on=created_thread)
def test_a_created_thread_has_a_uuid(recording: RecordingView) -> None:
    """The id that the creation answers."""
    created = recording["create thread"]
    thread = thread_of(created)
    expect(UUID.fullmatch(thread), f"the thread id {shown(thread)} is no UUID", created.exchange)


@verifies("threads.uuid-ids", on=EVERY_STREAM)
def test_all_thread_and_run_ids_are_uuids(stream: ExchangeView) -> None:
    """The thread that was streamed on, and the run that the metadata tells."""
    _, on, rest = stream.exchange.url.rpartition("/threads/")
    thread = unquote(rest.partition("/")[0])
    expect(not on or UUID.fullmatch(thread), f"the thread id {shown(thread)} is no UUID", stream.exchange)
    for event in stream["metadata"] if stream.exchange.is_stream else ():
        run = member(event.value, "run_id")
        if not isinstance(run, str):
            inconclusive("the metadata tells no run id")
        expect(UUID.fullmatch(run), f"the run id {shown(run)} is no UUID", event)


@fault("threads.uuid-ids", part="answer", where=creation)
def makes_ids_of_64_digits(answer, exchange):
    """Gives threads an id of 64 hexadecimal digits."""
    value = answer.json
    answer.json = value | {"thread_id": value["thread_id"].replace("-", "") * 2}


@fault("threads.uuid-ids")
def counts_its_runs(events, exchange):
    """Gives runs a number as their id, in text."""
    for number, event in enumerate(events, 1):
        known = event.base == "metadata"
        yield event.holding(event.value | {"run_id": f"run-{exchange.exchange.sent}{number}"}) if known else event
