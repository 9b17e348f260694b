"""Reads streams with httpx-sse, as clients without an SDK do; input and output are those of `sdk.py`."""

import asyncio
import json
import sys
from typing import Any
from urllib.parse import quote

import httpx
from httpx_sse import aconnect_sse


async def request(http: httpx.AsyncClient, job: dict[str, Any]) -> tuple[str, str]:
    """Return method and path of the request for a job's stream; create its thread and run first if the job is live."""
    thread, run = job["thread"], job["run"]
    if job["live"] and thread:
        thread = (await http.post("threads", json={})).json()["thread_id"]
    place = f"threads/{quote(thread, safe='')}/runs" if thread else "runs"
    if job["live"] and run:
        run = (await http.post(place, json=job["body"])).json()["run_id"]
    return ("GET", f"{place}/{quote(run, safe='')}/stream") if run else ("POST", f"{place}/stream")


async def read(http: httpx.AsyncClient, job: dict[str, Any], slots: asyncio.Semaphore, limit: float) -> None:
    """Perform one job, and write what it yields."""
    error = ""
    body = None if job["run"] else job["body"]
    async with slots:
        try:
            async with asyncio.timeout(limit):
                async with aconnect_sse(http, *await request(http, job), json=body) as source:
                    async for event in source.aiter_sse():
                        write(job=job["number"], part=[event.event, event.data, event.id])
        except TimeoutError:
            error = f"still reading after {limit:g} s"
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
    write(job=job["number"], error=error)


def write(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


async def main() -> None:
    given = json.load(sys.stdin)
    slots = asyncio.Semaphore(given["at_once"])
    async with httpx.AsyncClient(base_url=given["url"], headers=given["headers"], timeout=None) as http:
        await asyncio.gather(*(read(http, job, slots, given["limit_s"]) for job in given["jobs"]))


asyncio.run(main())
