"""What came to one reader of a run, beside what had come to the others, in words; of drawings it knows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from conformance.authoring.rewriting import same_run
from conformance.evidence.exchange import STREAMS, Event, Exchange
from conformance.evidence.recording import Recording
from conformance.report.words import cut
from conformance.wire.endings import COMPLETE

MOST_LABEL = 60
"""Characters of a name that a label shows."""

AT_THE_END = 0.1
"""The part of an exchange in which all events must lie for it to be said that they came at its end."""

LONG_S = 2.0
"""A pause that is told, in seconds."""


class Reader:
    """What came to one reader, beside what had come to the others of its run."""

    def __init__(self, exchange: Exchange, recording: Recording) -> None:
        self.exchange = exchange
        self.events = exchange.events if exchange.is_stream else []
        self.comments = [one for one in exchange.arrivals if one[0].comments] if exchange.is_stream else []
        self._recording = recording

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(event.name for event in self.events))

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]

    @cached_property
    def _before(self) -> dict[str, list[Event]]:
        """By reader: the events of this run that had reached it before this one, a joiner, asked."""
        if self.exchange.kind != "join":
            return {}
        streams = [one for one in self._recording.exchanges if one.kind in STREAMS and one is not self.exchange]
        readers = [one for one in streams if one.is_stream and same_run(one, self.exchange)]
        found = {one.name: [event for event in one.events if _had(event, self.exchange)] for one in readers}
        return {name: events for name, events in found.items() if events}

    @cached_property
    def _known(self) -> set[tuple[str, str]]:
        return {(event.name, event.text) for events in self._before.values() for event in events}

    def again(self, event: Event) -> bool:
        """Whether an equal event had reached another reader before this one asked."""
        return (event.name, event.text) in self._known

    @property
    def told(self) -> str:
        """What came, in a sentence."""
        parts = [", ".join([f"{len(self.events)} event{'s' * (len(self.events) != 1)}", *self._when()])]
        if self._before:
            name, events = max(self._before.items(), key=lambda one: len(one[1]))
            same = sum(self.again(event) for event in self.events)
            came = f"{same} of its events equal one of them" if same else "none of them came to it"
            parts.append(f"{len(events)} had reached `{cut(name, MOST_LABEL)}` before it asked, {came}")
        if self.exchange.ending != COMPLETE:
            parts.append(ended(self.exchange))
        return "; ".join(parts)

    def _when(self) -> Iterator[str]:
        if not self.events:
            return
        first, last = self.events[0].t, self.events[-1].t
        sent, end = self.exchange.sent_t, self.exchange.ended_t or last
        yield f"first {first - sent:.2f} s after it was sent"
        if len(self.events) > 1:
            late = end - first < AT_THE_END * (end - sent)
            yield "all of them at its end" if late else f"the last {last - first:.2f} s later"
        longest = max(after - before for before, after in pairwise([*(event.t for event in self.events), end]))
        if longest > LONG_S:
            yield f"longest pause {longest:.1f} s"


def _had(event: Event, joiner: Exchange) -> bool:
    return event.seq < joiner.sent and event.base != "metadata"


def ended(exchange: Exchange) -> str:
    """How an exchange ended, and why if not by itself."""
    return COMPLETE if exchange.ending == COMPLETE else f"{exchange.ending} ({cut(exchange.detail, 100)})"
