"""Plays recordings back as a server: the recorded bytes with their times, and the way each exchange ended.

A thread's clock runs from its first request.  It waits for each recorded request to come, so that what a reader had
seen when another joined is what it had seen in the recording, however slow the client is.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, source_of
from conformance.replay.matching import Step, Track, Tracks, ask
from conformance.settings import UsageError
from conformance.wire import http_server as http_server
from conformance.wire.endings import ENDED_BY_SERVER
from conformance.wire.text import printable

PATIENCE_S = 3.0
"""Seconds that a clock waits for a request that was recorded and may never come from another client."""


def recordings_at(path: Path) -> Sequence[Recording]:
    """One recording, or all of a report folder or its recordings/; raises UsageError."""
    try:
        found = read_recordings(source_of(path))
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        raise UsageError(f"{path} is no recording: {problem}") from None
    if not found:
        what = "holds no recordings" if path.exists() else "does not exist"
        raise UsageError(f"{path} {what}; name a .jsonl file, a report folder, or its recordings/")
    return found


SHOWN = 20
"""Requests that are shown of what can be asked."""


def asked_of(recordings: Sequence[Recording]) -> str:
    """What can be asked of a replay, in lines."""
    exchanges = [exchange for recording in recordings for exchange in recording.exchanges]
    what = recordings[0].variant if len(recordings) == 1 else f"{len(recordings)} recordings"
    asked = Counter(" ".join(ask(one.method, one.path, None).exact[:2]) for one in exchanges)
    lines = [f"  {line}" + (f"   ({times} times)" if times > 1 else "") for line, times in asked.items()]
    more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([f"plays back {printable(what)}; it can be asked", *map(printable, lines[:SHOWN]), *more])


class Replay:
    """A server that answers each request with the recorded exchange that fits it and was not played yet."""

    def __init__(self, recordings: Sequence[Recording], speed: float = 1.0) -> None:
        self._tracks = Tracks(recordings)
        self._clocks: dict[Track, Clock] = {}
        self._speed = speed

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on a loopback port (0: any free one); raises OSError."""
        return await http_server.serve(port, self._answer)

    async def _answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        body = request.body.decode("utf-8", "replace") if request.body else None
        found = self._tracks.take(ask(request.method, request.path, body))
        if found is None:
            detail = f"no recorded exchange that was not played yet fits {request.method} {request.path} with this body"
            said = json.dumps({"detail": detail}).encode()
            await http_server.send_whole(404, [("content-type", "application/json")], said, writer)
            return
        track, step = found
        clock = self._clocks.setdefault(track, Clock(track, self._speed))
        # Translated now: while the answer waits for its time, another client may change places with this one.
        exchange = step.exchange
        fields = [(name, track.translated(value.encode("latin-1"))) for name, value in exchange.headers]
        content = track.translated(exchange.content)
        with clock.asked(step):
            await _play(
                replace(exchange, headers=[(name, value.decode("latin-1")) for name, value in fields]),
                content,
                clock,
                writer,
            )


async def _play(exchange: Exchange, content: bytes, clock: Clock, writer: asyncio.StreamWriter) -> None:
    """Send the answer of an exchange, with this content, each part when the thread's clock has reached its time."""
    chunked = http_server.is_chunked(exchange.headers)
    if exchange.status is not None:
        writer.transport.set_write_buffer_limits(0)  # so that all was sent before the end, however abrupt that is
        await clock.reaches(exchange, exchange.answered, exchange.answered_t)
        writer.write(http_server.head(exchange.status, exchange.headers))
        await writer.drain()
    for chunk in exchange.chunks:
        await clock.reaches(exchange, chunk.seq, chunk.t)
        part, content = content[: len(chunk.data)], content[len(chunk.data) :]
        writer.write(http_server.chunk(part) if chunked else part)
        await writer.drain()
    if exchange.ending in ENDED_BY_SERVER:
        await clock.reaches(exchange, exchange.ended, exchange.ended_t)
    await http_server.end(exchange.ending, exchange.headers, writer)


class Clock:
    """The time of one thread, in the recording's seconds."""

    def __init__(self, track: Track, speed: float) -> None:
        self._track = track
        self._speed = speed
        self._recorded = 0.0
        self._real = 0.0
        self._under_way = 0
        self._given_up: set[int] = set()
        """The running numbers of requests that are awaited no more."""
        self._changed = asyncio.Event()

    @contextmanager
    def asked(self, step: Step) -> Iterator[None]:
        """A request has come, and is answered within the context.

        If it comes late, the clock goes back to when it was recorded; forward it is set only when nothing is under way.
        """
        sent = step.exchange.sent_t
        if not self._under_way or self._now() > sent:
            self._recorded, self._real = sent, time.monotonic()
        self._under_way += 1
        self._tell()
        try:
            yield
        finally:
            self._under_way -= 1

    async def reaches(self, exchange: Exchange, seq: int | None, t: float | None) -> None:
        """Wait until it is time for an observation of the exchange, and every request recorded since has come."""
        since = range(exchange.sent + 1, seq or 0)
        while (left := ((t or 0.0) - self._now()) / self._speed) > 0 or self._awaited(since):
            try:
                await asyncio.wait_for(self._changed.wait(), left if left > 0 else PATIENCE_S)
            except TimeoutError:
                if left <= 0:
                    self._given_up |= self._awaited(since)

    def _now(self) -> float:
        return self._recorded + (time.monotonic() - self._real) * self._speed

    def _awaited(self, since: range) -> set[int]:
        steps = (step for number, step in enumerate(self._track.steps) if number not in self._track.played)
        return {step.exchange.sent for step in steps if step.exchange.sent in since} - self._given_up

    def _tell(self) -> None:
        """Wake who waits, once."""
        self._changed.set()
        self._changed = asyncio.Event()
