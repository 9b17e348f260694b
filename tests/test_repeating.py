"""The lines of a report that repeat a request can be pasted: thread, runs and request are sent anew, as valid JSON."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.evidence.curl import BODY_FILE, SHORT_BODY, repeating
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.writer import RecordingWriter

from . import golden
from .conftest import left_out
from .fakes import CHUNKED, Connection, answer, serving
from .written import write_recording

OLD, OLD_RUN = "0d7f0e2a-0000-4000-8000-000000000001", "0d7f0e2a-0000-4000-8000-00000000000a"


def exchange(name: str, method: str, path: str, body: object, reply: object, base: str, sent: int) -> Exchange:
    """Return an accepted exchange; a reply that is text is an event stream."""
    headers = [("Content-Type", "application/json")]
    text = None if body is None else json.dumps(body, ensure_ascii=False)
    kind = "stream" if isinstance(reply, str) else "request"
    found = Exchange(name, kind, method, f"{base}{path}", headers, text, True, sent, 0.0)
    content = reply if isinstance(reply, str) else json.dumps(reply)
    media = "text/event-stream" if isinstance(reply, str) else "application/json"
    found.status, found.headers, found.ending = 200, [("Content-Type", media)], "complete"
    found.chunks, found.ended = [Chunk(sent + 1, 0.1, content.encode())], sent + 2
    return found


def recorded(base: str, creator: str, last: tuple[str, str, object]) -> Recording:
    """Return a recording that creates a thread, starts a run, and ends with a request."""
    stream = f'event: metadata\ndata: {{"run_id": "{OLD_RUN}"}}\n\n'
    reply: object = stream if creator.endswith("/stream") else {"run_id": OLD_RUN}
    method, path, body = last
    return Recording("s", "s", {}, "joke", file="s.jsonl", stopped=None, exchanges=[
        exchange("create thread", "POST", "/threads", {"metadata": {}}, {"thread_id": OLD}, base, 1),
        exchange("creator", "POST", f"/threads/{OLD}{creator}", {"input": {"topic": "it's 1"}}, reply, base, 5),
        exchange("last", method, f"/threads/{OLD}{path}", body, {}, base, 9),
    ])  # fmt: skip


def pasted(lines: str, folder: Path) -> None:
    """Run lines in a shell, as if they were pasted."""
    if shutil.which("curl") is None:
        left_out("curl is missing: apt-get install curl")
    done = subprocess.run(
        ["sh", "-e"], input=f"{lines}\nwait\n", cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("creator", "last"),
    [
        ("/runs", ("GET", f"/runs/{OLD_RUN}/stream", None)),
        ("/runs/stream", ("GET", f"/runs/{OLD_RUN}/stream", None)),
        ("/runs/stream", ("POST", "/runs/stream", {"input": {"text": "a\u2028b\x7f\U000e0001\n'\"$HOME`id`"}})),
        ("/runs", ("GET", "/state", None)),
        ("/runs", ("POST", "/runs", {"input": "x" * (SHORT_BODY + 1)})),
    ],
)
def test_pasted_lines_create_the_thread_and_the_run_and_repeat_the_request(
    tmp_path: Path, creator: str, last: tuple[str, str, object]
) -> None:
    numbers = itertools.count(1)

    async def server(connection: Connection) -> None:
        if connection.line == "POST /threads":
            return await connection.send(answer('{"thread_id": "new-thread"}'))
        run = f"new-run-{next(numbers)}"
        if connection.line.endswith("/stream"):
            event = f'event: metadata\r\ndata: {{"run_id": "{run}"}}\r\n\r\n'.encode()
            return await connection.send(CHUNKED + f"{len(event):x}\r\n".encode() + event + b"\r\n0\r\n\r\n")
        await connection.send(answer(json.dumps({"run_id": run})))

    with serving(server) as fake:
        recording = recorded(fake.url, creator, last)
        (tmp_path / "recordings").mkdir()
        write_recording(recording, tmp_path / "recordings" / "s.jsonl")
        pasted(repeating(recording, recording.exchanges[-1]), tmp_path)
        method, path, body = last
        new = path.replace(OLD_RUN, "new-run-1")
        assert fake.lines == [
            "POST /threads", f"POST /threads/new-thread{creator}", f"{method} /threads/new-thread{new}",
        ]  # fmt: skip
        sent = [json.loads(one.body) if one.body else None for one in fake.received]
    assert sent == [{"metadata": {}}, {"input": {"topic": "it's 1"}}, body]


def test_a_request_without_a_thread_of_the_recording_is_repeated_as_it_was(tmp_path: Path) -> None:
    recording = recorded("http://h", "/runs", ("GET", "/state", None))
    recording.exchanges[0].status = 500
    lines = repeating(recording, recording.exchanges[-1])
    assert f"http://h/threads/{OLD}/state" in lines
    assert "THREAD" not in lines


def test_an_id_replaces_only_a_segment_of_the_path() -> None:
    recording = recorded("http://h", "/runs", ("GET", "/state", None))
    recording.exchanges[0].chunks = [Chunk(2, 0.1, b'{"thread_id": "t"}')]
    for one in recording.exchanges[1:]:
        one.url = one.url.replace(OLD, "t")
    assert """http://h/threads/"$THREAD"/state""" in repeating(recording, recording.exchanges[-1])


def test_the_body_of_every_golden_request_stays_the_same_json() -> None:
    checked = 0
    for recording in golden.good().recordings.values():
        for one in recording.exchanges:
            lines = repeating(recording, one)
            if one.request is None or BODY_FILE in lines:
                continue
            words = subprocess.run(
                ["sh", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}\n{lines.splitlines()[-1]}"],
                capture_output=True, text=True, check=True,
            ).stdout.split("\0")  # fmt: skip
            assert json.loads(words[words.index("--data-raw") + 1]) == json.loads(one.body or "")
            checked += 1
            break
    assert checked > 100


def test_only_a_header_of_the_target_is_masked(tmp_path: Path) -> None:
    one = exchange("x", "GET", "/", None, {}, "http://h", 1)
    one.request_headers = [("X-Mine", "v"), ("Accept-Language", "*"), ("X-Api-Key", "any")]
    one.own_headers = ("accept-language", "x-api-key")
    writer = RecordingWriter(tmp_path / "s.jsonl", Redactor(["v"]), "s", "s", {}, "joke")
    writer.request(one)
    writer.finish(None)
    text = (tmp_path / "s.jsonl").read_text("utf-8")
    assert '["X-Mine", "***"], ["Accept-Language", "*"], ["X-Api-Key", "any"]' in text
