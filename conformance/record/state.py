"""What all scenarios of a session share while they are recorded: where, until when, and what was received."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from conformance.evidence.exchange import Exchange
from conformance.evidence.redaction import Redactor
from conformance.evidence.writer import Clock
from conformance.record.concurrency import Concurrency
from conformance.record.http import open_client
from conformance.record.limits import Limits
from conformance.record.waits import Wait
from conformance.targets.target import Target
from conformance.wire.endings import STOPPED


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
    tls: ssl.SSLContext = field(init=False)
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
    _ran_out: list[tuple[float, float]] = field(default_factory=list)
    """The waits that ran out: from when the limit of each had counted, and when it was reached."""

    def __post_init__(self) -> None:
        self.concurrency = Concurrency(self.target.concurrency)
        self.tls = self.target.tls.context()

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
            self._ran_out.append((wait.since(), now))
            wait.end(wait.text)
        self.reached += [text for live in list(self.live) if (text := live.enforce(now))]
        hanging = [one for one in self._ran_out if one[0] >= self.last_event]
        # Waits that began together may all be for the same thing; a server that hangs also fails one that began later.
        again = any(began >= ended for began, _ in hanging for _, ended in hanging)
        if self.stopped is None and again and len(hanging) >= self.limits.waits:
            since = f"no event arrived on any stream since the first of {len(hanging)} waits that ran out began"
            self.stop(f"limit reached: {since}; the last: {self.reached[-1].removeprefix('limit reached: ')}")

    def open_client(self, *, slow: bool = False, kept: bool = False) -> httpx.AsyncClient:
        """Return a new client; each scenario has its own, because many requests in one client make each slower."""
        # Only connecting has a timeout here: the limits of waits and exchanges end everything else.
        return open_client(self.target, self.tls, connect_s=self.limits.connect_s, slow=slow, kept=kept)
