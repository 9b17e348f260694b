"""Turns good recordings into those of a server with one specific fault.

A fault is a generator over the events (or bytes) of one exchange.  What it yields is taken to arrive when the last
thing that it consumed had arrived, so a fault that waits for the end delays, here as in front of a real server.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

from . import transcript
from .declare import Fault
from .sse import Block
from .transcript import Chunk, Event, Exchange, Recording, parse_json
from .views import wire


class End(Enum):
    """How a fault may end an exchange, instead of by the rules of HTTP."""

    CUT = "the connection is cut"
    HANG = "nothing more comes, and nothing ends"


CUT, HANG = End.CUT, End.HANG

_HOW = {End.CUT: transcript.BROKEN, End.HANG: transcript.SILENCE}


@dataclass(frozen=True)
class Sent:
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

    def named(self, name: str) -> Sent:
        """The same data under another name."""
        return replace(self, name=name, raw=None)

    def holding(self, value: Any) -> Sent:
        """The same name with other data."""
        return self.saying(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def saying(self, text: str) -> Sent:
        """The same name with this text as its data, JSON or not."""
        return replace(self, text=text, raw=None)

    @property
    def bytes(self) -> bytes:
        if self.raw is not None:
            return self.raw
        lines = "".join(f"data: {line}\r\n" for line in self.text.split("\n"))
        own_id = f"id: {self.id}\r\n" if self.id is not None else ""
        return f"event: {self.name}\r\n{lines}{own_id}\r\n".encode("utf-8", "surrogatepass")


def rewritten(events: Iterable[Sent], base: str, change: Callable[[Any], Any]) -> Iterator[Sent]:
    """The events; those of one kind, such as `messages` or `metadata`, with their data as `change` makes it."""
    for event in events:
        yield event.holding(change(event.value)) if event.base == base else event


def without(events: Iterable[Sent], base: str, unwanted: Callable[[Any], object] | None = None) -> Iterator[Sent]:
    """The events but for those of one kind, all of them or those whose data is `unwanted`."""
    for event in events:
        if event.base != base or (unwanted is not None and not unwanted(event.value)):
            yield event


@dataclass
class Answer:
    """The head and end of an answer, and the body of one that is no stream, for a fault to change."""

    status: int
    headers: list[tuple[str, str]]
    how: str
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
        self.status, self.how, self.body = status, transcript.COMPLETE, b'{"detail":"no"}'
        self.replace_header("content-type", "application/json")


class Seen:
    """What a fault knows of the exchange that it touches."""

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
        """Whether it asked for an event stream: POST stream or join."""
        return self.kind in transcript.STREAMS

    @property
    def is_join(self) -> bool:
        return self.kind == "join"

    @property
    def stateless(self) -> bool:
        """Whether it is a run without a thread."""
        return self.path.endswith("/runs/stream") and "/threads/" not in self.path

    @property
    def body(self) -> Mapping[str, Any]:
        """The body that began the run: its own, or for a join that of the request that created the run."""
        if not self.is_join:
            return self.request if isinstance(self.request, dict) else {}
        created = self._created
        return created.request if created is not None and isinstance(created.request, dict) else {}

    @property
    def modes(self) -> set[str]:
        """The wire names of the modes that the run was asked for."""
        asked = self.body.get("stream_mode", "values")
        named = asked if isinstance(asked, list) else [asked]
        return {wire(mode) for mode in named if isinstance(mode, str)}

    @property
    def earlier(self) -> list[Exchange]:
        """The exchanges of the same scenario that were sent before this one."""
        return [other for other in self._recording.exchanges if other.sent < self.exchange.sent]

    @property
    def subgraphs(self) -> bool:
        return self.body.get("stream_subgraphs") is True

    @cached_property
    def heard_before(self) -> list[Sent]:
        """What the run had sent to other readers before this join was asked for, from the start."""
        others = self.readers if self.is_join else []
        # A copy, because the other stream may go on, and remembers what it has computed.
        return [sent(event) for event in _copy(others[0]).events.before(self.exchange.sent)] if others else []

    @property
    def readers(self) -> list[Exchange]:
        """The other streams of the same run, as far as they are known by now."""
        streams = [other for other in self._recording.exchanges if other.kind in transcript.STREAMS]
        return [other for other in streams if other is not self.exchange and of_one_run(other, self.exchange)]

    @property
    def _created(self) -> Exchange | None:
        run = self.path.rstrip("/").split("/")[-2]
        for other in self._recording.exchanges:
            if other.method == "POST" and other.kind in ("request", "stream") and run.encode() in other.content[:4000]:
                return other
        return None


def of_one_run(one: Exchange, other: Exchange) -> bool:
    """Whether one of the two joins the other's run: a join tells it by its URL, a POST stream by its first event."""
    joins = [(one, other)] if one.kind == "join" else []
    joins += [(other, one)] if other.kind == "join" else []
    for join, stream in joins:
        run = join.url.partition("?")[0].rstrip("/").split("/")[-2]
        beginning = b"".join(chunk.data for chunk in stream.chunks[:4])
        if run in stream.url or run.encode() in beginning[:4000]:
            return True
    return False


def sent(event: Event | Block) -> Sent:
    """An event, or the block that it came in, as a fault sees it."""
    block = event.block if isinstance(event, Event) else event
    return Sent(block.name, block.data or "", block.raw, block.id)


def apply(fault: Fault, recording: Recording) -> Recording | None:
    """The recording as the faulty server would have made it; None if the fault does not touch it."""
    changed = False
    exchanges = []
    for exchange in recording.exchanges:
        seen = Seen(exchange, recording)
        made = _rewrite(fault, exchange, seen) if exchange.status is not None and fault.where(seen) else exchange
        changed = changed or not _same(exchange, made, fault.part)
        exchanges.append(made)
    if not changed:
        return None
    faulty = copy.copy(recording)
    faulty.exchanges = exchanges
    return faulty


def _same(one: Exchange, other: Exchange, part: str) -> bool:
    if one is other:
        return True
    if (one.status, one.headers, one.how, one.answered) != (other.status, other.headers, other.how, other.answered):
        return False
    if part == "events":
        return _blocks(one) == _blocks(other) and not any(map(_is_comment, other.blocks))
    return one.content == other.content


def _blocks(exchange: Exchange) -> list[tuple[bytes, int]]:
    """What a fault of events is handed or makes: no comments, which it may only add; chunks do not matter."""
    return [(block.raw, chunk.seq) for block, chunk in exchange.arrivals if not _is_comment(block)]


def _is_comment(block: Block) -> bool:
    """Whether there is nothing in it but comments."""
    return block.data is None and all(line.startswith(":") for line in block.lines)


def _rewrite(fault: Fault, exchange: Exchange, seen: Seen) -> Exchange:
    if fault.part == "answer":
        return _with_answer(fault, exchange, seen)
    if not (seen.is_stream and exchange.is_stream):
        return exchange
    if fault.part == "bytes":
        source: Iterable[tuple[Chunk, Any]] = ((chunk, chunk.data) for chunk in exchange.chunks)
    else:
        source = ((Chunk(event.seq, event.t, b""), sent(event)) for event in exchange.events)
    return _with_pieces(fault, source, exchange, seen)


def emitted(fault: Fault, source: Iterator[Any], seen: Seen) -> Iterator[bytes | End]:
    """What the fault makes of the events (or bytes) that `source` yields: bytes to send on, or an end."""
    for piece in fault.function(source, seen):
        yield piece.bytes if isinstance(piece, Sent) else piece


def _with_pieces(fault: Fault, source: Iterable[tuple[Chunk, Any]], exchange: Exchange, seen: Seen) -> Exchange:
    """Run the fault over what came; each piece that it yields takes the time of what it consumed last."""
    last = Chunk(exchange.answered or exchange.sent, exchange.answered_t or exchange.sent_t, b"")

    def feed() -> Iterator[Any]:
        nonlocal last
        for chunk, thing in source:
            last = chunk
            yield thing
        if exchange.ended is not None:
            last = Chunk(exchange.ended, exchange.ended_t or 0.0, b"")

    chunks: list[Chunk] = []
    for piece in emitted(fault, feed(), seen):
        if isinstance(piece, End):
            return _copy(exchange, chunks=chunks, how=_HOW[piece], detail=piece.value)
        chunks.append(Chunk(last.seq, last.t, piece))
    return _copy(exchange, chunks=chunks)


def _with_answer(fault: Fault, exchange: Exchange, seen: Seen) -> Exchange:
    streams = exchange.is_stream
    assert exchange.status is not None
    answer = Answer(exchange.status, list(exchange.headers), exchange.how, b"" if streams else exchange.content)
    before = copy.copy(answer)
    fault.function(answer, seen)
    chunks = exchange.chunks
    if answer.body != before.body or (streams and not str(answer.status).startswith("2")):
        chunks = [Chunk(exchange.ended or exchange.sent, exchange.ended_t or exchange.sent_t, answer.body)]
    faulty = _copy(exchange, status=answer.status, headers=answer.headers, how=answer.how, chunks=chunks)
    return _sent_late(faulty) if answer.late else faulty


def _sent_late(exchange: Exchange) -> Exchange:
    """The same with all that came at its end, the head included."""
    seq, t = exchange.ended or exchange.sent, exchange.ended_t or exchange.sent_t
    return _copy(exchange, answered=seq, answered_t=t, chunks=[Chunk(seq, t, exchange.content)])


def _copy(exchange: Exchange, **changes: Any) -> Exchange:
    """A copy without the values that were computed of the original."""
    kept = {name: getattr(exchange, name) for name in Exchange.__dataclass_fields__}
    return Exchange(**(kept | changes))
