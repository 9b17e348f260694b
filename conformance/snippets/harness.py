"""Performs the Python snippets of standard input, separated by form feeds, in an environment that holds only the SDK.

The variable LG_SNIPPET holds JSON: the names that the snippet uses but does not define, the background run to create
first, and the file for the arguments of each print.
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


def recording_print(file: str) -> Any:
    """Return a print function that also appends its arguments to a file, as JSON."""

    def recording(*values: Any, **options: Any) -> None:
        plain = [value._asdict() if hasattr(value, "_asdict") else value for value in values]
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(plain, default=repr) + "\n")
        builtins.print(*values, **options)

    return recording


async def background_run(url: str, headers: dict[str, str], assistant: str, given: Any, modes: list[str]) -> Any:
    """Create a background run on a new thread; return its ids under the names that a snippet uses."""
    client = importlib.import_module("langgraph_sdk").get_client(url=url, headers=headers)
    thread = await client.threads.create()
    run = await client.runs.create(thread["thread_id"], assistant, input=given, stream_mode=modes)
    return {"thread_id": run["thread_id"], "run_id": run["run_id"]}


async def main() -> None:
    """Perform the snippet."""
    job = json.loads(os.environ.pop("LG_SNIPPET"))
    names = {"print": recording_print(job["printed"]), **job["names"]}
    if job["background"]:
        names |= await background_run(**job["background"])
    for text in sys.stdin.read().split("\f"):
        # The snippets of the document use `await` at top level, as in a notebook.
        code = compile(text, "streaming-api.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if inspect.isawaitable(result):
            await result


asyncio.run(main())
