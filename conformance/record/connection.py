"""Sends the requests of one scenario variant to the target and records them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

import httpx

from conformance.authoring.client import Stopped
from conformance.authoring.cut import STATUS_AT_THE_LIMIT
from conformance.evidence.exchange import MASKED, NOTHING, Exchange
from conformance.evidence.writer import RecordingWriter
from conformance.record.at_limit import AtLimit
from conformance.record.live_exchange import LiveExchange
from conformance.record.state import RecordingSession
from conformance.record.waits import POLL, Wait
from conformance.settings.credentials import masked_query
from conformance.wire.endings import LEFT


class ScenarioConnection:
    """The connection of one scenario variant, as `authoring.client.Connection` describes it."""

    def __init__(
        self,
        session: RecordingSession,
        http: httpx.AsyncClient,
        writer: RecordingWriter,
        scenario: str,
        exchanges: tuple[str, ...],
    ) -> None:
        """`scenario` is the id of the variant, `exchanges` are the names that the scenario declares."""
        self._session = session
        self._http = http
        self._writer = writer
        self._scenario = scenario
        self._declared = exchanges
        self._sent: list[LiveExchange] = []
        self._at_limit = AtLimit(self)
        self.limits = session.limits
        self.nonce = session.nonce
        self.sends_api_key = any(name.lower() == "x-api-key" for name in session.target.headers)

    def assistant(self, graph: str) -> str:
        """Return the name under which a reference graph is deployed."""
        return self._session.target.assistant(graph)

    def base(self, graph: str) -> str:
        """Return the base URL that serves a reference graph."""
        return self._session.target.base(graph)

    def send(
        self, name: str, kind: str, method: str, url: str, headers: Mapping[str, str | None], body: str | None,
        graph: str, *, valid: bool, slowly: bool, kept: bool,
    ) -> LiveExchange:  # fmt: skip
        """Start one exchange; raises Stopped if the session starts nothing more."""
        if self._session.stopped is not None:
            raise Stopped(f"`{name}` was not sent: {self._session.stopped}")
        if name not in self._declared and name != STATUS_AT_THE_LIMIT:
            raise ValueError(f"the scenario does not declare the exchange `{name}`")
        given = dict(self._session.target.headers) | dict(headers)
        fields = [(field, value) for field, value in given.items() if value is not None]
        exchange = Exchange(name, kind, method, url, fields, body, valid, *self._session.clock.tick())
        exchange.graph, exchange.query = graph, masked_query(self._session.target.query, MASKED)
        exchange.verified_by = self._verified_by
        exchange.own_headers = tuple(name.lower() for name in headers)
        http = self._kept if kept else self._session.open_client(slow=True) if slowly else self._http
        live = LiveExchange(self._session, http, self._writer, exchange, self._scenario, self._at_limit, kept=kept)
        self._sent.append(live)
        return live

    @property
    def _verified_by(self) -> str:
        tls = self._session.target.tls
        return NOTHING if tls.insecure else str(tls.ca_file or "")

    @cached_property
    def _kept(self) -> httpx.AsyncClient:
        """The client whose one connection stays open."""
        return self._session.open_client(kept=True)

    async def sleep(self, seconds: float) -> None:
        """Wait between two requests for the same resource."""
        await asyncio.sleep(seconds)

    @contextmanager
    def polling(self, name: str, awaited: str) -> Iterator[Callable[[], None]]:
        """Wait for an answer that meets a condition; yield a function that raises Stopped if the limit is reached."""
        began = self._session.now()
        ran_out: list[str] = []
        wait = Wait(self._scenario, name, awaited, POLL, self.limits.poll_s, lambda: began, ran_out.append)

        def check() -> None:
            if ran_out:
                raise Stopped(ran_out[0])

        with self._session.waiting(wait):
            yield check

    def created(self, base: str, thread: str) -> None:
        """Remember a thread that the suite created."""
        self._session.threads.append((base, thread))

    def started(self, base: str, thread: str, run: str) -> None:
        """Remember a background run that the suite started."""
        self._session.background.append((base, thread, run))

    @property
    def exchanges(self) -> list[Exchange]:
        """What was sent, in order."""
        return [live.exchange for live in self._sent]

    @property
    def took(self) -> list[tuple[str, float]]:
        """Kind and seconds of each answer, without those that start a run, which may take long."""
        return [(one.exchange.kind, one.took) for one in self._sent if one.took and not one.exchange.starts_run]

    async def close(self, *, stopped: bool) -> None:
        """End what the scenario left open; if it was stopped, what is open first ends by itself or at its limit.

        A stream that was closed because another one ran into a limit would show nothing of the server.
        """
        for live in self._sent if stopped else ():
            live.resume()
        if stopped:
            await asyncio.gather(*(live.until(lambda: False, "its end") for live in self._sent))
        await self.abandon(LEFT, "the scenario ended")

    async def abandon(self, ending: str, detail: str) -> None:
        """Close everything that is open, at once."""
        for live in self._sent:
            live.close(ending, detail)
        await self._at_limit.done()
        for live in self._sent:
            await live.until(lambda: False, "its end")
