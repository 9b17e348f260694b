"""The timeline of a recording as data: who asked when, and what reached whom at which time, as places on one axis.

Places are percent of the drawn time, so a drawing is as wide as there is room.  The SVG itself is a template.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from ..faults import of_one_run
from ..transcript import BROKEN, COMPLETE, LEFT, LIMITS, STREAMS, UNREACHABLE, Event, Exchange, Recording
from .words import KINDS, cut

ENDS = {COMPLETE: "complete", BROKEN: "broken", UNREACHABLE: "broken", LEFT: "left"} | dict.fromkeys(LIMITS, "limit")
"""The marks of how an exchange ended."""

NEAREST = 0.5
"""Percent of the width; what lies nearer to each other is one mark."""

ROOM, CLEAR = 12, 3
"""Percent of the width that a number needs before its mark on the smallest screen, and that make clear whose it is."""

MOST_LANES, MOST_ROWS, MOST_LABEL = 40, 12, 60
"""Lanes of a drawing, rows of a lane, and characters of a label: a server that sends a thousand names fills no page."""

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


def drawing(recording: Recording) -> Drawing:
    """The drawing of a recording; raises ValueError, TypeError or ArithmeticError where its times are none."""
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


class _Axis:
    """From seconds of the run to percent of the width."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        times = [t for one in exchanges for t in _times(one)] or [0.0]
        self.start, self.end = min(times), max(times)
        if not math.isfinite(self.end - self.start):
            raise ValueError("the times of the recording are no times")
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
    heard = _Heard(first, recording)
    return Lane(
        name=cut(first.name, MOST_LABEL),
        spans=tuple(_span(one, axis) for one in group),
        metadata=_marks(heard.named("metadata"), axis, heard.again),
        comments=_thinned([(block[1].t, False) for block in heard.comments], axis),
        rows=tuple(_rows(heard, axis, y + LANE)),
        told=heard.told if first.is_stream else "",
        joins=first.kind == "join",
        y=y,
    )


def _span(one: Exchange, axis: _Axis) -> Span:
    over = one.ended_t if one.ended_t is not None else axis.end
    answered = None if one.answered_t is None else axis(one.answered_t)
    return Span(axis(one.sent_t), answered, axis(over), ENDS.get(one.how, "limit"), _said(one))


def _said(one: Exchange) -> str:
    """An exchange in one line."""
    asked = f"{one.method} {cut(one.url.partition('?')[0], 120)}, asked at {one.sent_t:.2f} s"
    answer = "no answer" if one.status is None else f"{one.status} after {(one.answered_t or 0) - one.sent_t:.2f} s"
    return f"{asked}: {answer}, {_ended(one)}"


def _ended(one: Exchange) -> str:
    return COMPLETE if one.how == COMPLETE else f"{one.how} ({cut(one.detail, 100)})"


def _rows(heard: _Heard, axis: _Axis, y: int) -> Iterator[Row]:
    names = [name for name in heard.names if name != "metadata"]
    kept = names if len(names) <= MOST_ROWS else names[: MOST_ROWS - 1]
    for name in kept:
        events = heard.named(name)
        yield Row(_label(name), _kind(events[0].base), len(events), _marks(events, axis, heard.again), y)
        y += ROW
    if rest := names[len(kept) :]:
        events = [event for event in heard.events if event.name in set(rest)]
        yield Row(f"{len(rest)} other names", "other", len(events), _marks(events, axis, heard.again), y)


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
        for mark, before, after in zip(marks, gaps, gaps[1:], strict=True)
    )


class _Heard:
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
        readers = [one for one in streams if one.is_stream and of_one_run(one, self.exchange)]
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
        if self.exchange.how != COMPLETE:
            parts.append(_ended(self.exchange))
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
            longest = max(later.t - event.t for event, later in pairwise(self.events))
            if longest > LONG_S:
                yield f"longest pause {longest:.1f} s"


AT_THE_END = 0.1
"""The part of an exchange in which all events must lie for it to be said that they came at its end."""

LONG_S = 2.0
"""A pause that is told, in seconds."""


def _had(event: Event, joiner: Exchange) -> bool:
    return event.seq < joiner.sent and event.base != "metadata"
