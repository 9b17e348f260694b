"""Threads: how they are created, the form of their ids, and that each keeps its state to itself."""

import re
from urllib.parse import unquote

from conformance.authoring import (
    EVERY_STREAM,
    Answer,
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    at_path,
    by_method,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    is_stateless,
    member,
    of_graph,
    scenario,
    shown,
    starts_stream,
    thread_in,
    verifies,
)

creates_thread = by_method("POST") & at_path("/threads")
streams_on_thread = starts_stream & ~is_stateless


@scenario(graph="joke")
async def created_thread(server: Server) -> None:
    """Create a thread with the body that the specification sends, line 191, and stream a run on it."""
    thread = await server.threads.create(body={})
    await server.runs.streamed(thread, input={"topic": "ice cream"}, stream_mode=["updates"])


ITEMS = {"left": ["x", "y"], "right": ["p", "q"]}


@scenario(
    graph="accumulate", exchanges=("create left", "create right", "left 1", "right 1", "left 2", "right 2"), long=True
)
async def two_threads(server: Server) -> None:
    """Stream two runs on each of two threads, alternately."""
    threads = {side: await server.threads.create(name=f"create {side}") for side in ITEMS}
    for visit in (0, 1):
        for side, items in ITEMS.items():
            given = {"item": items[visit]}
            name = f"{side} {visit + 1}"
            await server.runs.streamed(threads[side], name=name, input=given, stream_mode=["values"])


# --- threads.create ---


def thread_of(created: ExchangeView) -> str:
    """Return the id of a created thread; fail if the answer does not hold it."""
    try:
        value = created.json
    except ValueError as problem:
        fail(f"{problem}", created)
    thread = member(value, "thread_id")
    if not isinstance(thread, str) or not thread:
        fail(f"thread_id must be a non-empty string; it is {shown(thread)} in {shown(value)}", created)
    return thread


@verifies("threads.create", on=created_thread)
def test_a_created_thread_can_be_run_on(recording: RecordingView) -> None:
    """The answer holds the id of the new thread, and the server streams a run on that thread."""
    thread_of(recording["create thread"])
    stream = recording["stream"]
    expect(stream["updates"], "a run on the created thread must stream updates; none arrived", stream)


@fault("threads.create", part="answer", where=creates_thread)
def calls_the_thread_id_id(answer: Answer, exchange: FaultContext) -> None:
    """Names the thread's id `id` instead of `thread_id`."""
    value = answer.json
    answer.json = {"id": value.pop("thread_id"), **value}


@fault("threads.create", part="answer", where=creates_thread)
def creates_without_a_word(answer: Answer, exchange: FaultContext) -> None:
    """Answers the creation of a thread with 204 and no body."""
    answer.status, answer.body = 204, b""


@fault("threads.create", part="answer", where=creates_thread)
def numbers_its_threads(answer: Answer, exchange: FaultContext) -> None:
    """Sends a number as the thread's id."""
    answer.json = answer.json | {"thread_id": 7}


@fault("threads.create", part="answer", where=streams_on_thread & of_graph("joke"))
def does_not_find_what_it_created(answer: Answer, exchange: FaultContext) -> None:
    """Answers 404 to a run on a new thread."""
    answer.refuse(404)


# --- threads.isolated ---


@verifies("threads.isolated", on=two_threads)
def test_threads_keep_their_state_apart(recording: RecordingView) -> None:
    """During and after each run the state holds only what the run's own thread was given so far."""
    left, right = (thread_of(recording[f"create {side}"]) for side in ITEMS)
    different = f"two threads must have different ids; both were created as {shown(left)}"
    expect(left != right, different, recording["create right"])
    for visit in (1, 2):
        for side, items in ITEMS.items():
            stream = recording[f"{side} {visit}"]
            states = stream["values"]
            expect(states, f"`{stream.name}` must stream its states; none arrived", stream)
            own = items[:visit]
            expected = {"item": own[-1], "items": own, "count": visit}
            equal(states[-1].value, expected, f"the state after `{stream.name}`", states[-1])
            for event in states:
                expect_only_own_items(event, own)


def expect_only_own_items(event: Event, own: list[str]) -> None:
    """Fail unless a state, which may be one in the middle of the run, holds a beginning of the thread's own items."""
    items = member(event.value, "items")
    if isinstance(items, list):
        only = f"the state must hold only what its thread was given, {own}; it holds {shown(items)}"
        expect(items == own[: len(items)], only, event)


THREAD_ID = re.compile(rb'"thread_id": ?"([^"]*)"')


@verifies("threads.isolated", on=EVERY_STREAM)
def test_no_stream_names_another_thread(stream: ExchangeView) -> None:
    """Where the events of a run on a thread have a key `thread_id`, it is the id of this thread."""
    thread = thread_in(stream.exchange.path)
    if thread is None or not stream.is_stream:
        inconclusive(f"`{stream.name}` is no stream of a run on a thread")
    for event in stream.events:
        named = {found.decode() for found in THREAD_ID.findall(event.block.raw)}
        expect(named <= {thread}, f"the thread is {thread}; `{event.name}` names {', '.join(sorted(named))}", event)


@fault("threads.isolated", where=streams_on_thread)
def names_another_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names the thread of another run wherever events name theirs."""
    thread = thread_in(exchange.path) or ""
    for event in events:
        yield event.saying(event.text.replace(thread, thread[::-1])) if event.base != "metadata" else event


@fault("threads.isolated", part="answer", where=creates_thread)
def creates_one_thread_for_all(answer: Answer, exchange: FaultContext) -> None:
    """Answers every creation of a thread with the same id."""
    answer.json = answer.json | {"thread_id": "00000000-0000-4000-8000-000000000000"}


@fault("threads.isolated", where=streams_on_thread & of_graph("accumulate"))
def keeps_state_by_assistant(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps one state for all threads of a graph, so that a state holds another thread's items."""
    for event in events:
        value = event.value
        if event.base == "values" and value.get("items"):
            value |= {"items": ["another thread's", *value["items"]], "count": value.get("count", 0) + 1}
        yield event.holding(value)


@fault("threads.isolated", where=streams_on_thread & of_graph("accumulate"))
def begins_with_another_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Shows the state of another thread until the first step is done."""
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
    """The id of a created thread is a UUID."""
    created = recording["create thread"]
    thread = thread_of(created)
    expect(UUID.fullmatch(thread), f"the thread id must be a UUID; it is {shown(thread)}", created)


@verifies("threads.uuid-ids", on=EVERY_STREAM)
def test_all_thread_and_run_ids_are_uuids(stream: ExchangeView) -> None:
    """The id of the thread that is streamed on and the run id in the metadata are UUIDs."""
    _, on_thread, rest = stream.exchange.url.rpartition("/threads/")
    thread = unquote(rest.partition("/")[0])
    expect(not on_thread or UUID.fullmatch(thread), f"the thread id must be a UUID; it is {shown(thread)}", stream)
    for event in stream["metadata"] if stream.is_stream else ():
        run = member(event.value, "run_id")
        if not isinstance(run, str):
            inconclusive(f"the metadata of `{stream.name}` has no run_id that is a string, so there is no id to judge")
        expect(UUID.fullmatch(run), f"the run id must be a UUID; it is {shown(run)}", event)


@fault("threads.uuid-ids", part="answer", where=creates_thread)
def makes_ids_of_64_digits(answer: Answer, exchange: FaultContext) -> None:
    """Gives threads ids of 64 hexadecimal digits."""
    value = answer.json
    answer.json = value | {"thread_id": value["thread_id"].replace("-", "") * 2}


@fault("threads.uuid-ids")
def counts_its_runs(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Uses a running number as the run id."""
    for number, event in enumerate(events, 1):
        known = event.base == "metadata"
        yield event.holding(event.value | {"run_id": f"run-{exchange.exchange.sent}{number}"}) if known else event
