"""An exchange while it is under way: it sends a request, records what arrives, and lets a scenario wait for it.

It knows requests and bytes, not the vocabulary of the API (that is `client`), and judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing, suppress

import httpx

from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.writer import RecordingWriter
from conformance.record.at_limit import AtLimit
from conformance.record.http import expect_nothing_more
from conformance.record.state import RecordingSession
from conformance.record.waits import SILENCE as SILENT
from conformance.record.waits import Wait
from conformance.wire.body import BodyDecoder
from conformance.wire.endings import BROKEN, COMPLETE, LENGTH, SILENCE, SIZE, STOPPED, UNREACHABLE
from conformance.wire.sse import Decoder


class _TooLarge(Exception):
    """An exchange reached a limit of size; the message says which."""


class LiveExchange:
    """One exchange while it is under way."""

    def __init__(
        self,
        session: RecordingSession,
        http: httpx.AsyncClient,
        writer: RecordingWriter,
        exchange: Exchange,
        scenario: str,
        at_limit: AtLimit,
        *,
        kept: bool = False,
    ) -> None:
        """`kept` says that the connection stays open, so that bytes can follow the end of the body."""
        self.exchange = exchange
        self._kept = kept
        self.ending_at_limit = False
        self.took: float | None = None
        """How long the answer took, in seconds without the lag of the suite; None if there is none."""
        self._scenario = scenario
        self._at_limit = at_limit
        self._session = session
        self._http = http
        self._writer = writer
        self._number = writer.request(exchange)
        self._body = BodyDecoder(None)
        self._decoder = Decoder()
        self._names: list[str] = []
        self._first: dict[str, str] = {}
        self._watched: dict[str, bool] = {}
        self._last_id = ""
        self._first_event: float | None = None
        self._shows_output = False
        self._quiet_since = session.now()
        self._bytes = 0
        self._blocks = 0
        self._pending: list[bytes] = []
        self._changed = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        self._finished = asyncio.Event()
        self._closing: tuple[str, str] | None = None
        self._task = asyncio.create_task(self._perform())
        session.live.add(self)

    @property
    def over(self) -> bool:
        """Whether the exchange has ended."""
        return self.exchange.ended is not None

    @property
    def last_id(self) -> str:
        """The id of the last block that had one, empty if none had."""
        return self._last_id

    @property
    def names(self) -> Sequence[str]:
        """The names of the events received so far, in order."""
        return self._names

    @property
    def count(self) -> int:
        """How many events were received so far."""
        return len(self._names)

    @property
    def quiet_since(self) -> float:
        """The time from which silence counts: of the request, the headers, the last event, or an announced silence."""
        if not self._reading.is_set():
            return self._session.now()
        if self._shows_output:
            return self._quiet_since
        # The run may wait for its turn, as long as the server sends events of others; metadata may come before it.
        turn = max(self._quiet_since, self._session.last_event)
        return min(turn, self._quiet_since + self._session.limits.queue_s)

    def first(self, name: str) -> str | None:
        """Return the data of the first event of this name, None if none arrived."""
        return self._first.get(name)

    def watch(self, text: str) -> None:
        """Note from now on whether the data of an event contains the text."""
        self._watched[text] = False

    def has_shown(self, text: str) -> bool:
        """Return whether a watched text was in the data of an event."""
        return self._watched[text]

    def close(self, ending: str, detail: str) -> None:
        """End the exchange from the suite's side."""
        if not self.over and self._closing is None:
            self._closing = (ending, detail)
            # Not at once: a task that is cancelled before its first step never runs, and would never end the exchange.
            asyncio.get_running_loop().call_soon(self._task.cancel)

    def silent_for(self, seconds: float) -> None:
        """Announce that a step is silent for this long on purpose: the limit of silence counts from its end."""
        self._heard(self._session.now() + seconds)

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._reading.clear()

    def resume(self) -> None:
        """Continue to read, if it was paused: the limit of silence counts from now on."""
        self._heard(self._session.now())
        self._reading.set()

    async def until(self, condition: Callable[[], bool], awaited: str) -> bool:
        """Wait until the condition holds (True) or the exchange ends without it (False); `awaited` says for what."""
        silence_s = self._session.limits.silence_s
        wait = Wait(
            self._scenario, self.exchange.name, awaited, SILENT, silence_s, lambda: self.quiet_since, self._ran_out
        )
        with self._session.waiting(wait):
            while not condition():
                if self.over:
                    return False
                self._changed.clear()
                await self._changed.wait()
                if not wait.ran_out(self._session.now()):
                    self._session.waits.add(wait)  # again, if events arrived after it had run out
        return True

    async def within(self, seconds: float) -> bool:
        """Wait until the exchange ends; return whether it did within so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._finished.wait()
        return self.over

    def enforce(self, now: float) -> str | None:
        """Begin to end the exchange if it has reached a limit of its own; return which, in words.

        These limits count whether a scenario waits for the exchange or not.
        """
        limits, name = self._session.limits, f"limit reached: `{self.exchange.name}` of `{self._scenario}`"
        if self.over or self.ending_at_limit:
            return None
        if now - self.quiet_since > limits.length_s:
            ending, why = SILENCE, f"{name}: no event on it for {limits.length_s:g} s (--length)"
        elif self._first_event is not None and now - self._first_event > limits.exchange_s:
            ending, why = LENGTH, f"{name}: it had not ended {limits.exchange_s:g} s after its first event"
        else:
            return None
        self._at_limit(self, ending, why)
        return why

    def _ran_out(self, text: str) -> None:
        self._at_limit(self, SILENCE, text)

    def _heard(self, now: float) -> None:
        """Count the limit of silence from now on, unless an announced silence lasts longer."""
        self._quiet_since = max(self._quiet_since, now)

    async def _perform(self) -> None:
        ending, detail = COMPLETE, ""
        try:
            await self._send_and_receive()
        except asyncio.CancelledError:
            ending, detail = self._closing or (STOPPED, "the session was interrupted")
        except (httpx.ConnectError, httpx.ConnectTimeout) as problem:
            ending, detail = UNREACHABLE, f"no connection: {problem}"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as problem:
            ending, detail = BROKEN, f"{type(problem).__name__}: {problem}"
        except _TooLarge as problem:
            ending, detail = SIZE, str(problem)
            self._at_limit(self, SIZE, detail)
        except Exception as problem:
            # Not the server's fault: the session must report it and continue, and nothing may wait for it forever.
            ending, detail = STOPPED, "the suite failed"
            self._session.errors.append(f"{self.exchange.name}: {type(problem).__name__}: {problem}")
        self._end(ending, detail)

    def _end(self, ending: str, detail: str) -> None:
        self.exchange.ending, self.exchange.detail = ending, detail
        self.exchange.coding, self.exchange.coding_problem = self._body.coding, self._body.problem
        try:
            self._flush()
        finally:
            self.exchange.ended, self.exchange.ended_t = self._session.clock.tick()
            self._session.live.discard(self)
            self._changed.set()
            self._finished.set()
        self._writer.end(self._number, self.exchange)

    async def _send_and_receive(self) -> None:
        sent = self.exchange
        content = None if sent.body is None else sent.body.encode("utf-8", "surrogatepass")
        request = self._http.build_request(sent.method, sent.url, headers=sent.request_headers, content=content)
        for name in sent.unsent_headers:
            request.headers.pop(name, None)
        async with aclosing(await self._http.send(request, stream=True)) as response:
            sent.status = response.status_code
            sent.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
            sent.answered, sent.answered_t = self._session.clock.tick()
            self.took = self._session.seconds_to(sent)
            self._session.concurrency.took(sent.kind, self.took)
            self._body = BodyDecoder(sent.header("content-encoding"))
            self._writer.head(self._number, sent)
            self._heard(self._session.now())
            self._changed.set()
            await self._reading.wait()
            try:
                async for portion in response.aiter_raw():
                    self._take(portion)
                    if not self._reading.is_set():
                        await self._reading.wait()
            finally:
                self._keep(self._body.close())
            if self._kept:
                await expect_nothing_more(response)

    def _take(self, portion: bytes) -> None:
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._flush)
        decoded = self._keep(self._body.feed(portion))
        self._count(max(0, len(portion) - decoded))  # compressed bytes that decode to fewer or none

    def _keep(self, parts: Iterable[bytes]) -> int:
        """Keep decoded bytes until they are recorded; return their number."""
        before = self._bytes
        for part in parts:
            self._pending.append(part)
            self._count(len(part))
        return self._bytes - before

    def _count(self, received: int) -> None:
        limits = self._session.limits
        self._bytes += received
        self._session.bytes_received += received
        if self._bytes > limits.exchange_bytes:
            raise _TooLarge(f"the server sent more than {limits.exchange_bytes:,} bytes; the rest was not read")
        if self._blocks > limits.exchange_blocks:
            raise _TooLarge(f"the server sent more than {limits.exchange_blocks:,} events; the rest was not read")

    def _flush(self) -> None:
        """Record what was read since the last turn of the event loop, and decode the events in it."""
        if not self._pending:
            return
        chunk = Chunk(*self._session.clock.tick(), b"".join(self._pending))
        self._pending.clear()
        self._writer.chunk(self._number, chunk)
        if self.exchange.asks_for_stream and self.exchange.is_stream:
            self._decode(chunk.data)
        else:
            self.exchange.chunks.append(chunk)
        self._changed.set()

    def _decode(self, data: bytes) -> None:
        for block in self._decoder.feed(data):
            self._blocks += 1
            self._last_id = block.last_id
            if block.dispatched:
                self._names.append(block.name)
                self._first.setdefault(block.name, block.data or "")
                for text in self._watched:
                    self._watched[text] |= text in (block.data or "")
                if block.name != "metadata" and not self._shows_output:
                    self._shows_output = True
                    self._session.first_output(self.exchange)
                now = self._session.now()
                self._heard(now)
                self._session.received_event(now)
                self._first_event = self._first_event or now
