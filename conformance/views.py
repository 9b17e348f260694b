"""What checks see: recordings, exchanges and the run as a whole, asked by name.

A view says why something cannot be judged, or that a request was wrongly refused, before a check looks any further.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from . import transcript
from .expect import cannot_tell, fail, shown
from .offers import Wish, speaks_of, wishes
from .transcript import Events, Exchange, Recording

BUSY = (429, 503)
TOO_LARGE = 413
WIRE = {"messages-tuple": "messages"}
"""The wire name of a mode where it is not its own."""

TELLS_THE_RUN = 4096
"""Within how many bytes of its answer a request that began a run tells the run's id."""


def wire(mode: str) -> str:
    """The event name of a mode, norm 645-701: `messages-tuple` arrives as `messages`."""
    return WIRE.get(mode, mode)


class Run:
    """All recordings of one run."""

    def __init__(self, recordings: Iterable[Recording], stopped: str | None = None) -> None:
        self.recordings = {recording.variant: recording for recording in recordings}
        self.stopped = stopped

    @cached_property
    def _files(self) -> dict[int, str]:
        return {id(exchange): one.file for one in self.recordings.values() for exchange in one.exchanges}

    @cached_property
    def _accepted(self) -> set[str]:
        """The graphs of which at least one run was begun."""
        exchanges = [exchange for one in self.recordings.values() for exchange in one.exchanges]
        streamed = {exchange.graph for exchange in exchanges if exchange.kind == "stream" and exchange.is_stream}
        posted = (one for one in exchanges if one.method == "POST" and one.url.endswith("/runs"))
        return streamed | {one.graph for one in posted if one.accepted and one.valid}

    @cached_property
    def _granted(self) -> set[Wish]:
        """What was asked for in any request that was answered with an event stream."""
        granted = (wishes(exchange) for exchange in self.streams() if exchange.kind == "stream" and exchange.is_stream)
        return {wish for some in granted for wish in some}

    def not_granted(self, exchange: Exchange) -> set[Wish]:
        """What a request for a stream asks for and nobody got in this run."""
        return set(wishes(exchange) - self._granted) if exchange.kind == "stream" else set()

    def file_of(self, exchange: Exchange) -> str:
        """The name of the recording that holds the exchange."""
        return self._files.get(id(exchange), "")

    def accepted(self, graph: str) -> bool:
        """Whether any request for the graph was accepted in this run: whether it is deployed."""
        return graph in self._accepted

    def streams(self) -> Iterator[Exchange]:
        """Every exchange that rightly asked for an event stream."""
        for recording in self.recordings.values():
            for exchange in recording.exchanges:
                if exchange.kind in transcript.STREAMS and exchange.valid:
                    yield exchange

    def carried(self, exchange: Exchange) -> bool:
        """Whether the stream carried a metadata event and an event of a mode that was asked for."""
        if "carried" not in exchange.memo:
            exchange.memo["carried"] = exchange.is_stream and self._carried(exchange)
        return bool(exchange.memo["carried"])

    def _carried(self, exchange: Exchange) -> bool:
        begun = self.beginning(exchange)
        asked = requested(begun) if begun is not None else set()
        bases = {event.base for event in exchange.events}
        return "metadata" in bases and bool(bases & asked)

    def beginning(self, exchange: Exchange) -> Exchange | None:
        """The request that began the run whose events an exchange shows: for a join that which told the run's id."""
        if exchange.kind != "join":
            return exchange
        run = unquote(exchange.url.partition("?")[0].split("/")[-2]).encode()
        recording = next(one for one in self.recordings.values() if any(other is exchange for other in one.exchanges))
        posts = (other for other in recording.exchanges if other.method == "POST" and other.accepted)
        begins = (other for other in posts if other.url.endswith(("/runs", "/runs/stream")))
        return next((other for other in begins if run in other.content[:TELLS_THE_RUN]), None)

    def way_out(self) -> str:
        """What a user can do when nothing could be judged."""
        return f" ({self.stopped})" if self.stopped else ""


def requested(exchange: Exchange) -> set[str]:
    """The wire names of the modes that the request of a POST stream asked for; without any it is `values`."""
    body = exchange.request
    asked = body.get("stream_mode", "values") if isinstance(body, dict) else "values"
    return {wire(mode) for mode in ([asked] if isinstance(asked, str) else asked or []) if isinstance(mode, str)}


class View:
    """One recording, whose exchanges are asked for by name."""

    def __init__(self, recording: Recording, run: Run, requirement: str) -> None:
        self.recording = recording
        self.looked_at: list[Exchange] = []
        self._run = run
        self._requirement = requirement

    def __getitem__(self, name: str) -> Heard:
        """The exchange of this name, the last one if there are several; cantTell if it was not performed."""
        found = self.recording.all(name)
        if not found:
            why = self.recording.stopped or "the scenario has no such exchange"
            cannot_tell(f"`{name}` of `{self.recording.variant}` was not performed: {why}{self._deployed()}")
        self.looked_at += found
        return Heard(found[-1], self._run, self._requirement)

    def __contains__(self, name: str) -> bool:
        return bool(self.recording.all(name))

    def all(self, name: str) -> list[Heard]:
        """Every exchange of this name, in the order of sending; cantTell if there is none."""
        _ = self[name]
        return [Heard(exchange, self._run, self._requirement) for exchange in self.recording.all(name)]

    @property
    def axes(self) -> dict[str, Any]:
        return self.recording.axes

    def _deployed(self) -> str:
        graph = self.recording.graph
        return "" if self._run.accepted(graph) or self._run.stopped else f"; {_not_deployed(graph)}"


def _not_deployed(graph: str) -> str:
    return (
        f"no request for the reference graph `{graph}` was accepted: deploy it (`lg-conformance graphs DIR`), "
        f"or say its name with `--assistant {graph}=NAME`"
    )


class Heard:
    """One exchange as a check of one requirement sees it."""

    def __init__(self, exchange: Exchange, run: Run, requirement: str) -> None:
        self.exchange = exchange
        self._run = run
        self._requirement = requirement

    def __getitem__(self, mode: str) -> Events:
        """The events of a mode, of every namespace, in order; `mode` is also metadata, error or end."""
        base = wire(mode)
        return Events(event for event in self.events if event.base == base)

    @property
    def name(self) -> str:
        return self.exchange.name

    @property
    def begun_with(self) -> dict[str, Any] | None:
        """The body that began the run, also for a join; None where the suite did not begin it with an object."""
        begun = self._run.beginning(self.exchange)
        return begun.request if begun is not None and isinstance(begun.request, dict) else None

    @property
    def requested(self) -> set[str]:
        """The wire names of the modes that the run was asked for, also for a join."""
        begun = self._run.beginning(self.exchange)
        return requested(begun) if begun is not None else set()

    @property
    def sent(self) -> int:
        """The running number of the request."""
        return self.exchange.sent

    @property
    def status(self) -> int | None:
        return self.exchange.status

    @property
    def events(self) -> Events:
        """All events of what must be an event stream; fails if it was refused, cantTell if that is not its fault."""
        self.expect_stream()
        if not self.exchange.events and self.exchange.how in transcript.LIMITS:
            cannot_tell(f"`{self.name}` brought no event until the suite closed it: {self.exchange.detail}")
        return self.exchange.events

    @property
    def json(self) -> Any:
        """The JSON value of what must be an accepted answer."""
        self.expect_accepted()
        return self.exchange.json

    @property
    def refused(self) -> bool:
        """Whether it was answered with 4xx and no event stream."""
        status = self.exchange.status
        return status is not None and 400 <= status < 500 and self.exchange.media_type.lower() != "text/event-stream"

    def expect_stream(self) -> None:
        """It must have been answered with an event stream."""
        if not self.exchange.is_stream:
            self._refused("with status 200 and text/event-stream")

    def expect_accepted(self) -> None:
        """It must have been answered with 2xx."""
        if not self.exchange.accepted:
            self._refused("with 2xx")

    def expect_answered(self) -> None:
        """It must have been answered, in whatever way."""
        if self.exchange.status is None:
            self._refused("at all")

    def _refused(self, expected: str) -> None:
        exchange = self.exchange
        if exchange.status in BUSY:
            cannot_tell(
                f"`{self.name}` was answered {exchange.status}, the server is too busy; use a lower --concurrency"
            )
        if exchange.status == TOO_LARGE:
            cannot_tell(f"`{self.name}` was answered 413: the server takes no request of that size")
        if exchange.how == transcript.UNREACHABLE:
            cannot_tell(f"`{self.name}` found {exchange.detail}; is the server running?")
        missing = sorted(self._run.not_granted(exchange), key=lambda wish: len(wish[0]))
        never = f"{self._answer()}; no request for {missing[0][0]} was served in this run" if missing else ""
        if not self._run.accepted(exchange.graph):
            cannot_tell(f"{never or self._answer()}; {_not_deployed(exchange.graph)}{self._run.way_out()}")
        if missing and not any(speaks_of(self._requirement, wish) for wish in missing):
            cannot_tell(f"{never}, and that has requirements of its own")
        fail(f"{self._answer()}; it must be answered {expected}", exchange)

    def _answer(self) -> str:
        exchange = self.exchange
        if exchange.status is None:
            return f"`{self.name}` was not answered ({exchange.how}: {exchange.detail})"
        media = shown(exchange.header("content-type") or "no content type")
        return f"`{self.name}` was answered {exchange.status} with {media}"
