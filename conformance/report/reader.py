"""What one reader received from a run, compared with what other readers had received before, in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from conformance.authoring.rewriting import same_run
from conformance.evidence.exchange import JOIN, STREAMS, Event, Exchange
from conformance.evidence.recording import Recording
from conformance.wire.endings import COMPLETE
from conformance.wire.text import cut

LABEL_CHARACTERS = 60
"""How many characters of a name a label shows."""

DETAIL_CHARACTERS = 100
"""How many characters of the reason for an ending are shown."""

AT_THE_END = 0.1
"""If all events arrive in this last part of an exchange, the summary says that they arrived at its end."""

LONG_PAUSE_S = 2.0
"""The summary mentions a longer pause."""


class ReaderView:
    """One reader of a run: an exchange, and what other readers of the same run had received before it."""

    def __init__(self, exchange: Exchange, recording: Recording) -> None:
        self.exchange = exchange
        self.events = exchange.events if exchange.is_stream else []
        self.comments = [one for one in exchange.arrivals if one[0].comments] if exchange.is_stream else []
        self._recording = recording

    @property
    def names(self) -> list[str]:
        """The names of its events, in the order of their first arrival."""
        return list(dict.fromkeys(event.name for event in self.events))

    def named(self, name: str) -> list[Event]:
        """Return its events of this name."""
        return [event for event in self.events if event.name == name]

    @cached_property
    def _earlier(self) -> dict[str, list[Event]]:
        """The events of the run that other readers had received before this one joined, by reader."""
        if self.exchange.kind != JOIN:
            return {}
        streams = [one for one in self._recording.exchanges if one.kind in STREAMS and one is not self.exchange]
        readers = [one for one in streams if one.is_stream and same_run(one, self.exchange)]
        found = {one.name: [event for event in one.events if _is_earlier(event, self.exchange)] for one in readers}
        return {name: events for name, events in found.items() if events}

    @cached_property
    def _contents(self) -> set[tuple[str, str]]:
        return {(event.name, event.text) for events in self._earlier.values() for event in events}

    def repeats(self, event: Event) -> bool:
        """Return whether another reader had received an equal event before this one joined."""
        return (event.name, event.text) in self._contents

    @property
    def summary(self) -> str:
        """What it received and when, in one sentence."""
        parts = [", ".join([f"{len(self.events)} event{'s' * (len(self.events) != 1)}", *self._times()])]
        if self._earlier:
            name, events = max(self._earlier.items(), key=lambda one: len(one[1]))
            repeated = sum(self.repeats(event) for event in self.events)
            before = f"`{cut(name, LABEL_CHARACTERS)}` had received {len(events)} before this reader joined"
            parts.append(f"{before}, {repeated or 'none'} of them arrived again")
        if self.exchange.ending != COMPLETE:
            parts.append(ending(self.exchange))
        return "; ".join(parts)

    def _times(self) -> Iterator[str]:
        if not self.events:
            return
        first, last = self.events[0].t, self.events[-1].t
        sent, end = self.exchange.sent_t, self.exchange.ended_t or last
        yield f"the first {first - sent:.2f} s after the request"
        if len(self.events) > 1:
            late = end - first < AT_THE_END * (end - sent)
            yield "all at the end of the exchange" if late else f"the last {last - first:.2f} s later"
        longest = max(after - before for before, after in pairwise([*(event.t for event in self.events), end]))
        if longest > LONG_PAUSE_S:
            yield f"longest pause {longest:.1f} s"


def _is_earlier(event: Event, join: Exchange) -> bool:
    return event.seq < join.sent and event.base != "metadata"


def ending(exchange: Exchange) -> str:
    """Return how an exchange ended, with the reason if it was not complete."""
    reason = f" ({cut(exchange.detail, DETAIL_CHARACTERS)})" if exchange.ending != COMPLETE else ""
    return f"ended as {exchange.ending}{reason}"
