"""The event `metadata`: the first event of every new run, and its fields."""

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    is_stateless,
    rewritten,
    scenario,
    shown,
    starts_stream,
    verifies,
    without,
)
from conformance.suite.graphs import TOPIC


@scenario(graph="sub_model", exchanges=("create thread", "on a thread", "without a thread"), mode=MODES, long=True)
async def begun_in_each_mode(server: Server, mode: str) -> None:
    """Stream a run on a thread and one without, in one mode; the graph produces output in every mode."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, name="on a thread", input=TOPIC, stream_mode=[mode])
    await server.runs.streamed(None, name="without a thread", input=TOPIC, stream_mode=[mode])


@scenario(graph="fails", exchanges=("create thread", "on a thread", "without a thread"))
async def begun_and_failed(server: Server) -> None:
    """Stream a run that fails, on a thread and without one."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, name="on a thread", input={"delay": 0}, stream_mode=["updates"])
    await server.runs.streamed(None, name="without a thread", input={"delay": 0}, stream_mode=["updates"])


PLACES = ("on a thread", "without a thread")


# --- metadata.first-and-only ---


def expect_first_and_only(stream: ExchangeView) -> None:
    """Fail unless the first event is the only one named metadata; a reader that left may have received no event yet."""
    events = stream.events
    if not events and stream.ending == "left":
        return
    expect(events, f"`{stream.name}` must carry a metadata event; it carried no event", stream)
    first = events[0]
    expect(first.name == "metadata", f"the first event must be metadata; it is {shown(first.name)}", first)
    for repeated in stream["metadata"][1:]:
        fail(f"metadata must be sent once; event {repeated.position} is {shown(repeated.name)} again", repeated)


@verifies("metadata.first-and-only", on=EVERY_STREAM)
def test_metadata_is_first_and_only_in_every_new_run(stream: ExchangeView) -> None:
    """The first event of every new run is metadata, and no other event has that name.

    Joins are not judged, because a client that joins late need not receive the metadata.
    """
    if stream.exchange.kind == "stream" and stream.is_stream:
        expect_first_and_only(stream)


@verifies("metadata.first-and-only", on=begun_in_each_mode)
def test_metadata_is_first_and_only_in_each_mode(recording: RecordingView) -> None:
    """In each mode, with and without a thread, the first event is metadata, and no other event has that name."""
    mode = recording.axes["mode"]
    for place in PLACES:
        stream = recording[place]
        expect_first_and_only(stream)
        if not stream[mode]:
            inconclusive(f"`{place}` carried no event of the mode {mode}, so it did not show a run")


@verifies("metadata.first-and-only", on=begun_and_failed)
def test_metadata_is_first_and_only_in_a_failed_run(recording: RecordingView) -> None:
    """The first event of a run that fails is metadata, and no other event has that name."""
    for place in PLACES:
        stream = recording[place]
        expect_first_and_only(stream)
        if not stream["error"]:
            inconclusive(f"`{place}` carried no error event, so the run did not fail")


@fault("metadata.first-and-only", where=starts_stream)
def sends_the_metadata_late(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the metadata after the first event of the run."""
    metadata = next(events, None)
    first = next(events, None)
    yield from (event for event in (first, metadata) if event is not None)
    yield from events


@fault("metadata.first-and-only", where=starts_stream)
def repeats_the_metadata(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Repeats the metadata before the update of each node."""
    metadata = None
    for event in events:
        if event.base == "metadata":
            metadata = event
        elif event.base == "updates" and metadata is not None:
            yield metadata
        yield event


@fault("metadata.first-and-only", where=starts_stream)
def repeats_the_metadata_when_a_run_fails(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Repeats the metadata before the error event."""
    metadata = None
    for event in events:
        metadata = metadata or event
        if event.base == "error":
            yield metadata
        yield event


@fault("metadata.first-and-only", where=starts_stream)
def calls_the_metadata_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names the first event `run` instead of `metadata`."""
    for event in events:
        yield event.named("run") if event.base == "metadata" else event


@fault("metadata.first-and-only", where=is_stateless)
def tells_runs_on_threads_alone(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no metadata for a run without a thread."""
    yield from without(events, "metadata")


# --- metadata.fields ---


@verifies("metadata.fields", on=EVERY_STREAM)
def test_metadata_tells_run_and_attempt(stream: ExchangeView) -> None:
    """The metadata is an object with a non-empty string run_id and the number 1 as attempt.

    The suite's runs are not retried, so no other attempt is correct.  A join need not carry the event.
    """
    if not stream.is_stream:
        return
    for event in stream["metadata"]:
        value = event.value
        expect(isinstance(value, dict), f"the metadata must be an object; it is {shown(value)}", event)
        run = value.get("run_id")
        expect(isinstance(run, str) and run, f"run_id must be a non-empty string; it is {shown(run)}", event)
        expect("attempt" in value, "the metadata must have the key attempt; it is missing", event)
        equal(value["attempt"], 1, "attempt", event)


@fault("metadata.fields")
def tells_no_attempt(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Omits the attempt."""
    yield from rewritten(events, "metadata", lambda value: {"run_id": value["run_id"]})


@fault("metadata.fields")
def counts_attempts_from_0(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Counts attempts from 0."""
    yield from rewritten(events, "metadata", lambda value: value | {"attempt": 0})


@fault("metadata.fields")
def writes_the_attempt_as_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the attempt as the string "1"."""
    yield from rewritten(events, "metadata", lambda value: value | {"attempt": "1"})


@fault("metadata.fields", where=is_stateless)
def has_no_id_without_a_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends null as the id of a run without a thread."""
    yield from rewritten(events, "metadata", lambda value: value | {"run_id": None})
