"""What happens when an exchange reaches a limit: the server is asked for its run before the exchange is closed.

A stream that the suite closes says nothing about the server, unless the run is known to have ended.  Then the stream
is given some more time to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from conformance.authoring.client import Stopped, path
from conformance.authoring.cut import STATUS_AT_THE_LIMIT
from conformance.evidence.exchange import Exchange
from conformance.protocol import is_terminal, run_in, thread_in
from conformance.record.limits import Limits
from conformance.wire.endings import SILENCE, SIZE
from conformance.wire.strict_json import NotJson, parse_json


class Live(Protocol):
    """An exchange under way."""

    exchange: Exchange
    ending_at_limit: bool

    @property
    def over(self) -> bool: ...

    @property
    def count(self) -> int: ...

    def first(self, name: str) -> str | None: ...

    def close(self, ending: str, detail: str) -> None: ...

    async def within(self, seconds: float) -> bool: ...


class Sender(Protocol):
    """What sends the requests of the scenario."""

    limits: Limits

    def base(self, graph: str) -> str: ...

    def send(
        self, name: str, kind: str, method: str, url: str, headers: Mapping[str, str | None], body: str | None,
        graph: str, *, valid: bool, slowly: bool, kept: bool,
    ) -> Live: ...  # fmt: skip


class AtLimit:
    """Ends exchanges of one scenario that reached a limit."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, live: Live, ending: str, detail: str) -> None:
        """Begin to end an exchange; one that has ended at a limit of size is only asked for."""
        if not live.ending_at_limit:
            live.ending_at_limit = True
            task = asyncio.create_task(self._end(live, ending, detail))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def done(self) -> None:
        """Wait until every exchange that reached a limit has ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _end(self, live: Live, ending: str, detail: str) -> None:
        received = live.count
        try:
            if await self._run_is_over(live) and ending != SIZE:
                await live.within(self._sender.limits.ending_s)
        finally:
            live.ending_at_limit = False
            if ending != SILENCE or live.count == received:
                live.close(ending, detail)

    async def _run_is_over(self, live: Live) -> bool:
        """Ask for the run of a stream; return whether it is known to be over."""
        exchange = live.exchange
        thread, run = thread_in(exchange.path), _run_of(live)
        if not exchange.asks_for_stream or thread is None or run is None:
            return False
        url = self._sender.base(exchange.graph) + path("threads", thread, "runs", run)
        try:
            asked = self._sender.send(
                STATUS_AT_THE_LIMIT, "request", "GET", url, {}, None, exchange.graph,
                valid=True, slowly=False, kept=False,
            )  # fmt: skip
        except Stopped:
            return False
        if not await asked.within(self._sender.limits.status_s):
            asked.close(SILENCE, f"limit reached: it was not answered within {self._sender.limits.status_s:g} s")
            return False
        return _says_that_it_is_over(asked.exchange)


def _run_of(live: Live) -> str | None:
    """Return the run of a stream: the one that its path names, or its metadata event."""
    if live.exchange.starts_run:
        try:
            metadata = parse_json(live.first("metadata") or "")
        except NotJson:
            return None
        found = metadata.get("run_id") if isinstance(metadata, dict) else None
        return found if isinstance(found, str) and found else None
    return run_in(live.exchange.path)


def _says_that_it_is_over(asked: Exchange) -> bool:
    try:
        value = asked.json if asked.accepted else None
    except NotJson:
        return False
    return asked.status == 404 or (isinstance(value, dict) and is_terminal(value.get("status")))
