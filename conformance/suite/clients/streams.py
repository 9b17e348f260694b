"""What the official clients need of answers and framing, beyond the specification.

`data.py` judges the data of events, `refusals.py` refusals, and `reconnect.py`, `resumption.py` and `heartbeats.py`
what the clients need to reconnect.
"""

from conformance.authoring import (
    EVERY_STREAM,
    WHOLE_SESSION,
    Answer,
    ExchangeView,
    FaultContext,
    FaultOutput,
    Portions,
    SentEvents,
    SessionRecordings,
    at_path,
    by_method,
    expect,
    fail,
    fault,
    inconclusive,
    is_join,
    is_stateless,
    shown,
    verifies,
)

# --- clients.media-type


@verifies("clients.media-type", on=EVERY_STREAM)
def test_every_stream_has_its_media_type_in_lower_case(stream: ExchangeView) -> None:
    """The Content-Type of every stream, also of a join or without a thread, is text/event-stream in lower case."""
    content_type = stream.exchange.header("content-type") or ""
    fits = stream.status != 200 or "text/event-stream" in content_type.partition(";")[0]
    wrong = f"the Content-Type of `{stream.name}` must be text/event-stream in lower case; it is {shown(content_type)}"
    expect(fits, wrong, stream)


@fault("clients.media-type", part="answer", where=is_join | is_stateless)
def writes_the_media_type_of_some_streams_in_capitals(answer: Answer, exchange: FaultContext) -> None:
    """Sends the Content-Type of joins and of runs without a thread in capitals."""
    if answer.status == 200:
        answer.replace_header("content-type", "TEXT/EVENT-STREAM")


@fault("clients.media-type", part="answer", where=is_join)
def announces_no_media_type_of_a_join(answer: Answer, exchange: FaultContext) -> None:
    """Sends the stream of a join without a Content-Type."""
    answer.replace_header("content-type", None)


# --- clients.no-redirects


@verifies("clients.no-redirects", on=WHOLE_SESSION)
def test_nothing_is_redirected(session: SessionRecordings) -> None:
    """No valid request is answered with 3xx, and at least one stream is served."""
    for recording in session.recordings.values():
        for exchange in recording.exchanges:
            direct = not exchange.valid or (exchange.status or 0) // 100 != 3
            expect(
                direct, f"`{exchange.name}` must not be redirected; it was answered with {exchange.status}", exchange
            )
    if not session.shows_a_run:
        inconclusive("no stream carried a metadata event and an event of a requested mode")


@fault("clients.no-redirects", part="answer", where=by_method("POST") & at_path("/threads"))
def redirects_the_creation_of_a_thread(answer: Answer, exchange: FaultContext) -> None:
    """Answers POST /threads with 307 to the same path with a slash at its end, as some frameworks do."""
    answer.refuse(307)
    answer.replace_header("location", "threads/")


@fault("clients.no-redirects", part="answer", where=is_join)
def redirects_a_join_to_the_present_run(answer: Answer, exchange: FaultContext) -> None:
    """Answers a join with 303."""
    answer.refuse(303)
    answer.replace_header("location", "?now")


# --- clients.no-byte-order-mark


@verifies("clients.no-byte-order-mark", on=EVERY_STREAM)
def test_no_stream_begins_with_a_byte_order_mark(stream: ExchangeView) -> None:
    """The body of a stream does not start with a byte order mark."""
    marked = stream.is_stream and stream.exchange.bom
    expect(not marked, f"the body of `{stream.name}` must not start with a byte order mark", stream)


@fault("clients.no-byte-order-mark", part="bytes")
def marks_the_byte_order(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Starts every body with a byte order mark."""
    yield b"\xef\xbb\xbf"
    yield from data


# --- clients.no-empty-blocks


@verifies("clients.no-empty-blocks", on=EVERY_STREAM)
def test_no_block_has_fields_and_no_data(stream: ExchangeView) -> None:
    """A block that has a name, an id or a retry has data as well; a block may consist of comments alone."""
    for block in stream.exchange.blocks if stream.is_stream else ():
        if block.data is None and (block.event is not None or block.id is not None or block.retry is not None):
            fail(f"a block with fields must have data; `{stream.name}` has {shown(block.lines)}", stream)


@fault("clients.no-empty-blocks")
def tells_the_pause_before_a_reconnect_at_the_start(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the field `retry` in a block without data at the start of the stream."""
    yield b"retry: 3000\r\n\r\n"
    yield from events


@fault("clients.no-empty-blocks")
def sends_ids_in_blocks_of_their_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the id of each event in a separate block after it."""
    for number, event in enumerate(events):
        yield event
        yield f"id: {number}\r\n\r\n".encode()


@fault("clients.no-empty-blocks")
def keeps_alive_with_a_bare_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends heartbeats that have a name and no data."""
    for event in events:
        yield event
        if event.base == "metadata":
            yield b"event: ping\r\n\r\n"
