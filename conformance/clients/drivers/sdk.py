"""Reads streams with langgraph_sdk and prints what it yields; runs in an environment that holds only the SDK.

Standard input is JSON: the URL, header fields and jobs, as `conformance/clients/read.py` sends them.  Each line of the
output is JSON: a part that a job yielded, or the error with which a job ended (empty if there was none).
"""

import asyncio
import json
import sys
from typing import Any

from langgraph_sdk import get_client


async def stream(client: Any, job: dict[str, Any]) -> Any:
    """Return the stream of a job; create its thread and run first if the job is live."""
    thread, run, body = job["thread"], job["run"], job["body"]
    fields = {key: body[key] for key in ("input", "stream_mode", "stream_subgraphs") if key in body}
    if job["live"] and thread:
        thread = (await client.threads.create())["thread_id"]
    if job["live"] and run:
        run = (await client.runs.create(thread, body["assistant_id"], **fields))["run_id"]
    if run:
        return client.runs.join_stream(thread, run)
    return client.runs.stream(thread, body["assistant_id"], **fields)


async def read(client: Any, job: dict[str, Any], slots: asyncio.Semaphore, limit: float) -> None:
    """Perform one job, and write what it yields."""
    error = ""
    async with slots:
        try:
            async with asyncio.timeout(limit):
                async for part in await stream(client, job):
                    write(job=job["number"], part=list(part))
        except TimeoutError:
            error = f"still reading after {limit:g} s"
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
    write(job=job["number"], error=error)


def write(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


async def main() -> None:
    given = json.load(sys.stdin)
    client = get_client(url=given["url"], headers=given["headers"])
    slots = asyncio.Semaphore(given["at_once"])
    await asyncio.gather(*(read(client, job, slots, given["limit_s"]) for job in given["jobs"]))


asyncio.run(main())
