"""Performs snippets: each in its own process with the real client, within a time limit, with its output captured.

It knows processes and the environments of the clients; it does not judge the output.
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
from conformance.snippets.blocks import CodeBlock, Given, api_key, blocks, other_headers, source
from conformance.targets.target import Target, is_loopback

LIMIT_S = 60.0
"""A snippet takes a second or two; the SDKs give up on a stream that was cut off after 20 s."""
OUTPUT_BYTES = 1 << 22
"""The limit for captured output; the longest output, that of `events`, is a few kilobytes."""
HERE = Path(__file__).parent

# A shell function that calls the real curl.  It adds the header fields of the target in a way that process lists do not
# show, and prints the HTTP status.  It replaces empty lines before the snippet, so that line numbers stay the same.
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
    """What one process did: exit status (None: killed at the limit), standard output and error, printed values."""

    exit_status: int | None
    output: str
    errors: str
    printed: tuple[tuple[Any, ...], ...] = ()

    @property
    def status(self) -> int:
        """The last HTTP status that curl received; 0 for another client, or if curl received none."""
        received = _STATUS.findall(self.errors)
        return int(received[-1]) if received else 0

    @property
    def error_line(self) -> str:
        """The line of standard error that names the error, with the line of the document that raised it."""
        lines = [line.strip() for line in _STATUS.sub("", self.errors).splitlines() if line.strip()]
        place = _PLACE.findall(self.errors)
        found = [line for line in lines if _ERROR.match(line)] or lines[-1:]
        # Python prints the fatal error last, Node prints it first.
        return f"line {place[-1]}: {found[-1]}" if place else "".join(found[:1])


class MissingPrerequisite(Exception):
    """The server did not provide what a snippet needs first; the message says what."""


async def perform_block(block: CodeBlock, code: str, target: Target, environment: ClientEnvironment) -> Performance:
    """Perform a block with this code, as printed or corrected; raises MissingPrerequisite."""
    if block.language == "curl":
        given = await _given(block, target, environment)
        text = CURL + source(block, code, given)[CURL.count("\n") :]
        return await _process(["bash"], text, _curl_variables(block, target), None)
    with temporary_folder() as folder:
        printed = folder / "printed.jsonl"
        variables = {**_network(block, target), "LG_SNIPPET": json.dumps(_job(block, target, printed))}
        if (key := api_key(target)) and key in target.headers.values():
            variables["LANGGRAPH_API_KEY"] = key  # both SDKs read it if the snippet names no key
        done = await _process(
            _command(block, environment),
            source(block, code + block.shown_by, Given(target)),
            variables,
            environment.folder,
        )
        lines = printed.read_text("utf-8").splitlines() if printed.is_file() else []
    return Performance(done.exit_status, done.output, done.errors, tuple(tuple(json.loads(line)) for line in lines))


def _command(block: CodeBlock, environment: ClientEnvironment) -> list[str]:
    if block.language == "python":
        return [str(environment.python), "-I", str(HERE / "harness.py")]
    return ["node", "--import", (HERE / "prelude.mjs").as_uri(), "--input-type=module", "-"]


def _job(block: CodeBlock, target: Target, printed: Path) -> dict[str, Any]:
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


def _curl_variables(block: CodeBlock, target: Target) -> dict[str, str]:
    sent = {**target.headers} if "<API_KEY>" not in block.code else other_headers(target)
    return {
        **_network(block, target),
        "LG_HEADERS": "".join(f"{name}: {value}\n" for name, value in sent.items()),
        "LG_LIMIT": f"{LIMIT_S + 5:.0f}",  # in case the shell of curl is killed from outside
    }


async def _given(block: CodeBlock, target: Target, environment: ClientEnvironment) -> Given:
    """Return the placeholders of a curl block: the thread that it uses, or the background run that it joins."""
    if block.background:
        return await _background_run(block, target)
    if block.after is None:
        return Given(target)
    first = blocks()[block.after]
    done = await perform_block(first, first.code, target, environment)
    try:
        return Given(target, thread_id=str(json.loads(done.output)["thread_id"]))
    except (ValueError, LookupError, TypeError):
        raise MissingPrerequisite(f"the block at line {first.line}, which creates the thread, printed none") from None


async def _background_run(block: CodeBlock, target: Target) -> Given:
    body = {"assistant_id": target.assistant(block.graph), "input": block.inputs, "stream_mode": block.background}
    base = target.base(block.graph)
    try:
        local, tls = is_loopback(base), target.tls.context()
        async with httpx.AsyncClient(headers=target.headers, trust_env=not local, timeout=LIMIT_S, verify=tls) as http:
            thread = (await http.post(f"{base}/threads", json={})).json()["thread_id"]
            run = (await http.post(f"{base}/threads/{thread}/runs", json=body)).json()["run_id"]
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        raise MissingPrerequisite("the background run could not be created") from None
    return Given(target, str(thread), str(run))


# --- one process


def _network(block: CodeBlock, target: Target) -> dict[str, str]:
    """Return the certificates to trust, and no_proxy in both spellings: every host for a local server."""
    chosen = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = "*" if is_loopback(target.base(block.graph)) else chosen
    return {"NO_PROXY": hosts, "no_proxy": hosts, **target.tls.environment()}


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
    exit_status = None
    try:
        async with asyncio.timeout(LIMIT_S):
            with suppress(ConnectionError):
                process.stdin.write(text.encode())
                process.stdin.write_eof()
            await asyncio.gather(_read(process.stdout, output), _read(process.stderr, errors))
            exit_status = await process.wait()
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return Performance(exit_status, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


async def _read(stream: asyncio.StreamReader, into: bytearray) -> None:
    while data := await stream.read(1 << 16):
        into += data[: OUTPUT_BYTES - len(into)]
