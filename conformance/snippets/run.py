"""All snippets against one server: which are performed, several at once, and what came of each.

It joins the performing with the comparing; how results are shown it does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from conformance.authoring.expectations import shown
from conformance.clients.environment import CLIENTS, Client, ClientEnvironment, client_environment, missing
from conformance.evidence.redaction import Redactor
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, Outcome
from conformance.launch.environments import Say
from conformance.launch.process import LaunchError
from conformance.snippets.blocks import Block, performed
from conformance.snippets.expected import problem
from conformance.snippets.perform import LIMIT_S, Performance, Prerequisite, perform
from conformance.targets.target import Target, is_loopback

AT_ONCE = 4
"""Each is an interpreter that starts; more of them make none faster on the few cores of a CI machine."""
ANSWER_S = 10.0
"""How long a server may take to say anything at all, or to accept a run."""


@dataclass(frozen=True)
class Result:
    """What came of one block: of its text as printed, if that has a defect, and of the text that was meant."""

    block: Block
    outcome: Outcome
    as_printed: Outcome | None = None
    output: str = ""
    """What the snippet wrote to standard output."""


def chosen(clients: Iterable[str], lines: Iterable[int]) -> list[Block]:
    """The blocks of these clients that open at these lines; of all if none are given."""
    wanted, at = set(clients) or set(CLIENTS), set(lines)
    return [block for block in performed() if block.language in wanted and (not at or block.line in at)]


def results(target: Target, wanted: Sequence[Block], redactor: Redactor, say: Say) -> list[Result]:
    """Perform the blocks against a server that runs; LaunchError if it does not answer."""
    ready = _environments({block.language for block in wanted}, say)
    return asyncio.run(_results(target, wanted, ready, redactor))


def _environments(languages: set[str], say: Say) -> dict[str, ClientEnvironment | str]:
    """The environment of each client, or what it needs and cannot have."""

    def ready(client: Client) -> ClientEnvironment | str:
        try:
            return missing(client) or client_environment(client, say)
        except LaunchError as problem:
            return str(problem)

    return {client: ready(client) for client in CLIENTS if client in languages}


async def _results(
    target: Target, wanted: Sequence[Block], ready: Mapping[str, ClientEnvironment | str], redactor: Redactor
) -> list[Result]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(block: Block) -> Result:
        environment = ready[block.language]
        if isinstance(environment, str):
            return Result(block, Outcome(INCONCLUSIVE, environment))
        async with gate:
            return await _result(block, target, environment, redactor)

    async with httpx.AsyncClient(headers=target.headers, timeout=ANSWER_S, trust_env=not _all_local(target)) as http:
        await _answering(http, target)
        found = await asyncio.gather(*map(one, wanted))
        failing = {result.block.graph: result.block for result in found if result.outcome.word == FAILED}
        absent = {graph for graph, block in failing.items() if not await _deployed(http, target, block)}
    return [_excused(result, absent) for result in found]


async def _result(block: Block, target: Target, environment: ClientEnvironment, redactor: Redactor) -> Result:
    async def outcome(code: str) -> tuple[Outcome, str]:
        try:
            done = await perform(block, code, target, environment)
        except Prerequisite as lacking:
            return Outcome(FAILED, str(lacking)), ""
        message = redactor.text(_problem(block, done))
        return Outcome(FAILED if message else PASSED, message), redactor.text(done.output)

    as_printed = (await outcome(block.code))[0] if block.defect else None
    meant, output = await outcome(block.mended)
    return Result(block, meant, as_printed, output)


def _problem(block: Block, done: Performance) -> str:
    """What is wrong with a performance; empty if nothing."""
    refused = f"HTTP {done.status}: {shown(done.output)}" if done.status >= 400 else ""
    if done.ended is None:
        return f"it did not end within {LIMIT_S:.0f} s"
    if done.ended:
        ended = f"ended with {done.ended}: {shown(done.complaint)}"
        return f"{refused}; {ended}" if refused else ended
    return refused or problem(block, done.printed, done.output)


# --- the server itself


async def _answering(http: httpx.AsyncClient, target: Target) -> None:
    for url in {target.url, *target.urls.values()} - {""}:
        try:
            await http.get(url)
        except httpx.HTTPError as problem:
            raise LaunchError(
                f"{target.name}: {url} does not answer ({type(problem).__name__}); start the server, or name another"
            ) from None


async def _deployed(http: httpx.AsyncClient, target: Target, block: Block) -> bool:
    """Whether the server accepts a plain run of the block's graph: without that a failure tells nothing."""
    body: dict[str, Any] = {"assistant_id": target.assistant(block.graph), "input": block.inputs}
    base = target.base(block.graph)
    try:
        thread = (await http.post(f"{base}/threads", json={})).json()["thread_id"]
        async with http.stream("POST", f"{base}/threads/{thread}/runs/stream", json=body) as answer:
            return answer.status_code < 400
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return False


def _excused(result: Result, absent: set[str]) -> Result:
    graph, outcome = result.block.graph, result.outcome
    if outcome.word != FAILED or graph not in absent or result.block.expected.thread:
        return result
    way = f"deploy it (lg-conformance graphs DIR), or name it with --assistant {graph}=NAME"
    message = f"no run of the graph `{graph}` is accepted: {way}; {outcome.message}"
    return replace(result, outcome=Outcome(INCONCLUSIVE, message))


def _all_local(target: Target) -> bool:
    return all(is_loopback(url) for url in (target.url, *target.urls.values()) if url)


# --- exit status


def exit_status(found: Sequence[Result]) -> int:
    """1 if a snippet failed, 2 if one cannot be told, 0 otherwise; the text as printed does not count."""
    words = {result.outcome.word for result in found}
    return 1 if FAILED in words else 2 if INCONCLUSIVE in words else 0
