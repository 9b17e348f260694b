"""Runs a fault's generator on a stream while it arrives."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import End, FaultContext
from conformance.faults.apply import emitted


class Pump:
    """Runs a fault's generator in a thread of its own, where it can block until the next event arrives."""

    def __init__(self, fault: Fault, context: FaultContext) -> None:
        self._in: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._out: deque[bytes | End] = deque()
        self._over = False
        self._ready = asyncio.Event()
        self._notified = False  # the event loop has been notified, and has not taken the pieces yet
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, args=(fault, context), daemon=True).start()

    def put(self, item: Any) -> None:
        """Hand the next event, or the next bytes, to the fault."""
        self._in.put(item)

    def close(self) -> None:
        """Tell the fault that the stream has ended."""
        self._in.put(None)

    def emit(self, piece: bytes | End) -> None:
        """Add a piece to those that are sent on."""
        self._out.append(piece)
        self._notify()

    async def take(self) -> list[bytes | End]:
        """Wait for pieces to send on; return an empty list when the fault is done."""
        while not self._out:
            if self._over:
                return []
            await self._ready.wait()
            self._ready.clear()
        self._notified = False
        return [self._out.popleft() for _ in range(len(self._out))]

    def _notify(self) -> None:
        if not self._notified:
            self._notified = True
            self._loop.call_soon_threadsafe(self._ready.set)

    def _run(self, fault: Fault, context: FaultContext) -> None:
        source: Iterator[Any] = iter(self._in.get, None)
        with suppress(RuntimeError):  # the loop is closed: the proxy was stopped
            for piece in emitted(fault, source, context, self.emit):
                self.emit(piece)
            self._over, self._notified = True, False
            self._notify()
