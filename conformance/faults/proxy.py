"""The fault proxy: a streaming reverse proxy that gives a real server a fault, or several.

It runs the functions that rewrite recordings on each event as it arrives.  It serves plain HTTP on loopback, one
request per connection; it is a tool to see a check fail, not a general proxy.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx

from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import Answer, End, FaultContext, sent
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.writer import Clock
from conformance.faults.pump import Pump
from conformance.wire import http_server
from conformance.wire.endings import BROKEN, COMPLETE, SILENCE
from conformance.wire.sse import Decoder

REMEMBERED_EXCHANGES = 400
"""How many exchanges are kept for faults that replay what other readers received."""


class Proxy:
    """Serves `upstream` with faults; of those that rewrite the same stream, the first one does."""

    def __init__(self, upstream: str, *faults: Fault) -> None:
        self._upstream = upstream.rstrip("/")
        self._faults = faults
        self._clock = Clock()
        self._recording = Recording("proxy", "proxy", {}, "")
        self._remembered: deque[Exchange] = deque(maxlen=REMEMBERED_EXCHANGES)
        self._http = httpx.AsyncClient(timeout=None, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on a loopback port, 0 for any free one; raises OSError."""
        return await http_server.serve(port, self.answer)

    async def answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        """Write the answer to a request."""
        await self.forward(request, self.remember(request), writer)

    async def forward(self, request: http_server.Request, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        """Ask the upstream, and write its answer with the faults applied."""
        replaced = {"host", "accept-encoding"}
        kept = [field for field in http_server.end_to_end(request.headers) if field[0].lower() not in replaced]
        kept.append(("accept-encoding", "identity"))  # a fault rewrites text, as it does in a recording
        url = self._upstream + request.path
        with suppress(httpx.HTTPError):
            async with self._http.stream(request.method, url, headers=kept, content=request.body or None) as response:
                await self._send_on(response, exchange, writer)
        exchange.ended, exchange.ended_t = self._clock.tick()

    async def _send_on(self, response: httpx.Response, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        """Send the upstream's response on, with the faults applied."""
        exchange.status = response.status_code
        exchange.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        exchange.answered, exchange.answered_t = self._clock.tick()
        if not exchange.is_stream:
            exchange.chunks.append(Chunk(*self._clock.tick(), await response.aread()))
        answer = self._rewritten(exchange)
        if answer.late and exchange.is_stream:
            answer.body = b"".join([data async for data in self._received(response, exchange)])
        if exchange.is_stream and answer.status == 200 and not answer.body and not answer.late:
            await self._send_stream_on(response, exchange, answer, writer)
        else:
            await http_server.send_whole(answer.status, answer.headers, answer.body, writer)

    def remember(self, request: http_server.Request) -> Exchange:
        """Return the exchange of a request, and keep it for faults that look at earlier exchanges."""
        path = request.path
        join = request.method == "GET" and path.partition("?")[0].endswith("/stream")
        kind = "join" if join else "stream" if path.endswith("/runs/stream") else "request"
        text = request.body.decode("utf-8", "replace") if request.body else None
        sent = (request.method, self._upstream + path, request.headers, text)
        exchange = Exchange(path, kind, *sent, True, *self._clock.tick())
        exchange.graph = str(self.context(exchange).body.get("assistant_id", ""))
        self._remembered.append(exchange)
        self._recording.exchanges = list(self._remembered)
        return exchange

    def context(self, exchange: Exchange) -> FaultContext:
        """Return what faults know about an exchange."""
        return FaultContext(exchange, self._recording)

    def _applying(self, exchange: Exchange, *parts: str) -> list[Fault]:
        """Return the faults that rewrite one of these parts of the exchange."""
        context = self.context(exchange)
        return [fault for fault in self._faults if fault.part in parts and fault.where(context)]

    def _rewritten(self, exchange: Exchange) -> Answer:
        """Return the answer of the upstream, with the faults of answers applied."""
        assert exchange.status is not None
        body = b"" if exchange.is_stream else exchange.content
        answer = Answer(exchange.status, list(exchange.headers), COMPLETE, body)
        for fault in self._applying(exchange, "answer"):
            fault.function(answer, self.context(exchange))
        return answer

    async def _send_stream_on(
        self, response: httpx.Response, exchange: Exchange, answer: Answer, writer: asyncio.StreamWriter
    ) -> None:
        headers = [*http_server.end_to_end(answer.headers), http_server.CHUNKED]
        writer.write(http_server.head(answer.status, headers))
        await writer.drain()
        ending = answer.ending
        faults = self._applying(exchange, "events", "bytes")
        unchanged = self._unchanged(response, exchange)
        async for pieces in self._faulty(faults[0], response, exchange) if faults else unchanged:
            data, end = _framed(pieces)
            writer.write(data)
            await writer.drain()
            if end is not None:
                ending = BROKEN if end is End.CUT else SILENCE
                break
        await http_server.end(ending, headers, writer)

    async def _received(self, response: httpx.Response, exchange: Exchange) -> AsyncIterator[bytes]:
        """Yield the upstream's bytes as they arrive, and keep them in the exchange."""
        async for data in response.aiter_raw():
            exchange.chunks.append(Chunk(*self._clock.tick(), data))
            yield data

    async def _unchanged(self, response: httpx.Response, exchange: Exchange) -> AsyncIterator[list[bytes | End]]:
        """Yield the upstream's bytes as they arrive, for a stream that no fault rewrites."""
        async for data in self._received(response, exchange):
            yield [data]

    async def _faulty(
        self, fault: Fault, response: httpx.Response, exchange: Exchange
    ) -> AsyncIterator[list[bytes | End]]:
        """Yield what the fault makes of the upstream's bytes, as soon as it makes it."""
        pump = Pump(fault, self.context(exchange))
        feeding = asyncio.create_task(self._feed(response, exchange, pump, fault.part))
        try:
            while pieces := await pump.take():
                yield pieces
        finally:
            feeding.cancel()
            pump.close()

    async def _feed(self, response: httpx.Response, exchange: Exchange, pump: Pump, part: str) -> None:
        """Hand the upstream's events (or bytes) to the fault; send on blocks that no client dispatches."""
        decoder = Decoder()
        try:
            async for data in self._received(response, exchange):
                if part == "bytes":
                    pump.put(data)
                    continue
                for block in decoder.feed(data):
                    if block.dispatched:
                        pump.put(sent(block))
                    else:
                        pump.emit(block.raw)
        except httpx.HTTPError:
            pump.emit(End.CUT)
        pump.close()


def _framed(pieces: list[bytes | End]) -> tuple[bytes, End | None]:
    """Return the pieces up to the first end, each as an HTTP chunk, and that end, None if there is none."""
    chunks: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, End):
            return b"".join(chunks), piece
        chunks.append(http_server.chunk(piece))
    return b"".join(chunks), None
