"""A recording ends at the limits of time and size, and says which limit was reached."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.targets.target import Target

from .fakes import EVENT, STREAM, Connection, answer, says, serving
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
    variant,
)

SILENCE = "no event arrived on any stream for 0.3 s"
READ_BYTES = 1 << 16
"""How many bytes the client reads at once, and so may receive beyond a size limit."""


def test_a_stream_that_lasts_too_long_is_closed(tmp_path: Path) -> None:
    with serving(for_ever(EVENT, 0.02)) as fake:
        summary = perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, length_s=0.3))
    exchange = only(tmp_path)
    assert (exchange.ending, summary.stopped) == ("length", None)
    assert exchange.detail.startswith("limit reached: ")
    assert "0.3 s after its first event" in exchange.detail
    assert exchange.events


@pytest.mark.parametrize("block", [b"data\n\n", b":\n\n", b"\n\n"])
def test_a_stream_of_too_many_blocks_is_closed(tmp_path: Path, block: bytes) -> None:
    with serving(for_ever(block * 100, 0.001)) as fake:
        perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, exchange_blocks=1000))
    exchange = only(tmp_path)
    assert exchange.ending == "cap"
    assert "more than 1,000 events" in exchange.detail
    assert len(exchange.content) <= 1000 * len(block) + 2 * READ_BYTES


def test_a_session_in_which_the_server_sends_too_much_is_stopped(tmp_path: Path) -> None:
    async def another_stream(server: Any) -> None:
        await one_stream(server)

    limits = replace(GENEROUS, session_bytes=MIB)
    with serving(for_ever(b":" + b"x" * 10_000 + EVENT, 0.001)) as fake:
        summary = perform(fake, tmp_path, one_stream, another_stream, limits=limits)
    assert summary.stopped is not None
    assert summary.stopped.startswith("limit reached: ")
    assert "1,048,576 bytes" in summary.stopped
    both = [recorded(tmp_path, name).exchanges[0] for name in ("one_stream", "another_stream")]
    assert [exchange.ending for exchange in both] == ["cap", "cap"]


def test_a_session_is_stopped_when_its_time_is_over(tmp_path: Path) -> None:
    async def another_stream(server: Any) -> None:
        await one_stream(server)

    with serving(for_ever(b"event: values\ndata: {}\n\n", 0.01)) as fake:
        summary = perform(fake, tmp_path, one_stream, another_stream, limits=replace(GENEROUS, session_s=0.4))
    assert summary.stopped is not None
    assert summary.stopped.startswith("limit reached: --max-seconds; ")
    assert "-k" in summary.stopped
    both = [recorded(tmp_path, name).exchanges[0] for name in ("one_stream", "another_stream")]
    assert [exchange.ending for exchange in both] == ["length", "length"]
    assert all(exchange.events for exchange in both)


def test_a_server_that_hangs_costs_one_limit_for_the_whole_session(tmp_path: Path) -> None:
    async def waits(server: Any, number: int) -> None:
        thread = await server.threads.create()
        await server.runs.streamed(thread, input={})

    with serving(hangs) as fake:
        many = [variant(waits, number=number) for number in range(20)]
        summary = perform(Target("fake", fake.url, concurrency=3), tmp_path, *many, limits=SHORT_SILENCE)
    assert summary.stopped == f"limit reached: {SILENCE}"
    assert fake.lines == ["POST /threads"] * 3
    stopped = [recorded(tmp_path, f"waits-{number}").stopped or "" for number in range(20)]
    assert sum(bool(re.search("`create thread` was not accepted: .*limit", why)) for why in stopped) == 3
    assert sum(bool(re.search("`create thread` was not sent: .*limit", why)) for why in stopped) == 17


def test_a_run_that_never_ends_costs_one_limit(tmp_path: Path) -> None:
    async def polls(server: Any) -> None:
        await server.runs.ended("t", "r")

    with serving(says(answer('{"status": "running"}'))) as fake:
        perform(fake, tmp_path, polls, limits=SHORT_SILENCE)
    recording = recorded(tmp_path, "polls")
    assert SILENCE in (recording.stopped or "")
    assert {exchange.status for exchange in recording.exchanges} == {200}


def test_events_of_one_stream_extend_the_silence_of_the_others(tmp_path: Path) -> None:
    async def quiet(server: Any) -> None:
        await server.runs.streamed("quiet", input={})

    async def lively(server: Any) -> None:
        await server.runs.streamed("lively", input={})

    async def sends_slowly(connection: Connection) -> None:
        await connection.send(STREAM)
        for _ in range(40):
            await connection.send(EVENT)
            await asyncio.sleep(0.02)
        finished.set()

    async def waits(connection: Connection) -> None:
        await connection.send(STREAM)
        await finished.wait()
        await connection.send(EVENT)

    finished = asyncio.Event()
    with serving({"POST /threads/lively": sends_slowly, "POST /threads/quiet": waits}) as fake:
        summary = perform(fake, tmp_path, quiet, lively, limits=replace(GENEROUS, silence_s=0.4))
    assert summary.stopped is None
    assert len(recorded(tmp_path, "quiet").exchanges[0].events) == 1


def test_an_announced_silence_does_not_count(tmp_path: Path) -> None:
    async def quiet(server: Any) -> None:
        stream = server.runs.stream("quiet", input={})
        await stream.seen(1, "values")
        stream.silent_for(1.2)
        await stream.ended()

    async def pauses(connection: Connection) -> None:
        await connection.send(STREAM + EVENT)
        await asyncio.sleep(1)
        await connection.send(EVENT)

    with serving({"POST /threads/quiet": pauses}) as fake:
        summary = perform(fake, tmp_path, quiet, limits=replace(GENEROUS, silence_s=0.4))
    assert summary.stopped is None
    assert len(recorded(tmp_path, "quiet").exchanges[0].events) == 2


def test_a_server_that_hangs_after_an_announced_silence_costs_one_limit(tmp_path: Path) -> None:
    async def quiet(server: Any) -> None:
        stream = server.runs.stream("quiet", input={})
        await stream.seen(1, "values")
        stream.silent_for(0.5)
        await stream.ended()

    with serving({"POST /threads/quiet": then_hangs(STREAM + EVENT)}) as fake:
        summary = perform(fake, tmp_path, quiet, limits=SHORT_SILENCE)
    assert SILENCE in (summary.stopped or "")
