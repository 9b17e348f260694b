"""Lawful oddities: what a server may do without being wrong, though no official server does it.

No outcome may change on any of them, neither on recordings nor live through the proxy, but for what the area `clients`
requires: `unsafe` names what upsets some official client though no standard forbids it.  Source: the event-stream
standard, RFC 9110 and 8259, and the freedoms of the catalogue.
"""

import json
from dataclasses import replace
from typing import Any

from conformance.authoring import variation
from conformance.suite.graphs import CONCURRENT

BOM = b"\xef\xbb\xbf"


def _on_streams(exchange):
    return exchange.is_stream


def _field_lines(event, ending="\n", space=" ", extra=""):
    """An event written by hand: one event field, one data line for each line of the data."""
    own_id = f"id:{space}{event.id}" if event.id is not None else ""
    lines = [f"event:{space}{event.name}", extra, *(f"data:{space}{line}" for line in event.text.split("\n")), own_id]
    return (ending.join(line for line in lines if line) + ending * 2).encode()


@variation(part="events")
def ends_lines_with_lf(events, exchange):
    """LF ends every line."""
    for event in events:
        yield _field_lines(event)


@variation(part="events")
def ends_lines_with_cr(events, exchange):
    """CR ends every line."""
    for event in events:
        yield _field_lines(event, "\r")


@variation(part="events")
def mixes_line_endings(events, exchange):
    """CRLF, LF and CR take turns."""
    for number, event in enumerate(events):
        yield _field_lines(event, ("\r\n", "\n", "\r")[number % 3])


@variation(unsafe=["clients.no-byte-order-mark"])
def begins_with_a_byte_order_mark(data, exchange):
    """One byte order mark leads the stream."""
    yield BOM
    yield from data


@variation(part="events", unsafe=["clients.long-silence"])
def comments_between_and_inside(events, exchange):
    """Comments stand between events and inside of them."""
    for event in events:
        yield b": between\r\n\r\n:\r\n\r\n"
        yield _field_lines(event, "\r\n", extra=": inside, data: {}")


@variation(part="events", where=lambda x: x.body.get("stream_resumable") is not True)
def sends_opaque_ids(events, exchange):
    """Every event has an id that looks like nothing in particular; but not where a reader may come back with it."""
    for number, event in enumerate(events):
        yield _field_lines(replace(event, id=f"run:{number}/é {{"))


@variation(part="events", unsafe=["clients.no-empty-blocks"])
def sends_retry_and_unknown_fields(events, exchange):
    """Reconnection times and fields that the standard ignores."""
    for event in events:
        yield b"retry: 3000\n\n"
        yield _field_lines(event, extra="x-server: 7\nDATA: no\nDatax")


@variation(part="events")
def leaves_out_the_space(events, exchange):
    """No space follows the colon."""
    for event in events:
        yield _field_lines(event, "\r\n", space="")


@variation(part="events")
def puts_data_before_its_name(events, exchange):
    """The data comes before the event field."""
    for event in events:
        own_id = f"id: {event.id}\n" if event.id is not None else ""
        yield f"data: {event.text}\n{own_id}event: {event.name}\n\n".encode()


@variation(part="events")
def splits_data_over_lines(events, exchange):
    """JSON is pretty-printed, one data line for each of its lines."""
    for event in events:
        yield event.saying(json.dumps(event.value, indent=2, ensure_ascii=False))


@variation(part="events")
def escapes_all_but_ascii(events, exchange):
    """Text outside ASCII is escaped in JSON."""
    for event in events:
        yield event.saying(json.dumps(event.value, ensure_ascii=True))


@variation(part="events")
def reverses_the_order_of_keys(events, exchange):
    """The keys of every object come in another order."""
    for event in events:
        yield event.holding(_reversed(event.value))


def _reversed(value):
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


@variation(part="events")
def adds_keys_of_its_own(events, exchange):
    """Objects that the server defines hold more than is known of them."""
    for event in events:
        value = event.value
        if event.base in ("metadata", "debug", "events", "error") and isinstance(value, dict):
            value = {**value, "x_server": {"zone": 7}}
            if isinstance(value.get("payload"), dict):
                value["payload"] = {**value["payload"], "x_server": None}
        if event.base == "messages" and isinstance(value, list):
            value = [{**part, "x_server": [1]} for part in value]
        yield event.holding(value)


def _handy(exchange):
    """Not the runs with megabytes: byte by byte they take minutes and show nothing more."""
    return len(exchange.exchange.body or "") < 100_000


@variation(where=_handy)
def sends_one_byte_at_a_time(data, exchange):
    """Every byte is a chunk of its own."""
    for portion in data:
        for index in range(len(portion)):
            yield portion[index : index + 1]


@variation()
def tears_chunks_anywhere(data, exchange):
    """Chunks end anywhere, also inside a character or a line ending."""
    for portion in data:
        for index in range(0, len(portion), 7):
            yield portion[index : index + 7]


@variation(part="events")
def closes_with_an_end_event(events, exchange):
    """One last event named end holds the status."""
    yield from events
    yield b'event: end\ndata: {"status": "done", "run_id": "r1"}\n\n'


@variation(part="events")
def closes_with_an_end_event_of_null(events, exchange):
    """One last event named end holds null, as older platforms sent it."""
    yield from events
    yield b"event: end\ndata: null\n\n"


@variation(part="answer", where=_on_streams)
def shouts_the_names_of_header_fields(answer, exchange):
    """The names of header fields are in upper case."""
    answer.headers = [(name.upper(), value) for name, value in answer.headers]


@variation(part="answer", where=_on_streams)
def names_no_charset(answer, exchange):
    """The content type has no parameter."""
    if answer.status == 200:
        answer.replace_header("content-type", "text/event-stream")


@variation(part="answer", where=_on_streams)
def names_the_charset_in_its_own_way(answer, exchange):
    """The content type's parameter is written without a space and in upper case."""
    if answer.status == 200:
        answer.replace_header("content-type", "text/event-stream;charset=UTF-8")


@variation(part="answer", where=_on_streams)
def sends_no_optional_header_field(answer, exchange):
    """Location and proxy hints are absent."""
    for name in ("location", "x-accel-buffering", "vary", "connection", "date", "server"):
        answer.replace_header(name, None)


# Where nodes run at the same time, updates have a time of their own within the step, at which they must be sent.


@variation(part="events", where=lambda x: {"updates", "values"} <= x.modes and x.graph not in CONCURRENT)
def sends_updates_after_values(events, exchange):
    """Within a step the values come before the updates."""
    yield from _swapped(events, "updates", "values")


@variation(part="events", where=lambda x: {"updates", "custom"} <= x.modes and x.graph not in ("counter", *CONCURRENT))
def sends_custom_data_after_the_update(events, exchange):
    """Within a step custom data come after the node's update."""
    yield from _swapped(events, "custom", "updates")


def _swapped(events, first, second):
    """Exchange neighbours of two modes of the root graph."""
    held = None
    for event in events:
        if held is not None:
            yield from (event, held) if event.name == second else (held, event)
            held = None
        elif event.name == first:
            held = event
        else:
            yield event
    if held is not None:
        yield held


@variation(part="events")
def sends_the_events_mode_late(events, exchange):
    """The events of the mode events come two behind the others."""
    held: list[Any] = []
    for event in events:
        if event.name in ("error", "end"):
            yield from held
            held = []
        if event.name == "events":
            held.append(event)
        if event.name != "events" or len(held) > 2:
            yield held.pop(0) if event.name == "events" else event
    yield from held


@variation(part="events")
def sends_heartbeats_first(events, exchange):
    """Comments come before the first event."""
    yield b": wait\n\n: wait\n\n"
    yield from events
