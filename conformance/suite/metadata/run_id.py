"""That the run id in the event `metadata` identifies the run."""

from urllib.parse import unquote
from uuid import NAMESPACE_OID, uuid5

from conformance.authoring import (
    WHOLE_SESSION,
    Exchange,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    SessionRecordings,
    expect,
    fault,
    inconclusive,
    is_stateless,
    is_stream,
    member,
    rewritten,
    run_id_of,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import TOPIC
from conformance.suite.join.progress import WIRES


@scenario(
    graph="joke",
    exchanges=("create thread", "run 1", "get run 1", "run 2", "get run 2", "run 3", "get run 3"),
    long=True,
)
async def three_runs(server: Server) -> None:
    """Stream three runs one after another on one thread, and look up each by the run id in its metadata."""
    thread = await server.threads.create()
    for number in (1, 2, 3):
        stream = await server.runs.streamed(thread, name=f"run {number}", input=TOPIC, stream_mode=["updates"])
        await server.runs.get(thread, await stream.run_id(), name=f"get run {number}")


@scenario(graph="counter", exchanges=("create thread", "create run", "get run", "join"), paced=True)
async def background_run(server: Server) -> None:
    """Create a background run, look it up by the returned id, and join it from its start."""
    thread = await server.threads.create()
    run = await server.runs.create(thread, input={"n": 4, "delay": 0.3}, stream_mode=["updates"])
    await server.runs.get(thread, run)
    await server.runs.join_stream(thread, run).ended()


# --- metadata.identifies-the-run ---


def id_in(value: object) -> str | None:
    """Return the run id in metadata or in a run resource, None if there is none."""
    found = member(value, "run_id")
    return found if isinstance(found, str) and found else None


def expect_resource_of(run: str, resource: ExchangeView, source: str) -> None:
    """Fail unless the resource is that of this run; `source` says where the run's id was found."""
    found = id_in(resource.json)
    same = f"the run resource must have the run id in {source}, {shown(run)}; it has {shown(found)}"
    expect(found == run, same, resource)


@verifies("metadata.identifies-the-run", on=three_runs)
def test_the_run_of_that_id_exists(recording: RecordingView) -> None:
    """The thread has a run with the id in the metadata, and each of three runs has a different id."""
    runs: list[str] = []
    for number in (1, 2, 3):
        stream = recording[f"run {number}"]
        run = run_id_of(stream)
        unique = f"each run must have its own id; run {number} has {shown(run)}, as an earlier run has"
        expect(run not in runs, unique, stream)
        expect_resource_of(run, recording[f"get run {number}"], f"the metadata of run {number}")
        runs.append(run)


@verifies("metadata.identifies-the-run", on=WHOLE_SESSION)
def test_no_two_runs_share_an_id(session: SessionRecordings) -> None:
    """No two new runs of the session have the same id, and the metadata of a join has the id of the joined run."""
    seen: dict[str, str] = {}
    for stream in session.streams():
        if stream.kind == "join" and stream.is_stream:
            expect_joined_id(stream)
            continue
        run = first_id(stream)
        if run is not None:
            unique = f"each run must have its own id; `{stream.url}` has {shown(run)}, as `{seen.get(run)}` has"
            expect(run not in seen, unique, stream)
            seen[run] = stream.url
    if len(seen) < 2:
        inconclusive("fewer than two streams of new runs carried a run id, so no two ids can be compared")


def first_id(stream: Exchange) -> str | None:
    """Return the run id in the first metadata event of a new run; None if there is none, and for a join."""
    if stream.kind != "stream" or not stream.is_stream:
        return None
    ids = [id_in(event.value) for event in stream.events if event.name == "metadata"]
    return ids[0] if ids else None


def expect_joined_id(join: Exchange) -> None:
    """Fail unless every metadata event of a join has the id in the path of its request."""
    joined = unquote(join.url.partition("?")[0].split("/")[-2])
    for event in join.events:
        if event.base == "metadata":
            same = f"the metadata of a join must have the run id {joined}; it is {shown(event.value)}"
            expect(id_in(event.value) == joined, same, event)


@verifies("metadata.identifies-the-run", on=background_run)
def test_a_background_run_keeps_the_id_it_was_created_with(recording: RecordingView) -> None:
    """The resource of a background run has the id returned at its creation; so has the metadata of a join, if any."""
    created = id_in(recording["create run"].json)
    if created is None:
        inconclusive("the answer to the creation of the run has no run_id, so there is no id to compare with")
    expect_resource_of(created, recording["get run"], "the answer to its creation")
    join = recording["join"]
    if not any(event.base in WIRES for event in join.events):
        inconclusive("the join carried no event of a mode, so it did not show a run")
    for event in join["metadata"]:
        run = id_in(event.value)
        same = f"the metadata must have the run id returned at the creation, {shown(created)}; it has {shown(run)}"
        expect(run == created, same, event)


@fault("metadata.identifies-the-run")
def tells_an_id_of_its_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Invents an id for the stream that is not the run's."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": str(uuid5(NAMESPACE_OID, str(value)))})


@fault("metadata.identifies-the-run")
def tells_one_id_for_all(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the same run id for every run."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": "00000000-0000-4000-8000-000000000000"})


@fault("metadata.identifies-the-run", where=is_stream & ~is_stateless)
def tells_the_id_of_the_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the thread's id as the run id."""
    thread = exchange.path.rpartition("/threads/")[2].partition("/")[0]
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": thread})


@fault("metadata.identifies-the-run", where=is_stateless)
def tells_one_id_without_a_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the same run id for every run without a thread."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": "00000000-0000-4000-8000-000000000000"})
