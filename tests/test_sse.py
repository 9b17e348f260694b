"""The decoder follows the WHATWG standard for every byte, however a stream is split, and loses nothing.

Sections are those of https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.sse import BOM, Block, Decoder, decode


class Dispatched(NamedTuple):
    """An event as the standard dispatches it: type, data and last event id."""

    type: str
    data: str
    last_id: str


def message(data: str, last_id: str = "") -> Dispatched:
    return Dispatched("message", data, last_id)


def read(*portions: bytes) -> list[Dispatched]:
    return [Dispatched(b.name, b.data or "", b.last_id) for b in decode(portions) if b.dispatched]


def reference(stream: bytes) -> list[Dispatched]:
    """Decode as section 9.2.6 says, with its three buffers, over the whole stream, character by character."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    dispatched: list[Dispatched] = []
    data = event_type = last_id = ""
    for line in ended_lines(text):
        if line == "":
            if data != "":
                dispatched.append(Dispatched(event_type or "message", data.removesuffix("\n"), last_id))
            data = event_type = ""
            continue
        if line[0] == ":":
            continue
        field, value = line, ""
        if ":" in line:
            field, value = line[: line.index(":")], line[line.index(":") + 1 :]
            value = value[1:] if value[:1] == " " else value
        if field == "event":
            event_type = value
        if field == "data":
            data += value + "\n"
        if field == "id" and "\0" not in value:
            last_id = value
    return dispatched


def ended_lines(text: str) -> Iterator[str]:
    """Yield the lines that have a line ending; what follows the last ending is discarded."""
    line, index = "", 0
    while index < len(text):
        char = text[index]
        if char in "\r\n":
            yield line
            line = ""
            index += 2 if text[index : index + 2] == "\r\n" else 1
        else:
            line += char
            index += 1


# Section 9.2.6, the examples at its end, and 9.2.1.
STANDARD: dict[str, tuple[bytes, list[Dispatched]]] = {
    "three data lines": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [message("YHOO\n+2\n10")]),
    "four blocks, the last unfinished": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
        [message("first event", "1"), message("second event")],
    ),
    "the same, finished": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [message("first event", "1"), message("second event"), message(" third event")],
    ),
    "data without a colon": (b"data\n\ndata\ndata\n\ndata:", [message(""), message("\n")]),
    "one space after the colon is ignored": (b"data:test\n\ndata: test\n\n", [message("test"), message("test")]),
    "two lines": (b"data: This is the second message, it\ndata: has two lines.\n\n", [
        message("This is the second message, it\nhas two lines.")]),
    "named events": (b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", [
        Dispatched("add", "73857293", ""), Dispatched("remove", "2153", "")]),
}  # fmt: skip

EDGES: dict[str, tuple[bytes, list[Dispatched]]] = {
    "nothing": (b"", []),
    "line endings alone": (b"\n\r\n\r\r\n\n", []),
    "leading BOM": (BOM + b"event: a\ndata: 1\n\n", [Dispatched("a", "1", "")]),
    "only one BOM is stripped": (BOM + BOM + b"data: 1\n\ndata: 2\n\n", [message("2")]),
    "BOM in mid-stream": (b"data: 1\n\n" + BOM + b"data: 2\n\ndata: 3\n\n", [message("1"), message("3")]),
    "BOM in a value": (b"data: " + BOM + b"1\n\n", [message("\ufeff1")]),
    "half a BOM": (BOM[:2] + b"data: 1\n\ndata: 2\n\n", [message("2")]),
    "CRLF": (b"data: 1\r\ndata: 2\r\n\r\n", [message("1\n2")]),
    "CR": (b"data: 1\rdata: 2\r\r", [message("1\n2")]),
    "mixed: LF then CRLF": (b"data: 1\n\r\ndata: 2\n\r\n", [message("1"), message("2")]),
    "mixed: CRLF then LF": (b"data: 1\r\n\ndata: 2\r\n\n", [message("1"), message("2")]),
    "mixed: CR then LF is one ending": (b"data: 1\r\ndata: 2\n\n", [message("1\n2")]),
    "mixed: LF then CR are two endings": (b"data: 1\n\rdata: 2\n\n", [message("1"), message("2")]),
    "mixed: CR then CRLF": (b"data: 1\r\r\ndata: 2\r\r\n", [message("1"), message("2")]),
    "no LF after the last CR CR": (b"data: 1\r\r", [message("1")]),
    "blank lines before and between": (b"\n\n\ndata: 1\n\n\n\n\ndata: 2\n\n", [message("1"), message("2")]),
    "unfinished line": (b"data: 1\n\ndata: 2", [message("1")]),
    "unfinished block": (b"data: 1\n\ndata: 2\n", [message("1")]),
    "empty data": (b"data:\n\n", [message("")]),
    "empty data after one space": (b"data: \n\n", [message("")]),
    "space-only data": (b"data:   \n\n", [message("  ")]),
    "a tab is not a space": (b"data:\t1\n\n", [message("\t1")]),
    "two empty data lines": (b"data\ndata:\n\n", [message("\n")]),
    "data that ends in empty lines": (b"data: 1\ndata:\ndata\n\n", [message("1\n\n")]),
    "colons in the value": (b"data: a:b: c\n\n", [message("a:b: c")]),
    "event alone": (b"event: a\n\ndata: 1\n\n", [message("1")]),
    "event applies to its block alone": (b"event: a\ndata: 1\n\ndata: 2\n\n", [
        Dispatched("a", "1", ""), message("2")]),
    "the last event field counts": (b"event: a\nevent: b\ndata: 1\n\n", [Dispatched("b", "1", "")]),
    "an empty event field gives no name": (b"event: a\nevent\ndata: 1\n\n", [message("1")]),
    "spaces in an event name": (b"event:  a \ndata: 1\n\n", [Dispatched(" a ", "1", "")]),
    "id persists": (b"id: 7\ndata: 1\n\ndata: 2\n\n", [message("1", "7"), message("2", "7")]),
    "id in a block without data": (b"id: 7\n\ndata: 1\n\n", [message("1", "7")]),
    "empty id resets": (b"id: 7\ndata: 1\n\nid\ndata: 2\n\n", [message("1", "7"), message("2")]),
    "the last id field counts": (b"id: 7\nid: 8\ndata: 1\n\n", [message("1", "8")]),
    "id with NUL": (b"id: 7\ndata: 1\n\nid: 8\0\ndata: 2\n\n", [message("1", "7"), message("2", "7")]),
    "an id in an unfinished block is lost": (b"data: 1\n\nid: 7\n", [message("1")]),
    "NUL elsewhere": (b"event: a\0\ndata: \0\n\n", [Dispatched("a\0", "\0", "")]),
    "comments": (b":\n: x\n:data: 0\ndata: 1\n:\n\n", [message("1")]),
    "a comment alone dispatches nothing": (b"data: 1\n\n: heartbeat\n\nid: 7\n\n: heartbeat\n\n", [message("1")]),
    "retry alone dispatches nothing": (b"retry: 10\n\ndata: 1\n\n", [message("1")]),
    "unknown fields": (b"dat: 0\ndata : 0\n data: 0\nDATA: 0\nData: 0\nfoo\ndata: 1\n\n", [message("1")]),
    "upper-case event and id": (b"EVENT: a\nID: 7\ndata: 1\n\n", [message("1")]),
    "LINE SEPARATOR and similar characters do not end a line": (
        "data: a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei\n\n".encode(),
        [message("a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei")],
    ),
    "NO-BREAK SPACE is not a space": ("data:\u00a01\n\n".encode(), [message("\u00a01")]),
    "invalid UTF-8": (b"data: \xff\xc3\n\ndata: \xed\xa0\x80\n\n", [message("\ufffd\ufffd"), message("\ufffd" * 3)]),
    "invalid UTF-8 in a field name": (b"\xffdata: 0\ndata: 1\n\n", [message("1")]),
    "a character split by a line ending": (b"data: \xe2\x82\n\n", [message("\ufffd")]),
    "characters beyond the BMP": ("data: 🐈\n\n".encode(), [message("🐈")]),
}  # fmt: skip

CASES = [pytest.param(*case, id=name) for name, case in (STANDARD | EDGES).items()]

# What makes a difference in a stream: line endings, fields and halves of characters.  Hypothesis combines them.
ENDINGS = st.sampled_from([b"\n", b"\r", b"\r\n"])
FIELDS = st.sampled_from(
    [b"data", b"data:", b"data: x", b"event: a", b"id: 1", b"id: \0", b"id", b"retry: 1", b": c", b"data:\xff"]
)
BLOCKS = st.builds(lambda lines, end: end.join([*lines, b"", b""]), st.lists(FIELDS, min_size=1, max_size=3), ENDINGS)
CHARACTERS = st.sampled_from([BOM, b"\xef", b"\xbb", b"\xbf", b"\xc3", b"\0", b" ", b":", "é\u2028".encode()])
PIECES = st.lists(BLOCKS | FIELDS | ENDINGS | CHARACTERS | st.binary(max_size=4), max_size=12).map(b"".join)
STREAMS = st.builds(bytes.__add__, st.sampled_from([b"", BOM]), PIECES)


@st.composite
def split(draw: st.DrawFn, streams: st.SearchStrategy[bytes] = STREAMS) -> list[bytes]:
    """Draw a stream in portions, which may be empty."""
    stream = draw(streams)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_a_stream_is_decoded_as_the_standard_says(stream: bytes, events: list[Dispatched]) -> None:
    assert read(stream) == events


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_a_stream_may_be_split_anywhere(stream: bytes, events: list[Dispatched]) -> None:
    assert read(*(bytes([byte]) for byte in stream)) == events
    assert all(read(stream[:cut], stream[cut:]) == events for cut in range(len(stream)))
    assert all(read(stream[:cut], b"", stream[cut:]) == events for cut in range(len(stream)))


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_the_reference_agrees_with_the_table(stream: bytes, events: list[Dispatched]) -> None:
    assert reference(stream) == events


@given(split())
def test_any_bytes_in_any_portions_give_the_events_of_the_reference(portions: list[bytes]) -> None:
    assert read(*portions) == reference(b"".join(portions))


@given(split())
def test_no_byte_is_lost_and_every_block_knows_its_offset(portions: list[bytes]) -> None:
    stream, blocks = b"".join(portions), decode(portions)
    joined = b"".join(block.raw for block in blocks)
    left_over = stream.removeprefix(BOM).removeprefix(joined)
    assert stream.removeprefix(BOM) == joined + left_over
    assert not left_over.strip(b"\r\n")
    assert all(stream[block.offset :].startswith(block.raw) for block in blocks)
    assert [block.terminated for block in blocks[:-1]] == [True] * len(blocks[:-1])


@given(split())
def test_the_fields_of_a_block_do_not_depend_on_the_portions(portions: list[bytes]) -> None:
    assert fields(portions) == fields([b"".join(portions)])


def fields(portions: list[bytes]) -> list[object]:
    return [(b.lines, b.event, b.data, b.id, b.last_id, b.retry, b.terminated) for b in decode(portions) if b.lines]


@given(split())
def test_a_block_is_returned_with_the_portion_that_completes_it(portions: list[bytes]) -> None:
    decoder, fed = Decoder(), b""
    seen: list[Block] = []
    for portion in portions:
        fed += portion
        seen += decoder.feed(portion)
        assert sum(block.dispatched for block in seen) == len(reference(fed))


@pytest.mark.parametrize("bom", [b"", BOM])
def test_a_block_has_its_offset_in_the_stream(bom: bytes) -> None:
    portions = [bom[:2], bom[2:] + b"data: 1\n\nda", b"ta: 2\r\n\r", b"\ndata: 3"]
    raws = [b"data: 1\n\n", b"data: 2\r\n\r", b"\ndata: 3"]
    offsets = [len(bom), len(bom) + 9, len(bom) + 19]
    assert [(block.raw, block.offset) for block in decode(portions)] == list(zip(raws, offsets, strict=True))


def only(stream: bytes) -> Block:
    [block] = decode([stream])
    return block


def test_a_block_keeps_what_the_standard_discards() -> None:
    block = only(b": a\nretry: 5\nfoo: bar\nid: 1\0\n\n")
    assert block.lines == [": a", "retry: 5", "foo: bar", "id: 1\0"]
    assert (block.comments, block.retry, block.id, block.data) == ([" a"], "5", None, None)
    assert not block.dispatched


def test_a_block_distinguishes_its_own_id_from_the_last_event_id() -> None:
    first, second = decode([b"id: 7\ndata: 1\n\ndata: 2\n\n"])
    assert (first.id, first.last_id, second.id, second.last_id) == ("7", "7", None, "7")


@pytest.mark.parametrize(
    ("stream", "data"), [(b"event: a\n\n", None), (b"data\n\n", ""), (b"data:\n\n", ""), (b"data: \n\n", "")]
)
def test_no_data_differs_from_empty_data(stream: bytes, data: str | None) -> None:
    assert only(stream).data == data


@pytest.mark.parametrize(
    ("stream", "retry"),
    [(b"retry: 10", "10"), (b"retry:10\nretry:20", "20"), (b"retry", ""), (b"retry: -5", "-5"), (b"Retry: 1", None)],
)
def test_retry_is_kept_as_sent(stream: bytes, retry: str | None) -> None:
    assert only(stream + b"\n\n").retry == retry


def test_an_unfinished_block_is_not_terminated() -> None:
    block = only(b"event: a\ndata: 1")
    assert (block.terminated, block.dispatched, block.event, block.data) == (False, False, "a", "1")


@pytest.mark.parametrize(("stream", "bom"), [(BOM, True), (BOM + b"data", True), (b"", False), (BOM[:2], False)])
def test_a_byte_order_mark_is_noticed(stream: bytes, bom: bool) -> None:
    decoder = Decoder()
    for byte in stream:
        decoder.feed(bytes([byte]))
    decoder.close()
    assert decoder.bom is bom


@pytest.mark.parametrize(("stream", "valid"), [("data: é\n\n".encode(), True), (b"data: \xc3\n\n", False)])
def test_invalid_utf_8_is_noticed(stream: bytes, valid: bool) -> None:
    assert only(stream).valid_utf8 is valid


@pytest.mark.parametrize(
    ("stream", "endings"),
    [(b"data\n\n", {"LF"}), (b"data\r\n\r\n", {"CRLF"}), (b"data\r\r", {"CR"}), (b"data\n\r\n", {"LF", "CRLF"})],
)
def test_line_endings_are_named(stream: bytes, endings: set[str]) -> None:
    assert only(stream).line_endings == endings


def test_a_large_event_may_arrive_byte_by_byte() -> None:
    size = 200_000  # in quadratic time this test would not end
    assert [len(event.data) for event in read(b"data: ", *[b"x"] * size, b"\n", b"\n")] == [size]


# --- comparison with httpx-sse, an ordinary client


def by_httpx_sse(stream: bytes, content_type: str = "text/event-stream") -> list[Dispatched]:
    response = httpx.Response(200, headers={"content-type": content_type}, content=stream)
    return [Dispatched(one.event, one.data, one.id) for one in EventSource(response).iter_sse()]


# Each with what httpx-sse 0.4.3 dispatches instead; `deviates` says whether a stream has any of these traits.
DEVIATIONS: dict[str, tuple[bytes, list[Dispatched]]] = {
    "a BOM is taken for part of the first field": (BOM + b"event: a\ndata: 1\n\n", [message("1")]),
    "a blank line after an id": (b"id: 7\ndata: 1\n\n: heartbeat\n\n", [message("1", "7"), message("", "7")]),
    "an id alone": (b"id: 7\n\n", [message("", "7")]),
    "an event name alone": (b"event: a\n\n", [Dispatched("a", "", "")]),
    "a retry alone": (b"retry: 5\n\n", [message("")]),
}


def deviates(stream: bytes) -> bool:
    """Return whether httpx-sse decodes the stream differently: a BOM, or a block that it dispatches without data."""
    no_data = [block for block in decode([stream]) if block.terminated and block.data is None]
    dispatched = any(line.partition(":")[0] in ("event", "id", "retry") for block in no_data for line in block.lines)
    return stream.startswith(BOM) or dispatched or b"\nid" in b"\n" + stream.replace(b"\r", b"\n")


@pytest.mark.parametrize(("stream", "theirs"), DEVIATIONS.values(), ids=DEVIATIONS)
def test_httpx_sse_deviates(stream: bytes, theirs: list[Dispatched]) -> None:
    assert deviates(stream)
    assert by_httpx_sse(stream) == theirs != read(stream) == reference(stream)


def test_httpx_sse_applies_a_charset_that_the_standard_ignores() -> None:
    stream = "data: é\n\n".encode()
    assert by_httpx_sse(stream, "text/event-stream; charset=iso-8859-1") == [message("Ã©")]
    assert by_httpx_sse(stream) == read(stream) == [message("é")]


@pytest.mark.parametrize("value", ["-5", "1_0"])
def test_httpx_sse_accepts_a_retry_that_is_not_all_digits(value: str) -> None:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, text=f"retry: {value}\ndata: 1\n\n")
    assert [one.retry for one in EventSource(response).iter_sse()] == [int(value)]
    assert only(response.content).retry == value  # as sent


@pytest.mark.parametrize("stream", [stream for stream, _ in (STANDARD | EDGES).values() if not deviates(stream)])
def test_httpx_sse_dispatches_the_same_events(stream: bytes) -> None:
    assert by_httpx_sse(stream) == read(stream)


@given(STREAMS.filter(lambda stream: not deviates(stream)))
def test_httpx_sse_dispatches_the_same_events_for_any_stream(stream: bytes) -> None:
    assert by_httpx_sse(stream) == read(stream)
