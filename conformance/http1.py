"""A server of HTTP/1.1 on loopback whose every byte is ours: what a library would put right, this sends as told.

One request for each connection.  It knows neither events nor recordings.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from . import transcript

Headers = list[tuple[str, str]]

CHUNKED = ("transfer-encoding", "chunked")

_OF_A_CONNECTION = {"connection", "keep-alive", "upgrade", "te", "trailer", "proxy-connection"}
_FRAMING = {"transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Request:
    """What a client asks for; `path` is with its query."""

    method: str
    path: str
    headers: Headers
    body: bytes


Answering = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
"""Writes the answer to a request; it is cancelled when the client leaves, and the connection is closed after it."""


async def serve(port: int, answer: Answering) -> asyncio.Server:
    """Listen on a loopback port (0: any free one); raises OSError where that cannot be."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if (request := await _read_request(reader)) is not None:
                await _unless_left(answer(request, writer), reader)
        except ConnectionError:
            pass  # the client is gone
        finally:
            writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", port)


def address(server: asyncio.Server) -> str:
    """The URL at which a server listens."""
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _unless_left(answer: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """Perform the answer until it is done, or the client, which sends no more, closes."""
    answering, leaving = asyncio.ensure_future(answer), asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        answering.cancel()
    with suppress(asyncio.CancelledError):
        await answering


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    """The request; None for what is none, which is answered with the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:] if line)]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        return Request(method, path, headers, await reader.readexactly(length))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        return None


def head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """Status line and header fields; says that the connection ends with this answer."""
    kept = ((name, value) for name, value in headers if name.lower() not in _OF_A_CONNECTION)
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1")


def passed_on(headers: Iterable[tuple[str, str]]) -> Headers:
    """The header fields that are true of an answer on whatever connection."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_A_CONNECTION | _FRAMING]


def is_chunked(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether the body comes in chunks."""
    return any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers)


def chunk(data: bytes) -> bytes:
    """Bytes as one chunk of a chunked body; none where there are none, because an empty chunk would end it."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


async def send_whole(
    status: int, headers: Iterable[tuple[str, str]], body: bytes, writer: asyncio.StreamWriter
) -> None:
    """Send an answer of known length."""
    writer.write(head(status, [*passed_on(headers), ("content-length", str(len(body)))]) + body)
    await writer.drain()


async def end(how: str, headers: Headers, writer: asyncio.StreamWriter) -> None:
    """End a body that these header fields announced as `transcript` names it: completely, abruptly, or not at all."""
    if how == transcript.COMPLETE:
        writer.write(b"0\r\n\r\n" if is_chunked(headers) else b"")
        await writer.drain()
    elif how in (transcript.BROKEN, transcript.UNREACHABLE):
        _cut(headers, writer)
    else:
        await asyncio.Event().wait()  # until the client leaves


def _cut(headers: Headers, writer: asyncio.StreamWriter) -> None:
    """Close the connection before the body is complete; where only the end of the connection ends it, by a reset."""
    if not any(name.lower() in _FRAMING for name, _ in headers):
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
