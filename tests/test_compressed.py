"""A body that a server compresses unasked is recorded decoded and masked, within limits, and can be played back."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.clients.playback import Playback
from conformance.evidence.curl import curl_command
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.replay.replay import Replay
from conformance.targets.target import Target
from conformance.wire import http_server
from conformance.wire.endings import SIZE

from .fakes import OK, STREAM, Connection, Script, answer, says, serving
from .performing import GENEROUS, KEY, MIB, one_stream, only, perform, recorded

EVENTS = [f"event: values\ndata: {number}\n\n".encode() for number in range(3)]


def head(coding: str) -> bytes:
    return STREAM[:-2] + f"Content-Encoding: {coding}\r\n\r\n".encode()


def flushes(events: Sequence[bytes], *, cut: int = 0) -> Script:
    """Return a server that compresses its events with gzip and flushes each; it cuts the last bytes off."""

    async def script(connection: Connection) -> None:
        compressor = zlib.compressobj(wbits=31)
        await connection.send(head("gzip"))
        for event in events:
            await connection.send(compressor.compress(event) + compressor.flush(zlib.Z_SYNC_FLUSH))
            await asyncio.sleep(0.05)
        await connection.send(compressor.flush()[: -cut or None])

    return script


def test_events_are_recorded_decoded_each_when_it_arrives(tmp_path: Path) -> None:
    with serving(flushes(EVENTS)) as fake:
        perform(fake, tmp_path, one_stream)
    exchange = only(tmp_path)
    assert [chunk.data for chunk in exchange.chunks] == EVENTS
    assert (exchange.coding, exchange.coding_problem, exchange.ending) == ("gzip", "", "complete")
    assert exchange.header("content-encoding") == "gzip"  # as the server sent it


def test_a_scenario_reads_a_compressed_answer(tmp_path: Path) -> None:
    async def creates(server: Any) -> None:
        await server.threads.get(await server.threads.create())

    body = zlib.compress(b'{"thread_id": "t"}')
    coded = OK + f"Content-Encoding: deflate\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with serving({"POST /threads": says(coded), "": says(answer("{}"))}) as fake:
        perform(fake, tmp_path, creates)
    assert "GET /threads/t" in fake.lines


def test_a_secret_that_is_cut_by_the_compression_is_masked(tmp_path: Path) -> None:
    event = f"data: {KEY}\n\n".encode()
    with serving(flushes([event[:10], event[10:]])) as fake:
        perform(fake, tmp_path, one_stream)
    assert only(tmp_path).content == b"data: " + b"*" * len(KEY) + b"\n\n"


def test_a_coding_that_is_not_applied_is_noted(tmp_path: Path) -> None:
    with serving(says(head("br") + b"".join(EVENTS))) as fake:
        perform(fake, tmp_path, one_stream)
    exchange = only(tmp_path)
    assert (exchange.content, exchange.coding) == (b"".join(EVENTS), "")
    assert exchange.coding_problem == "Content-Encoding declares br, but the body is not encoded"


def test_a_name_of_a_coding_cannot_bring_a_secret_into_a_recording(tmp_path: Path) -> None:
    with serving(says(head(KEY) + b"".join(EVENTS))) as fake:
        perform(fake, tmp_path, one_stream)
    assert "declares ***" in only(tmp_path).coding_problem
    assert KEY not in (tmp_path / "one_stream.jsonl").read_text("utf-8")


def test_a_body_that_is_cut_off_is_recorded_up_to_there(tmp_path: Path) -> None:
    with serving(flushes(EVENTS, cut=9)) as fake:
        perform(fake, tmp_path, one_stream)
    assert only(tmp_path).content == b"".join(EVENTS)


def test_a_damaged_body_breaks_the_exchange(tmp_path: Path) -> None:
    with serving(says(head("gzip") + zlib.compress(b"data: 1\n\n", wbits=31) + b"damage")) as fake:
        perform(fake, tmp_path, one_stream)
    exchange = only(tmp_path)
    assert (exchange.content, exchange.ending) == (b"data: 1\n\n", "broken")
    assert "the body is not valid gzip" in exchange.detail


def test_a_bomb_ends_the_exchange_at_the_limit_of_its_decoded_size(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(64 * MIB), wbits=31)
    assert len(bomb) < MIB
    with serving(says(head("gzip") + bomb)) as fake:
        summary = perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, exchange_bytes=2 * MIB))
    exchange = only(tmp_path)
    assert exchange.ending == SIZE
    assert len(exchange.content) < 3 * MIB
    assert summary.bytes_received < 3 * MIB


def test_bytes_that_decode_to_nothing_count_too(tmp_path: Path) -> None:
    empty = zlib.compress(b"", wbits=31) * 20_000
    with serving(says(head("gzip") + empty)) as fake:
        perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, exchange_bytes=len(empty) // 2))
    assert (only(tmp_path).ending, only(tmp_path).content) == (SIZE, b"")


# --- played back


def compressed(tmp_path: Path) -> Recording:
    """Return the recording of a compressed stream with a length."""
    body = zlib.compress(b"".join(EVENTS), wbits=31)
    sized = head("gzip")[:-2] + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with serving(says(sized)) as fake:
        perform(fake, tmp_path, one_stream)
    return recorded(tmp_path)


@pytest.mark.parametrize("ending", ["complete", "broken"])
def test_a_decoded_body_is_played_back_without_its_coding(tmp_path: Path, ending: str) -> None:
    recording = compressed(tmp_path)
    recording.exchanges[0] = stream = replace(recording.exchanges[0], ending=ending)

    async def ask(url: str) -> tuple[bytes, str]:
        async with httpx.AsyncClient(timeout=5) as http:
            received = b""
            try:
                async with http.stream(stream.method, url, content=stream.body or "") as response:
                    assert "content-encoding" not in response.headers
                    async for part in response.aiter_bytes():
                        received += part
            except httpx.RemoteProtocolError:
                return received, "broken"
            return received, "complete"

    async def perform_both() -> list[tuple[bytes, str]]:
        playback = Playback([stream])
        async with await Replay([recording], speed=1000).serve(0) as one:
            first = await ask(http_server.address(one) + stream.path)
        async with await http_server.serve(0, playback.answer) as other:
            stream.body = '{"assistant_id": "0"}'
            return [first, await ask(http_server.address(other) + "/runs/stream")]

    assert asyncio.run(perform_both()) == [(b"".join(EVENTS), ending)] * 2


# --- the query of the target


def test_the_query_of_the_target_goes_with_every_request_and_is_masked(tmp_path: Path) -> None:
    async def joins(server: Any) -> None:
        thread = await server.threads.create()
        await server.runs.streamed(thread, input={})
        await server.runs.join_stream(thread, "r", query={"stream_mode": "values"}).answered()

    scripts = {"POST /threads?": says(answer('{"thread_id": "t"}')), "": says(STREAM + b"data: 1\n\n")}
    with serving(scripts) as fake:
        perform(Target("fake", fake.url, query="token=a%2Fb&k=12"), tmp_path, joins)
    targets = [connection.line for connection in fake.received]
    assert [line.replace("token=a%2Fb&k=12", "…") for line in targets] == [
        "GET /?…",
        "POST /threads?…",
        "POST /threads/t/runs/stream?…",
        "GET /threads/t/runs/r/stream?stream_mode=values&…",
        "GET /?…",
        "DELETE /threads/t?…",
    ]
    exchanges: list[Exchange] = recorded(tmp_path, "joins").exchanges
    assert not any("token" in exchange.url for exchange in exchanges)
    assert {exchange.query for exchange in exchanges} == {"token=***&k=***"}
    assert any("""?token='"$SECRET"'&k='"$SECRET" -H""" in curl_command(exchange) for exchange in exchanges)
