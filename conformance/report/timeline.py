"""The timeline of a recording as data: who asked when, and what reached whom at which time, as places on one axis.

Places are percent of the drawn time, so a drawing is as wide as there is room.  The SVG itself is a template.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.recording import Recording
from conformance.report.reader import MOST_LABEL, Reader, ended
from conformance.report.words import KINDS, cut
from conformance.wire.endings import BROKEN, COMPLETE, LEFT, LIMITS, UNREACHABLE

ENDS = {COMPLETE: "complete", BROKEN: "broken", UNREACHABLE: "broken", LEFT: "left"} | dict.fromkeys(LIMITS, "limit")
"""The marks of how an exchange ended."""

NEAREST = 0.5
"""Percent of the width; what lies nearer to each other is one mark."""

ROOM, CLEAR = 12, 3
"""Percent of the width that a number needs before its mark on the smallest screen, and that make clear whose it is."""

MOST_LANES, MOST_ROWS = 40, 12
"""Lanes of a drawing, and rows of a lane: a server that sends a thousand names fills no page."""

LANE, ROW, AXIS = 20, 15, 18
"""Heights, in pixels."""


@dataclass(frozen=True)
class Mark:
    """What arrived at one place: how much, and when the first of it; `again` if a joiner gets what others had.

    `roomy` says that nothing lies so near that its number could not be written before it.
    """

    x: float
    t: float
    count: int = 1
    again: bool = False
    roomy: bool = False


@dataclass(frozen=True)
class Row:
    """The events of one name, below the lane of their exchange."""

    label: str
    kind: str
    count: int
    marks: tuple[Mark, ...]
    y: int


@dataclass(frozen=True)
class Span:
    """One exchange on the axis: asked, answered (None if it was not), over; the title says it in words."""

    asked: float
    answered: float | None
    over: float
    end: str
    title: str


@dataclass(frozen=True)
class Lane:
    """One reader, or all requests of one name; `told` says of a reader what came to it."""

    name: str
    spans: tuple[Span, ...]
    metadata: tuple[Mark, ...]
    comments: tuple[Mark, ...]
    rows: tuple[Row, ...]
    told: str
    joins: bool
    y: int

    @property
    def height(self) -> int:
        return LANE + ROW * len(self.rows)


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """All exchanges of one recording on one axis, and the same in words."""

    name: str
    file: str
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    left_out: int
    stopped: str

    @property
    def bottom(self) -> int:
        """Where the axis lies."""
        return self.lanes[-1].y + self.lanes[-1].height if self.lanes else 0

    @property
    def height(self) -> int:
        return self.bottom + AXIS


MOST_BLOCKS = 20_000
"""Of a recording; a server that floods must cost the report nothing.  The suite's longest stream has 3,000 events."""

_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


class NotDrawn(ValueError):
    """A recording that the suite did not write (a time in it is no time, or a text no text), or that holds too much."""


def drawing(recording: Recording) -> Drawing:
    """The drawing of a recording; raises NotDrawn."""
    if sum(chunk.data.count(end) for end in _ENDS for one in recording.exchanges for chunk in one.chunks) > MOST_BLOCKS:
        raise NotDrawn
    for one in recording.exchanges:
        _check(one)
    groups = _groups(recording.exchanges)
    axis = _Axis(recording.exchanges)
    lanes: list[Lane] = []
    for group in groups[:MOST_LANES]:
        lanes.append(_lane(group, recording, axis, lanes[-1].y + lanes[-1].height if lanes else 0))
    return Drawing(
        recording.variant,
        recording.file,
        tuple(lanes),
        tuple(axis.ticks()),
        max(0, len(groups) - MOST_LANES),
        recording.stopped or "",
    )


def _check(one: Exchange) -> None:
    """Raise NotDrawn where a value has another type than the recorder gives it: files may come from anywhere."""
    texts = (one.name, one.kind, one.method, one.url, one.ending, one.detail, one.graph, one.body or "")
    seen: list[tuple[object, object]] = [(one.sent, one.sent_t), *((chunk.seq, chunk.t) for chunk in one.chunks)]
    seen += [pair for pair in ((one.answered, one.answered_t), (one.ended, one.ended_t)) if pair != (None, None)]
    if not all(isinstance(text, str) for text in texts):
        raise NotDrawn(f"exchange {one.name!r}: a text is no text")
    if not all(isinstance(number, int) and isinstance(t, int | float) and math.isfinite(t) for number, t in seen):
        raise NotDrawn(f"exchange {one.name!r}: a time is no time")


class _Axis:
    """From seconds of the run to percent of the width."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        times = [t for one in exchanges for t in _times(one)] or [0.0]
        self.start, self.end = min(times), max(times)
        self._span = max(self.end - self.start, 0.001)

    def __call__(self, t: float) -> float:
        return round(100 * (t - self.start) / self._span, 1)

    def ticks(self) -> Iterator[Tick]:
        """At most six, at round numbers of seconds."""
        decade = 10.0 ** math.floor(math.log10(self._span / 5))
        step = next(decade * factor for factor in (1, 2, 5, 10) if self._span / (decade * factor) <= 5)
        for number in range(int(self._span / step) + 1):
            yield Tick(self(self.start + number * step), f"{number * step:.{max(0, -math.floor(math.log10(step)))}f} s")


def _times(exchange: Exchange) -> Iterator[float]:
    yield exchange.sent_t
    yield from (chunk.t for chunk in exchange.chunks[-1:])
    yield from (t for t in (exchange.answered_t, exchange.ended_t) if t is not None)


def _groups(exchanges: Iterable[Exchange]) -> list[list[Exchange]]:
    """Each reader by itself, and requests of one name together, in the order of sending."""
    found: dict[object, list[Exchange]] = {}
    for one in exchanges:
        found.setdefault(id(one) if one.is_stream else one.name, []).append(one)
    return list(found.values())


def _lane(group: Sequence[Exchange], recording: Recording, axis: _Axis, y: int) -> Lane:
    first = group[0]
    reader = Reader(first, recording)
    return Lane(
        name=cut(first.name, MOST_LABEL),
        spans=tuple(_span(one, axis) for one in group),
        metadata=_marks(reader.named("metadata"), axis, reader.again),
        comments=_thinned([(block[1].t, False) for block in reader.comments], axis),
        rows=tuple(_rows(reader, axis, y + LANE)),
        told=reader.told if first.is_stream else "",
        joins=first.kind == "join",
        y=y,
    )


def _span(one: Exchange, axis: _Axis) -> Span:
    over = one.ended_t if one.ended_t is not None else axis.end
    answered = None if one.answered_t is None else axis(one.answered_t)
    return Span(axis(one.sent_t), answered, axis(over), ENDS.get(one.ending, "limit"), _said(one))


def _said(one: Exchange) -> str:
    """An exchange in one line."""
    asked = f"{one.method} {cut(one.url.partition('?')[0], 120)}, asked at {one.sent_t:.2f} s"
    answer = "no answer" if one.status is None else f"{one.status} after {(one.answered_t or 0) - one.sent_t:.2f} s"
    return f"{asked}: {answer}, {ended(one)}"


def _rows(reader: Reader, axis: _Axis, y: int) -> Iterator[Row]:
    names = [name for name in reader.names if name != "metadata"]
    kept = names if len(names) <= MOST_ROWS else names[: MOST_ROWS - 1]
    for name in kept:
        events = reader.named(name)
        yield Row(_label(name), _kind(events[0].base), len(events), _marks(events, axis, reader.again), y)
        y += ROW
    if rest := set(names[len(kept) :]):
        events = [event for event in reader.events if event.name in rest]
        yield Row(f"{len(rest)} other names", "other", len(events), _marks(events, axis, reader.again), y)


def _label(name: str) -> str:
    """A name short enough for a label: its mode, and the innermost node with the beginning of its id."""
    base, *path = name.split("|")
    node, _, id = path[-1].partition(":") if path else ("", "", "")
    inner = f"{node}:{id[:4]}…" if id else node
    return cut("|".join([base, *["…"] * (len(path) > 1), *[inner] * bool(path)]), MOST_LABEL)


def _kind(base: str) -> str:
    return base if base in KINDS and base != "comment" else "other"


def _marks(events: Iterable[Event], axis: _Axis, again: Callable[[Event], bool]) -> tuple[Mark, ...]:
    return _thinned([(event.t, again(event)) for event in events], axis)


def _thinned(arrivals: Iterable[tuple[float, bool]], axis: _Axis) -> tuple[Mark, ...]:
    """One mark for all that lies too near to the first of it to be told apart."""
    marks: list[Mark] = []
    for t, again in arrivals:
        x = axis(t)
        if marks and marks[-1].again == again and x - marks[-1].x < NEAREST:
            marks[-1] = replace(marks[-1], count=marks[-1].count + 1)
        else:
            marks.append(Mark(x, round(t, 2), 1, again))
    places = [0.0, *(mark.x for mark in marks), 100.0 + ROOM]
    gaps = [after - before for before, after in pairwise(places)]
    return tuple(
        replace(mark, roomy=before > ROOM and after > CLEAR)
        for mark, before, after in zip(marks, gaps[:-1], gaps[1:], strict=True)
    )
