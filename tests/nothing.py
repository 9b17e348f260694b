"""Servers that do nothing of use, and what the suite says of them: no requirement may pass on any.

`python -m tests.nothing` prints the table.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from conformance import catalogue
from conformance.judging.outcomes import OUTCOMES
from conformance.judging.verdict import summary, verdict
from conformance.session.judgement import Judgement
from conformance.session.plan import make_plan
from conformance.session.recording import record_session
from conformance.session.reporting import write_report
from conformance.settings import settings

Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
SILENCE_S = 2.0
"""The limit that a server which hangs costs here, once for the whole run."""

STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def whole(status: int, body: str, media: str = "application/json", *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        f"content-type: {media}",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def always(answer: bytes) -> Respond:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return respond


async def closes(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def says_nothing(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def heartbeats_for_ever(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(STREAM.encode())
    while True:
        writer.write(b": heartbeat\n\n")
        await writer.drain()
        await asyncio.sleep(0.2)


async def echoes_the_request(request: bytes, writer: asyncio.StreamWriter) -> None:
    body = request.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    writer.write(whole(200, body))


async def echoes_as_events(request: bytes, writer: asyncio.StreamWriter) -> None:
    body = request.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    writer.write((STREAM + f"event: metadata\ndata: {body or '{}'}\n\n").encode())


async def random_bytes(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(STREAM.encode() + random.Random(7).randbytes(20_000))


async def endless_fast_stream(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(STREAM.encode())
    while True:
        writer.write(b'event: values\ndata: {"a": 1}\n\n' * 500)
        await writer.drain()


def redirect_loop(port: int) -> bytes:
    return whole(307, "", "text/plain", f"location: http://127.0.0.1:{port}/again")


PAGE = "<!doctype html><title>It works</title><script>alert(1)</script><h1>It works</h1>"
SERVERS: dict[str, Respond | None] = {
    "closes every connection": closes,
    "accepts and says nothing": says_nothing,
    "404 always": always(whole(404, '{"detail":"no"}')),
    "500 always": always(whole(500, "oops", "text/plain")),
    "400 always": always(whole(400, "{}")),
    "200 with {}": always(whole(200, "{}")),
    "200 with []": always(whole(200, "[]")),
    "an empty event stream": always(STREAM.encode()),
    "heartbeats for ever": heartbeats_for_ever,
    "a web page": always(whole(200, PAGE, "text/html")),
    "a redirect loop": None,
    "an echo of the request": echoes_the_request,
    "an echo of the request as events": echoes_as_events,
    "random bytes as events": random_bytes,
    "an endless fast stream": endless_fast_stream,
    "a huge header": always(b"HTTP/1.1 200 OK\r\nx-big: " + b"a" * 200_000 + b"\r\ncontent-length: 2\r\n\r\n{}"),
}


@contextmanager
def serving(respond: Respond | None) -> Iterator[str]:
    """Serve one of them on a loopback port, in a thread of its own; gives its URL."""
    ready: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(respond, ready)))
    thread.start()
    port, loop, stop = ready.get()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve(
    respond: Respond | None, ready: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]
) -> None:
    stop = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()
    port = 0

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
            await (respond or always(redirect_loop(port)))(head + body, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ready.put((port, asyncio.get_running_loop(), stop))
    await stop.wait()
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # one turn of the loop, in which aborted connections are closed


def judged(url: str, folder: Path, profile: str) -> Judgement:
    """The whole profile, recorded and judged against the server at `url`."""
    given = {"url": url, "report-dir": str(folder), "profile": profile}
    plan = make_plan(settings({**given, "silence": str(SILENCE_S), "concurrency": "50"}, {}))
    judgement = Judgement(plan, selected=set(plan.items))
    done = record_session(plan, list(plan.items), "", lambda done, total, awaited: None, lambda text: None)
    judgement.suite_errors += done.errors
    judgement.judge_selected()
    write_report(judgement)
    return judgement


def table(profile: str) -> str:
    """What came of every requirement of a profile on each of the servers, as a Markdown table."""
    lines = ["| server | verdict | " + " | ".join(OUTCOMES) + " |", "|---|---|" + "---|" * len(OUTCOMES)]
    for name, respond in SERVERS.items():
        with serving(respond) as url, tempfile.TemporaryDirectory() as folder:
            outcomes = judged(url, Path(folder), profile).requirements
        counts = summary(outcomes)
        cells = [str(sum(level[word] for level in counts.values())) for word in OUTCOMES]
        lines.append(f"| {name} | {verdict(counts)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write("".join(f"{table(profile)}\n\n" for profile in catalogue.profiles()))
