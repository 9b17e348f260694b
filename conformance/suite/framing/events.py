"""That any reader finds the events in the bytes, each with a name and one JSON value."""

from dataclasses import replace

from conformance.authoring import (
    EVERY_STREAM,
    Answer,
    Exchange,
    ExchangeView,
    FaultContext,
    FaultOutput,
    Portions,
    SentEvents,
    expect,
    fail,
    fault,
    is_stream,
    member,
    shown,
    verifies,
)

# --- framing.json-events ---


def wrote_null(stream: ExchangeView) -> bool:
    """Return whether the run was asked to write null as custom data."""
    payloads = member(stream.exchange.request, "input", "payloads")
    return isinstance(payloads, list) and None in payloads


@verifies("framing.json-events", on=EVERY_STREAM)
def test_every_event_has_a_name_and_one_json_value(stream: ExchangeView) -> None:
    """Every event has a name and exactly one JSON value as its data.

    custom.any-json alone judges empty data for a write of null.
    """
    for event in stream.events if stream.is_stream else ():
        expect(event.block.event, f"event {event.position} of `{stream.name}` must have a name; it has none", event)
        if event.base == "custom" and not event.text and wrote_null(stream):
            continue
        try:
            _ = event.value
        except ValueError as problem:
            fail(f"{problem}; the data is {shown(event.text)}", event)


@fault("framing.json-events")
def writes_its_own_representation(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Writes data as Python prints it, with single quotes."""
    for event in events:
        yield event.saying(repr(event.value)) if event.base in ("metadata", "debug", "events") else event


@fault("framing.json-events")
def ends_with_the_word_done(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends the stream with `data: [DONE]`, as another API does."""
    event = None
    for event in events:
        yield event
    if event is not None:
        yield event.named("end").saying("[DONE]")


@fault("framing.json-events")
def forgets_the_names(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the metadata without an event name."""
    for event in events:
        yield replace(event, raw=f"data: {event.text}\n\n".encode()) if event.base == "metadata" else event


@fault("framing.json-events")
def writes_infinity(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Adds Infinity, which JSON does not have, to the metadata."""
    for event in events:
        yield event.saying(event.text[:-1] + ',"cost":Infinity}') if event.base == "metadata" else event


@fault("framing.json-events")
def writes_two_values_at_once(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Puts two JSON values into one event."""
    for event in events:
        yield event.saying(f"{event.text}\n{event.text}") if event.base == "metadata" else event


@fault("framing.json-events")
def sends_empty_heartbeats(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps the connection alive with an empty event instead of a comment."""
    for event in events:
        yield event
        if event.base == "metadata":
            yield event.named("heartbeat").saying("")


# --- framing.last-event ---


@verifies("framing.last-event", on=EVERY_STREAM)
def test_the_last_event_is_closed_by_a_blank_line(stream: ExchangeView) -> None:
    """A complete body leaves no event unfinished; its last line may be a comment."""
    tail = stream.exchange.tail if stream.is_stream and stream.ending == "complete" else None
    unfinished = tail is not None and (tail.data is not None or tail.event is not None)
    expect(
        not unfinished, f"a blank line must close the last event of `{stream.name}`; the body ends inside it", stream
    )


@fault("framing.last-event", part="bytes")
def separates_events_instead_of_closing_them(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Writes a blank line between events and none after the last."""
    held = b""
    for portion in data:
        whole = held + portion
        kept = whole.rstrip(b"\r\n")
        held = whole[len(kept) :]
        yield kept
    yield held[: len(held) // 2]


@fault("framing.last-event", part="bytes")
def loses_the_last_bytes(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Closes the connection without flushing its buffer."""
    held = b""
    for portion in data:
        whole = held + portion
        held = whole[-12:]
        yield whole[:-12]


# --- framing.ordinary-client ---

BOM = b"\xef\xbb\xbf"


def read_by_httpx_sse(exchange: Exchange) -> list[tuple[str, str]]:
    """Return names and data of the events that httpx-sse reads from the body, without events that have no data."""
    import httpx  # at call time: most commands load the suite without judging, and httpx is slow to import
    from httpx_sse import EventSource

    parameters = (exchange.header("content-type") or "").partition(";")[2]
    headers = [(b"content-type", f"text/event-stream;{parameters}".encode("latin-1", "replace"))]
    response = httpx.Response(200, headers=headers, content=exchange.content.removeprefix(BOM))
    return [(event.event, event.data) for event in EventSource(response).iter_sse() if event.data]


@verifies("framing.ordinary-client", on=EVERY_STREAM)
def test_an_ordinary_client_reads_the_same_events(stream: ExchangeView) -> None:
    """httpx-sse, which decodes with the charset that the server declares, reads the same events as the suite."""
    if not stream.is_stream:
        return
    try:
        theirs = read_by_httpx_sse(stream.exchange)
    except Exception as problem:  # whatever the server's bytes make the client raise
        fail(f"httpx-sse must be able to read `{stream.name}`; it raises {type(problem).__name__}: {problem}", stream)
    ours = [event for event in stream.exchange.events if event.text]
    for event, (name, data) in zip(ours, theirs, strict=False):
        if (event.name, event.text) != (name, data):
            reads = f"it reads {shown(name)} with {shown(data)}"
            fail(f"httpx-sse must read event {event.position} as the suite does; {reads}", event)
    count = f"httpx-sse must read {len(ours)} events, as the suite does; it reads {len(theirs)}"
    expect(len(ours) == len(theirs), count, stream)


@fault("framing.ordinary-client", part="answer", where=is_stream)
def declares_another_charset(answer: Answer, exchange: FaultContext) -> None:
    """Declares charset=iso-8859-1 and sends UTF-8."""
    answer.replace_header("content-type", "text/event-stream; charset=iso-8859-1")


@fault("framing.ordinary-client", part="answer", where=is_stream)
def declares_utf_16(answer: Answer, exchange: FaultContext) -> None:
    """Declares UTF-16, in which its language stores text, and sends UTF-8."""
    answer.replace_header("content-type", "text/event-stream; charset=utf-16")
