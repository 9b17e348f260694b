"""What all scenarios of a session share while they are recorded: where, until when, and what was received."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from conformance.evidence.redaction import Redactor
from conformance.evidence.writer import Clock
from conformance.record.limits import Limits
from conformance.targets.target import Target, is_loopback

SLOW_READER_BYTES = 32 << 10
"""The receive buffer of a slow reader: smaller than any stream that tests it, so that the server notices it."""

CONNECT_S = 10.0
"""How long opening a connection may take; no reader waits longer for a server."""

# Only connecting has a timeout here: the limits of the session end everything else.
_TIMEOUT = httpx.Timeout(None, connect=CONNECT_S)

# Bytes are recorded as they arrive, so they must not arrive compressed; httpx would ask for that by default.
_HEADERS = {"Accept-Encoding": "identity"}


# httpx logs the URL of every request and httpcore the headers of every answer; both may hold secrets.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)


class Closable(Protocol):
    """An exchange that is under way."""

    def close(self, ending: str, detail: str) -> None:
        """End it from the suite's side."""

    def too_long(self, now: float) -> bool:
        """Return whether it has lasted longer than an exchange may."""


@dataclass
class RecordingSession:
    """The shared state of one session while it records."""

    target: Target
    folder: Path
    redactor: Redactor
    nonce: str
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
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
    bytes_received: int = 0
    silent_since: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    """The time from which the limit of silence counts: the last event, or the end of an announced silence."""

    def stop(self, why: str, ending: str) -> None:
        """Close every exchange under way and start nothing more."""
        self.stopped = self.stopped or why
        for exchange in list(self.live):
            exchange.close(ending, why)

    def received_event(self, now: float) -> None:
        """Count the limit of silence from now on, unless an announced silence lasts longer."""
        self.silent_since = max(self.silent_since, now)

    def open_client(self, *, slow: bool = False) -> httpx.AsyncClient:
        """Return a client that reuses no connection, follows no redirect, and uses no proxy for this machine.

        Each scenario has its own, because the cost of a request grows with what is under way in the same client.
        """
        pool = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        given: dict[str, Any] = {
            "headers": _HEADERS,
            "timeout": _TIMEOUT,
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
