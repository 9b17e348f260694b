"""Performs snippets: each in a process of its own with the real client, under a limit, its output captured.

It knows processes and the clients' environments; what a snippet should print it does not.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from conformance.clients.environment import ClientEnvironment
from conformance.launch.process import child_environment, temporary_folder
from conformance.snippets.blocks import Block, Given, api_key, blocks, other_headers, source
from conformance.targets.target import Target, is_loopback

LIMIT_S = 60.0
"""A snippet takes a second or two, and the SDKs give up a stream that was cut off after 20 s."""
OUTPUT_BYTES = 1 << 22
"""The longest output, of `events`, is a few kilobytes."""
HERE = Path(__file__).parent

# The real curl is called, by a function that adds the header fields of the run, which no list of processes shows, and
# says which status came. It takes the place of empty lines before the snippet.
CURL = r"""curl() {
  command curl --silent --show-error --max-time "$LG_LIMIT" \
    --header @<(printf '%s' "$LG_HEADERS") --write-out '%{stderr}status %{http_code}\n' "$@"
}
"""
_ERROR = re.compile(r"(\w+\.)*([A-Z]\w*)?(Error|Exception)\b")
_PLACE = re.compile(r'"streaming-api\.md", line (\d+)')
_STATUS = re.compile(r"^status (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Performance:
    """What came of one process: how it ended (None: killed at the limit), what it said, what it was seen to print."""

    ended: int | None
    output: str
    errors: str
    printed: tuple[tuple[Any, ...], ...] = ()

    @property
    def status(self) -> int:
        """The last HTTP status that curl heard; 0 for another client, and where none came."""
        heard = _STATUS.findall(self.errors)
        return int(heard[-1]) if heard else 0

    @property
    def complaint(self) -> str:
        """The line of standard error that says what is wrong, with the line of the document, where an SDK raised it."""
        lines = [line.strip() for line in _STATUS.sub("", self.errors).splitlines() if line.strip()]
        place = _PLACE.findall(self.errors)
        told = [line for line in lines if _ERROR.match(line)] or lines[-1:]
        # Python tells the error that ended it last, Node first.
        return f"line {place[-1]}: {told[-1]}" if place else "".join(told[:1])


class Prerequisite(Exception):
    """What a snippet needs before it could not be had from the server; the message says what."""


async def perform(block: Block, code: str, target: Target, environment: ClientEnvironment) -> Performance:
    """Perform the block with this text, as printed or mended; raises Prerequisite."""
    if block.language == "curl":
        given = await _given(block, target, environment)
        text = CURL + source(block, code, given)[CURL.count("\n") :]
        return await _process(["bash"], text, _curl_variables(block, target), None)
    with temporary_folder() as folder:
        printed = folder / "printed.jsonl"
        variables = {**_proxies(block, target), "LG_SNIPPET": json.dumps(_job(block, target, printed))}
        if (key := api_key(target)) and key in target.headers.values():
            variables["LANGGRAPH_API_KEY"] = key  # where both SDKs look for it if the snippet names none
        done = await _process(
            _command(block, environment),
            source(block, code + block.shown_by, Given(target)),
            variables,
            environment.folder,
        )
        lines = printed.read_text("utf-8").splitlines() if printed.is_file() else []
    return Performance(done.ended, done.output, done.errors, tuple(tuple(json.loads(line)) for line in lines))


def _command(block: Block, environment: ClientEnvironment) -> list[str]:
    if block.language == "python":
        return [str(environment.python), "-I", str(HERE / "harness.py")]
    return ["node", "--import", (HERE / "prelude.mjs").as_uri(), "--input-type=module", "-"]


def _job(block: Block, target: Target, printed: Path) -> dict[str, Any]:
    python = block.language == "python"
    assistant = target.assistant(block.graph)
    names = {"inputs" if python else "input": block.inputs, "assistant_id" if python else "assistantID": assistant}
    background = {
        "url": target.base(block.graph),
        "headers": other_headers(target),
        "assistant": assistant,
        "given": block.inputs,
        "modes": block.background,
    }
    return {"printed": str(printed), "names": names, "background": background if block.background else None}


# --- curl


def _curl_variables(block: Block, target: Target) -> dict[str, str]:
    sent = {**target.headers} if "<API_KEY>" not in block.code else other_headers(target)
    return {
        **_proxies(block, target),
        "LG_HEADERS": "".join(f"{name}: {value}\n" for name, value in sent.items()),
        "LG_LIMIT": f"{LIMIT_S + 5:.0f}",  # for a curl whose shell was killed from outside
    }


async def _given(block: Block, target: Target, environment: ClientEnvironment) -> Given:
    """The thread that the block before creates, or the run in the background that the block joins."""
    if block.background:
        return await _background_run(block, target)
    if block.after is None:
        return Given(target)
    first = blocks()[block.after]
    done = await perform(first, first.code, target, environment)
    try:
        return Given(target, thread_id=str(json.loads(done.output)["thread_id"]))
    except (ValueError, LookupError, TypeError):
        raise Prerequisite(f"the block of line {first.line} printed no thread") from None


async def _background_run(block: Block, target: Target) -> Given:
    body = {"assistant_id": target.assistant(block.graph), "input": block.inputs, "stream_mode": block.background}
    base = target.base(block.graph)
    try:
        async with httpx.AsyncClient(headers=target.headers, trust_env=not is_loopback(base), timeout=LIMIT_S) as http:
            thread = (await http.post(f"{base}/threads", json={})).json()["thread_id"]
            run = (await http.post(f"{base}/threads/{thread}/runs", json=body)).json()["run_id"]
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        raise Prerequisite("no run could be created in the background") from None
    return Given(target, str(thread), str(run))


# --- one process


def _proxies(block: Block, target: Target) -> dict[str, str]:
    """No proxy for a server on this machine; the caller's choice for any other, in both spellings that clients read."""
    chosen = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = "*" if is_loopback(target.base(block.graph)) else chosen
    return {"NO_PROXY": hosts, "no_proxy": hosts}


async def _process(command: Sequence[str], text: str, variables: Mapping[str, str], folder: Path | None) -> Performance:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=child_environment(os.environ, variables),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # bash and its curl end together
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    output, errors = bytearray(), bytearray()
    ended = None
    try:
        async with asyncio.timeout(LIMIT_S):
            with suppress(ConnectionError):
                process.stdin.write(text.encode())
                process.stdin.write_eof()
            await asyncio.gather(_read(process.stdout, output), _read(process.stderr, errors))
            ended = await process.wait()
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return Performance(ended, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


async def _read(stream: asyncio.StreamReader, into: bytearray) -> None:
    while data := await stream.read(1 << 16):
        into += data[: OUTPUT_BYTES - len(into)]
