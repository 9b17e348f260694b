"""Delivery to clients that accept compressed bodies, and bodies that are not what their head announces."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance import suite
from conformance.authoring.views import SessionRecordings
from conformance.evidence.curl import curl_command
from conformance.evidence.json_lines import read_recording
from conformance.judging.causes import with_cause
from conformance.judging.judge import judge
from conformance.judging.outcomes import Outcome

from . import fakes, golden
from .beginner import event
from .fakes import CHUNKED, STREAM, Connection, Script, answer, says, serving
from .performing import perform, recorded
from .test_first_hour import run

GZIP_HEAD = STREAM[:-2] + b"Content-Encoding: gzip\r\n\r\n"
UNBUFFERED = STREAM[:-2] + b"X-Accel-Buffering: no\r\n\r\n"
"""What the official server sends, so that nginx does not buffer."""
STEP_S = 0.2
METADATA = event("metadata", {"run_id": "r", "attempt": 1})
COUNTED = [METADATA, *(event("updates", {"step": {"count": number}}) for number in range(1, 7))]
CREATED = says(answer('{"thread_id": "t"}'))
STATE = '{"values": {"topic": "cats"}, "next": []}'
AT_ONCE = "test_a_client_that_accepts_compression_gets_events_at_once"

Coding = Callable[[Sequence[bytes]], Iterator[bytes]]
"""Turns events into what is sent for each."""


def as_they_are(events: Sequence[bytes]) -> Iterator[bytes]:
    yield from events


def flushed(events: Sequence[bytes]) -> Iterator[bytes]:
    """Compress events, and flush the compressor after each."""
    compressor = zlib.compressobj(wbits=31)
    for one in events:
        yield compressor.compress(one) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


def not_flushed(events: Sequence[bytes]) -> Iterator[bytes]:
    """Compress events as a middleware that sends what the compressor has, which is nothing until the end."""
    compressor = zlib.compressobj(wbits=31)
    yield from (compressor.compress(one) for one in events)
    yield compressor.flush()


def chunked(*data: bytes, last: bool = True) -> bytes:
    """Return data as chunks, the last of which ends the body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in data) + (b"0\r\n\r\n" if last else b"")


def counting(coding: Coding, *, always: bool = False, in_chunks: bool = False) -> Any:
    """Serve the graph counter, which streams six steps; compressed for clients that accept it, or for all.

    The body ends with the connection, unless it is sent in chunks.
    """
    ended: list[bool] = []

    async def stream(connection: Connection) -> None:
        gzip = coding is not as_they_are and (always or "gzip" in connection.fields["accept-encoding"])
        head = GZIP_HEAD if gzip else UNBUFFERED
        await connection.send(head[:-2] + b"Transfer-Encoding: chunked\r\n\r\n" if in_chunks else head)
        ended.clear()
        for sent in coding(COUNTED) if gzip else COUNTED:
            await connection.send(chunked(sent, last=False) if in_chunks else sent)
            await asyncio.sleep(STEP_S)
        await connection.send(chunked() if in_chunks else b"")
        ended.append(True)

    async def get_run(connection: Connection) -> None:
        await connection.send(answer(json.dumps({"run_id": "r", "status": "success" if ended else "running"})))

    run = "GET /threads/t/runs/r "
    return serving({"POST /threads ": CREATED, "POST /threads/t/runs/stream ": stream, run: get_run})


def judged(folder: Path, server: Any, scenario: str, check: str) -> tuple[SessionRecordings, list[Outcome]]:
    """Perform a scenario; return its recordings, and the outcomes of a check, with their likely causes."""
    with server as fake:
        perform(fake, folder, *suite.load().scenarios[scenario].variants())
    session = SessionRecordings(map(read_recording, sorted(folder.glob("*.jsonl"))))
    items = [item for item in golden.items().values() if item.check.name == check]
    return session, [with_cause(item.check.requirement, judge(item, session), session) for item in items]


@pytest.mark.parametrize(("coding", "outcome"), [(as_they_are, "passed"), (flushed, "passed"), (not_flushed, "failed")])
def test_delivery_is_judged_with_the_headers_of_sdks_and_browsers(tmp_path: Path, coding: Coding, outcome: str) -> None:
    session, found = judged(tmp_path, counting(coding), "counted_to_a_client", AT_ONCE)
    assert [one.word for one in found] == [outcome] * 2
    compressed = {one.coding for recording in session.recordings.values() for one in recording.streams()}
    assert compressed == ({""} if coding is as_they_are else {"gzip"})
    causes = {one.cause for one in found}
    assert all("flush it after each event" in cause for cause in causes) if outcome == "failed" else causes == {""}


def test_a_body_that_is_compressed_although_nobody_asked_is_named(tmp_path: Path) -> None:
    with counting(flushed, always=True) as fake:
        _, lines, report = run(tmp_path, "--url", fake.url, "-k", "test_an_event_comes_while_the_run and updates")
    counted = report["observations"]["transport.content-coding"]["not accepted"]
    assert re.fullmatch(r"1 of \d answers \(gzip\)", counted)
    assert any(f"compressed although the requests do not accept it: {counted}" in line for line in lines)


def test_a_scenario_can_keep_headers_from_being_sent(tmp_path: Path) -> None:
    async def asks(server: Any) -> None:
        await server.runs.streamed(None, input={}, headers={"Accept": None, "Accept-Encoding": None})
        await server.runs.streamed(None, input={}, headers={"Accept-Encoding": "gzip"})

    with serving(says(STREAM + METADATA)) as fake:
        perform(fake, tmp_path, asks)
    without, accepts = [one.fields for one in fake.received if "/runs/stream" in one.line]
    assert not without.keys() & {"accept", "accept-encoding"}
    assert accepts["accept-encoding"] == "gzip"
    first, second = recorded(tmp_path, "asks").exchanges
    assert (first.asks_for_coding, second.asks_for_coding) == (False, True)
    assert ("--compressed" in curl_command(first), "--compressed" in curl_command(second)) == (False, True)


# --- what the head announces


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (CHUNKED + chunked(*COUNTED), ""),
        (CHUNKED[:-2] + b"Content-Length: 9\r\n\r\n" + chunked(*COUNTED), "both (Content-Length: 9)"),
        (GZIP_HEAD + b"".join(COUNTED), "declares gzip, but the body is not encoded"),
        (STREAM + b"".join(flushed(COUNTED)), "is compressed, but no header says so"),
    ],
)
def test_a_body_is_what_its_head_announces(tmp_path: Path, sent: bytes, problem: str) -> None:
    scripts = {"POST /threads ": CREATED, "POST /threads/t/runs/stream ": says(sent)}
    check = "test_every_body_is_what_its_head_announces"
    _, [outcome] = judged(tmp_path, serving(scripts), "posted_on_a_thread", check)
    assert outcome.word == ("failed" if problem else "passed")
    assert problem in outcome.message


# --- what follows the end


def again(after: bytes, pause: float, *, closes: bool = False) -> dict[str, Script]:
    """Serve a run, and its state on the same connection; `after` is sent behind the end of the stream."""

    async def stream(connection: Connection) -> None:
        await connection.send(CHUNKED + chunked(METADATA, event("updates", {"refine_topic": {}})))
        await asyncio.sleep(pause)
        await connection.send(after)
        if not closes:
            following = await fakes._request(connection.reader, connection.writer)
            assert following.line == "GET /threads/t/state"
            await connection.send(answer(STATE))

    return {
        "POST /threads ": CREATED, "POST /threads/t/runs/stream ": stream,
        "GET /threads/t/state ": says(answer(STATE)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("after", "pause", "closes", "outcome"),
    [
        (b"", 0.0, False, "passed"),
        (b"", 0.0, True, "passed"),
        (b"0\r\n\r\n", 0.0, False, "failed"),
        (b"0\r\n\r\n", 0.02, False, "failed"),
        (b"rubbish", 0.02, True, "failed"),
    ],
)
def test_nothing_may_follow_the_end_of_a_body(
    tmp_path: Path, after: bytes, pause: float, closes: bool, outcome: str
) -> None:
    check = "test_nothing_follows_the_end_of_a_body"
    server = serving(again(after, pause, closes=closes))
    _, [found] = judged(tmp_path, server, "asked_again_on_the_connection", check)
    assert found.word == outcome, found.message
