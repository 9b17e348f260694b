"""The replay server: it answers with the recorded bytes at the recorded times, and ends each exchange as recorded.

The clock of a thread starts with its first request.  It waits for every recorded request, so that a reader has received
as much as in the recording when another joins, however slow the client is.
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
from conformance.replay.matching import Matcher
from conformance.replay.tracks import Step, Track, request_key
from conformance.settings import UsageError
from conformance.wire import http_server
from conformance.wire.endings import ENDED_BY_SERVER
from conformance.wire.text import printable

PATIENCE_S = 3.0
"""How long a clock waits for a recorded request, which another client may never send."""


SHOWN_REQUESTS = 20
"""How many of the requests that can be sent are shown."""


def recordings_at(path: Path) -> Sequence[Recording]:
    """Return one recording, or all of a report folder or its recordings/; raises UsageError."""
    try:
        found = read_recordings(source_of(path))
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from None
    except ValueError as problem:
        raise UsageError(f"{path} is not a recording: {problem}") from None
    if not found:
        what = "holds no recordings" if path.exists() else "does not exist"
        raise UsageError(f"{path} {what}; name a report folder, its recordings/ or recordings.tar.xz, or a .jsonl file")
    return found


def asked_of(recordings: Sequence[Recording]) -> str:
    """Return the requests that a replay of these recordings can answer, one on a line."""
    exchanges = [exchange for recording in recordings for exchange in recording.exchanges]
    what = recordings[0].variant if len(recordings) == 1 else f"{len(recordings)} recordings"
    requests = Counter(" ".join(request_key(one.method, one.path, None).exact[:2]) for one in exchanges)
    lines = [f"  {line}" + (f"   ({times} times)" if times > 1 else "") for line, times in requests.items()]
    more = [f"  and {len(lines) - SHOWN_REQUESTS} more"] if len(lines) > SHOWN_REQUESTS else []
    shown = map(printable, lines[:SHOWN_REQUESTS])
    return "\n".join([f"plays back {printable(what)}; it answers these requests:", *shown, *more])


class Replay:
    """A server that answers each request with the recorded exchange that fits it."""

    def __init__(self, recordings: Sequence[Recording], speed: float = 1.0) -> None:
        self._matcher = Matcher(recordings)
        self._clocks: dict[Track, Clock] = {}
        self._speed = speed

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on a loopback port, 0 for any free one; raises OSError."""
        return await http_server.serve(port, self._answer)

    async def _answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        body = request.body.decode("utf-8", "replace") if request.body else None
        found = self._matcher.take(request_key(request.method, request.path, body))
        if found is None:
            await _refuse(request, writer)
            return
        track, step = found
        clock = self._clocks.setdefault(track, Clock(track, self._speed))
        # Translated now, because the tracks may change places before the answer is due.
        content = track.translated(step.exchange.content)
        headers = [(name, track.translated(value.encode("latin-1"))) for name, value in step.exchange.headers]
        exchange = replace(step.exchange, headers=[(name, value.decode("latin-1")) for name, value in headers])
        with clock.request_received(step):
            await _play(exchange, content, clock, writer)


async def _refuse(request: http_server.Request, writer: asyncio.StreamWriter) -> None:
    detail = f"no recorded exchange that is still to be played fits {request.method} {request.path} with this body"
    body = json.dumps({"detail": detail}).encode()
    await http_server.send_whole(404, [("content-type", "application/json")], body, writer)


async def _play(exchange: Exchange, content: bytes, clock: Clock, writer: asyncio.StreamWriter) -> None:
    """Send the answer of an exchange with this content, each chunk when the clock reaches its time."""
    chunked = http_server.is_chunked(exchange.headers)
    if exchange.status is not None:
        writer.transport.set_write_buffer_limits(0)  # so that everything is sent before an abrupt end
        await clock.reaches(exchange, exchange.answered, exchange.answered_t)
        writer.write(http_server.head(exchange.status, exchange.decoded_headers))
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
    """The time of one track, in the seconds of its recording."""

    def __init__(self, track: Track, speed: float) -> None:
        self._track = track
        self._speed = speed
        self._recorded = 0.0
        self._real = 0.0
        self._under_way = 0
        self._given_up: set[int] = set()
        """The running numbers of requests for which it no longer waits."""
        self._changed = asyncio.Event()

    @contextmanager
    def request_received(self, step: Step) -> Iterator[None]:
        """Adjust the clock to a request that is answered within the context.

        For a late request the clock goes back to the time of the recorded one; it goes forward only if no other request
        is under way.
        """
        sent = step.exchange.sent_t
        if not self._under_way or self._now() > sent:
            self._recorded, self._real = sent, time.monotonic()
        self._under_way += 1
        self._notify()
        try:
            yield
        finally:
            self._under_way -= 1

    async def reaches(self, exchange: Exchange, seq: int | None, t: float | None) -> None:
        """Wait for the time of an observation of the exchange, and for every request recorded between the two."""
        between = range(exchange.sent + 1, seq or 0)
        while (left := ((t or 0.0) - self._now()) / self._speed) > 0 or self._missing(between):
            try:
                await asyncio.wait_for(self._changed.wait(), left if left > 0 else PATIENCE_S)
            except TimeoutError:
                if left <= 0:
                    self._given_up |= self._missing(between)

    def _now(self) -> float:
        return self._recorded + (time.monotonic() - self._real) * self._speed

    def _missing(self, numbers: range) -> set[int]:
        """Return the running numbers in the range of the requests for which it still waits."""
        steps = (step for number, step in enumerate(self._track.steps) if number not in self._track.played)
        return {step.exchange.sent for step in steps if step.exchange.sent in numbers} - self._given_up

    def _notify(self) -> None:
        """Wake every answer that waits."""
        self._changed.set()
        self._changed = asyncio.Event()
