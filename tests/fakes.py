"""Scripted servers on loopback, which send exactly the bytes that a test wants.

A script is an async function that is handed one request and writes an answer; the connection is closed after it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\n"
STREAM = OK + b"Content-Type: text/event-stream\r\n\r\n"
"""The head of an event stream that ends with its connection."""
CHUNKED = OK + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b"event: values\ndata: {}\n\n"


@dataclass
class Connection:
    """A request, and the means to answer it."""

    head: str
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def line(self) -> str:
        """Method and path, such as `GET /info`."""
        return self.head.partition("\r\n")[0].removesuffix(" HTTP/1.1")

    @property
    def fields(self) -> dict[str, str]:
        """The headers by lower-case name."""
        lines = (line.partition(":") for line in self.head.split("\r\n")[1:] if line)
        return {name.lower(): value.strip() for name, _, value in lines}

    async def send(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.writer.write(data)
        await self.writer.drain()

    async def left(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(ConnectionError):
            await self.reader.read()

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        peer: socket.socket = self.writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Connection], Awaitable[None]]


@dataclass
class Fake:
    """A scripted server while it runs: its URL and the requests that it received."""

    url: str = ""
    received: list[Connection] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The requests in order, without those by which the recorder checks that a server answers at the base URL."""
        return [connection.line for connection in self.received if connection.line != "GET /"]


def says(answer: bytes) -> Script:
    """Return a script that always sends this answer."""

    async def script(connection: Connection) -> None:
        await connection.send(answer)

    return script


def answer(body: str, status: int = 200, *fields: str, media: str = "application/json") -> bytes:
    """Return a complete answer."""
    head = [f"HTTP/1.1 {status} Status", f"Content-Type: {media}", f"Content-Length: {len(body.encode())}", *fields]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


@contextmanager
def serving(scripts: Script | Mapping[str, Script], tls: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """Run a server in a thread: one script, or scripts by the start of `METHOD /path`; others are answered with 404.

    With a context for TLS it expects that.
    """
    fake = Fake()
    table = scripts if isinstance(scripts, Mapping) else {"GET / ": says(answer("", 404)), "": scripts}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            connection = await _request(reader, writer)
            fake.received.append(connection)
            found = (script for start, script in table.items() if connection.head.startswith(start))
            await next(found, says(answer("", 404)))(connection)
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()

    with _loop() as loop:
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls), loop
        ).result()
        scheme = "https" if tls else "http"
        fake.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield fake
        finally:
            loop.call_soon_threadsafe(server.close)


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Connection:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
    connection = Connection(head, b"", reader, writer)
    connection.body = await reader.readexactly(int(connection.fields.get("content-length", "0")))
    return connection


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in another thread; what is under way at the end is cancelled."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_others(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # the loop closes the sockets in its next turns


def closed_url() -> str:
    """Return the URL of a loopback port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "http://127.0.0.1:{1}".format(*free.getsockname())
