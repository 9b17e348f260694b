"""Conforming variations of the bytes: lines, fields, comments, chunks and headers."""

from dataclasses import replace

from conformance.authoring import (
    Answer,
    FaultContext,
    FaultOutput,
    Portions,
    SentEvent,
    SentEvents,
    condition,
    is_stream,
    variation,
)

BOM = b"\xef\xbb\xbf"


# --- lines, fields and comments


def _field_lines(event: SentEvent, ending: str = "\n", space: str = " ", extra: str = "") -> bytes:
    """Return the bytes of an event: one event field, and one data line for each line of the data."""
    own_id = f"id:{space}{event.id}" if event.id is not None else ""
    lines = [f"event:{space}{event.name}", extra, *(f"data:{space}{line}" for line in event.text.split("\n")), own_id]
    return (ending.join(line for line in lines if line) + ending * 2).encode()


@variation(part="events")
def ends_lines_with_lf(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends every line with LF."""
    for event in events:
        yield _field_lines(event)


@variation(part="events")
def ends_lines_with_cr(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends every line with CR."""
    for event in events:
        yield _field_lines(event, "\r")


@variation(part="events")
def mixes_line_endings(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Alternates between CRLF, LF and CR."""
    for number, event in enumerate(events):
        yield _field_lines(event, ("\r\n", "\n", "\r")[number % 3])


@variation(unsafe=["clients.no-byte-order-mark"])
def begins_with_a_byte_order_mark(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Starts the stream with a byte order mark."""
    yield BOM
    yield from data


@variation(part="events", unsafe=["clients.long-silence"])
def comments_between_and_inside(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends comments between events and inside them."""
    for event in events:
        yield b": between\r\n\r\n:\r\n\r\n"
        yield _field_lines(event, "\r\n", extra=": inside, data: {}")


@condition
def _is_resumable(exchange: FaultContext) -> bool:
    """Runs that were started with `stream_resumable`."""
    return exchange.body.get("stream_resumable") is True


# A resumable stream keeps its ids, because a client sends them back when it reconnects.
@variation(part="events", where=~_is_resumable)
def sends_opaque_ids(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives every event an opaque id."""
    for number, event in enumerate(events):
        yield _field_lines(replace(event, id=f"run:{number}/é {{"))


@variation(part="events", unsafe=["clients.no-empty-blocks"])
def sends_retry_and_unknown_fields(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends reconnection times, and fields that the standard tells clients to ignore."""
    for event in events:
        yield b"retry: 3000\n\n"
        yield _field_lines(event, extra="x-server: 7\nDATA: no\nDatax")


@variation(part="events")
def leaves_out_the_space(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Writes no space after the colon of a field."""
    for event in events:
        yield _field_lines(event, "\r\n", space="")


@variation(part="events")
def puts_data_before_its_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the data before the event field."""
    for event in events:
        own_id = f"id: {event.id}\n" if event.id is not None else ""
        yield f"data: {event.text}\n{own_id}event: {event.name}\n\n".encode()


@variation(part="events")
def sends_heartbeats_first(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends comments before the first event."""
    yield b": wait\n\n: wait\n\n"
    yield from events


# --- chunks


@condition
def _is_small(exchange: FaultContext) -> bool:
    """Requests without megabytes of input: byte by byte their streams take minutes and show nothing else."""
    return len(exchange.exchange.body or "") < 100_000


@variation(where=_is_small)
def sends_one_byte_at_a_time(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Sends every byte as a separate chunk."""
    for portion in data:
        for index in range(len(portion)):
            yield portion[index : index + 1]


@variation()
def tears_chunks_anywhere(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Ends chunks anywhere, even inside a character or a line ending."""
    for portion in data:
        for index in range(0, len(portion), 7):
            yield portion[index : index + 7]


# --- headers


@variation(part="answer", where=is_stream)
def shouts_the_names_of_header_fields(answer: Answer, exchange: FaultContext) -> None:
    """Writes the names of header fields in upper case."""
    answer.headers = [(name.upper(), value) for name, value in answer.headers]


@variation(part="answer", where=is_stream)
def names_no_charset(answer: Answer, exchange: FaultContext) -> None:
    """Sends the content type without a parameter."""
    if answer.status == 200:
        answer.replace_header("content-type", "text/event-stream")


@variation(part="answer", where=is_stream)
def names_the_charset_in_its_own_way(answer: Answer, exchange: FaultContext) -> None:
    """Writes the charset in upper case and without a space before it."""
    if answer.status == 200:
        answer.replace_header("content-type", "text/event-stream;charset=UTF-8")


@variation(part="answer", where=is_stream)
def sends_no_optional_header_field(answer: Answer, exchange: FaultContext) -> None:
    """Sends neither Location nor hints for proxies, nor any other optional header."""
    for name in ("location", "x-accel-buffering", "vary", "connection", "date", "server"):
        answer.replace_header(name, None)
