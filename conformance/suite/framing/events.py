"""The framing: whether any reader finds the events in the bytes, each with a name and one JSON value.

What is in the values is left to `framing_text` and to the areas of the modes.
"""

from dataclasses import replace

from conformance.authoring import EVERY_STREAM, Exchange, ExchangeView, expect, fail, fault, member, shown, verifies

# --- framing.json-events ---


def wrote_null(stream: ExchangeView) -> bool:
    payloads = member(stream.exchange.request, "input", "payloads")
    return isinstance(payloads, list) and None in payloads


@verifies("framing.json-events", on=EVERY_STREAM)
def test_every_event_has_a_name_and_one_json_value(stream: ExchangeView) -> None:
    """Empty data for a write of null is judged by custom.any-json alone."""
    for event in stream.events if stream.exchange.is_stream else ():
        expect(event.block.event, f"event {event.position} of `{stream.name}` has no name", event)
        if event.base == "custom" and not event.text and wrote_null(stream):
            continue
        try:
            _ = event.value
        except ValueError as problem:
            fail(f"{problem}; it is {shown(event.text)}", event)


@fault("framing.json-events")
def writes_its_own_representation(events, exchange):
    """Writes data as Python prints it, with single quotes."""
    for event in events:
        yield event.saying(repr(event.value)) if event.base in ("metadata", "debug", "events") else event


@fault("framing.json-events")
def ends_with_the_word_done(events, exchange):
    """Ends with data: [DONE], as another API does."""
    event = None
    for event in events:
        yield event
    if event is not None:
        yield event.named("end").saying("[DONE]")


@fault("framing.json-events")
def forgets_the_names(events, exchange):
    """Sends metadata without an event line."""
    for event in events:
        yield replace(event, raw=f"data: {event.text}\n\n".encode()) if event.base == "metadata" else event


@fault("framing.json-events")
def writes_infinity(events, exchange):
    """Adds a number to the metadata that JSON does not have."""
    for event in events:
        yield event.saying(event.text[:-1] + ',"cost":Infinity}') if event.base == "metadata" else event


@fault("framing.json-events")
def writes_two_values_at_once(events, exchange):
    """Puts two JSON values under one name."""
    for event in events:
        yield event.saying(f"{event.text}\n{event.text}") if event.base == "metadata" else event


@fault("framing.json-events")
def sends_empty_heartbeats(events, exchange):
    """Keeps the connection alive with an event that holds nothing, and not with a comment."""
    for event in events:
        yield event
        if event.base == "metadata":
            yield event.named("heartbeat").saying("")


# --- framing.last-event ---


@verifies("framing.last-event", on=EVERY_STREAM)
def test_the_last_event_is_closed_by_a_blank_line(stream: ExchangeView) -> None:
    """A body that was read to its end leaves no event unfinished; a comment may stand last."""
    exchange = stream.exchange
    tail = exchange.tail if exchange.is_stream and exchange.ending == "complete" else None
    open_event = tail is not None and (tail.data is not None or tail.event is not None)
    expect(not open_event, f"the body of `{stream.name}` ends inside its last event: no blank line closes it", exchange)


@fault("framing.last-event", part="bytes")
def separates_events_instead_of_closing_them(portions, exchange):
    """Writes a blank line between events, and none after the last."""
    held = b""
    for portion in portions:
        whole = held + portion
        kept = whole.rstrip(b"\r\n")
        held = whole[len(kept) :]
        yield kept
    yield held[: len(held) // 2]


@fault("framing.last-event", part="bytes")
def loses_the_last_bytes(portions, exchange):
    """Does not flush its buffer before it closes."""
    held = b""
    for portion in portions:
        whole = held + portion
        held = whole[-12:]
        yield whole[:-12]


# --- framing.ordinary-client ---

BOM = b"\xef\xbb\xbf"


def read_by_httpx_sse(exchange: Exchange) -> list[tuple[str, str]]:
    """Names and data as httpx-sse reads the body, without events that have no data."""
    import httpx  # loaded when a check needs it: the suite's modules are data to most commands
    from httpx_sse import EventSource

    parameters = (exchange.header("content-type") or "").partition(";")[2]
    headers = [(b"content-type", f"text/event-stream;{parameters}".encode("latin-1", "replace"))]
    response = httpx.Response(200, headers=headers, content=exchange.content.removeprefix(BOM))
    return [(event.event, event.data) for event in EventSource(response).iter_sse() if event.data]


@verifies("framing.ordinary-client", on=EVERY_STREAM)
def test_an_ordinary_client_reads_the_same_events(stream: ExchangeView) -> None:
    """What httpx-sse makes of the bytes, and of the charset that the server declares for them."""
    exchange = stream.exchange
    if not exchange.is_stream:
        return
    try:
        theirs = read_by_httpx_sse(exchange)
    except Exception as problem:  # whatever the server made the client choke on
        fail(f"httpx-sse cannot read `{stream.name}`: {type(problem).__name__}: {problem}", exchange)
    ours = [event for event in exchange.events if event.text]
    for event, (name, data) in zip(ours, theirs, strict=False):
        same = (event.name, event.text) == (name, data)
        expect(same, f"httpx-sse reads event {event.position} as {shown(name)} with {shown(data)}", event)
    expect(len(ours) == len(theirs), f"httpx-sse reads {len(theirs)} events, there are {len(ours)}", exchange)


@fault("framing.ordinary-client", part="answer", where=lambda x: x.is_stream)
def declares_another_charset(answer, exchange):
    """Declares charset=iso-8859-1 and sends UTF-8."""
    answer.replace_header("content-type", "text/event-stream; charset=iso-8859-1")


@fault("framing.ordinary-client", part="answer", where=lambda x: x.is_stream)
def declares_utf_16(answer, exchange):
    """Declares the encoding in which its language keeps text."""
    answer.replace_header("content-type", "text/event-stream; charset=utf-16")
