"""The time axis of a timeline, and which recordings can be put on one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording

MAX_BLOCKS = 20_000
"""Blocks of a recording that is drawn; the longest stream of the suite has 3,000 events, a flood is not drawn."""

_BLOCK_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


class NotDrawn(ValueError):
    """A recording that the suite did not write, because a value has the wrong type, or that is too large."""


@dataclass(frozen=True)
class Tick:
    """A labelled position on the axis, in percent of its length."""

    x: float
    label: str


class Axis:
    """Converts seconds of the session to percent of the width."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        times = [t for one in exchanges for t in _times(one)] or [0.0]
        self.start, self.end = min(times), max(times)
        self._span = max(self.end - self.start, 0.001)

    def __call__(self, t: float) -> float:
        return round(100 * (t - self.start) / self._span, 1)

    def ticks(self) -> Iterator[Tick]:
        """Yield at most six ticks, at round numbers of seconds."""
        decade = 10.0 ** math.floor(math.log10(self._span / 5))
        step = next(decade * factor for factor in (1, 2, 5, 10) if self._span / (decade * factor) <= 5)
        for number in range(int(self._span / step) + 1):
            yield Tick(self(self.start + number * step), f"{number * step:.{max(0, -math.floor(math.log10(step)))}f} s")


def _times(exchange: Exchange) -> Iterator[float]:
    yield exchange.sent_t
    yield from (chunk.t for chunk in exchange.chunks[-1:])
    yield from (t for t in (exchange.answered_t, exchange.ended_t) if t is not None)


def require_drawable(recording: Recording) -> None:
    """Raise NotDrawn for a recording that cannot be drawn; its streams are not decoded for that."""
    chunks = (chunk for one in recording.exchanges for chunk in one.chunks)
    if sum(chunk.data.count(end) for chunk in chunks for end in _BLOCK_ENDS) > MAX_BLOCKS:
        raise NotDrawn(f"it has more than {MAX_BLOCKS} blocks")
    for one in recording.exchanges:
        _require_types(one)


def _require_types(one: Exchange) -> None:
    """Raise NotDrawn if a value has another type than the recorder gives it, because files may come from anywhere."""
    texts = (one.name, one.kind, one.method, one.url, one.ending, one.detail, one.graph, one.body or "")
    seen: list[tuple[object, object]] = [(one.sent, one.sent_t), *((chunk.seq, chunk.t) for chunk in one.chunks)]
    seen += [pair for pair in ((one.answered, one.answered_t), (one.ended, one.ended_t)) if pair != (None, None)]
    if not all(isinstance(text, str) for text in texts):
        raise NotDrawn(f"exchange {one.name!r}: expected a string")
    if not all(isinstance(number, int) and isinstance(t, int | float) and math.isfinite(t) for number, t in seen):
        raise NotDrawn(f"exchange {one.name!r}: expected a time")
