"""Lets as many scenarios begin as may run at the same time, and notes what they met."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from conformance.evidence.exchange import STREAMS, Exchange
from conformance.protocol import BUSY
from conformance.record.concurrency import PAUSE_S, Concurrency
from conformance.wire.endings import UNREACHABLE


class Room:
    """Where scenarios wait for their turn; `wake` must be called now and then, because time alone may let one begin."""

    def __init__(self, concurrency: Concurrency, now: Callable[[], float]) -> None:
        self.concurrency = concurrency
        self._now = now
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def entered(self, *, first: bool) -> AsyncIterator[None]:
        """Wait for a turn, before all others if `first`, and keep the place as long as the context lasts."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._waiting.appendleft if first else self._waiting.append)(turn)
        self.wake()
        await turn
        try:
            yield
        finally:
            self._inside -= 1
            self.wake()

    def wake(self) -> None:
        """Let those begin for whom there is room now."""
        while self._waiting and self._inside < self.concurrency.width and self._now() >= self.concurrency.not_before:
            turn = self._waiting.popleft()
            if not turn.done():  # the task that waited may have been cancelled
                turn.set_result(None)
                self._inside += 1

    def met(self, exchanges: Iterable[Exchange], took: Iterable[tuple[str, float]], *, started: float) -> bool:
        """Note what a scenario met; return whether the server refused one of its requests.

        `took` are kind and seconds of its answers.

        A late join does not count: some servers answer it with the next event of the run, however few ask.
        """
        refused = [one for one in exchanges if one.status in BUSY or one.ending == UNREACHABLE]
        if refused or any(kind not in STREAMS and self.concurrency.is_late(kind, seconds) for kind, seconds in took):
            self.concurrency.narrow(started, self._now(), refused=bool(refused))
        else:
            self.concurrency.ended()
        if refused:
            self.concurrency.pause(self._now(), max(map(_retry_after, refused)))
        return bool(refused)


def _retry_after(exchange: Exchange) -> float:
    """Return the seconds of Retry-After; the usual pause if there are none, or it is a date."""
    value = exchange.header("retry-after") or ""
    return float(value) if value.isascii() and value.isdigit() else PAUSE_S
