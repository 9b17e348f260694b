"""What a fault works with: events that it sends on, the answer that it changes, the exchange that it touches."""

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
    """How a fault may end an exchange, instead of by the rules of HTTP."""

    CUT = "the connection is cut"
    HANG = "nothing more comes, and nothing ends"


CUT, HANG = End.CUT, End.HANG


@dataclass(frozen=True)
class SentEvent:
    """An event as a fault sees it, and as it is sent on; `raw` are its bytes while nothing about it was changed.

    Its id, if it has one, stays with it whatever is changed.
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
        """Its data; a fresh copy, which a fault may change."""
        return parse_json(self.text)

    def named(self, name: str) -> SentEvent:
        """The same data under another name."""
        return replace(self, name=name, raw=None)

    def holding(self, value: Any) -> SentEvent:
        """The same name with other data."""
        return self.saying(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def saying(self, text: str) -> SentEvent:
        """The same name with this text as its data, JSON or not."""
        return replace(self, text=text, raw=None)

    @property
    def bytes(self) -> bytes:
        if self.raw is not None:
            return self.raw
        lines = "".join(f"data: {line}\r\n" for line in self.text.split("\n"))
        own_id = f"id: {self.id}\r\n" if self.id is not None else ""
        return f"event: {self.name}\r\n{lines}{own_id}\r\n".encode("utf-8", "surrogatepass")


SentEvents = Iterator[SentEvent]
"""What a fault of events is handed."""
Portions = Iterator[bytes]
"""What a fault of bytes is handed."""
Pieces = Iterator[SentEvent | bytes | End]
"""What a fault yields: events and bytes to send on, and an end."""


def rewritten(events: Iterable[SentEvent], base: str, change: Callable[[Any], Any]) -> Iterator[SentEvent]:
    """The events; those of one kind, such as `messages` or `metadata`, with their data as `change` makes it."""
    for event in events:
        yield event.holding(change(event.value)) if event.base == base else event


def without(
    events: Iterable[SentEvent], base: str, unwanted: Callable[[Any], object] | None = None
) -> Iterator[SentEvent]:
    """The events but for those of one kind, all of them or those whose data is `unwanted`."""
    for event in events:
        if event.base != base or (unwanted is not None and not unwanted(event.value)):
            yield event


@dataclass
class Answer:
    """The head and end of an answer, and the body of one that is no stream, for a fault to change."""

    status: int
    headers: list[tuple[str, str]]
    ending: str
    body: bytes
    late: bool = False
    """Whether head and body are sent together at the end, as by a proxy that buffers."""

    @property
    def json(self) -> Any:
        """The body as a JSON value; a fresh copy."""
        return parse_json(self.body.decode())

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    def replace_header(self, name: str, value: str | None) -> None:
        """Set a header field, or drop it."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def refuse(self, status: int) -> None:
        """Become an ordinary error answer."""
        self.status, self.ending, self.body = status, COMPLETE, b'{"detail":"no"}'
        self.replace_header("content-type", "application/json")


class FaultContext:
    """What a fault knows about the exchange that it touches."""

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
        """Whether it asks for an event stream, by POST or as a join."""
        return self.kind in STREAMS

    @property
    def is_join(self) -> bool:
        return self.kind == JOIN

    @property
    def stateless(self) -> bool:
        """Whether it streams a run without a thread."""
        return self.path.endswith("/runs/stream") and "/threads/" not in self.path

    @property
    def body(self) -> Mapping[str, Any]:
        """The body that started the run: its own, or for a join that of the request that created the run."""
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
        """What the server had sent to other readers of the run before this join was requested, from the start."""
        others = self.readers if self.is_join else []
        # A copy, because the other stream may still grow, and an exchange caches its events.
        return [sent(event) for event in replace(others[0]).events.before(self.exchange.sent)] if others else []

    @property
    def readers(self) -> list[Exchange]:
        """The other streams of the same run, as far as they are known by now."""
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
    """Return an event, or the block that it arrived in, as a fault sees it."""
    block = event.block if isinstance(event, Event) else event
    return SentEvent(block.name, block.data or "", block.raw, block.id)
