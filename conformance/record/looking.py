"""Looks at a server without performing a scenario: whether it answers, what it says of itself, which graphs it has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from conformance.authoring.address import wrong_address
from conformance.authoring.client import path
from conformance.evidence.exchange import Chunk, Exchange
from conformance.judging.found import contract_in
from conformance.record.http import open_client
from conformance.record.reaching import problem_reaching
from conformance.targets.target import Target
from conformance.wire.sse import Decoder
from conformance.wire.text import shortened

ANSWER_S = 5.0
"""How long one answer may take: no request waits for a run."""
AT_ONCE = 8
"""How many graphs are tried at the same time."""
LISTED = 1000
"""How many assistants the server is asked to list."""
CONTRACT_GRAPH = "program"
"""Each run of this graph writes the version of the contract into its state."""
BODY_BYTES = 64 << 10
"""How many bytes of an answer are read at most."""
WORDS = 160
"""How many characters of the server's own words are quoted."""

_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, LookupError, TypeError)


@dataclass(frozen=True)
class Look:
    """What was found: `problem` says why this is not the API, or cannot be reached; empty if it is.

    `info` is the JSON object at /info, empty if there is none.  `refusal` is what the server said to the first run
    that it did not start, empty if it started all.
    """

    problem: str = ""
    info: dict[str, Any] | None = None
    graphs: tuple[str, ...] = ()
    contract: int | None = None
    refusal: str = ""


async def look(target: Target, graphs: Sequence[str]) -> Look:
    """Look at a server for these reference graphs; raises UsageError if the file of certificates cannot be used."""
    async with open_client(target, target.tls.context(), connect_s=ANSWER_S, other_s=ANSWER_S) as http:
        for url in dict.fromkeys(filter(None, (target.url, *target.urls.values()))):
            if (problem := await problem_reaching(http, url, ANSWER_S)) is not None:
                return Look(f"{url} cannot be reached: {problem}")
        looking = _Looking(target, http)
        try:
            return await looking.look(graphs)
        finally:
            await looking.clean_up()


class _Looking:
    """The requests of one look, and the answers to those that every server of the API must accept."""

    def __init__(self, target: Target, http: httpx.AsyncClient) -> None:
        self._target = target
        self._http = http
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._threads: list[str] = []
        self._refused: list[Exchange] = []
        self._accepted = False

    async def look(self, graphs: Sequence[str]) -> Look:
        """Return what the server shows."""
        info, listed = await asyncio.gather(self._info(), self._listed())
        here = {graph for graph in graphs if self._target.assistant(graph) in listed}
        others = [graph for graph in graphs if graph not in here]
        started = await asyncio.gather(*map(self._starts, others))
        here |= {graph for graph, starts in zip(others, started, strict=True) if starts}
        if not (here or self._accepted) and (problem := wrong_address(self._refused)):
            return Look(problem, info)
        contract = await self._contract() if CONTRACT_GRAPH in here else None
        refusal = _described(self._refused[0]) if self._refused else ""
        return Look("", info, tuple(graph for graph in graphs if graph in here), contract, refusal)

    async def _info(self) -> dict[str, Any] | None:
        with suppress(*_FAILURES):
            answer = await self._json("GET", f"{self._target.url}/info")
            return answer if isinstance(answer, dict) else None
        return None

    async def _listed(self) -> set[str]:
        """Return the names of the assistants that the server lists; not every server can."""
        with suppress(*_FAILURES):
            found = await self._json("POST", f"{self._target.url}/assistants/search", {"limit": LISTED})
            return {str(one[key]) for one in found for key in ("graph_id", "assistant_id") if key in one}
        return set()

    async def _starts(self, graph: str) -> bool:
        """Return whether the server starts a run of a graph, without a thread or on one; the run is left at once."""
        base = self._target.base(graph)
        async with self._slots:
            return await self._streams(graph, f"{base}/runs/stream") or await self._on_a_thread(graph, base)

    async def _on_a_thread(self, graph: str, base: str) -> bool:
        with suppress(*_FAILURES):
            thread = (await self._json("POST", f"{base}/threads", {}, required=True))["thread_id"]
            self._threads.append(base + path("threads", thread))
            return await self._streams(graph, f"{self._threads[-1]}/runs/stream")
        return False

    async def _streams(self, graph: str, url: str) -> bool:
        with suppress(*_FAILURES):
            async with self._http.stream("POST", url, headers=self._headers, json=self._body(graph, {})) as answer:
                if answer.status_code == 200 and "text/event-stream" in answer.headers.get("content-type", ""):
                    return True
                await self._note(answer)
        return False

    async def _contract(self) -> int | None:
        """Return the version of the contract that a run of an empty program shows, None if it shows none."""
        decoder, received = Decoder(), 0
        url = f"{self._target.base(CONTRACT_GRAPH)}/runs/stream"
        body = self._body(CONTRACT_GRAPH, {"program": []})
        with suppress(*_FAILURES):
            async with (
                asyncio.timeout(ANSWER_S),
                self._http.stream("POST", url, headers=self._headers, json=body) as it,
            ):
                async for portion in it.aiter_bytes():
                    versions = (contract_in(block.data or "") for block in decoder.feed(portion))
                    received += len(portion)
                    if (version := next(filter(None, versions), None)) or received > BODY_BYTES:
                        return version
        return None

    async def clean_up(self) -> None:
        """Delete the threads that were created.  Best effort: failures are ignored."""
        await asyncio.gather(*map(self._delete, self._threads))

    async def _delete(self, url: str) -> None:
        with suppress(*_FAILURES):
            await self._http.delete(url, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return dict(self._target.headers)

    def _body(self, graph: str, given: dict[str, Any]) -> dict[str, Any]:
        name = self._target.assistant(graph)
        return {"assistant_id": name, "input": given, "stream_mode": ["values"], "on_disconnect": "cancel"}

    async def _json(self, method: str, url: str, body: Any = None, *, required: bool = False) -> Any:
        """Return the JSON value of an answer; note a refusal if every server must accept the request."""
        async with self._http.stream(method, url, headers=self._headers, json=body) as answer:
            content = await _content(answer)
            accepted = answer.is_success and "json" in answer.headers.get("content-type", "")
            if required and not accepted:
                await self._note(answer, content)
            self._accepted |= required and accepted
            return httpx.Response(200, content=content).json() if answer.is_success else None

    async def _note(self, answer: httpx.Response, content: bytes | None = None) -> None:
        request = answer.request
        url = str(request.url.copy_with(query=None))  # the query is secret
        sent = None if content is not None else request.content.decode()
        refused = Exchange("look", "request", request.method, url, [], sent, True, 0, 0.0, status=answer.status_code)
        refused.headers = [(name, value) for name, value in answer.headers.items()]
        refused.chunks = [Chunk(0, 0.0, await _content(answer) if content is None else content)]
        self._refused.append(refused)


async def _content(answer: httpx.Response) -> bytes:
    """Return the beginning of a body."""
    content = b""
    async for portion in answer.aiter_bytes():
        content += portion
        if len(content) > BODY_BYTES:
            break
    return content


def _described(refused: Exchange) -> str:
    said = shortened(refused.content.decode("utf-8", "replace").strip(), WORDS)
    return f"{refused.method} {refused.path} was answered with {refused.status}" + (f": {said}" if said else "")
