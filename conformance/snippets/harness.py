"""Performs the Python snippets of standard input, parted by form feeds, in an interpreter that has the SDK alone.

The variable LG_SNIPPET says which names the snippet finds, which run is created before it, and where the arguments of
each print go, as JSON.
"""

import ast
import asyncio
import builtins
import importlib
import inspect
import json
import os
import sys
from typing import Any


def printing(place: str) -> Any:
    """A print that also notes its arguments in the file `place`."""

    def noted(*values: Any, **options: Any) -> None:
        plain = [value._asdict() if hasattr(value, "_asdict") else value for value in values]
        with open(place, "a", encoding="utf-8") as file:
            file.write(json.dumps(plain, default=repr) + "\n")
        builtins.print(*values, **options)

    return noted


async def background_run(url: str, headers: dict[str, str], assistant: str, given: Any, modes: list[str]) -> Any:
    """A run that goes on in the background, on a new thread: the names by which a snippet knows it."""
    client = importlib.import_module("langgraph_sdk").get_client(url=url, headers=headers)
    thread = await client.threads.create()
    run = await client.runs.create(thread["thread_id"], assistant, input=given, stream_mode=modes)
    return {"thread_id": run["thread_id"], "run_id": run["run_id"]}


async def main() -> None:
    """Perform the snippet."""
    job = json.loads(os.environ.pop("LG_SNIPPET"))
    names = {"print": printing(job["printed"]), **job["names"]}
    if job["background"]:
        names |= await background_run(**job["background"])
    for text in sys.stdin.read().split("\f"):
        # The document's snippets await at their top level, as in a notebook.
        code = compile(text, "streaming-api.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        made = eval(code, names)
        if inspect.isawaitable(made):
            await made


asyncio.run(main())
