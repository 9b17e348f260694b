"""Runs a client library in its own process, lets it read streams from a server, and collects what it yields."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from conformance.clients.compare import Part, Reading
from conformance.clients.readers import Reader, driver_command
from conformance.launch.cache import Say

AT_ONCE = 16
"""How many streams a client reads concurrently."""

JOB_S = 20.0
"""The limit for one stream; a stream that is played back at once takes milliseconds."""

CLIENT_S = 120.0
"""The limit for all streams of one client."""

ERROR_CHARACTERS = 300
"""How many of the last characters of a driver's standard error a message shows."""

_SDK_VARIABLES = ("LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_")
"""Prefixes of variables from which the SDKs take keys and addresses; a driver does not inherit them."""


@dataclass(frozen=True)
class Job:
    """One stream to read.

    `thread` is None for a run without a thread; `run` is the run to join, None to start one with `body`.  For a `live`
    job the client itself creates the thread and the run that are not None.
    """

    number: int
    thread: str | None
    run: str | None
    body: Mapping[str, Any]
    live: bool = False


async def read_streams(
    reader: Reader,
    url: str,
    jobs: Sequence[Job],
    say: Say,
    *,
    headers: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    limit_s: float = JOB_S,
) -> list[Reading]:
    """Return what a client yields, job by job; its process also gets the environment variables.

    Raises LaunchError if the client cannot be installed, RuntimeError if its driver fails.
    """
    words, folder = await asyncio.to_thread(driver_command, reader, say)
    given = {"url": url, "headers": dict(headers or {}), "at_once": AT_ONCE, "limit_s": limit_s}
    given["jobs"] = [asdict(job) for job in jobs]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SDK_VARIABLES)}
    environment |= {"NO_PROXY": "127.0.0.1,localhost", **(variables or {})}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )
    return _readings(await _output(process, json.dumps(given).encode()), len(jobs))


async def _output(process: asyncio.subprocess.Process, given: bytes) -> bytes:
    """Return the standard output of a driver; raises RuntimeError if it fails or takes longer than CLIENT_S."""
    try:
        async with asyncio.timeout(CLIENT_S):
            output, errors = await process.communicate(given)
    except TimeoutError:
        raise RuntimeError(f"the client did not read all streams within {CLIENT_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        message = errors.decode(errors="replace")[-ERROR_CHARACTERS:]
        raise RuntimeError(f"the driver of the client ended with exit status {process.returncode}: {message}")
    return output


def _readings(output: bytes, count: int) -> list[Reading]:
    readings = [Reading() for _ in range(count)]
    for line in map(json.loads, output.splitlines()):
        reading = readings[line["job"]]
        if "part" in line:
            event, data, *id = line["part"]
            reading.parts.append(Part(event, data, id[0] if id else None))
        else:
            reading.error = line["error"]
    return readings
