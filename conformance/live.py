"""Exchanges while they happen: sends a request, records what comes back, and lets a scenario wait for it.

It knows requests and bytes, not the vocabulary of the API (that is `client`), and judges nothing.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from . import transcript
from .redaction import Redactor
from .sse import Decoder
from .target import Target, is_loopback
from .transcript import Chunk, Exchange
from .writer import Clock, RecordingWriter

SLOW_BYTES = 32 << 10
"""The receive buffer of a reader that is to be felt as slow: less than any stream that tests it."""

CONNECT_S = 10.0
"""How long a connection may take to open; no reader waits longer for a server."""


@dataclass(frozen=True)
class Limits:
    """When the suite stops waiting.  A hung server costs `silence_s` once for the whole run."""

    silence_s: float = 30.0  # official servers send a first event within 1 s, and no scenario is silent for over 6 s
    length_s: float = 60.0  # of one exchange, from its first event; the slowest scenario needs a tenth of it
    exchange_bytes: int = 16 << 20  # the largest stream of the suite has 4 MiB
    exchange_blocks: int = 20_000  # events and comments; the longest stream of the suite has 3,000
    run_bytes: int = 192 << 20  # all streams of the suite together have a tenth of it
    run_s: float = math.inf  # of the whole recording; only who asks for it (--max-seconds) has one


class Stopped(Exception):
    """A scenario cannot go on; the message says why, in words for the report."""


class _TooBig(Exception):
    """An exchange reached a limit of size; the message says which."""


@dataclass
class Run:
    """What all scenarios of one run share: where, until when, and what has been seen."""

    target: Target
    folder: Path
    redactor: Redactor
    nonce: str
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    stopped: str | None = None
    threads: list[tuple[str, str]] = field(default_factory=list)
    """(base URL, id) of each thread that the suite created."""
    background: list[tuple[str, str, str]] = field(default_factory=list)
    """(base URL, thread, run) of each background run that the suite started."""
    live: set[Live] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    """What the suite itself did wrong."""
    bytes_seen: int = 0
    last_event: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    """When the limit of silence began to count: with the last event, or with the end of a silence on purpose."""

    def stop(self, why: str, how: str) -> None:
        """Close all that is open and start nothing more."""
        self.stopped = self.stopped or why
        for live in list(self.live):
            live.close(how, why)

    def heard(self, now: float) -> None:
        """Count the limit of silence from now on, unless a silence on purpose lasts longer."""
        self.last_event = max(self.last_event, now)

    def open_client(self, *, slow: bool = False) -> httpx.AsyncClient:
        """A client that keeps no connection, follows no redirect, and asks no proxy for this machine.

        Each scenario has its own: the cost of a request grows with what is under way in the same client.
        """
        pool = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        if not slow:
            away = not is_loopback(self.target.url)
            return httpx.AsyncClient(headers=_HEADERS, timeout=_TIMEOUT, limits=pool, trust_env=away, verify=self.tls)
        small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BYTES)]
        transport = httpx.AsyncHTTPTransport(limits=pool, verify=self.tls, socket_options=small)
        return httpx.AsyncClient(headers=_HEADERS, timeout=_TIMEOUT, transport=transport)


# Only connecting has a limit of its own here: the run's limits end everything else.
_TIMEOUT = httpx.Timeout(None, connect=CONNECT_S)

# Bytes are recorded as they come, so none must come compressed; httpx would ask for it of its own accord.
_HEADERS = {"Accept-Encoding": "identity"}


class Live:
    """One exchange while it is under way."""

    def __init__(self, run: Run, http: httpx.AsyncClient, writer: RecordingWriter, exchange: Exchange) -> None:
        self.exchange = exchange
        self._run = run
        self._http = http
        self._writer = writer
        self._number = writer.request(exchange)
        self._decoder = Decoder()
        self._names: list[str] = []
        self._first: dict[str, str] = {}
        self._last_id = ""
        self._first_event: float | None = None
        self._bytes = 0
        self._blocks = 0
        self._pending: list[bytes] = []
        self._changed = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._closing: tuple[str, str] | None = None
        self._task = asyncio.create_task(self._perform())
        run.live.add(self)

    @property
    def over(self) -> bool:
        return self.exchange.ended is not None

    @property
    def last_id(self) -> str:
        """The id in force: that of the last block which has come and had one, empty while none had."""
        return self._last_id

    @property
    def names(self) -> Sequence[str]:
        """The names of the events seen so far, in order."""
        return self._names

    def first(self, name: str) -> str | None:
        """The data of the first event of this name, None while none has come."""
        return self._first.get(name)

    def close(self, how: str, detail: str) -> None:
        """End the exchange from our side."""
        if not self.over and self._closing is None:
            self._closing = (how, detail)
            # Not at once: a task that is cancelled before its first step never runs, and would never end the exchange.
            asyncio.get_running_loop().call_soon(self._task.cancel)

    def silent_for(self, seconds: float) -> None:
        """A step takes so long on purpose: the limit of silence counts from its end."""
        self._run.heard(asyncio.get_running_loop().time() + seconds)

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._reading.clear()

    def resume(self) -> None:
        """Read on."""
        self._reading.set()

    async def until(self, condition: Callable[[], bool]) -> bool:
        """Wait until the condition holds (True) or the exchange is over without it (False)."""
        while not condition():
            if self.over:
                return False
            self._changed.clear()
            await self._changed.wait()
        return True

    def too_long(self, now: float) -> bool:
        """Whether its first event is longer ago than an exchange may last."""
        return self._first_event is not None and now - self._first_event > self._run.limits.length_s

    async def _perform(self) -> None:
        how, detail = transcript.COMPLETE, ""
        try:
            await self._talk()
        except asyncio.CancelledError:
            how, detail = self._closing or (transcript.LEFT, "the run was interrupted")
        except (httpx.ConnectError, httpx.ConnectTimeout) as problem:
            how, detail = transcript.UNREACHABLE, f"no connection: {problem}"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as problem:
            how, detail = transcript.BROKEN, f"{type(problem).__name__}: {problem}"
        except _TooBig as problem:
            how, detail = transcript.SIZE, str(problem)
        except Exception as problem:
            # Not the server's fault: the run must go on and say so, and nobody may wait for this exchange for ever.
            how, detail = transcript.LEFT, "the suite erred"
            self._run.errors.append(f"{self.exchange.name}: {type(problem).__name__}: {problem}")
        self._end(how, detail)

    def _end(self, how: str, detail: str) -> None:
        self.exchange.how, self.exchange.detail = how, detail
        try:
            self._flush()
        finally:
            self.exchange.ended, self.exchange.ended_t = self._run.clock.tick()
            self._run.live.discard(self)
            self._changed.set()
        self._writer.end(self._number, self.exchange)

    async def _talk(self) -> None:
        sent = self.exchange
        content = None if sent.body is None else sent.body.encode("utf-8", "surrogatepass")
        async with self._http.stream(sent.method, sent.url, headers=sent.request_headers, content=content) as response:
            sent.status = response.status_code
            sent.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
            sent.answered, sent.answered_t = self._run.clock.tick()
            self._writer.head(self._number, sent)
            self._changed.set()
            await self._reading.wait()
            async for portion in response.aiter_raw():
                self._take(portion)
                if not self._reading.is_set():
                    await self._reading.wait()

    def _take(self, portion: bytes) -> None:
        limits = self._run.limits
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._flush)
        self._pending.append(portion)
        self._bytes += len(portion)
        self._run.bytes_seen += len(portion)
        if self._bytes > limits.exchange_bytes:
            raise _TooBig(f"it sent more than {limits.exchange_bytes:,} bytes; the rest was not read")
        if self._blocks > limits.exchange_blocks:
            raise _TooBig(f"it sent more than {limits.exchange_blocks:,} events; the rest was not read")

    def _flush(self) -> None:
        """Record what has been read since the last turn of the loop, and look at the events in it."""
        if not self._pending:
            return
        chunk = Chunk(*self._run.clock.tick(), b"".join(self._pending))
        self._pending.clear()
        self._writer.chunk(self._number, chunk)
        if self.exchange.kind in transcript.STREAMS and self.exchange.is_stream:
            self._listen(chunk.data)
        else:
            self.exchange.chunks.append(chunk)
        self._changed.set()

    def _listen(self, data: bytes) -> None:
        for block in self._decoder.feed(data):
            self._blocks += 1
            self._last_id = block.last_id
            if block.dispatched:
                self._names.append(block.name)
                self._first.setdefault(block.name, block.data or "")
                now = asyncio.get_running_loop().time()
                self._run.heard(now)
                self._first_event = self._first_event or now
