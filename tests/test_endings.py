"""Whatever a server does to the transport, its exchange ends within the limits, and the recording says how."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.record.limits import Limits

from .fakes import CHUNKED, EVENT, OK, STREAM, Connection, Script, answer, says, serving
from .performing import (
    GENEROUS,
    MIB,
    SHORT_SILENCE,
    for_ever,
    hangs,
    one_stream,
    only,
    perform,
    recorded,
    then_hangs,
    then_resets,
)

READ_BYTES = 1 << 16
"""How many bytes the client reads at once, and so may receive beyond a size limit."""
SMALL = replace(GENEROUS, exchange_bytes=300_000)


async def sends_single_bytes(connection: Connection) -> None:
    for byte in STREAM + "data: é\r\n\r\n".encode():
        await connection.send(bytes([byte]))
        await asyncio.sleep(0)


ENDINGS: dict[str, tuple[Script, Limits, str, int | None, int]] = {
    # script, limits, ending, status, number of events (-1: any)
    "a complete answer": (says(OK + b"Content-Length: 2\r\n\r\n{}"), GENEROUS, "complete", 200, 0),
    "a stream to the end of its connection": (says(STREAM + EVENT), GENEROUS, "complete", 200, 1),
    "a chunked stream": (says(CHUNKED + b"18\r\n" + EVENT + b"\r\n0\r\n\r\n"), GENEROUS, "complete", 200, 1),
    "a stream byte by byte": (sends_single_bytes, GENEROUS, "complete", 200, 1),
    "an empty stream": (says(STREAM), GENEROUS, "complete", 200, 0),
    "early hints": (says(b"HTTP/1.1 103 Early Hints\r\n\r\n" + STREAM + EVENT), GENEROUS, "complete", 200, 1),
    "no content": (says(b"HTTP/1.1 204 No Content\r\n\r\n"), GENEROUS, "complete", 204, 0),
    "an error": (says(answer('{"detail": "no"}', 500)), GENEROUS, "complete", 500, 0),
    "a redirect to itself": (says(answer("", 307, "Location: /runs/stream")), GENEROUS, "complete", 307, 0),
    "events under another type": (says(OK + b"Content-Type: text/plain\r\n\r\n" + EVENT), GENEROUS, "complete", 200, 0),
    "no content type": (says(OK + b"\r\n" + EVENT), GENEROUS, "complete", 200, 0),
    "two content types": (
        says(OK + b"Content-Type: application/json\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT),
        GENEROUS, "complete", 200, 0,
    ),
    "a compressed stream, by its header": (
        says(STREAM[:-2] + b"Content-Encoding: gzip\r\n\r\n" + EVENT), GENEROUS, "complete", 200, 1,
    ),
    "bytes that are not text": (says(STREAM + bytes(range(256))), GENEROUS, "complete", 200, 0),
    "silence": (hangs, SHORT_SILENCE, "deadline", None, 0),
    "half a head": (then_hangs(STREAM[:30]), SHORT_SILENCE, "deadline", None, 0),
    "silence after the head": (then_hangs(STREAM), SHORT_SILENCE, "deadline", 200, 0),
    "silence after an event": (then_hangs(STREAM + EVENT), SHORT_SILENCE, "deadline", 200, 1),
    "half a chunk": (then_hangs(CHUNKED + b"18\r\nevent"), SHORT_SILENCE, "deadline", 200, 0),
    "heartbeats for ever": (for_ever(b": heartbeat\n\n", 0.02), SHORT_SILENCE, "deadline", 200, 0),
    "fields without data for ever": (for_ever(b"event: values\n\n", 0.02), SHORT_SILENCE, "deadline", 200, 0),
    "an unfinished line for ever": (for_ever(b"x", 0.02), SHORT_SILENCE, "deadline", 200, 0),
    "an endless fast stream": (for_ever(EVENT * 1000), SMALL, "cap", 200, -1),
    "an endless line": (for_ever(b"x" * MIB), SMALL, "cap", 200, 0),
    "endless line endings": (for_ever(b"\n" * 1000), SMALL, "cap", 200, 0),
    "an endless answer that is not a stream": (
        for_ever(b"[" * MIB, head=OK + b"Content-Type: application/json\r\n\r\n"), SMALL, "cap", 200, 0,
    ),
    "a large body": (for_ever(b" " * MIB, head=OK + b"Content-Length: 99999999999\r\n\r\n"), SMALL, "cap", 200, 0),
    "closed without an answer": (says(b""), GENEROUS, "broken", None, 0),
    "reset without an answer": (then_resets(b""), GENEROUS, "broken", None, 0),
    "reset in the middle of a stream": (then_resets(CHUNKED + b"18\r\n" + EVENT + b"\r\n"), GENEROUS, "broken", 200, 1),
    "a chunked stream without its end": (says(CHUNKED + b"18\r\n" + EVENT + b"\r\n"), GENEROUS, "broken", 200, 1),
    "a truncated chunk": (says(CHUNKED + b"99\r\n" + EVENT), GENEROUS, "broken", 200, 1),
    "a chunk without a size": (says(CHUNKED + b"18\r\n" + EVENT + b"\r\nxyz\r\n"), GENEROUS, "broken", 200, 1),
    "a truncated body": (says(STREAM[:-2] + b"Content-Length: 99\r\n\r\n" + EVENT), GENEROUS, "broken", 200, 1),
    "closed after half a head": (says(STREAM[:30]), GENEROUS, "broken", None, 0),
    "not HTTP": (says(b"SSH-2.0-OpenSSH\r\n"), GENEROUS, "broken", None, 0),
    "a garbage status": (says(b"HTTP/1.1 abc OK\r\n\r\n"), GENEROUS, "broken", None, 0),
    "a status of five digits": (says(b"HTTP/1.1 99999 OK\r\n\r\n"), GENEROUS, "broken", None, 0),
    "an invalid header": (says(OK + b"no colon\r\n\r\n"), GENEROUS, "broken", None, 0),
    "two lengths": (says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), GENEROUS, "broken", None, 0),
    "a huge header": (says(OK + b"X-Big: " + b"x" * 200_000 + b"\r\n\r\n"), GENEROUS, "broken", None, 0),
    "headers for ever": (for_ever(b"X-More: x\r\n" * 1000, head=OK), GENEROUS, "broken", None, 0),
}  # fmt: skip


@pytest.mark.parametrize(("script", "limits", "ending", "status", "events"), ENDINGS.values(), ids=ENDINGS)
def test_an_exchange_ends_within_the_limits(
    tmp_path: Path, script: Script, limits: Limits, ending: str, status: int | None, events: int
) -> None:
    with serving(script) as fake:
        summary = perform(fake, tmp_path, one_stream, limits=limits)
    recording, exchange = recorded(tmp_path), only(tmp_path)
    assert (exchange.ending, exchange.status) == (ending, status), exchange.detail
    assert bool(exchange.detail) == (ending != "complete")
    assert exchange.ended is not None
    assert recording.stopped is None
    assert summary.stopped is None
    assert len(summary.reached) == (ending == "deadline")
    assert summary.answered_at_end
    assert summary.bytes_received == len(exchange.content) <= limits.exchange_bytes + READ_BYTES
    received = len(exchange.events) if exchange.is_stream else 0
    assert received == events or (events < 0 < received)
    assert fake.lines == ["POST /runs/stream"]
