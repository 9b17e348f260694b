"""Sends the requests of one scenario variant to the target and records them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from conformance.authoring.client import Stopped
from conformance.evidence.exchange import MASKED, Exchange
from conformance.evidence.writer import RecordingWriter
from conformance.record.live_exchange import LiveExchange
from conformance.record.state import RecordingSession
from conformance.settings.credentials import masked_query
from conformance.wire.endings import LEFT


class ScenarioConnection:
    """The connection of one scenario variant, as `authoring.client.Connection` describes it."""

    def __init__(
        self, session: RecordingSession, http: httpx.AsyncClient, writer: RecordingWriter, exchanges: tuple[str, ...]
    ) -> None:
        """`exchanges` are the names that the scenario declares."""
        self._session = session
        self._http = http
        self._writer = writer
        self._declared = exchanges
        self._sent: list[LiveExchange] = []
        self.nonce = session.nonce
        self.sends_api_key = any(name.lower() == "x-api-key" for name in session.target.headers)

    def assistant(self, graph: str) -> str:
        """Return the name under which a reference graph is deployed."""
        return self._session.target.assistant(graph)

    def base(self, graph: str) -> str:
        """Return the base URL that serves a reference graph."""
        return self._session.target.base(graph)

    def send(
        self, name: str, kind: str, method: str, url: str, headers: Mapping[str, str], body: str | None, graph: str,
        *, valid: bool, slowly: bool,
    ) -> LiveExchange:  # fmt: skip
        """Start one exchange; raises Stopped if the session starts nothing more."""
        if self._session.stopped is not None:
            raise Stopped(f"`{name}` was not sent: {self._session.stopped}")
        if name not in self._declared:
            raise ValueError(f"the scenario does not declare the exchange `{name}`")
        fields = list((dict(self._session.target.headers) | dict(headers)).items())
        exchange = Exchange(name, kind, method, url, fields, body, valid, *self._session.clock.tick())
        exchange.graph, exchange.query = graph, masked_query(self._session.target.query, MASKED)
        http = self._session.open_client(slow=True) if slowly else self._http
        self._sent.append(LiveExchange(self._session, http, self._writer, exchange))
        return self._sent[-1]

    async def sleep(self, seconds: float) -> None:
        """Wait between two requests for the same resource."""
        await asyncio.sleep(seconds)

    def created(self, base: str, thread: str) -> None:
        """Remember a thread that the suite created."""
        self._session.threads.append((base, thread))

    def started(self, base: str, thread: str, run: str) -> None:
        """Remember a background run that the suite started."""
        self._session.background.append((base, thread, run))

    async def close(self) -> None:
        """End what the scenario left open."""
        for live in self._sent:
            live.close(LEFT, "the scenario ended")
            await live.until(lambda: False)
