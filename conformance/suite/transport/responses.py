"""How the event stream of a run begins and ends: status, headers, and the end of the body."""

from urllib.parse import quote

from conformance.authoring import (
    CUT,
    EVERY_STREAM,
    HANG,
    Answer,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    expect,
    fail,
    fault,
    inconclusive,
    is_stateless,
    is_stream,
    run_id_of,
    scenario,
    showing_a_run,
    starts_stream,
    verifies,
)
from conformance.suite.graphs import TOPIC


@scenario(graph="joke")
async def posted_on_a_thread(server: Server) -> None:
    """Stream a run on a new thread, specification 183-205."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"])


@scenario(graph="joke", exchanges=("stream",))
async def posted_without_a_thread(server: Server) -> None:
    """Stream the same run without a thread, specification 841-897."""
    await server.runs.streamed(None, input=TOPIC, stream_mode=["updates"])


@scenario(graph="fails")
async def posted_to_a_failing_graph(server: Server) -> None:
    """Stream a run whose second node fails."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"delay": 0}, stream_mode=["updates"])


new_run_on_a_thread = starts_stream & ~is_stateless


# --- transport.stream-on-thread ---


def expect_direct_answer(stream: ExchangeView) -> None:
    """Fail unless the status is 200 and the media type text/event-stream, in lower case."""
    if stream.status is None or stream.status >= 400:
        stream.expect_stream()
    directly = f"`{stream.name}` must be answered directly with status 200; it was answered with {stream.status}"
    expect(stream.status == 200, directly, stream)
    media = stream.exchange.media_type
    lower_case = f"`{stream.name}` must have the media type text/event-stream, in lower case; it has `{media}`"
    expect(media == "text/event-stream", lower_case, stream)


@verifies("transport.stream-on-thread", on=posted_on_a_thread)
def test_a_run_on_a_thread_is_answered_with_an_event_stream(recording: RecordingView) -> None:
    """The server answers directly with status 200 and text/event-stream, and the stream carries the run."""
    expect_direct_answer(recording["stream"])
    showing_a_run(recording["stream"])


@verifies("transport.stream-on-thread", on=EVERY_STREAM)
def test_every_run_on_a_thread_is_answered_with_an_event_stream(stream: ExchangeView) -> None:
    """The server answers every run on a thread directly with status 200 and text/event-stream."""
    unanswered = stream.ending == "left" and stream.status is None
    if stream.exchange.kind == "stream" and "/threads/" in stream.exchange.url and not unanswered:
        if stream.refused and not is_plain(stream):
            inconclusive(f"`{stream.name}` was refused, and asks for more than a run of a graph in one mode")
        expect_direct_answer(stream)


def is_plain(stream: ExchangeView) -> bool:
    """Return whether the request has the three fields alone, names one mode, and follows no refusal or failure."""
    body = stream.exchange.request
    modes = body.get("stream_mode") if isinstance(body, dict) else None
    fields = isinstance(body, dict) and set(body) == {"assistant_id", "input", "stream_mode"}
    return fields and (isinstance(modes, str) or len(modes or []) == 1) and not stream.follows_trouble


@fault("transport.stream-on-thread", part="answer", where=new_run_on_a_thread)
def answers_line_by_line(answer: Answer, exchange: FaultContext) -> None:
    """Declares the stream as application/x-ndjson."""
    answer.replace_header("content-type", "application/x-ndjson")


@fault("transport.stream-on-thread", part="answer", where=new_run_on_a_thread)
def writes_the_media_type_in_capitals(answer: Answer, exchange: FaultContext) -> None:
    """Sends the content type Text/Event-Stream, which both SDKs refuse to read."""
    answer.replace_header("content-type", "Text/Event-Stream; charset=utf-8")


@fault("transport.stream-on-thread", part="answer", where=new_run_on_a_thread)
def answers_created(answer: Answer, exchange: FaultContext) -> None:
    """Answers 201, because it created a run."""
    answer.status = 201


@fault("transport.stream-on-thread", part="answer", where=new_run_on_a_thread)
def redirects_to_a_trailing_slash(answer: Answer, exchange: FaultContext) -> None:
    """Answers 307 and redirects to the same path with a trailing slash."""
    answer.refuse(307)
    answer.replace_header("location", exchange.path + "/")


# --- transport.ends ---


def expect_end_of_body(stream: ExchangeView) -> None:
    """Fail unless the body ends by the rules of HTTP; inconclusive if the suite stopped before the first event."""
    _ = stream.events  # the view decides whether a stream without events can be judged
    stream.expect_complete("by the rules of HTTP, with the final chunk or after the announced length")


@verifies("transport.ends", on=EVERY_STREAM)
def test_every_stream_ends_by_itself(stream: ExchangeView) -> None:
    """The server ends every body by the rules of HTTP, unless the suite's reader left before."""
    if stream.is_stream and stream.ending != "left":
        expect_end_of_body(stream)


@verifies("transport.ends", on=posted_to_a_failing_graph)
def test_the_stream_of_a_failed_run_ends(recording: RecordingView) -> None:
    """The server ends the body by the rules of HTTP also when the run fails."""
    stream = recording["stream"]
    expect_end_of_body(stream)
    showing_a_run(stream)


@fault("transport.ends")
def comments_for_ever(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps the connection alive after the last event and never closes it."""
    yield from events
    yield b": still here\n\n"
    yield HANG


@fault("transport.ends")
def cuts_the_connection(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Closes the socket without the final chunk."""
    yield from events
    yield CUT


@fault("transport.ends")
def stalls_in_the_middle_of_an_event(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends half of an update and then stalls."""
    for event in events:
        if event.base == "updates":
            yield event.bytes[: len(event.bytes) // 2]
            yield HANG
        yield event


@fault("transport.ends")
def hangs_after_a_failure(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the stream of a failed run open."""
    failed = False
    for event in events:
        failed |= event.base == "error"
        yield event
    if failed:
        yield HANG


# --- transport.content-location ---


@verifies("transport.content-location", on=(posted_on_a_thread, posted_without_a_thread))
def test_content_location_names_the_run(threaded: RecordingView, threadless: RecordingView) -> None:
    """Content-Location ends in /runs/ and the run's id, with and without a thread."""
    for recording in (threaded, threadless):
        expect_content_location(showing_a_run(recording["stream"]))


@verifies("transport.content-location", on=EVERY_STREAM)
def test_content_location_names_the_run_in_every_stream(stream: ExchangeView) -> None:
    """Content-Location ends in /runs/ and the run's id in every stream that starts a run and names its id."""
    if stream.exchange.kind == "stream" and stream.is_stream and stream["metadata"]:
        expect_content_location(stream)


def expect_content_location(stream: ExchangeView) -> None:
    """Fail unless Content-Location ends in /runs/ and the id in the metadata event."""
    run, location = run_id_of(stream), stream.exchange.header("content-location")
    if location is None:
        fail(f"Content-Location must end in /runs/{run}; the header is missing", stream)
    fits = location.endswith((f"/runs/{run}", f"/runs/{quote(run, safe='')}"))
    expect(fits, f"Content-Location must end in /runs/{run}; it is `{location}`", stream)


@fault("transport.content-location", part="answer", where=starts_stream)
def leaves_out_content_location(answer: Answer, exchange: FaultContext) -> None:
    """Sends no Content-Location."""
    answer.replace_header("content-location", None)


@fault("transport.content-location", part="answer", where=starts_stream)
def appends_stream_to_content_location(answer: Answer, exchange: FaultContext) -> None:
    """Names the stream instead of the run, so that clients read the run id as `ID/stream`."""
    location = next((value for name, value in answer.headers if name.lower() == "content-location"), "")
    answer.replace_header("content-location", f"{location}/stream")


# --- transport.no-caching ---


@verifies("transport.no-caching", on=EVERY_STREAM)
def test_no_stream_may_be_cached(stream: ExchangeView) -> None:
    """Cache-Control contains the directive no-store or no-cache."""
    given = stream.exchange.header("cache-control") or ""
    directives = {part.strip().lower() for part in given.split(",")}
    fits = not stream.is_stream or directives & {"no-store", "no-cache"}
    expect(fits, f"Cache-Control must contain no-store or no-cache; it is `{given}`", stream)


@fault("transport.no-caching", part="answer", where=is_stream)
def says_nothing_of_caching(answer: Answer, exchange: FaultContext) -> None:
    """Sends no Cache-Control."""
    answer.replace_header("cache-control", None)


@fault("transport.no-caching", part="answer", where=is_stream)
def lets_caches_keep_a_stream(answer: Answer, exchange: FaultContext) -> None:
    """Allows every cache to keep the stream for a minute."""
    answer.replace_header("cache-control", "public, max-age=60")
