"""Reads streams with httpx-sse, as clients do that use no SDK; input and output are those of `sdk.py`."""

import asyncio
import json
import sys
from typing import Any
from urllib.parse import quote

import httpx
from httpx_sse import aconnect_sse


async def request(http: httpx.AsyncClient, job: dict[str, Any]) -> tuple[str, str]:
    thread, run = job["thread"], job["run"]
    if job["live"] and thread:
        thread = (await http.post("threads", json={})).json()["thread_id"]
    place = f"threads/{quote(thread, safe='')}/runs" if thread else "runs"
    if job["live"] and run:
        run = (await http.post(place, json=job["body"])).json()["run_id"]
    return ("GET", f"{place}/{quote(run, safe='')}/stream") if run else ("POST", f"{place}/stream")


async def read(http: httpx.AsyncClient, job: dict[str, Any], room: asyncio.Semaphore, limit: float) -> None:
    error = ""
    body = None if job["run"] else job["body"]
    async with room:
        try:
            async with asyncio.timeout(limit):
                async with aconnect_sse(http, *await request(http, job), json=body) as source:
                    async for event in source.aiter_sse():
                        say(job=job["number"], part=[event.event, event.data, event.id])
        except TimeoutError:
            error = f"still reading after {limit:g} s"
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
    say(job=job["number"], error=error)


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


async def main() -> None:
    given = json.load(sys.stdin)
    room = asyncio.Semaphore(given["at_once"])
    async with httpx.AsyncClient(base_url=given["url"], headers=given["headers"], timeout=None) as http:
        await asyncio.gather(*(read(http, job, room, given["limit_s"]) for job in given["jobs"]))


asyncio.run(main())
