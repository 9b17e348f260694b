"""What faults are written with: the events and answers that they rewrite, and what they know about an exchange."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

from conformance.evidence.exchange import JOIN, STREAMS, Event, Exchange
from conformance.evidence.recording import Recording
from conformance.protocol import requested_modes
from conformance.wire.endings import COMPLETE
from conformance.wire.sse import Block
from conformance.wire.strict_json import parse_json


class End(Enum):
    """How a fault ends an exchange otherwise than by the rules of HTTP."""

    CUT = "the connection is cut"
    HANG = "nothing more arrives, and the response does not end"


CUT, HANG = End.CUT, End.HANG


@dataclass(frozen=True)
class SentEvent:
    """An event that a fault is handed, and that it yields to send it on.

    `raw` are its bytes as received, None after a change.  A change keeps its id, if it has one.
    """

    name: str
    text: str
    raw: bytes | None = None
    id: str | None = None

    @property
    def base(self) -> str:
        return self.name.partition("|")[0]

    @property
    def namespace(self) -> str:
        """What follows the first bar."""
        return self.name.partition("|")[2]

    @property
    def value(self) -> Any:
        """The data as a JSON value; a fresh copy, which a fault may change."""
        return parse_json(self.text)

    def named(self, name: str) -> SentEvent:
        """Return the event with another name."""
        return replace(self, name=name, raw=None)

    def holding(self, value: Any) -> SentEvent:
        """Return the event with this JSON value as its data."""
        return self.saying(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def saying(self, text: str) -> SentEvent:
        """Return the event with this text as its data, which need not be JSON."""
        return replace(self, text=text, raw=None)

    @property
    def bytes(self) -> bytes:
        """The bytes to send."""
        if self.raw is not None:
            return self.raw
        lines = "".join(f"data: {line}\r\n" for line in self.text.split("\n"))
        id_line = f"id: {self.id}\r\n" if self.id is not None else ""
        return f"event: {self.name}\r\n{lines}{id_line}\r\n".encode("utf-8", "surrogatepass")


SentEvents = Iterator[SentEvent]
"""What a fault of events is handed."""
Portions = Iterator[bytes]
"""What a fault of bytes is handed."""
FaultOutput = Iterator[SentEvent | bytes | End]
"""What a fault yields: events and bytes to send on, and an end."""


def rewritten(events: Iterable[SentEvent], base: str, change: Callable[[Any], Any]) -> Iterator[SentEvent]:
    """Yield the events, with `change` applied to the data of those whose base name is `base`."""
    for event in events:
        yield event.holding(change(event.value)) if event.base == base else event


def without(
    events: Iterable[SentEvent], base: str, unwanted: Callable[[Any], object] | None = None
) -> Iterator[SentEvent]:
    """Yield the events except those whose base name is `base` and, if `unwanted` is given, whose data meets it."""
    for event in events:
        if event.base != base or (unwanted is not None and not unwanted(event.value)):
            yield event


@dataclass
class Answer:
    """An answer for a fault to change: its head, how it ends, and its body if it is not a stream."""

    status: int
    headers: list[tuple[str, str]]
    ending: str
    body: bytes
    late: bool = False
    """Whether head and body are sent together at the end, as a buffering proxy does."""

    @property
    def json(self) -> Any:
        """The body as a JSON value; a fresh copy."""
        return parse_json(self.body.decode())

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    def replace_header(self, name: str, value: str | None) -> None:
        """Set a header, or remove it if the value is None."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def refuse(self, status: int) -> None:
        """Turn the answer into an error with this status."""
        self.status, self.ending, self.body = status, COMPLETE, b'{"detail":"no"}'
        self.replace_header("content-type", "application/json")


class FaultContext:
    """What a fault knows about the exchange that it rewrites."""

    def __init__(self, exchange: Exchange, recording: Recording) -> None:
        self.exchange = exchange
        self._recording = recording
        self.name = exchange.name
        self.kind = exchange.kind
        self.graph = exchange.graph
        self.method = exchange.method
        self.valid = exchange.valid
        self.path = exchange.url.partition("?")[0]
        self.request: Any = exchange.request

    @property
    def is_stream(self) -> bool:
        """Whether the request asks for an event stream, by POST or as a join."""
        return self.kind in STREAMS

    @property
    def is_join(self) -> bool:
        """Whether the request joins a run."""
        return self.kind == JOIN

    @property
    def stateless(self) -> bool:
        """Whether the request streams a run without a thread."""
        return self.path.endswith("/runs/stream") and "/threads/" not in self.path

    @property
    def body(self) -> Mapping[str, Any]:
        """The body of the request that started the run, also for a join; empty if it is not a JSON object."""
        request = self.request if not self.is_join else self._run_request
        return request if isinstance(request, dict) else {}

    @property
    def modes(self) -> set[str]:
        """The wire names of the modes that the run was started with."""
        return requested_modes(self.body)

    @property
    def earlier(self) -> list[Exchange]:
        """The exchanges of the same scenario that were sent before this one."""
        return [other for other in self._recording.exchanges if other.sent < self.exchange.sent]

    @property
    def subgraphs(self) -> bool:
        """Whether the run was started with `stream_subgraphs`."""
        return self.body.get("stream_subgraphs") is True

    @cached_property
    def sent_before(self) -> list[SentEvent]:
        """For a join: the events that another reader of the run had received before the join was requested."""
        others = self.readers if self.is_join else []
        # A copy, because the other stream may still grow, and an exchange caches its events.
        return [sent(event) for event in replace(others[0]).events.before(self.exchange.sent)] if others else []

    @property
    def readers(self) -> list[Exchange]:
        """The other streams of the same run among the exchanges so far."""
        return [other for other in self._recording.exchanges if same_run(other, self.exchange)]

    @property
    def _run_request(self) -> Any:
        joined = self.exchange.run_id
        started = (other for other in self._recording.exchanges if other.starts_run and other.run_id == joined)
        return next((other.request for other in started), None) if joined else None


def same_run(one: Exchange, other: Exchange) -> bool:
    """Return whether two streams are of the same run."""
    streams = one is not other and one.asks_for_stream and other.asks_for_stream
    return streams and one.run_id is not None and one.run_id == other.run_id


def sent(event: Event | Block) -> SentEvent:
    """Return an event, or its block, in the form that a fault is handed."""
    block = event.block if isinstance(event, Event) else event
    return SentEvent(block.name, block.data or "", block.raw, block.id)
