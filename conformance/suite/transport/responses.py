"""The transport: how a run's event stream begins and ends, its head included.

What the events say is left to the other areas, and what a request may hold to `transport_requests`.
"""

from urllib.parse import quote

from conformance.authoring import (
    CUT,
    EVERY_STREAM,
    HANG,
    ExchangeView,
    RecordingView,
    expect,
    fail,
    fault,
    run_id_of,
    scenario,
    showing_a_run,
    verifies,
)
from conformance.suite.graphs import TOPIC


@scenario(graph="joke")
async def posted_on_a_thread(server):
    """A run on a new thread, norm 183-205."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"])


@scenario(graph="joke", exchanges=("stream",))
async def posted_without_a_thread(server):
    """The same without a thread, norm 841-897."""
    await server.runs.streamed(None, input=TOPIC, stream_mode=["updates"])


@scenario(graph="fails")
async def posted_to_a_failing_graph(server):
    """A run whose second node fails."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"delay": 0}, stream_mode=["updates"])


# --- transport.stream-on-thread ---


def answered_directly(stream: ExchangeView) -> None:
    exchange = stream.exchange
    if exchange.status is None or exchange.status >= 400:
        stream.expect_stream()
    expect(exchange.status == 200, f"`{stream.name}` was answered {exchange.status}, expected 200", exchange)
    media = f"`{stream.name}` has the media type `{exchange.media_type}`, expected text/event-stream in lower case"
    expect(exchange.media_type == "text/event-stream", media, exchange)


@verifies("transport.stream-on-thread", on=posted_on_a_thread)
def test_a_run_on_a_thread_is_answered_with_an_event_stream(recording: RecordingView) -> None:
    """Status 200 and text/event-stream, and the stream carries the run."""
    answered_directly(recording["stream"])
    showing_a_run(recording["stream"])


@verifies("transport.stream-on-thread", on=EVERY_STREAM)
def test_every_run_on_a_thread_is_answered_with_an_event_stream(stream: ExchangeView) -> None:
    """Whatever its graph and modes."""
    unanswered = stream.exchange.ending == "left" and stream.status is None
    if stream.exchange.kind == "stream" and "/threads/" in stream.exchange.url and not unanswered:
        answered_directly(stream)


def on_thread(x):
    return x.kind == "stream" and not x.stateless


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def answers_line_by_line(answer, exchange):
    """Calls the stream application/x-ndjson."""
    answer.replace_header("content-type", "application/x-ndjson")


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def writes_the_media_type_in_capitals(answer, exchange):
    """Sends Text/Event-Stream, which both SDKs refuse to read."""
    answer.replace_header("content-type", "Text/Event-Stream; charset=utf-8")


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def answers_created(answer, exchange):
    """Answers 201, for a run was created."""
    answer.status = 201


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def redirects_to_a_trailing_slash(answer, exchange):
    """Answers 307 to the same path with a slash at its end."""
    answer.refuse(307)
    answer.replace_header("location", exchange.path + "/")


# --- transport.ends ---


def ends(stream: ExchangeView) -> None:
    exchange = stream.exchange
    how = f"the body of `{stream.name}` did not end as HTTP says ({exchange.ending}: {exchange.detail})"
    expect(exchange.ending == "complete", how, exchange)


@verifies("transport.ends", on=EVERY_STREAM)
def test_every_stream_ends_by_itself(stream: ExchangeView) -> None:
    """The body is complete, unless the suite's reader left."""
    if stream.exchange.is_stream and stream.exchange.ending != "left":
        _ = stream.events  # cantTell for a run that had not begun when the suite stopped
        ends(stream)


@verifies("transport.ends", on=posted_to_a_failing_graph)
def test_the_stream_of_a_failed_run_ends(recording: RecordingView) -> None:
    """Also when the run failed."""
    stream = recording["stream"]
    _ = stream.events  # cantTell for a run that had not begun when the suite stopped
    ends(stream)
    showing_a_run(stream)


@fault("transport.ends")
def comments_for_ever(events, exchange):
    """Keeps the connection alive after the last event and never closes."""
    yield from events
    yield b": still here\n\n"
    yield HANG


@fault("transport.ends")
def cuts_the_connection(events, exchange):
    """Closes the socket without the final chunk."""
    yield from events
    yield CUT


@fault("transport.ends")
def stalls_in_the_middle_of_an_event(events, exchange):
    """Sends half of an update, and then nothing more."""
    for event in events:
        if event.base == "updates":
            yield event.bytes[: len(event.bytes) // 2]
            yield HANG
        yield event


@fault("transport.ends")
def hangs_after_a_failure(events, exchange):
    """Leaves the stream of a failed run open."""
    failed = False
    for event in events:
        failed |= event.base == "error"
        yield event
    if failed:
        yield HANG


# --- transport.content-location ---


@verifies("transport.content-location", on=(posted_on_a_thread, posted_without_a_thread))
def test_content_location_names_the_run(
    posted_on_a_thread: RecordingView, posted_without_a_thread: RecordingView
) -> None:
    """It ends in /runs/ and the run's id, on a thread and without one."""
    for view in (posted_on_a_thread, posted_without_a_thread):
        stream = view["stream"]
        run, location = run_id_of(showing_a_run(stream)), stream.exchange.header("content-location")
        if location is None:
            fail("the answer has no Content-Location", stream.exchange)
        fits = location.endswith((f"/runs/{run}", f"/runs/{quote(run, safe='')}"))
        expect(fits, f"Content-Location is `{location}`, expected one that ends in /runs/{run}", stream.exchange)


@fault("transport.content-location", part="answer", where=lambda x: x.kind == "stream")
def leaves_out_content_location(answer, exchange):
    """Does not say where the run is."""
    answer.replace_header("content-location", None)


@fault("transport.content-location", part="answer", where=lambda x: x.kind == "stream")
def appends_stream_to_content_location(answer, exchange):
    """Names the stream and not the run, so that clients read the id of the run as `ID/stream`."""
    location = next((value for name, value in answer.headers if name.lower() == "content-location"), "")
    answer.replace_header("content-location", f"{location}/stream")


# --- transport.no-caching ---


@verifies("transport.no-caching", on=EVERY_STREAM)
def test_no_stream_may_be_cached(stream: ExchangeView) -> None:
    """Cache-Control has the directive no-store or no-cache."""
    given = stream.exchange.header("cache-control") or ""
    directives = {part.strip().lower() for part in given.split(",")}
    fits = not stream.exchange.is_stream or directives & {"no-store", "no-cache"}
    expect(fits, f"Cache-Control is `{given}`, expected no-store or no-cache in it", stream.exchange)


@fault("transport.no-caching", part="answer", where=lambda x: x.is_stream)
def says_nothing_of_caching(answer, exchange):
    """Sends no Cache-Control."""
    answer.replace_header("cache-control", None)


@fault("transport.no-caching", part="answer", where=lambda x: x.is_stream)
def lets_caches_keep_a_stream(answer, exchange):
    """Allows every cache to keep the stream for a minute."""
    answer.replace_header("cache-control", "public, max-age=60")
