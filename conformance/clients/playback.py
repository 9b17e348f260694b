"""A server that plays recorded streams to a client as fast as the client reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from conformance.clients.read import Job
from conformance.evidence.exchange import JOIN, Exchange
from conformance.wire import http_server
from conformance.wire.endings import BROKEN, COMPLETE

RECONNECTS = "the client reconnects, but a recording is played once"
"""The answer to any other request; a client that reads it gives up."""


class Playback:
    """Serves recorded streams; the number of a stream stands for its thread, its run or its assistant.

    With `hold` the connection stays open after a stream that did not end.
    """

    def __init__(self, streams: Sequence[Exchange], *, hold: bool = False) -> None:
        self._streams = streams
        self._hold = hold

    @property
    def jobs(self) -> list[Job]:
        """One job for each stream, with which a client asks for it."""
        return [_job(number, stream) for number, stream in enumerate(self._streams)]

    async def answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        """Send the stream that a request asks for; answer 404 to any other request."""
        stream = self._asked(request)
        if stream is None:
            body = json.dumps({"detail": RECONNECTS}).encode()
            await http_server.send_whole(404, [("content-type", "application/json")], body, writer)
            return
        assert stream.status is not None
        chunked = http_server.is_chunked(stream.headers)
        writer.transport.set_write_buffer_limits(0)
        writer.write(http_server.head(stream.status, stream.decoded_headers))
        for chunk in stream.chunks:
            writer.write(http_server.chunk(chunk.data) if chunked else chunk.data)
            await writer.drain()
        await http_server.end(self._ending(stream), stream.headers, writer)

    def _ending(self, stream: Exchange) -> str:
        """Return how to end a stream: one that the suite closed breaks off, because the recording ends there."""
        return stream.ending if stream.ending == COMPLETE or self._hold else BROKEN

    def _asked(self, request: http_server.Request) -> Exchange | None:
        path = request.path.partition("?")[0].strip("/").split("/")
        if path[-1] != "stream":
            return None
        number = path[1] if path[0] == "threads" else str(json.loads(request.body or b"{}").get("assistant_id"))
        known = number.isdigit() and int(number) < len(self._streams)
        return self._streams[int(number)] if known else None


def _job(number: int, stream: Exchange) -> Job:
    id = str(number)
    body = {**(stream.request if isinstance(stream.request, dict) else {}), "assistant_id": id}
    on_thread = stream.kind == JOIN or "/threads/" in stream.path
    return Job(number, id if on_thread else None, id if stream.kind == JOIN else None, body)
