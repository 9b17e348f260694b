"""An exchange: a request and everything the server sent back, with when it arrived.

It judges nothing and does no network I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance import protocol
from conformance.wire.endings import COMPLETE, SILENCE
from conformance.wire.sse import Block, Decoder
from conformance.wire.strict_json import NotJson, parse_json

STREAM, JOIN = "stream", "join"
STREAMS = (STREAM, JOIN)
"""The kinds of exchange that ask for an event stream; the third kind is `request`."""

NOTHING = "nothing"
"""In place of a file of authorities: the certificate was not verified."""

MASKED = "***"
"""What a recording holds in place of a header value that may be secret."""


@dataclass(frozen=True)
class Chunk:
    """Bytes that arrived together.

    `seq` is their running number in the session, `t` the seconds since the session started recording.
    """

    seq: int
    t: float
    data: bytes


@dataclass(frozen=True)
class Event:
    """One event of a stream as an SSE client dispatches it.

    `seq` and `t` are those of the chunk that completed it; `position` counts the events of its stream from 1.
    """

    block: Block
    seq: int
    t: float
    position: int
    exchange: Exchange = field(repr=False, compare=False)

    @cached_property
    def name(self) -> str:
        return self.block.name

    @property
    def text(self) -> str:
        """The data as sent."""
        return self.block.data or ""

    @cached_property
    def value(self) -> Any:
        """The data as a JSON value; raises NotJson."""
        try:
            return parse_json(self.text)
        except NotJson as problem:
            raise NotJson(
                f"the data of event {self.position} of `{self.exchange.name}` is not JSON: {problem}"
            ) from None

    @cached_property
    def base(self) -> str:
        """The event name up to the first bar: the wire name of its mode."""
        return self.name.partition("|")[0]

    @property
    def namespace(self) -> tuple[str, ...]:
        """The path of the subgraph: what follows the first bar, split at bars; empty for the root graph."""
        return tuple(self.name.split("|")[1:])


class Events(list[Event]):
    """Events of one exchange in order of arrival."""

    @property
    def values(self) -> list[Any]:
        """Their data as JSON values; raises NotJson."""
        return [event.value for event in self]

    @property
    def names(self) -> list[str]:
        return [event.name for event in self]

    @property
    def root(self) -> Events:
        """The events of the root graph, which have no namespace."""
        return Events(event for event in self if not event.namespace)

    @property
    def inside(self) -> Events:
        """The events of subgraphs, which have a namespace."""
        return Events(event for event in self if event.namespace)

    def before(self, seq: int) -> Events:
        """The events that arrived before the observation with this running number."""
        return Events(event for event in self if event.seq < seq)

    def after(self, seq: int) -> Events:
        """The events that arrived after the observation with this running number."""
        return Events(event for event in self if event.seq > seq)


@dataclass(eq=False)
class Exchange:
    """One request and everything the server sent back.  Two exchanges are equal only if they are the same object.

    `kind` is `stream`, `join` or `request`.  `valid` is false for a request that a server should refuse or cannot
    serve.  `sent`, `answered` and `ended` are running numbers in the session, the fields with `_t` the matching
    seconds.  `status` is None if no answer arrived.  `ending` is a word of `wire.endings`, `detail` its reason.
    `chunks` hold the decoded body: `coding` names the content codings that were undone, and `coding_problem` says why
    a declared one was not undone.  `query` is the query of the target, with masked values; it is sent with every
    request, and `url` does not contain it.  `own_headers` are the names, in lower case, of the request headers that the
    scenario sets, or keeps from being sent: their values are not secret.  `verified_by` says how the certificate of the
    server was verified: by a file of authorities, by NOTHING, or as usual if it is empty.
    """

    name: str
    kind: str
    method: str
    url: str
    request_headers: list[tuple[str, str]]
    body: str | None
    valid: bool
    sent: int
    sent_t: float
    graph: str = ""
    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    answered: int | None = None
    answered_t: float | None = None
    chunks: list[Chunk] = field(default_factory=list)
    ending: str = SILENCE
    detail: str = "the recording breaks off"
    ended: int | None = None
    ended_t: float | None = None
    coding: str = ""
    coding_problem: str = ""
    query: str = ""
    own_headers: tuple[str, ...] = ()
    verified_by: str = ""

    def header(self, name: str) -> str | None:
        """Return the value of a response header, whatever its case; the values of a repeated one joined by commas."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @cached_property
    def media_type(self) -> str:
        """The content type as sent, without parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip()

    @property
    def path(self) -> str:
        """The path of the URL, with the query."""
        return "/" + self.url.partition("://")[2].partition("/")[2]

    @property
    def unsent_headers(self) -> list[str]:
        """The headers, in lower case, that the scenario keeps from being sent."""
        sent = {name.lower() for name, _ in self.request_headers}
        return [name for name in self.own_headers if name not in sent]

    @property
    def asks_for_coding(self) -> bool:
        """Whether the request says that the body of the answer may be compressed."""
        accepted = [value for name, value in self.request_headers if name.lower() == "accept-encoding"]
        return any(value != "identity" for value in accepted)

    @property
    def accepted(self) -> bool:
        """Whether the status is 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_stream(self) -> bool:
        """Whether status and content type say that the answer is an event stream."""
        return self.status == 200 and self.media_type.lower() == "text/event-stream"

    @property
    def asks_for_stream(self) -> bool:
        """Whether the request asks for an event stream."""
        return self.kind in STREAMS

    @property
    def starts_run(self) -> bool:
        """Whether the request asks the server to start a run."""
        return protocol.starts_run(self.method, self.path)

    @property
    def run_id(self) -> str | None:
        """The id of the run that the exchange is about, None if neither path nor answer names one."""
        return self._told_run_id() if self.starts_run else protocol.run_in(self.path)

    def _told_run_id(self) -> str | None:
        try:
            value = self._first_metadata() if self.is_stream else self.json
        except NotJson:
            return None
        found = value.get("run_id") if isinstance(value, dict) else None
        return found if isinstance(found, str) and found else None

    def _first_metadata(self) -> Any:
        # Decoded anew each time, because the proxy asks while the stream still grows.
        decoder = Decoder()
        blocks = (block for chunk in self.chunks for block in decoder.feed(chunk.data))
        first = next((block for block in blocks if block.name == "metadata" and block.dispatched), None)
        return parse_json(first.data or "") if first else None

    @property
    def content(self) -> bytes:
        """The body of the answer."""
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def decoded_headers(self) -> list[tuple[str, str]]:
        """The headers that fit the body in `chunks`: if it was decoded, without its coding and with its length."""
        if not self.coding:
            return self.headers
        # A body that was cut off must stay shorter than announced.
        length = str(len(self.content) + (self.ending != COMPLETE))
        kept = [(name, value) for name, value in self.headers if name.lower() != "content-encoding"]
        return [(name, length if name.lower() == "content-length" else value) for name, value in kept]

    @cached_property
    def request(self) -> Any:
        """The request body as a JSON value, None if it is not JSON."""
        try:
            return parse_json(self.body or "")
        except NotJson:
            return None

    @cached_property
    def json(self) -> Any:
        """The body of the answer as a JSON value; raises NotJson."""
        try:
            return parse_json(self.content.decode("utf-8"))
        except ValueError as problem:
            raise NotJson(f"the answer to `{self.name}` is not JSON: {problem}") from None

    @cached_property
    def _decoded(self) -> tuple[list[tuple[Block, Chunk]], Block | None, bool]:
        decoder = Decoder()
        blocks = [(block, chunk) for chunk in self.chunks for block in decoder.feed(chunk.data)]
        return blocks, decoder.close(), decoder.bom

    @property
    def blocks(self) -> list[Block]:
        """The blocks of the stream, discarded ones included, without an unfinished block at the end."""
        return [block for block, _ in self._decoded[0]]

    @property
    def arrivals(self) -> list[tuple[Block, Chunk]]:
        """Each block with the chunk that completed it."""
        return self._decoded[0]

    @property
    def tail(self) -> Block | None:
        """The unfinished block at the end, which an SSE client discards."""
        return self._decoded[1]

    @property
    def bom(self) -> bool:
        """Whether a byte order mark leads the stream."""
        return self._decoded[2]

    @cached_property
    def events(self) -> Events:
        """All events that an SSE client dispatches."""
        seen = [(block, chunk) for block, chunk in self._decoded[0] if block.dispatched]
        return Events(Event(block, chunk.seq, chunk.t, number, self) for number, (block, chunk) in enumerate(seen, 1))

    def events_of(self, base: str) -> Events:
        """Return the events whose name is this wire name of a mode, in any namespace, as a new list."""
        return Events(self._by_base.get(base, ()))

    @cached_property
    def _by_base(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        for event in self.events:
            found.setdefault(event.base, []).append(event)
        return found
