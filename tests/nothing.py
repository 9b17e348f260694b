"""Servers that do nothing useful: no requirement may pass on them.

`python -m tests.nothing` prints the verdicts as a table.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance import catalogue
from conformance.judging.outcomes import OUTCOMES
from conformance.judging.verdict import summary, verdict
from conformance.session.judgement import Judgement
from conformance.session.plan import make_plan
from conformance.session.recording import record_session
from conformance.session.reporting import write_report
from conformance.settings import settings

from . import fakes
from .fakes import Connection

Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Writes the answer to a request, whose head and body it is handed."""

SILENCE_S = 2.0
"""The limit of silence, which a server that hangs costs once in a session."""

STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def whole(status: int, body: str, media: str = "application/json", *headers: str) -> bytes:
    """Return a complete answer."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"content-type: {media}",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def always(answer: bytes) -> Respond:
    """Return a server that sends this answer to every request."""

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


async def redirects_to_itself(request: bytes, writer: asyncio.StreamWriter) -> None:
    port = writer.get_extra_info("sockname")[1]
    writer.write(whole(307, "", "text/plain", f"location: http://127.0.0.1:{port}/again"))


PAGE = "<!doctype html><title>It works</title><script>alert(1)</script><h1>It works</h1>"
SERVERS: dict[str, Respond] = {
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
    "a redirect loop": redirects_to_itself,
    "an echo of the request": echoes_the_request,
    "an echo of the request as events": echoes_as_events,
    "random bytes as events": random_bytes,
    "an endless fast stream": endless_fast_stream,
    "a huge header": always(b"HTTP/1.1 200 OK\r\nx-big: " + b"a" * 200_000 + b"\r\ncontent-length: 2\r\n\r\n{}"),
}


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """Serve such a server on a loopback port; yield its URL."""

    async def script(connection: Connection) -> None:
        request = connection.head.encode("latin-1") + b"\r\n\r\n" + connection.body
        await respond(request, connection.writer)
        await connection.writer.drain()

    with fakes.serving({"": script}) as fake:
        yield fake.url


def judged(url: str, folder: Path, profile: str) -> Judgement:
    """Return the judgement of a server by a whole profile."""
    given = {"url": url, "report-dir": str(folder), "profile": profile}
    plan = make_plan(settings({**given, "silence": str(SILENCE_S), "concurrency": "50"}, {}))
    judgement = Judgement(plan, selected=set(plan.items))
    recorded = record_session(plan, list(plan.items), "", lambda state: None, lambda text: None)
    judgement.suite_errors += recorded.errors
    judgement.judge_selected()
    write_report(judgement)
    return judgement


def table(profile: str) -> str:
    """Return a Markdown table: for each server the verdict, and how many requirements have each outcome."""
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
