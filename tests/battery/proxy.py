"""The fault proxy of an incomplete server: it also refuses, waits, and serves only so many requests at a time.

`python -m tests.battery.proxy NAME URL` serves a running server as the incomplete server NAME until Ctrl-C.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack, suppress

from conformance.evidence.exchange import STREAM, Exchange
from conformance.faults.proxy import Proxy
from conformance.wire import http_server

from .recorded import REFUSED
from .servers import SERVERS, IncompleteServer

JSON = [("content-type", "application/json")]
RETRY_AFTER = ("retry-after", "1")
TOO_MANY_REQUESTS = 429


class IncompleteProxy(Proxy):
    """Serves `upstream` as an incomplete server."""

    def __init__(self, upstream: str, server: IncompleteServer) -> None:
        super().__init__(upstream, *server.faults)
        self._server = server
        self._active = 0
        self._requests = asyncio.Semaphore(server.pace.requests or sys.maxsize)
        self._runs = asyncio.Semaphore(server.pace.streamed_runs or sys.maxsize)

    async def answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        """Refuse a request, or forward it when it is its turn."""
        exchange = self.remember(request)
        if (status := self._refused(exchange)) is not None:
            headers = [*JSON, RETRY_AFTER] if status == TOO_MANY_REQUESTS else JSON
            await http_server.send_whole(status, headers, REFUSED, writer)
            return
        self._active += 1
        try:
            await self._in_turn(request, exchange, writer)
        finally:
            self._active -= 1

    def _refused(self, exchange: Exchange) -> int | None:
        context, most = self.context(exchange), self._server.pace.refused_above
        if most and self._active >= most:
            return TOO_MANY_REQUESTS
        return next((one.status for one in self._server.refusals if one.where(context)), None)

    async def _in_turn(self, request: http_server.Request, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._requests)
            if exchange.kind == STREAM:
                await stack.enter_async_context(self._runs)
            await asyncio.sleep(self._server.pace.delay_s)
            await self.forward(request, exchange, writer)


async def _serve(name: str, upstream: str) -> None:
    server = await IncompleteProxy(upstream, SERVERS[name]).serve(0)
    print(http_server.address(server), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(*sys.argv[1:3]))
