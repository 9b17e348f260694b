"""Reads streams with langgraph_sdk and says what it yields; runs in an interpreter that has the SDK alone.

Standard input is JSON: the URL, header fields, and jobs; see `conformance/clients/read.py`.  Each line of the output is
a part that a job yielded, or how the job ended.
"""

import asyncio
import json
import sys
from typing import Any

from langgraph_sdk import get_client


async def stream(client: Any, job: dict[str, Any]) -> Any:
    thread, run, body = job["thread"], job["run"], job["body"]
    fields = {key: body[key] for key in ("input", "stream_mode", "stream_subgraphs") if key in body}
    if job["live"] and thread:
        thread = (await client.threads.create())["thread_id"]
    if job["live"] and run:
        run = (await client.runs.create(thread, body["assistant_id"], **fields))["run_id"]
    if run:
        return client.runs.join_stream(thread, run)
    return client.runs.stream(thread, body["assistant_id"], **fields)


async def read(client: Any, job: dict[str, Any], room: asyncio.Semaphore, limit: float) -> None:
    error = ""
    async with room:
        try:
            async with asyncio.timeout(limit):
                async for part in await stream(client, job):
                    say(job=job["number"], part=list(part))
        except TimeoutError:
            error = f"still reading after {limit:g} s"
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
    say(job=job["number"], error=error)


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


async def main() -> None:
    given = json.load(sys.stdin)
    client = get_client(url=given["url"], headers=given["headers"])
    room = asyncio.Semaphore(given["at_once"])
    await asyncio.gather(*(read(client, job, room, given["limit_s"]) for job in given["jobs"]))


asyncio.run(main())
