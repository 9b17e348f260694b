"""Exchanges and recordings: what was sent, what came back and when.

A recording is the evidence of one scenario variant.  This module judges nothing and does no network I/O.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .sse import Block, Decoder

STREAMS = ("stream", "join")
"""The kinds of exchange that ask for an event stream; the third kind is `request`."""

COMPLETE, BROKEN, LEFT, UNREACHABLE = "complete", "broken", "left", "unreachable"
SILENCE, LENGTH, SIZE = "deadline", "length", "cap"
"""How an exchange ended: by the rules of HTTP; by a fault of the transport; the suite's reader left on purpose; no
connection; or one of the suite's own limits closed it (nothing came any more, it went on too long, it grew too big)."""

LIMITS = (SILENCE, LENGTH, SIZE)
ENDED_BY_SERVER = (COMPLETE, BROKEN)


class NotJson(ValueError):
    """Data that is not exactly one JSON value in the sense of RFC 8259."""


def _integer(digits: str) -> int | float:
    """Python refuses to read very long integers; JSON does not."""
    return int(digits) if len(digits) < 4000 else float(digits)


def parse_json(text: str) -> Any:
    """Return the one JSON value that `text` is; raise NotJson otherwise, also for NaN and Infinity."""

    def refuse(token: str) -> Any:
        raise NotJson(f"{token} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse, parse_int=_integer)
    except (ValueError, RecursionError) as problem:
        raise NotJson(str(problem)) from None


@dataclass(frozen=True)
class Chunk:
    """Bytes that arrived together: their running number over the whole run, and the seconds since its start."""

    seq: int
    t: float
    data: bytes


@dataclass(frozen=True)
class Event:
    """One event of a stream as a reader dispatches it, with where and when it came."""

    block: Block
    seq: int
    t: float
    position: int
    exchange: Exchange = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.block.name

    @property
    def text(self) -> str:
        """The data as sent."""
        return self.block.data or ""

    @cached_property
    def value(self) -> Any:
        """The data as the JSON value that it is; raises NotJson."""
        try:
            return parse_json(self.text)
        except NotJson as problem:
            raise NotJson(
                f"the data of event {self.position} of `{self.exchange.name}` is no JSON: {problem}"
            ) from None

    @property
    def base(self) -> str:
        """The event name up to the first bar: the wire name of its mode."""
        return self.name.partition("|")[0]

    @property
    def namespace(self) -> tuple[str, ...]:
        """What follows the first bar, split at the bars: the path of the subgraph, empty for the root graph."""
        return tuple(self.name.split("|")[1:])


class Events(list[Event]):
    """Events of one exchange in order of arrival, with the questions that checks ask of them."""

    @property
    def values(self) -> list[Any]:
        """Their data as JSON values; raises NotJson."""
        return [event.value for event in self]

    @property
    def names(self) -> list[str]:
        return [event.name for event in self]

    @property
    def root(self) -> Events:
        """Those without a namespace."""
        return Events(event for event in self if not event.namespace)

    @property
    def inside(self) -> Events:
        """Those with a namespace."""
        return Events(event for event in self if event.namespace)

    def before(self, seq: int) -> Events:
        """Those seen before the observation with this running number."""
        return Events(event for event in self if event.seq < seq)

    def after(self, seq: int) -> Events:
        """Those seen after the observation with this running number."""
        return Events(event for event in self if event.seq > seq)


@dataclass
class Exchange:
    """One request and all that came back.

    `valid` is false for a request that a server should refuse or cannot serve.  `sent` and `ended` are running
    numbers of the run, `sent_t` and `ended_t` seconds since its start.  `status` is None while no answer came.
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
    how: str = SILENCE
    detail: str = "the recording breaks off"
    ended: int | None = None
    ended_t: float | None = None

    def header(self, name: str) -> str | None:
        """The value of a response header field, whatever the case of its name; repeated fields are joined by commas."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @cached_property
    def media_type(self) -> str:
        """The content type without its parameters, as sent."""
        return (self.header("content-type") or "").partition(";")[0].strip()

    @property
    def path(self) -> str:
        """The path of its URL, with the query."""
        return "/" + self.url.partition("://")[2].partition("/")[2]

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_stream(self) -> bool:
        """Whether the answer is an event stream, going by its head."""
        return self.status == 200 and self.media_type.lower() == "text/event-stream"

    @property
    def content(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What was found out of it alone, so that an exchange that a fault left as it was is looked at once."""
        return {}

    @cached_property
    def request(self) -> Any:
        """The body that was sent, as a JSON value; None where it was none."""
        try:
            return parse_json(self.body or "")
        except NotJson:
            return None

    @cached_property
    def json(self) -> Any:
        """The answer's body as a JSON value; raises NotJson."""
        try:
            return parse_json(self.content.decode("utf-8"))
        except ValueError as problem:
            raise NotJson(f"the answer to `{self.name}` is no JSON: {problem}") from None

    @cached_property
    def _read(self) -> tuple[list[tuple[Block, Chunk]], Block | None, bool]:
        decoder = Decoder()
        blocks = [(block, chunk) for chunk in self.chunks for block in decoder.feed(chunk.data)]
        return blocks, decoder.close(), decoder.bom

    @property
    def blocks(self) -> list[Block]:
        """The blocks of the stream, discarded ones included, without an unfinished tail."""
        return [block for block, _ in self._read[0]]

    @property
    def arrivals(self) -> list[tuple[Block, Chunk]]:
        """The blocks, each with the chunk that completed it."""
        return self._read[0]

    @property
    def tail(self) -> Block | None:
        """The unfinished block at the end, which a reader discards."""
        return self._read[1]

    @property
    def bom(self) -> bool:
        return self._read[2]

    @cached_property
    def events(self) -> Events:
        """All events that a reader dispatches."""
        seen = [(block, chunk) for block, chunk in self._read[0] if block.dispatched]
        return Events(Event(block, chunk.seq, chunk.t, number, self) for number, (block, chunk) in enumerate(seen, 1))

    @property
    def curl(self) -> str:
        """The request as a command line that anyone can run; a secret stands in it as a variable.

        A body too long for a command line is named as a file, whose content the recording holds.
        """
        words = ["curl", "-N", "-X", shlex.quote(self.method), shlex.quote(self.url)]
        for name, value in self.request_headers:
            secret = value == MASKED
            words += ["-H", shlex.quote(f"{name}: ") + '"$SECRET"' if secret else shlex.quote(f"{name}: {value}")]
        if self.body is not None:
            short = len(self.body) <= SHORT_BODY
            words += ["--data-raw", shlex.quote(self.body)] if short else ["--data-binary", "@body.json"]
        return " ".join(words)


SHORT_BODY = 10_000
"""Characters of a request body that a command line still shows."""

MASKED = "***"
"""What stands in a recording for the value of a header field that may be secret."""


@dataclass
class Recording:
    """The exchanges of one scenario variant; `stopped` says why it ended early, None if it came to its end."""

    scenario: str
    variant: str
    axes: dict[str, Any]
    graph: str
    exchanges: list[Exchange] = field(default_factory=list)
    stopped: str | None = "the recording breaks off"
    file: str = ""

    def all(self, name: str) -> list[Exchange]:
        """Every exchange of this name, in the order of sending."""
        return [exchange for exchange in self.exchanges if exchange.name == name]
