"""Recordings survive the way to disk and back; damage is told with its place; a request can be repeated with curl."""

import json
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.exchange import MASKED, Chunk, Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, source_of
from conformance.wire.endings import BROKEN, COMPLETE, LEFT, LENGTH, SILENCE, SIZE, UNREACHABLE
from conformance.wire.strict_json import NotJson, parse_json

from .written import recording_lines, write_recording


def exchange(**given: Any) -> Exchange:
    basis: dict[str, Any] = {
        "name": "stream", "kind": "stream", "method": "POST", "url": "http://127.0.0.1:8000/runs/stream",
        "request_headers": [], "body": None, "valid": True, "sent": 1, "sent_t": 0.0,
    }  # fmt: skip
    return Exchange(**basis | given)


def event_stream(*portions: bytes, **given: Any) -> Exchange:
    heads = [("Content-Type", "text/event-stream")]
    chunks = [Chunk(number, number / 10, data) for number, data in enumerate(portions, 2)]
    return exchange(status=200, headers=heads, chunks=chunks, **given)


# --- JSON


@pytest.mark.parametrize(
    ("text", "value"),
    [("null", None), (" [1, 2.5]\n", [1, 2.5]), ('{"a": "é\\u0000"}', {"a": "é\0"}), ('"\\ud83d\\ude00"', "😀")],
)
def test_json_is_read(text: str, value: object) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    "text",
    ["", " ", "NaN", "Infinity", "[-Infinity]", '{"a": NaN}', "1 2", "{}{}", "{'a': 1}", "[1,]", "01", "+1", ".5", "1.",
     "None", "True", "undefined", '"a', '"a\nb"', "\ufeff{}", "\u00a01", "[" * 100_000, '{"a":' * 100_000],
)  # fmt: skip
def test_what_is_not_one_json_value_is_refused(text: str) -> None:
    with pytest.raises(NotJson):
        parse_json(text)


@given(st.text())
def test_no_text_makes_the_reader_of_json_raise_anything_else(text: str) -> None:
    try:
        value = parse_json(text)
    except NotJson:
        return
    assert json.loads(text) == value


def test_an_event_that_is_no_json_is_named() -> None:
    [_, event] = event_stream(b"data: 1\n\nevent: custom\ndata: NaN\n\n").events
    with pytest.raises(NotJson, match=r"event 2 of `stream`.*NaN"):
        _ = event.value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"NaN", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_named(content: bytes) -> None:
    with pytest.raises(NotJson, match="the answer to `state`"):
        _ = exchange(name="state", chunks=[Chunk(2, 0.1, content)]).json


# --- what an exchange tells


def test_events_are_told_with_when_they_were_complete() -> None:
    stream = event_stream(b"data: 1\n", b"\ndata: 2\n\nid: 7\n\n", b"event: updates|a:1|b:2\r", b"data: 3\r\r")
    assert [(event.position, event.seq, event.t, event.text) for event in stream.events] == [
        (1, 3, 0.3, "1"), (2, 3, 0.3, "2"), (3, 5, 0.5, "3"),
    ]  # fmt: skip
    last = stream.events[-1]
    assert (last.name, last.base, last.namespace) == ("updates|a:1|b:2", "updates", ("a:1", "b:2"))
    assert [block.dispatched for block in stream.blocks] == [True, True, False, True]


def test_events_are_picked_by_graph_and_order() -> None:
    events = event_stream(b"event: values\ndata: 1\n\n", b"event: values|a:1\ndata: 2\n\n").events
    assert (events.root.values, events.inside.values) == ([1], [2])
    assert (events.before(3).values, events.after(2).values) == ([1], [2])


def test_an_unfinished_end_is_no_event() -> None:
    stream = event_stream(b"\xef\xbb\xbfdata: 1\n\ndata: 2\n")
    assert stream.events.values == [1]
    assert stream.bom
    assert stream.tail is not None
    assert stream.tail.data == "2"


@pytest.mark.parametrize(
    ("status", "content_type", "is_stream"),
    [
        (200, "text/event-stream", True),
        (200, "Text/Event-Stream ; charset=utf-8", True),
        (200, "application/json", False),
        (201, "text/event-stream", False),
        (None, "text/event-stream", False),
    ],
)
def test_an_event_stream_is_known_by_its_head(status: int | None, content_type: str, is_stream: bool) -> None:
    assert exchange(status=status, headers=[("content-type", content_type)]).is_stream is is_stream


def test_a_repeated_header_field_is_joined() -> None:
    answer = exchange(headers=[("Vary", "a"), ("X", "y"), ("vary", "b")])
    assert (answer.header("VARY"), answer.header("none")) == ("a, b", None)


# --- curl


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.none() | TEXTS)
def test_a_curl_line_is_safe_in_a_shell(method: str, url: str, name: str, value: str, body: str | None) -> None:
    headers = [("Accept", "*/*"), (name, value)]
    line = exchange(method=method, url=url, request_headers=headers, body=body).curl
    shown = "$SECRET" if value == MASKED else value
    sent = ["curl", "-N", "-X", method, url, "-H", "Accept: */*", "-H", f"{name}: {shown}"]
    assert shlex.split(line) == sent + ([] if body is None else ["--data-raw", body])


@pytest.mark.parametrize("name", ["x-api-key", "`echo name`", "$(echo name)", "$HOME", 'a"b', "a'b", "a\\"])
def test_a_secret_stands_as_a_variable_and_nothing_else_is_expanded(name: str) -> None:
    line = exchange(method="`echo GET`", request_headers=[(name, MASKED)], body="$HOME `id` 'x'\n").curl
    printed = "printf '%s\\0' " + line
    words = subprocess.run(["sh", "-c", printed], env={"SECRET": "s p"}, capture_output=True, text=True, check=True)
    assert words.stdout.split("\0")[3:-1] == [
        "`echo GET`", "http://127.0.0.1:8000/runs/stream", "-H", f"{name}: s p", "--data-raw", "$HOME `id` 'x'\n",
    ]  # fmt: skip


# --- files

NUMBERS = st.integers(0, 10**6)
TIMES = st.floats(0, 1e6)
ANY_TEXT = st.text()  # also lone surrogates: a scenario may send what is no text
HEADERS = st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=3)
CHUNKS = st.lists(st.builds(Chunk, NUMBERS, TIMES, st.binary()), max_size=4)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    sent = exchange(
        name=draw(ANY_TEXT), kind=draw(st.sampled_from(["stream", "join", "request"])), method=draw(ANY_TEXT),
        url=draw(ANY_TEXT), request_headers=draw(HEADERS), body=draw(st.none() | ANY_TEXT), valid=draw(st.booleans()),
        sent=draw(NUMBERS), sent_t=draw(TIMES), graph=draw(ANY_TEXT), chunks=draw(CHUNKS),
    )  # fmt: skip
    if draw(st.booleans()):
        sent.status, sent.headers = draw(st.integers(100, 999)), draw(HEADERS)
        sent.answered, sent.answered_t = draw(NUMBERS), draw(TIMES)
    if draw(st.booleans()):
        sent.ending = draw(st.sampled_from([COMPLETE, BROKEN, LEFT, UNREACHABLE, SILENCE, LENGTH, SIZE]))
        sent.detail, sent.ended, sent.ended_t = draw(ANY_TEXT), draw(NUMBERS), draw(TIMES)
    return sent


RECORDINGS = st.builds(
    Recording,
    scenario=ANY_TEXT,
    variant=ANY_TEXT,
    axes=st.dictionaries(ANY_TEXT, ANY_TEXT | st.lists(ANY_TEXT)),
    graph=ANY_TEXT,
    exchanges=st.lists(exchanges(), max_size=3),
    stopped=st.none() | ANY_TEXT,
    file=st.just("one.jsonl"),
)


@given(RECORDINGS)
def test_a_recording_comes_back_as_it_was(recording: Recording) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "one.jsonl"
        write_recording(recording, path)
        assert read_recording(path) == recording


@given(RECORDINGS)
def test_a_recording_is_lines_of_ascii(recording: Recording) -> None:
    lines = list(recording_lines(recording))
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert [json.loads(line) for line in lines]


GOOD = Recording("s", "s", {}, "joke", [event_stream(b"data: 1\n\n", b"\xff", ended=9, ended_t=1.0)], None)
LINES = list(recording_lines(GOOD))


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "one.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("lines", range(1, len(LINES)))
def test_a_recording_that_breaks_off_after_a_line_is_read_up_to_there(tmp_path: Path, lines: int) -> None:
    recording = read_recording(written(tmp_path, "\n".join(LINES[:lines]) + "\n"))
    assert recording.stopped == "the recording breaks off"
    assert len(recording.exchanges) == (lines > 1)
    if 1 < lines < len(LINES) - 1:
        assert (recording.exchanges[0].ending, recording.exchanges[0].ended) == (SILENCE, None)


@given(st.data())
def test_a_torn_last_line_is_passed_over(data: st.DataObject) -> None:
    lines = data.draw(st.integers(1, len(LINES) - 1))
    kept = data.draw(st.integers(0, len(LINES[lines]) - 1))
    with TemporaryDirectory() as folder:
        whole = read_recording(written(Path(folder), "\n".join(LINES[:lines]) + "\n"))
        assert read_recording(written(Path(folder), "\n".join([*LINES[:lines], LINES[lines][:kept]]))) == whole


DAMAGE = {
    "no JSON": "{",
    "a number": "5",
    "nothing known": "{}",
    "a text": '"request"',
    "null": "null",
    "a list": "[]",
    "a second head": LINES[0],
    "a request that is a list": '{"request": []}',
    "a request without headers": '{"request": {"name": "x"}}',
    "an unknown key": LINES[1].replace('"valid"', '"sound"'),
    "no such exchange": '{"exchange": 5, "seq": 1, "t": 0, "text": ""}',
    "an exchange by name": '{"exchange": "stream", "seq": 1, "t": 0, "text": ""}',
    "a chunk of nothing": '{"exchange": 0, "seq": 1, "t": 0}',
    "a chunk that is a number": '{"exchange": 0, "seq": 1, "t": 0, "text": 5}',
    "a chunk that is no base64": '{"exchange": 0, "seq": 1, "t": 0, "base64": "a"}',
    "a head without fields": '{"exchange": 0, "seq": 1, "t": 0, "status": 200}',
    "fields that are no pairs": '{"exchange": 0, "seq": 1, "t": 0, "status": 200, "headers": ["a"]}',
    "an end that is a list": '{"finished": []}',
    "too deep": "[" * 100_000,
    "no UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_line_is_named_with_its_file(tmp_path: Path, damage: str | bytes) -> None:
    line = damage.encode() if isinstance(damage, str) else damage
    content = b"\n".join([*(one.encode() for one in LINES[:2]), line, *(one.encode() for one in LINES[2:])])
    with pytest.raises(ValueError, match=r"^one\.jsonl, line 3: not a line of a recording"):
        read_recording(written(tmp_path, content))


@pytest.mark.parametrize("head", ["{", "{}", "[]", "5", '{"recording": 1}', '{"recording": {"format": 1}}', LINES[1]])
def test_a_file_without_a_head_is_no_recording(tmp_path: Path, head: str) -> None:
    with pytest.raises(ValueError, match=r"^one\.jsonl, line 1: "):
        read_recording(written(tmp_path, head))


def test_an_empty_file_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^one\.jsonl: empty"):
        read_recording(written(tmp_path, ""))


def test_another_format_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"line 1: .*format 99 is not 1.*version of the suite that wrote it"):
        read_recording(written(tmp_path, LINES[0].replace('"format": 1', '"format": 99')))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["request", "request_headers", "exchange", "status", "headers", "how", "text", "base64", "seq", "t"]), inner),
    max_leaves=6,
)  # fmt: skip


@given(JSON)
def test_no_line_makes_the_reader_raise_anything_else(line: object) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), "\n".join([*LINES[:2], json.dumps(line), ""]))
        try:
            told = read_recording(path).scenario
        except ValueError as problem:
            told = str(problem).partition(":")[0]
        assert told in ("s", "one.jsonl, line 3")


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_recording(Recording(name, name, {}, "joke"), tmp_path / f"{name}.jsonl")
    (tmp_path / "run.json").write_text("{}")
    assert [recording.file for recording in read_recordings(source_of(tmp_path))] == ["a.jsonl", "b.jsonl"]
    written(tmp_path, "{").rename(tmp_path / "c.jsonl")
    with pytest.raises(ValueError, match=r"c\.jsonl, line 1"):
        read_recordings(source_of(tmp_path))
