"""An HTTP/1.1 server on loopback whose answers are sent byte for byte as told, also where a library would correct them.

Requests are parsed by h11.  Each connection carries one request.  It knows nothing of events and recordings.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import h11

from conformance.wire.endings import BROKEN, COMPLETE, UNREACHABLE

Headers = list[tuple[str, str]]

CHUNKED = ("transfer-encoding", "chunked")

READ_BYTES = 65536
MAX_BODY_BYTES = 64 << 20
"""The largest accepted request body; the largest that the suite sends has 4 MB."""

_HOP_BY_HOP = {"connection", "keep-alive", "upgrade", "te", "trailer", "proxy-connection"}
_FRAMING = {"transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Request:
    """A request with its whole body; `path` includes the query."""

    method: str
    path: str
    headers: Headers
    body: bytes


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
"""Writes the answer to a request.  It is cancelled when the client leaves; the connection is closed after it."""


async def serve(port: int, answer: Answer) -> asyncio.Server:
    """Listen on a loopback port, 0 for any free one; raises OSError if that is not possible."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader, writer)
            if request is None:
                await send_whole(400, [("content-type", "text/plain")], b"not an HTTP request\n", writer)
            else:
                await _unless_client_leaves(answer(request, writer), reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left
        finally:
            writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", port)


def address(server: asyncio.Server) -> str:
    """Return the URL at which a server listens."""
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _unless_client_leaves(answer: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """Run the answer until it is done, or until the client, which sends nothing more, closes the connection."""
    answering, leaving = asyncio.ensure_future(answer), asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        answering.cancel()
    with suppress(asyncio.CancelledError):
        await answering


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Return the request, None for bytes that are not one or a body that is too large."""
    parser = h11.Connection(h11.SERVER)
    head: h11.Request | None = None
    body = bytearray()
    while len(body) <= MAX_BODY_BYTES:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError:
            return None
        match event:
            case h11.NEED_DATA:
                await _receive(parser, reader, writer)
            case h11.Request():
                head = event
            case h11.Data():
                body += event.data
            case h11.EndOfMessage() if head is not None:
                return _request(head, bytes(body))
            case _:
                raise ConnectionError("the client left before its request was complete")
    return None


async def _receive(parser: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if parser.they_are_waiting_for_100_continue:
        writer.write(parser.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
    parser.receive_data(await reader.read(READ_BYTES))


def _request(head: h11.Request, body: bytes) -> Request:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
    return Request(head.method.decode("latin-1"), head.target.decode("latin-1"), headers, body)


def head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return status line and headers; they say that the connection ends with this answer."""
    kept = ((name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP)
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1")


def end_to_end(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return the headers that stay true on another connection."""
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP | _FRAMING]


def is_chunked(headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether the headers announce a chunked body."""
    return any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers)


def chunk(data: bytes) -> bytes:
    """Return data as one chunk of a chunked body; nothing for no data, because an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


async def send_whole(
    status: int, headers: Iterable[tuple[str, str]], body: bytes, writer: asyncio.StreamWriter
) -> None:
    """Send an answer of known length."""
    writer.write(head(status, [*end_to_end(headers), ("content-length", str(len(body)))]) + body)
    await writer.drain()


async def end(ending: str, headers: Headers, writer: asyncio.StreamWriter) -> None:
    """End a body that was announced by these headers: completely, abruptly, or not until the client leaves."""
    if ending == COMPLETE:
        writer.write(b"0\r\n\r\n" if is_chunked(headers) else b"")
        await writer.drain()
    elif ending in (BROKEN, UNREACHABLE):
        _abort(headers, writer)
    else:
        await asyncio.Event().wait()


def _abort(headers: Headers, writer: asyncio.StreamWriter) -> None:
    """Close the connection before the body is complete; by a reset if only the end of the connection ends the body."""
    if not any(name.lower() in _FRAMING for name, _ in headers):
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
