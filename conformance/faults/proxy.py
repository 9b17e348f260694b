"""A faulty view of a real server: a small streaming reverse proxy that rewrites what the server sends.

It pumps the same functions that rewrite recordings, event by event while they come.  One request per connection,
plain HTTP on loopback; it is a tool to see a check fail, not a proxy to use.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import httpx

from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import Answer, End, FaultContext, sent
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.writer import Clock
from conformance.faults.apply import emitted
from conformance.wire import http_server as http_server
from conformance.wire.endings import BROKEN, COMPLETE, SILENCE
from conformance.wire.sse import Decoder

Pieces = list[bytes | End]

REMEMBERED = 400
"""Exchanges that the proxy remembers, for faults that replay what other readers heard."""


class Proxy:
    """Serves a view of `upstream` in which one fault applies."""

    def __init__(self, upstream: str, fault: Fault) -> None:
        self._upstream = upstream.rstrip("/")
        self._fault = fault
        self._clock = Clock()
        self._seen = Recording("proxy", "proxy", {}, "")
        self._remembered: deque[Exchange] = deque(maxlen=REMEMBERED)
        self._http = httpx.AsyncClient(timeout=None, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on a loopback port (0: any free one)."""
        return await http_server.serve(port, self._answer)

    async def _answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        exchange = self._remember(request)
        dropped = {"host", "accept-encoding"}
        kept = [field for field in http_server.end_to_end(request.headers) if field[0].lower() not in dropped]
        url = self._upstream + request.path
        with suppress(httpx.HTTPError):
            async with self._http.stream(request.method, url, headers=kept, content=request.body or None) as response:
                await self._pass_on(response, exchange, writer)
        exchange.ended, exchange.ended_t = self._clock.tick()

    async def _pass_on(self, response: httpx.Response, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        exchange.status = response.status_code
        exchange.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        exchange.answered, exchange.answered_t = self._clock.tick()
        if not exchange.is_stream:
            exchange.chunks.append(Chunk(*self._clock.tick(), await response.aread()))
        answer = self._rewritten(exchange)
        if answer.late and exchange.is_stream:
            answer.body = b"".join([data async for data in self._received(response, exchange)])
        if exchange.is_stream and answer.status == 200 and not answer.body and not answer.late:
            await self._stream(response, exchange, answer, writer)
        else:
            await http_server.send_whole(answer.status, answer.headers, answer.body, writer)

    def _remember(self, request: http_server.Request) -> Exchange:
        path = request.path
        join = request.method == "GET" and path.partition("?")[0].endswith("/stream")
        kind = "join" if join else "stream" if path.endswith("/runs/stream") else "request"
        text = request.body.decode("utf-8", "replace") if request.body else None
        sent = (request.method, self._upstream + path, request.headers, text)
        exchange = Exchange(path, kind, *sent, True, *self._clock.tick())
        exchange.graph = self._graph_of(exchange)
        self._remembered.append(exchange)
        self._seen.exchanges = list(self._remembered)
        return exchange

    def _graph_of(self, exchange: Exchange) -> str:
        body = FaultContext(exchange, self._seen).body
        return str(body.get("assistant_id", ""))

    def _applies(self, exchange: Exchange, *parts: str) -> bool:
        return self._fault.part in parts and bool(self._fault.where(FaultContext(exchange, self._seen)))

    def _rewritten(self, exchange: Exchange) -> Answer:
        assert exchange.status is not None
        body = b"" if exchange.is_stream else exchange.content
        answer = Answer(exchange.status, list(exchange.headers), COMPLETE, body)
        if self._applies(exchange, "answer"):
            self._fault.function(answer, FaultContext(exchange, self._seen))
        return answer

    async def _stream(
        self, response: httpx.Response, exchange: Exchange, answer: Answer, writer: asyncio.StreamWriter
    ) -> None:
        headers = [*http_server.end_to_end(answer.headers), http_server.CHUNKED]
        writer.write(http_server.head(answer.status, headers))
        await writer.drain()
        how = answer.ending
        faulty = self._applies(exchange, "events", "bytes")
        async for pieces in self._faulty(response, exchange) if faulty else self._relayed(response, exchange):
            data, end = _framed(pieces)
            writer.write(data)
            await writer.drain()
            if end is not None:
                how = BROKEN if end is End.CUT else SILENCE
                break
        await http_server.end(how, headers, writer)

    async def _received(self, response: httpx.Response, exchange: Exchange) -> AsyncIterator[bytes]:
        """The upstream's bytes as they come; the proxy remembers them."""
        async for data in response.aiter_raw():
            exchange.chunks.append(Chunk(*self._clock.tick(), data))
            yield data

    async def _relayed(self, response: httpx.Response, exchange: Exchange) -> AsyncIterator[Pieces]:
        """The same, to be sent on."""
        async for data in self._received(response, exchange):
            yield [data]

    async def _faulty(self, response: httpx.Response, exchange: Exchange) -> AsyncIterator[Pieces]:
        """What the fault makes of the upstream's bytes, as soon as it is there."""
        pump = _Pump(self._fault, FaultContext(exchange, self._seen))
        feeding = asyncio.create_task(self._feed(response, exchange, pump))
        try:
            while pieces := await pump.take():
                yield pieces
        finally:
            feeding.cancel()
            pump.close()

    async def _feed(self, response: httpx.Response, exchange: Exchange, pump: _Pump) -> None:
        decoder = Decoder()
        try:
            async for data in self._received(response, exchange):
                if self._fault.part == "bytes":
                    pump.put(data)
                    continue
                for block in decoder.feed(data):
                    if block.dispatched:
                        pump.put(sent(block))
                    else:
                        pump.give(block.raw)
        except httpx.HTTPError:
            pump.give(End.CUT)
        pump.close()


class _Pump:
    """Runs a fault's generator in a thread of its own, so that it can wait for what is still to come."""

    def __init__(self, fault: Fault, context: FaultContext) -> None:
        self._in: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._out: deque[bytes | End] = deque()
        self._over = False
        self._something = asyncio.Event()
        self._told = False  # the loop has been told of what lies in `_out`, and has not looked yet
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, args=(fault, context), daemon=True).start()

    def put(self, thing: Any) -> None:
        """Give the fault the next event or bytes."""
        self._in.put(thing)

    def close(self) -> None:
        """Tell it that nothing more comes."""
        self._in.put(None)

    def give(self, piece: bytes | End) -> None:
        """Send a piece on."""
        self._out.append(piece)
        self._tell()

    async def take(self) -> Pieces:
        """Wait for pieces to send on; none when the fault has made all that it makes."""
        while not self._out:
            if self._over:
                return []
            await self._something.wait()
            self._something.clear()
        self._told = False
        return [self._out.popleft() for _ in range(len(self._out))]

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._something.set)

    def _run(self, fault: Fault, context: FaultContext) -> None:
        source: Iterator[Any] = iter(self._in.get, None)
        with suppress(RuntimeError):  # the loop is closed: the proxy was stopped
            for piece in emitted(fault, source, context):
                self.give(piece)
            self._over, self._told = True, False
            self._tell()


def _framed(pieces: Pieces) -> tuple[bytes, End | None]:
    """The pieces as chunks of HTTP, each its own, and the end that stops them, if one does."""
    chunks: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, End):
            return b"".join(chunks), piece
        chunks.append(http_server.chunk(piece))
    return b"".join(chunks), None
