"""Performs snippets against one server, several at once, and returns the outcome of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from conformance.authoring.expectations import shown
from conformance.clients.environment import CLIENTS, Client, ClientEnvironment, client_environment, missing_for_client
from conformance.evidence.redaction import Redactor
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, Outcome
from conformance.launch.cache import Say
from conformance.launch.process import LaunchError
from conformance.record.reaching import problem_reaching
from conformance.snippets.blocks import CodeBlock, performed
from conformance.snippets.expected import output_problem
from conformance.snippets.perform import LIMIT_S, MissingPrerequisite, Performance, perform_block
from conformance.targets.target import Target, is_loopback

AT_ONCE = 4
"""How many snippets are performed concurrently; each starts an interpreter, and CI machines have few cores."""
ANSWER_S = 10.0
"""The limit for the server to answer a request of the suite itself."""


@dataclass(frozen=True)
class SnippetResult:
    """The outcome of one block; for a block with a defect also the outcome of its code as printed."""

    block: CodeBlock
    outcome: Outcome
    as_printed: Outcome | None = None
    output: str = ""
    """The standard output of the snippet."""


def chosen(clients: Iterable[str], lines: Iterable[int]) -> list[CodeBlock]:
    """Return the blocks of these clients that start at these lines; no clients or no lines means all."""
    languages, starts = set(clients) or set(CLIENTS), set(lines)
    return [block for block in performed() if block.language in languages and (not starts or block.line in starts)]


def results(target: Target, wanted: Sequence[CodeBlock], redactor: Redactor, say: Say) -> list[SnippetResult]:
    """Perform blocks against a running server; raises LaunchError if it does not answer."""
    environments = _environments({block.language for block in wanted}, say)
    return asyncio.run(_results(target, wanted, environments, redactor))


def _environments(languages: set[str], say: Say) -> dict[str, ClientEnvironment | str]:
    """Return the environment of each client, or what the machine lacks for it."""

    def environment(client: Client) -> ClientEnvironment | str:
        try:
            return missing_for_client(client) or client_environment(client, say)
        except LaunchError as problem:
            return str(problem)

    return {client: environment(client) for client in CLIENTS if client in languages}


async def _results(
    target: Target, wanted: Sequence[CodeBlock], environments: Mapping[str, ClientEnvironment | str], redactor: Redactor
) -> list[SnippetResult]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(block: CodeBlock) -> SnippetResult:
        environment = environments[block.language]
        if isinstance(environment, str):
            return SnippetResult(block, Outcome(INCONCLUSIVE, environment))
        async with slots:
            return await _result(block, target, environment, redactor)

    async with httpx.AsyncClient(
        headers=target.headers, timeout=ANSWER_S, trust_env=not _all_local(target), verify=target.tls.context()
    ) as http:
        await _require_answer(http, target)
        found = await asyncio.gather(*map(one, wanted))
        failing = {result.block.graph: result.block for result in found if result.outcome.word == FAILED}
        absent = {graph for graph, block in failing.items() if not await _deployed(http, target, block)}
    return [_without_absent(result, absent) for result in found]


async def _result(
    block: CodeBlock, target: Target, environment: ClientEnvironment, redactor: Redactor
) -> SnippetResult:
    async def outcome(code: str) -> tuple[Outcome, str]:
        try:
            done = await perform_block(block, code, target, environment)
        except MissingPrerequisite as failure:
            return Outcome(FAILED, str(failure)), ""
        message = redactor.text(_problem(block, done))
        return Outcome(FAILED if message else PASSED, message), redactor.text(done.output)

    as_printed = (await outcome(block.code))[0] if block.defect else None
    corrected, output = await outcome(block.corrected)
    return SnippetResult(block, corrected, as_printed, output)


def _problem(block: CodeBlock, done: Performance) -> str:
    """Return what is wrong with a performance; empty if nothing is."""
    refused = f"HTTP {done.status}: {shown(done.output)}" if done.status >= 400 else ""
    if done.exit_status is None:
        return f"it did not end within {LIMIT_S:.0f} s"
    if done.exit_status:
        ended = f"exit status {done.exit_status}: {shown(done.error_line)}"
        return f"{refused}; {ended}" if refused else ended
    return refused or output_problem(block, done.printed, done.output)


async def _require_answer(http: httpx.AsyncClient, target: Target) -> None:
    for url in {target.url, *target.urls.values()} - {""}:
        if (problem := await problem_reaching(http, url, ANSWER_S)) is not None:
            raise LaunchError(f"{target.name}: {url} cannot be reached: {problem}")


async def _deployed(http: httpx.AsyncClient, target: Target, block: CodeBlock) -> bool:
    """Return whether the server accepts a plain run of a block's graph; otherwise its failure says nothing."""
    body: dict[str, Any] = {"assistant_id": target.assistant(block.graph), "input": block.inputs}
    base = target.base(block.graph)
    try:
        thread = (await http.post(f"{base}/threads", json={})).json()["thread_id"]
        async with http.stream("POST", f"{base}/threads/{thread}/runs/stream", json=body) as answer:
            return answer.status_code < 400
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return False


def _without_absent(result: SnippetResult, absent: set[str]) -> SnippetResult:
    """Return the result; inconclusive instead of failed if its graph is not deployed."""
    graph, outcome = result.block.graph, result.outcome
    if outcome.word != FAILED or graph not in absent or result.block.expected.thread:
        return result
    fix = f"deploy it (`lg-conformance graphs DIR`), or give its name with `--assistant {graph}=NAME`"
    message = f"no run of the reference graph `{graph}` was accepted; {fix}; {outcome.message}"
    return replace(result, outcome=Outcome(INCONCLUSIVE, message))


def _all_local(target: Target) -> bool:
    return all(is_loopback(url) for url in (target.url, *target.urls.values()) if url)
