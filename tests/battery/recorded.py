"""An incomplete server judged without a server: the golden recordings are rewritten, and the scenarios run on them.

A scenario ends early where the server refuses what it needs, so rewriting alone would leave exchanges that never took
place.  Therefore each scenario is performed again, and each of its requests is answered by the recorded exchange of the
same name.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from conformance.authoring.client import Server, Stopped
from conformance.authoring.registry import Variant
from conformance.authoring.rewriting import FaultContext
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.faults.apply import apply
from conformance.wire.endings import COMPLETE
from tests import golden

from .servers import IncompleteServer

REFUSED = b'{"detail":"not supported by this server"}'


class RecordedExchange:
    """An exchange that is over before the scenario looks at it, as `authoring.client.OpenExchange` describes it."""

    over = True

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    @property
    def last_id(self) -> str:
        return next((block.last_id for block in reversed(self.exchange.blocks)), "")

    @property
    def names(self) -> Sequence[str]:
        return self.exchange.events.names if self.exchange.is_stream else ()

    def first(self, name: str) -> str | None:
        events = self.exchange.events if self.exchange.is_stream else ()
        return next((event.text for event in events if event.name == name), None)

    def watch(self, text: str) -> None:
        """The recorded events are there."""

    def has_shown(self, text: str) -> bool:
        events = self.exchange.events if self.exchange.is_stream else ()
        return any(text in event.text for event in events)

    async def until(self, condition: Callable[[], bool], awaited: str) -> bool:
        return condition()

    def close(self, ending: str, detail: str) -> None:
        """The recorded exchange has its ending."""

    def silent_for(self, seconds: float) -> None:
        """Nothing is waited for."""

    def pause(self) -> None:
        """Everything was received."""

    def resume(self) -> None:
        """Everything was received."""


class RecordedConnection:
    """Answers the requests of a scenario from a recording, as `authoring.client.Connection` describes it."""

    nonce = ""
    sends_api_key = False

    def __init__(self, recording: Recording, server: IncompleteServer) -> None:
        self.performed: list[Exchange] = []
        self._recording = recording
        self._server = server
        self._left: dict[str, deque[Exchange]] = {}
        for exchange in recording.exchanges:
            self._left.setdefault(exchange.name, deque()).append(exchange)

    def assistant(self, graph: str) -> str:
        return graph

    def base(self, graph: str) -> str:
        return ""

    def send(
        self, name: str, kind: str, method: str, url: str, headers: Mapping[str, object], body: str | None, graph: str,
        *, valid: bool, slowly: bool, kept: bool,
    ) -> RecordedExchange:  # fmt: skip
        """Return the next recorded exchange of this name; raises Stopped if there is none."""
        if not self._left.get(name):
            raise Stopped(f"`{name}` was not sent again: the recording holds no further answer")
        exchange = self._refused(self._left[name].popleft())
        self.performed.append(exchange)
        return RecordedExchange(exchange)

    def _refused(self, exchange: Exchange) -> Exchange:
        """Return the exchange as the server refuses it, or as it is if the server does not."""
        context = FaultContext(exchange, replace(self._recording, exchanges=self.performed))
        refusal = next((one for one in self._server.refusals if one.where(context)), None)
        if refusal is None or exchange.answered is None or exchange.answered_t is None:
            return exchange
        chunk = Chunk(exchange.answered, exchange.answered_t, REFUSED)
        headers = [("content-type", "application/json")]
        return replace(exchange, status=refusal.status, headers=headers, chunks=[chunk], ending=COMPLETE, detail="")

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing."""

    def polling(self, name: str, awaited: str) -> AbstractContextManager[Callable[[], None]]:
        """Return a wait without a limit: a recording has an end."""
        return nullcontext(lambda: None)

    def created(self, base: str, thread: str) -> None:
        """Nothing is cleaned up."""

    def started(self, base: str, thread: str, run: str) -> None:
        """Nothing is cleaned up."""


def session(server: IncompleteServer) -> SessionRecordings:
    """Return the recordings of a session with this server; its pace is ignored."""
    return SessionRecordings([_performed(variant, server) for variant in _variants() if variant.id in _golden()])


def _golden() -> dict[str, Recording]:
    return golden.table().recordings


def _variants() -> list[Variant]:
    return [variant for scenario in golden.registry().scenarios.values() for variant in scenario.variants()]


def _performed(variant: Variant, server: IncompleteServer) -> Recording:
    recording = _golden()[variant.id]
    for fault in server.faults:
        recording = apply(fault, recording) or recording
    connection = RecordedConnection(recording, server)
    axes = {key: value for key, value in variant.axes.items() if key != "graph"}
    stopped = None
    try:
        asyncio.run(variant.scenario.function(Server(connection, variant.graph, variant.id), **axes))
    except Stopped as reason:
        stopped = str(reason)
    return replace(recording, exchanges=connection.performed, stopped=stopped)
