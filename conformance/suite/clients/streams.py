"""What the official clients need of heads, bytes and events, beyond the specification.

How they come back to a stream is the matter of `clients_reconnect`, what they tell of a refusal that of
`clients_refusals`.
"""

import json
import math
import re
from dataclasses import replace
from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    WHOLE_SESSION,
    ExchangeView,
    RecordingView,
    SessionRecordings,
    expect,
    fail,
    fault,
    inconclusive,
    rewritten,
    scenario,
    showing_a_run,
    shown,
    verifies,
)
from conformance.suite.errors.refusals import METADATA, serve
from conformance.suite.updates.nodes import quiet_updates

HALF, WHOLE = "half a pair: \ud83d", "a pair: \ud83d\ude00"
"""The first half of an emoji, which no UTF-8 can hold and JSON can only escape, and the whole of it."""


@scenario(graph="echo", exchanges=("create thread for half", "half", "create thread for neighbour", "neighbour"))
async def half_a_character(server):
    """A payload that ends in half a surrogate pair, then the same with the whole of it; each on a thread of its own."""
    for name, text, valid in (("half", HALF, False), ("neighbour", WHOLE, True)):
        thread = await server.threads.create(name=f"create thread for {name}")
        fields = {"assistant_id": server.assistant, "input": {"payloads": [{"text": text}]}, "stream_mode": ["custom"]}
        await server.runs.streamed(thread, name=name, body=json.dumps(fields), valid=valid)


# --- clients.media-type


@verifies("clients.media-type", on=EVERY_STREAM)
def test_every_stream_has_its_media_type_in_lower_case(stream: ExchangeView) -> None:
    """Also that of a join, and of a run without a thread; what is refused is no stream."""
    exchange = stream.exchange
    said = exchange.header("content-type") or ""
    fits = exchange.status != 200 or "text/event-stream" in said.partition(";")[0]
    expect(fits, f"the Content-Type of `{stream.name}` is {shown(said)}, expected text/event-stream", exchange)


@fault("clients.media-type", part="answer", where=lambda x: x.is_join or x.stateless)
def writes_the_media_type_of_some_streams_in_capitals(answer, exchange):
    """Sends TEXT/EVENT-STREAM wherever the run is not both created and on a thread."""
    if answer.status == 200:
        answer.replace_header("content-type", "TEXT/EVENT-STREAM")


@fault("clients.media-type", part="answer", where=lambda x: x.is_join)
def announces_no_media_type_of_a_join(answer, exchange):
    """Sends the stream of a join without a Content-Type."""
    answer.replace_header("content-type", None)


# --- clients.no-redirects


@verifies("clients.no-redirects", on=WHOLE_SESSION)
def test_nothing_is_redirected(session: SessionRecordings) -> None:
    """No answer to a valid request has a status of 3xx, and a stream was served without one."""
    for recording in session.recordings.values():
        for exchange in recording.exchanges:
            direct = not exchange.valid or (exchange.status or 0) // 100 != 3
            expect(direct, f"`{exchange.name}` was answered {exchange.status}, a redirect", exchange)
    if not session.shows_a_run:
        inconclusive("no stream carried a metadata event and an event of a requested mode")


@fault("clients.no-redirects", part="answer", where=lambda x: x.method == "POST" and x.path.endswith("/threads"))
def redirects_the_creation_of_a_thread(answer, exchange):
    """Answers 307 to the same path with a slash at its end, as some frameworks do."""
    answer.refuse(307)
    answer.replace_header("location", "threads/")


@fault("clients.no-redirects", part="answer", where=lambda x: x.is_join)
def redirects_a_join_to_the_present_run(answer, exchange):
    """Answers 303 where a run is joined."""
    answer.refuse(303)
    answer.replace_header("location", "?now")


# --- clients.no-byte-order-mark


@verifies("clients.no-byte-order-mark", on=EVERY_STREAM)
def test_no_stream_begins_with_a_byte_order_mark(stream: ExchangeView) -> None:
    """The first bytes are those of a line."""
    marked = stream.exchange.is_stream and stream.exchange.bom
    expect(not marked, f"the body of `{stream.name}` begins with a byte order mark", stream.exchange)


@fault("clients.no-byte-order-mark", part="bytes")
def marks_the_byte_order(data, exchange):
    """Writes every body as UTF-8 with a signature."""
    yield b"\xef\xbb\xbf"
    yield from data


# --- clients.no-empty-blocks


@verifies("clients.no-empty-blocks", on=EVERY_STREAM)
def test_no_block_has_fields_and_no_data(stream: ExchangeView) -> None:
    """A block with a name, an id or a retry has data as well; one of comments alone is free."""
    for block in stream.exchange.blocks if stream.exchange.is_stream else ():
        bare = block.data is None and (block.event is not None or block.id is not None or block.retry is not None)
        expect(not bare, f"`{stream.name}` has a block without data: {shown(block.lines)}", stream.exchange)


@fault("clients.no-empty-blocks")
def tells_the_pause_before_a_reconnect_at_the_start(events, exchange):
    """Sends retry in a block of its own."""
    yield b"retry: 3000\r\n\r\n"
    yield from events


@fault("clients.no-empty-blocks")
def sends_ids_in_blocks_of_their_own(events, exchange):
    """Sends the id of each event after it."""
    for number, event in enumerate(events):
        yield event
        yield f"id: {number}\r\n\r\n".encode()


@fault("clients.no-empty-blocks")
def keeps_alive_with_a_bare_name(events, exchange):
    """Sends a heartbeat that has a name and no data."""
    for event in events:
        yield event
        if event.base == "metadata":
            yield b"event: ping\r\n\r\n"


# --- clients.strict-json

SUSPECT = re.compile(r"\\u[dD][89a-fA-F]|\d{300}|[eE]\+?\d{3}")
"""What the text of a value must hold that a strict parser refuses: an escaped surrogate, or a very large number."""


def refused_by_strict_parsers(text: str, value: Any) -> str | None:
    """What a strict parser refuses of a value and how it was written, None if it takes it."""
    rest = [value] if SUSPECT.search(text) else []
    while rest:
        one = rest.pop()
        rest += [*one, *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else []
        if isinstance(one, float) and math.isinf(one):
            return "a number beyond the range of a double"
        if isinstance(one, str) and any("\ud800" <= char <= "\udfff" for char in one):
            return f"half a surrogate pair in {shown(one)}"
    return None


def strictly_read(stream: ExchangeView) -> None:
    for event in stream.exchange.events if stream.exchange.is_stream else ():
        try:
            problem = refused_by_strict_parsers(event.text, event.value)
        except ValueError:
            continue  # the matter of framing.json-events
        expect(problem is None, f"event {event.position} of `{stream.name}` holds {problem}", event)


@verifies("clients.strict-json", on=EVERY_STREAM)
def test_a_strict_parser_reads_every_event(stream: ExchangeView) -> None:
    """No event holds half a surrogate pair, or a number that no double can be."""
    strictly_read(stream)


@verifies("clients.strict-json", on=half_a_character)
def test_half_a_surrogate_pair_reaches_no_client(recording: RecordingView) -> None:
    """Input with half a pair is answered with an error, or served to its end without it; a whole one is served."""
    half, neighbour = recording["half"], showing_a_run(recording["neighbour"])
    sent = [event.text for event in neighbour["custom"]]
    expect(sent, "no custom data came for a whole surrogate pair", neighbour.exchange)
    half.expect_answered()
    if half.exchange.is_stream:
        strictly_read(half)
        how = half.exchange.ending
        expect(how == "complete", f"half a surrogate pair broke the stream off ({how})", half.exchange)
    elif half.status in (None, 429, 503) or half.exchange.accepted:
        inconclusive(f"`{half.name}` was answered {half.status}: neither served nor refused for what it holds")


@fault("clients.strict-json")
def escapes_half_a_pair(events, exchange):
    """Cuts a text in the middle of an emoji, and escapes what is left of it."""
    for event in events:
        yield event.saying(event.text[:-1] + ',"title":"\\ud83d"}') if event.base == "metadata" else event


@fault("clients.strict-json")
def writes_a_number_beyond_doubles(events, exchange):
    """Tells a cost that no double can be."""
    for event in events:
        yield event.saying(event.text[:-1] + ',"cost":1e999}') if event.base == "metadata" else event


@fault("clients.strict-json", part="answer", where=lambda x: x.is_stream and "half a pair" in (x.exchange.body or ""))
def passes_half_a_pair_on(answer, exchange):
    """Takes half a surrogate pair from the input and sends it as it is."""
    serve(answer, METADATA, ("custom", {"text": HALF}))


# --- clients.no-null-data


@verifies("clients.no-null-data", on=EVERY_STREAM)
def test_no_update_and_no_state_is_null(stream: ExchangeView) -> None:
    """The data of updates and values events are objects, whatever namespace they have."""
    for event in stream.exchange.events if stream.exchange.is_stream else ():
        if event.base in ("updates", "values"):
            holds(event)


@verifies("clients.no-null-data", on=quiet_updates)
def test_a_quiet_node_has_no_null_for_its_data(recording: RecordingView) -> None:
    """Nor where a node returned nothing."""
    events = recording["stream"]["updates"]
    expect(len(events) > 1, "of three nodes at most one has an updates event", recording["stream"].exchange)
    for event in events:
        holds(event)


def holds(event: Any) -> None:
    try:
        fits = isinstance(event.value, dict)
    except ValueError:
        return  # the matter of framing.json-events
    if not fits:
        fail(f"the data of `{event.name}` must be an object, it is {shown(event.value)}", event)


@fault("clients.no-null-data")
def sends_null_for_the_update_of_a_quiet_node(events, exchange):
    """Leaves out the node's name where the node returned nothing."""
    yield from rewritten(events, "updates", lambda update: update if any(update.values()) else None)


@fault("clients.no-null-data")
def sends_null_before_the_first_state(events, exchange):
    """Sends a values event with null as soon as the run begins."""
    for event in events:
        yield event
        if event.base == "metadata" and "values" in exchange.modes:
            yield replace(event, name="values", text="null", raw=None)
