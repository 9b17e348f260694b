"""The event `metadata`: the first of every new run, by which a reader learns the run's id."""

from urllib.parse import unquote
from uuid import NAMESPACE_OID, uuid5

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    WHOLE_SESSION,
    Exchange,
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fault,
    inconclusive,
    member,
    rewritten,
    run_id_of,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import TOPIC
from conformance.suite.join.progress import WIRES


@scenario(graph="sub_model", exchanges=("create thread", "on a thread", "without a thread"), mode=MODES, long=True)
async def begun_in_each_mode(server, mode):
    """A run on a thread and one without, in one mode; the graph has something to say in each."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, name="on a thread", input=TOPIC, stream_mode=[mode])
    await server.runs.streamed(None, name="without a thread", input=TOPIC, stream_mode=[mode])


@scenario(graph="fails", exchanges=("create thread", "on a thread", "without a thread"))
async def begun_and_failed(server):
    """A run that fails, on a thread and without one."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, name="on a thread", input={"delay": 0}, stream_mode=["updates"])
    await server.runs.streamed(None, name="without a thread", input={"delay": 0}, stream_mode=["updates"])


PLACES = ("on a thread", "without a thread")


@scenario(
    graph="joke",
    exchanges=("create thread", "run 1", "get run 1", "run 2", "get run 2", "run 3", "get run 3"),
    long=True,
)
async def three_runs(server):
    """Three runs one after another on one thread, each looked up by the id that its metadata told."""
    thread = await server.threads.create()
    for number in (1, 2, 3):
        stream = await server.runs.streamed(thread, name=f"run {number}", input=TOPIC, stream_mode=["updates"])
        await server.runs.get(thread, await stream.run_id(), name=f"get run {number}")


@scenario(graph="counter", exchanges=("create thread", "create run", "get run", "join"), paced=True)
async def background_run(server):
    """A run in the background, looked up by the id that was returned, and joined from its start."""
    thread = await server.threads.create()
    run = await server.runs.create(thread, input={"n": 4, "delay": 0.3}, stream_mode=["updates"])
    await server.runs.get(thread, run)
    await server.runs.join_stream(thread, run).ended()


# --- metadata.first-and-only ---


def first_and_only(stream: ExchangeView) -> None:
    """A reader that left may have heard nothing yet; any other has heard the metadata first, and once."""
    events = stream.events
    if not events and stream.exchange.ending == "left":
        return
    expect(events, f"`{stream.name}` carried no event, expected metadata", stream.exchange)
    first = events[0]
    expect(first.name == "metadata", f"the first event is {shown(first.name)}, expected metadata", first)
    for again in stream["metadata"][1:]:
        expect(False, f"event {again.position} is named {shown(again.name)} once more", again)


@verifies("metadata.first-and-only", on=EVERY_STREAM)
def test_metadata_is_first_and_only_in_every_new_run(stream: ExchangeView) -> None:
    """Joins are not concerned: one that comes late rightly has none."""
    if stream.exchange.kind == "stream" and stream.exchange.is_stream:
        first_and_only(stream)


@verifies("metadata.first-and-only", on=begun_in_each_mode)
def test_metadata_is_first_and_only_in_each_mode(recording: RecordingView) -> None:
    """With and without a thread."""
    mode = recording.axes["mode"]
    for place in PLACES:
        stream = recording[place]
        first_and_only(stream)
        if not stream[mode]:
            inconclusive(f"`{place}` carried no event of the mode {mode}, so it showed no run")


@verifies("metadata.first-and-only", on=begun_and_failed)
def test_metadata_is_first_and_only_in_a_failed_run(recording: RecordingView) -> None:
    """Nothing is sent before it and it is not repeated, though the run fails."""
    for place in PLACES:
        stream = recording[place]
        first_and_only(stream)
        if not stream["error"]:
            inconclusive(f"`{place}` carried no error event, so the run did not fail")


def new_run(x):
    return x.kind == "stream"


@fault("metadata.first-and-only", where=new_run)
def sends_the_metadata_late(events, exchange):
    """Sends the metadata after the first event of the run."""
    metadata = next(events, None)
    first = next(events, None)
    yield from (event for event in (first, metadata) if event is not None)
    yield from events


@fault("metadata.first-and-only", where=new_run)
def repeats_the_metadata(events, exchange):
    """Sends the metadata before each node's update again."""
    metadata = None
    for event in events:
        if event.base == "metadata":
            metadata = event
        elif event.base == "updates" and metadata is not None:
            yield metadata
        yield event


@fault("metadata.first-and-only", where=new_run)
def repeats_the_metadata_when_a_run_fails(events, exchange):
    """Begins anew for the error event: metadata once more."""
    metadata = None
    for event in events:
        metadata = metadata or event
        if event.base == "error":
            yield metadata
        yield event


@fault("metadata.first-and-only", where=new_run)
def calls_the_metadata_run(events, exchange):
    """Names the first event `run`."""
    for event in events:
        yield event.named("run") if event.base == "metadata" else event


@fault("metadata.first-and-only", where=lambda x: x.stateless)
def tells_runs_on_threads_alone(events, exchange):
    """Sends no metadata for a run without a thread."""
    yield from without(events, "metadata")


# --- metadata.fields ---


@verifies("metadata.fields", on=EVERY_STREAM)
def test_metadata_tells_run_and_attempt(stream: ExchangeView) -> None:
    """run_id is a text that is not empty, attempt the number 1; none of the suite's runs is retried."""
    if stream.exchange.kind != "stream" or not stream.exchange.is_stream:
        return
    for event in stream["metadata"]:
        value = event.value
        expect(isinstance(value, dict), f"the metadata is {shown(value)}, expected an object", event)
        run = value.get("run_id")
        expect(isinstance(run, str) and run, f"run_id is {shown(run)}, expected a text that is not empty", event)
        expect("attempt" in value, "the metadata has no attempt", event)
        equal(value["attempt"], 1, "attempt", event)


@fault("metadata.fields")
def tells_no_attempt(events, exchange):
    """Leaves the attempt out."""
    yield from rewritten(events, "metadata", lambda value: {"run_id": value["run_id"]})


@fault("metadata.fields")
def counts_attempts_from_0(events, exchange):
    """Numbers attempts from 0."""
    yield from rewritten(events, "metadata", lambda value: value | {"attempt": 0})


@fault("metadata.fields")
def writes_the_attempt_as_text(events, exchange):
    """Sends the attempt as the text 1."""
    yield from rewritten(events, "metadata", lambda value: value | {"attempt": "1"})


@fault("metadata.fields", where=lambda x: x.stateless)
def has_no_id_without_a_thread(events, exchange):
    """Sends null as the id of a run without a thread."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": None})


# --- metadata.identifies-the-run ---


def id_of(value: object) -> str | None:
    """The run id in metadata or in a run resource, None if there is none."""
    found = member(value, "run_id")
    return found if isinstance(found, str) and found else None


def is_run(resource: ExchangeView, run: str, source: str) -> None:
    """The resource must be that run."""
    found = id_of(resource.json)
    expect(found == run, f"{source} tells the run {shown(run)}, its resource {shown(found)}", resource.exchange)


@verifies("metadata.identifies-the-run", on=three_runs)
def test_the_run_of_that_id_exists(recording: RecordingView) -> None:
    """On the thread, and each of three runs has an id of its own."""
    runs: list[str] = []
    for number in (1, 2, 3):
        run = run_id_of(recording[f"run {number}"])
        where = recording[f"run {number}"].exchange
        expect(run not in runs, f"run {number} has the id {shown(run)} of an earlier one", where)
        is_run(recording[f"get run {number}"], run, f"the metadata of run {number}")
        runs.append(run)


@verifies("metadata.identifies-the-run", on=WHOLE_SESSION)
def test_no_two_runs_share_an_id(session):
    """Of all streams of new runs, with and without a thread; and who joins a run is not told the id of another."""
    seen: dict[str, str] = {}
    for stream in session.streams():
        ids = [id_of(event.value) for event in stream.events if event.name == "metadata"] if posted(stream) else []
        for id in filter(None, ids[:1]):
            expect(id not in seen, f"`{stream.url}` has the run id {shown(id)}, as `{seen.get(id)}` has", stream)
            seen[id] = stream.url
        if stream.kind == "join" and stream.is_stream:
            for event in (event for event in stream.events if event.base == "metadata"):
                joined = unquote(stream.url.partition("?")[0].split("/")[-2])
                expect(
                    id_of(event.value) == joined, f"the metadata of a join of {joined} is {shown(event.value)}", event
                )
    if len(seen) < 2:
        inconclusive("fewer than two streams named the id of their run")


def posted(stream: Exchange) -> bool:
    return stream.kind == "stream" and stream.is_stream


@verifies("metadata.identifies-the-run", on=background_run)
def test_a_background_run_keeps_the_id_it_was_created_with(recording: RecordingView) -> None:
    """Its resource has it, and so has the metadata event of a join, which a joiner may hear or not."""
    created = id_of(recording["create run"].json)
    if created is None:
        inconclusive("the answer to the creation of the run tells no run_id")
    is_run(recording["get run"], created, "the answer to the creation")
    join = recording["join"]
    if not any(event.base in WIRES for event in join.events):
        inconclusive("the joiner heard no event of a mode, so the join showed no run")
    for event in join["metadata"]:
        run = id_of(event.value)
        expect(run == created, f"the metadata tells {shown(run)}, the run was created as {shown(created)}", event)


@fault("metadata.identifies-the-run")
def tells_an_id_of_its_own(events, exchange):
    """Makes up an id for the stream that is not the run's."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": str(uuid5(NAMESPACE_OID, str(value)))})


@fault("metadata.identifies-the-run")
def tells_one_id_for_all(events, exchange):
    """Tells one constant id."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": "00000000-0000-4000-8000-000000000000"})


@fault("metadata.identifies-the-run", where=lambda x: x.is_stream and not x.stateless)
def tells_the_id_of_the_thread(events, exchange):
    """Takes the thread for the run."""
    thread = exchange.path.rpartition("/threads/")[2].partition("/")[0]
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": thread})


@fault("metadata.identifies-the-run", where=lambda x: x.stateless)
def tells_one_id_without_a_thread(events, exchange):
    """Gives all runs without a thread one id."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": "00000000-0000-4000-8000-000000000000"})
