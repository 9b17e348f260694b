"""Recordings are the same after writing and reading; damage is reported with file and line."""

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, source_of
from conformance.wire.endings import BROKEN, COMPLETE, LEFT, LENGTH, SILENCE, SIZE, UNREACHABLE

from .test_exchange import event_stream, exchange
from .written import recording_lines, write_recording

NUMBERS = st.integers(0, 10**6)
TIMES = st.floats(0, 1e6)
ANY_TEXT = st.text()  # including lone surrogates, which a scenario may send
HEADERS = st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=3)
CHUNKS = st.lists(st.builds(Chunk, NUMBERS, TIMES, st.binary()), max_size=4)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    sent = exchange(
        name=draw(ANY_TEXT), kind=draw(st.sampled_from(["stream", "join", "request"])), method=draw(ANY_TEXT),
        url=draw(ANY_TEXT), request_headers=draw(HEADERS), body=draw(st.none() | ANY_TEXT), valid=draw(st.booleans()),
        sent=draw(NUMBERS), sent_t=draw(TIMES), graph=draw(ANY_TEXT), chunks=draw(CHUNKS),
        query=draw(ANY_TEXT), verified_by=draw(ANY_TEXT),
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


def content(recording: Recording) -> dict[str, Any]:
    """Return everything in a recording, to compare; exchanges themselves are compared by identity."""
    return asdict(recording)


@given(RECORDINGS)
def test_a_recording_is_the_same_after_writing_and_reading(recording: Recording) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "one.jsonl"
        write_recording(recording, path)
        assert content(read_recording(path)) == content(recording)


@given(RECORDINGS)
def test_a_recording_consists_of_printable_ascii(recording: Recording) -> None:
    lines = list(recording_lines(recording))
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert [json.loads(line) for line in lines]


GOOD = Recording("s", "s", {}, "joke", [event_stream(b"data: 1\n\n", b"\xff", ended=9, ended_t=1.0)], None)
LINES = list(recording_lines(GOOD))


def written(folder: Path, lines: str | bytes) -> Path:
    path = folder / "one.jsonl"
    path.write_bytes(lines.encode() if isinstance(lines, str) else lines)
    return path


@pytest.mark.parametrize("lines", range(1, len(LINES)))
def test_a_recording_that_breaks_off_after_a_line_is_read_up_to_there(tmp_path: Path, lines: int) -> None:
    recording = read_recording(written(tmp_path, "\n".join(LINES[:lines]) + "\n"))
    assert recording.stopped == "the recording breaks off"
    assert len(recording.exchanges) == (lines > 1)
    if 1 < lines < len(LINES) - 1:
        assert (recording.exchanges[0].ending, recording.exchanges[0].ended) == (SILENCE, None)


@given(st.data())
def test_an_incomplete_last_line_is_skipped(data: st.DataObject) -> None:
    lines = data.draw(st.integers(1, len(LINES) - 1))
    kept = data.draw(st.integers(0, len(LINES[lines]) - 1))
    with TemporaryDirectory() as folder:
        before = read_recording(written(Path(folder), "\n".join(LINES[:lines]) + "\n"))
        broken = read_recording(written(Path(folder), "\n".join([*LINES[:lines], LINES[lines][:kept]])))
        assert content(broken) == content(before)


DAMAGE = {
    "not JSON": "{",
    "a number": "5",
    "no known key": "{}",
    "a string": '"request"',
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
    "a chunk that is not base64": '{"exchange": 0, "seq": 1, "t": 0, "base64": "a"}',
    "a head without headers": '{"exchange": 0, "seq": 1, "t": 0, "status": 200}',
    "headers that are not pairs": '{"exchange": 0, "seq": 1, "t": 0, "status": 200, "headers": ["a"]}',
    "an end that is a list": '{"finished": []}',
    "too deep": "[" * 100_000,
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_line_is_named_with_its_file(tmp_path: Path, damage: str | bytes) -> None:
    line = damage.encode() if isinstance(damage, str) else damage
    lines = b"\n".join([*(one.encode() for one in LINES[:2]), line, *(one.encode() for one in LINES[2:])])
    with pytest.raises(ValueError, match=r"^one\.jsonl, line 3: "):
        read_recording(written(tmp_path, lines))


@pytest.mark.parametrize("head", ["{", "{}", "[]", "5", '{"recording": 1}', '{"recording": {"format": 1}}', LINES[1]])
def test_a_file_without_a_header_line_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(ValueError, match=r"^one\.jsonl, line 1: "):
        read_recording(written(tmp_path, head))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^one\.jsonl: .*empty"):
        read_recording(written(tmp_path, ""))


def test_the_error_for_another_format_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^one\.jsonl, line 1: .*\b99\b.*version of the suite that wrote it"):
        read_recording(written(tmp_path, LINES[0].replace('"format": 1', '"format": 99')))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["request", "request_headers", "exchange", "status", "headers", "how", "text", "base64", "seq", "t"]), inner),
    max_leaves=6,
)  # fmt: skip


@given(JSON)
def test_no_line_raises_another_error(line: object) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), "\n".join([*LINES[:2], json.dumps(line), ""]))
        try:
            result = read_recording(path).scenario
        except ValueError as problem:
            result = str(problem).partition(":")[0]
        assert result in ("s", "one.jsonl, line 3")


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_recording(Recording(name, name, {}, "joke"), tmp_path / f"{name}.jsonl")
    (tmp_path / "run.json").write_text("{}")
    assert [recording.file for recording in read_recordings(source_of(tmp_path))] == ["a.jsonl", "b.jsonl"]
    written(tmp_path, "{").rename(tmp_path / "c.jsonl")
    with pytest.raises(ValueError, match=r"c\.jsonl, line 1"):
        read_recordings(source_of(tmp_path))
