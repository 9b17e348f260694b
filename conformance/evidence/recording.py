"""A recording: the exchanges of one scenario variant, and what they tell about each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.evidence.exchange import JOIN, STREAMS, Exchange
from conformance.evidence.memo import memoized
from conformance.protocol import requested_modes


@dataclass
class Recording:
    """The exchanges of one scenario variant; `stopped` says why it ended early, None if it was performed to its end.

    `libraries` are those of `conformance.oracle` whose predictions were computed for its runs; None for those that are
    shipped.  `deterministic` is false if two runs of the graph may differ.
    """

    scenario: str
    variant: str
    axes: dict[str, Any]
    graph: str
    exchanges: list[Exchange] = field(default_factory=list)
    stopped: str | None = "the recording breaks off"
    file: str = ""
    libraries: Sequence[Any] | None = None
    deterministic: bool = True

    def all(self, name: str) -> list[Exchange]:
        """Return every exchange of this name, in the order of sending."""
        return [exchange for exchange in self.exchanges if exchange.name == name]

    def streams(self) -> Iterator[Exchange]:
        """Yield every exchange that validly asks for an event stream."""
        return (exchange for exchange in self.exchanges if exchange.kind in STREAMS and exchange.valid)


@memoized
def run_request(recording: Recording, exchange: Exchange) -> Exchange | None:
    """Return the request that started the run whose events an exchange shows.

    For a join that is the accepted request of the same recording whose answer names the joined run, None if there is
    none; any other exchange is its own.
    """
    if exchange.kind != JOIN:
        return exchange
    started = (other for other in recording.exchanges if other.starts_run and other.accepted)
    joined = exchange.run_id
    return next((other for other in started if joined is not None and other.run_id == joined), None)


@memoized
def shows_a_run(recording: Recording, exchange: Exchange) -> bool:
    """Return whether a stream carried a metadata event and an event of a requested mode."""
    if not exchange.is_stream:
        return False
    request = run_request(recording, exchange)
    requested = requested_modes(request.request) if request is not None else set()
    bases = {event.base for event in exchange.events}
    return "metadata" in bases and bool(bases & requested)
