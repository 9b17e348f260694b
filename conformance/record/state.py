"""What all scenarios of a session share while they are recorded: where, until when, and what was received."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from conformance.evidence.exchange import Exchange
from conformance.evidence.redaction import Redactor
from conformance.evidence.writer import Clock
from conformance.record.concurrency import Concurrency
from conformance.record.limits import Limits
from conformance.record.waits import Wait
from conformance.targets.target import Target, is_loopback
from conformance.wire.endings import STOPPED

SLOW_READER_BYTES = 32 << 10
"""The receive buffer of a slow reader: smaller than any stream that tests it, so that the server notices it."""

# Bytes are recorded as they arrive, so they must not arrive compressed; httpx would ask for that by default.
_HEADERS = {"Accept-Encoding": "identity"}


# httpx logs the URL of every request and httpcore the headers of every answer; both may hold secrets.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)


class Closable(Protocol):
    """An exchange that is under way."""

    def close(self, ending: str, detail: str) -> None:
        """End it from the suite's side."""

    def enforce(self, now: float) -> str | None:
        """Begin to end it if it has reached a limit of its own; return which, in words."""


@dataclass
class RecordingSession:
    """The shared state of one session while it records."""

    target: Target
    folder: Path
    redactor: Redactor
    nonce: str
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    concurrency: Concurrency = field(init=False)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    stopped: str | None = None
    """Why nothing more is started, None while everything is performed."""
    threads: list[tuple[str, str]] = field(default_factory=list)
    """Base URL and id of each thread that the suite created."""
    background: list[tuple[str, str, str]] = field(default_factory=list)
    """Base URL, thread and run of each background run that the suite started."""
    live: set[Closable] = field(default_factory=set)
    """The exchanges that are under way."""
    errors: list[str] = field(default_factory=list)
    """What the suite itself did wrong."""
    waits: set[Wait] = field(default_factory=set)
    """What scenarios wait for."""
    reached: list[str] = field(default_factory=list)
    """What ran into a limit, in words."""
    lag: float = 0.0
    """By how many seconds the suite itself is late at present."""
    events_received: int = 0
    bytes_received: int = 0
    last_event: float = -math.inf
    """When the last event of any stream arrived."""
    _began: list[float] = field(default_factory=list)
    """The times from which the limits of the waits that ran out had counted."""

    def __post_init__(self) -> None:
        self.concurrency = Concurrency(self.target.concurrency)

    @staticmethod
    def now() -> float:
        """Return the time by which limits are measured."""
        return asyncio.get_running_loop().time()

    def stop(self, why: str) -> None:
        """Close every exchange under way and start nothing more."""
        self.stopped = self.stopped or why
        self.concurrency.not_before = 0.0  # what still waits for its turn only notes that nothing more is sent
        for exchange in list(self.live):
            exchange.close(STOPPED, why)

    def received_event(self, now: float) -> None:
        """Note that an event arrived on some stream."""
        self.events_received += 1
        self.last_event = now

    def seconds_to(self, exchange: Exchange) -> float:
        """Return how long a request has been under way, without the lag of the suite."""
        return self.clock.seconds() - exchange.sent_t - self.lag

    def first_output(self, exchange: Exchange) -> None:
        """Note that a stream has just shown the first output of its run."""
        self.concurrency.first_output(self.seconds_to(exchange))

    @contextmanager
    def waiting(self, wait: Wait) -> Iterator[None]:
        """Note that a scenario waits for something, as long as it does."""
        self.waits.add(wait)
        try:
            yield
        finally:
            self.waits.discard(wait)

    def enforce(self, now: float) -> None:
        """End the waits and the exchanges that have reached a limit, and the session if the server hangs."""
        for wait in [wait for wait in self.waits if wait.ran_out(now)]:
            self.waits.discard(wait)
            self.reached.append(wait.text)
            self._began.append(wait.since())
            wait.end(wait.text)
        self.reached += [text for live in list(self.live) if (text := live.enforce(now))]
        hanging = [began for began in self._began if began >= self.last_event]
        if self.stopped is None and len(hanging) >= self.limits.waits:
            since = f"no event arrived on any stream since the first of {len(hanging)} waits that ran out began"
            self.stop(f"limit reached: {since}; the last: {self.reached[-1].removeprefix('limit reached: ')}")

    def open_client(self, *, slow: bool = False) -> httpx.AsyncClient:
        """Return a client that reuses no connection, follows no redirect, and uses no proxy for this machine.

        Each scenario has its own, because the cost of a request grows with what is under way in the same client.
        """
        pool = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        # Only connecting has a timeout here: the limits of waits and exchanges end everything else.
        given: dict[str, Any] = {
            "headers": _HEADERS,
            "timeout": httpx.Timeout(None, connect=self.limits.connect_s),
            "event_hooks": {"request": [self._add_query]},
        }
        if not slow:
            remote = not is_loopback(self.target.url)
            return httpx.AsyncClient(limits=pool, trust_env=remote, verify=self.tls, **given)
        small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_READER_BYTES)]
        transport = httpx.AsyncHTTPTransport(limits=pool, verify=self.tls, socket_options=small)
        return httpx.AsyncClient(transport=transport, **given)

    async def _add_query(self, request: httpx.Request) -> None:
        """Add the query of the target, which is secret, to a request that is about to be sent."""
        if self.target.query:
            queries = (request.url.query, self.target.query.encode())
            request.url = request.url.copy_with(query=b"&".join(query for query in queries if query))
