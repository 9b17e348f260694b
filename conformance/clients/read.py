"""Has a client library read streams in a process of its own, played back from recordings or live, and gathers what it
yielded."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conformance.clients.compare import Part, Reading
from conformance.clients.readers import Reader, command
from conformance.evidence.exchange import Exchange
from conformance.launch.environments import Say
from conformance.wire import http_server as http_server
from conformance.wire.endings import BROKEN, COMPLETE

AT_ONCE = 16
"""Streams that a client reads at once."""

JOB_S = 20.0
"""Seconds in which a client must have read a stream to its end: played back at once they take milliseconds."""

CLIENT_S = 120.0
"""Seconds after which a client that reads all streams is ended."""

LAST_CHARACTERS = 300
"""Of what a driver said when it failed."""

_FOREIGN = ("LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_")
"""Variables from which the SDKs take keys and addresses, which are not theirs to send here."""


@dataclass(frozen=True)
class Job:
    """One stream to read: the thread (None: without one), and the run to join or the body that begins one.

    Of a `live` one the client makes thread and run itself, where they are not None.
    """

    number: int
    thread: str | None
    run: str | None
    body: Mapping[str, Any]
    live: bool = False


async def read(
    reader: Reader,
    url: str,
    jobs: Sequence[Job],
    say: Say,
    *,
    headers: Mapping[str, str] | None = None,
    limit_s: float = JOB_S,
) -> list[Reading]:
    """What the client yielded, job by job; LaunchError if it cannot be installed, RuntimeError if its driver fails."""
    words, folder = await asyncio.to_thread(command, reader, say)
    given = {"url": url, "headers": dict(headers or {}), "at_once": AT_ONCE, "limit_s": limit_s}
    given["jobs"] = [asdict(job) for job in jobs]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env=environment | {"NO_PROXY": "127.0.0.1,localhost"}, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(CLIENT_S):
            told, complaint = await process.communicate(json.dumps(given).encode())
    except TimeoutError:
        raise RuntimeError(f"it had not read all streams after {CLIENT_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(
            f"its driver ended with {process.returncode}: {complaint.decode(errors='replace')[-LAST_CHARACTERS:]}"
        )
    return _readings(told, len(jobs))


def _readings(told: bytes, count: int) -> list[Reading]:
    readings = [Reading() for _ in range(count)]
    for line in told.splitlines():
        said = json.loads(line)
        if "part" in said:
            event, data, *id = said["part"]
            readings[said["job"]].parts.append(Part(event, data, id[0] if id else None))
        else:
            readings[said["job"]].error = said["error"]
    return readings


class Playback:
    """Serves the streams of recordings at once, each under a number that stands in for thread, run or assistant.

    Whatever else a client asks is answered 404, at which they give up.  With `hold` a stream that did not end is left
    open.
    """

    def __init__(self, streams: Sequence[Exchange], *, hold: bool = False) -> None:
        self._streams = streams
        self._hold = hold

    @property
    def jobs(self) -> list[Job]:
        """What a client is to do to be served each of them."""
        return [self._job(number, stream) for number, stream in enumerate(self._streams)]

    def _job(self, number: int, stream: Exchange) -> Job:
        own = str(number)
        body = {**(stream.request if isinstance(stream.request, dict) else {}), "assistant_id": own}
        threaded = stream.kind == "join" or "/threads/" in stream.path
        return Job(number, own if threaded else None, own if stream.kind == "join" else None, body)

    async def answer(self, request: http_server.Request, writer: asyncio.StreamWriter) -> None:
        """Send the stream that is asked for."""
        stream = self._asked(request)
        if stream is None:
            said = b'{"detail":"it reconnects, and a recording is played once"}'
            await http_server.send_whole(404, [("content-type", "application/json")], said, writer)
            return
        assert stream.status is not None
        chunked = http_server.is_chunked(stream.headers)
        writer.transport.set_write_buffer_limits(0)
        writer.write(http_server.head(stream.status, stream.headers))
        for chunk in stream.chunks:
            writer.write(http_server.chunk(chunk.data) if chunked else chunk.data)
            await writer.drain()
        await http_server.end(self._end(stream), stream.headers, writer)

    def _end(self, stream: Exchange) -> str:
        """A stream that the suite left, or that a limit closed, goes on no further: it is seen to break off."""
        return stream.ending if stream.ending == COMPLETE or self._hold else BROKEN

    def _asked(self, request: http_server.Request) -> Exchange | None:
        path = request.path.partition("?")[0].strip("/").split("/")
        if path[-1] != "stream":
            return None
        number = path[1] if path[0] == "threads" else str(json.loads(request.body or b"{}").get("assistant_id"))
        known = number.isdigit() and int(number) < len(self._streams)
        return self._streams[int(number)] if known else None
