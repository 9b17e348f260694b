"""The timeline of a recording as data: when each request was sent and when each event arrived, on one axis.

Positions are percent of the recorded time, so that a drawing fits any width.  A template makes the SVG.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from conformance.evidence.exchange import JOIN, Event, Exchange
from conformance.evidence.recording import Recording
from conformance.report.axis import Axis, NotDrawn, Tick, require_drawable
from conformance.report.reader import LABEL_CHARACTERS, ReaderView, ending
from conformance.report.words import KINDS
from conformance.wire.endings import BROKEN, COMPLETE, LEFT, LIMITS, UNREACHABLE
from conformance.wire.text import cut

ENDS = {COMPLETE: "complete", BROKEN: "broken", UNREACHABLE: "broken", LEFT: "left"} | dict.fromkeys(LIMITS, "limit")
"""The mark of each ending."""

NEAR_PERCENT = 0.5
"""Arrivals that are nearer to each other share one mark."""

APART_PERCENT = 1
"""Two marks of one exchange that are nearer to each other cover each other."""

FREE_BEFORE_PERCENT, FREE_AFTER_PERCENT = 12, 3
"""The free space around a mark that a count beside it needs on the smallest screen."""

MAX_LANES, MAX_ROWS = 40, 12
"""Lanes of a drawing and rows of a lane: a server that sends a thousand names must not fill the page."""

LANE_PIXELS, ROW_PIXELS, AXIS_PIXELS = 20, 15, 18


@dataclass(frozen=True)
class Mark:
    """Arrivals at one position: how many, and the time of the first in seconds.

    `repeated` marks events that another reader had received before this one joined; `roomy` says that there is room
    for the count beside the mark.
    """

    x: float
    t: float
    count: int = 1
    repeated: bool = False
    roomy: bool = False


@dataclass(frozen=True)
class EventRow:
    """The events of one name, below the lane of their exchange."""

    label: str
    kind: str
    count: int
    marks: tuple[Mark, ...]
    y: int


@dataclass(frozen=True)
class Span:
    """The positions at which one exchange was sent, answered (None if it was not) and ended; `title` describes it."""

    sent: float
    answered: float | None
    ended: float
    end: str
    title: str

    @property
    def shows_answer(self) -> bool:
        """Whether the mark of the answer stands apart from that of the end."""
        return self.answered is not None and self.ended - self.answered > APART_PERCENT

    @property
    def shows_end(self) -> bool:
        """Whether the mark of the end stands apart from that of the request, or says something that matters."""
        return self.end != ENDS[COMPLETE] or self.ended - self.sent > APART_PERCENT


@dataclass(frozen=True)
class Lane:
    """One reader, or all requests of one name; `summary` is empty unless it is a reader."""

    name: str
    spans: tuple[Span, ...]
    metadata: tuple[Mark, ...]
    comments: tuple[Mark, ...]
    rows: tuple[EventRow, ...]
    summary: str
    joins: bool
    y: int

    @property
    def height(self) -> int:
        return LANE_PIXELS + ROW_PIXELS * len(self.rows)


@dataclass(frozen=True)
class Drawing:
    """All exchanges of one recording on one axis; `left_out` is the number of lanes beyond MAX_LANES."""

    name: str
    file: str
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    left_out: int
    stopped: str

    @property
    def bottom(self) -> int:
        """The vertical position of the axis."""
        return self.lanes[-1].y + self.lanes[-1].height if self.lanes else 0

    @property
    def height(self) -> int:
        return self.bottom + AXIS_PIXELS


def drawing(recording: Recording) -> Drawing:
    """Return the drawing of a recording; raises NotDrawn."""
    require_drawable(recording)
    groups = _groups(recording.exchanges)
    axis = Axis(recording.exchanges)
    lanes: list[Lane] = []
    for group in groups[:MAX_LANES]:
        lanes.append(_lane(group, recording, axis, lanes[-1].y + lanes[-1].height if lanes else 0))
    return Drawing(
        recording.variant,
        recording.file,
        tuple(lanes),
        tuple(axis.ticks()),
        max(0, len(groups) - MAX_LANES),
        recording.stopped or "",
    )


def drawing_or_none(recording: Recording | None) -> Drawing | None:
    """Return the drawing of a recording, None if there is no recording or if it cannot be drawn."""
    try:
        return drawing(recording) if recording is not None else None
    except NotDrawn:
        return None


def marks_of(drawings: Iterable[Drawing]) -> set[str]:
    """Return the marks that occur in drawings, by the names of `words.KINDS` and `words.MARKS`."""
    lanes = [lane for drawing in drawings for lane in drawing.lanes]
    spans = [span for lane in lanes for span in lane.spans]
    rows = [row for lane in lanes for row in lane.rows]
    arrivals = [mark for lane in lanes for mark in lane.metadata] + [mark for row in rows for mark in row.marks]
    found = {"sent" for _ in spans[:1]} | {span.end for span in spans if span.shows_end} | {row.kind for row in rows}
    found |= {"answered" for span in spans if span.shows_answer}
    found |= {"metadata" for lane in lanes if lane.metadata} | {"comment" for lane in lanes if lane.comments}
    return found | {"repeated" for mark in arrivals if mark.repeated}


def _groups(exchanges: Iterable[Exchange]) -> list[list[Exchange]]:
    """Return each reader alone and requests of one name together, in the order of sending."""
    found: dict[object, list[Exchange]] = {}
    for one in exchanges:
        found.setdefault(id(one) if one.is_stream else one.name, []).append(one)
    return list(found.values())


def _lane(group: Sequence[Exchange], recording: Recording, axis: Axis, y: int) -> Lane:
    first = group[0]
    reader = ReaderView(first, recording)
    return Lane(
        name=cut(first.name, LABEL_CHARACTERS),
        spans=tuple(_span(one, axis) for one in group),
        metadata=_marks(reader.named("metadata"), axis, reader.repeats),
        comments=_merged([(chunk.t, False) for _, chunk in reader.comments], axis),
        rows=tuple(_rows(reader, axis, y + LANE_PIXELS)),
        summary=reader.summary if first.is_stream else "",
        joins=first.kind == JOIN,
        y=y,
    )


def _span(one: Exchange, axis: Axis) -> Span:
    ended = one.ended_t if one.ended_t is not None else axis.end
    answered = None if one.answered_t is None else axis(one.answered_t)
    return Span(axis(one.sent_t), answered, axis(ended), ENDS.get(one.ending, "limit"), _title(one))


def _title(one: Exchange) -> str:
    path = "/" + one.url.partition("?")[0].partition("://")[2].partition("/")[2]
    request = f"{one.method} {cut(path, 120)}, sent at {one.sent_t:.2f} s"
    answer = "no answer" if one.status is None else f"{one.status} after {(one.answered_t or 0) - one.sent_t:.2f} s"
    return f"{request}: {answer}, {ending(one)}"


def _rows(reader: ReaderView, axis: Axis, y: int) -> Iterator[EventRow]:
    names = [name for name in reader.names if name != "metadata"]
    kept = names if len(names) <= MAX_ROWS else names[: MAX_ROWS - 1]
    for name in kept:
        events = reader.named(name)
        yield EventRow(_label(name), _kind(events[0].base), len(events), _marks(events, axis, reader.repeats), y)
        y += ROW_PIXELS
    if rest := set(names[len(kept) :]):
        events = [event for event in reader.events if event.name in rest]
        yield EventRow(f"{len(rest)} other names", "other", len(events), _marks(events, axis, reader.repeats), y)


def _label(name: str) -> str:
    """Return a short form of an event name: its mode, and the innermost node with the beginning of its id."""
    base, *path = name.split("|")
    node, _, id = path[-1].partition(":") if path else ("", "", "")
    inner = f"{node}:{id[:4]}…" if id else node
    return cut("|".join([base, *["…"] * (len(path) > 1), *[inner] * bool(path)]), LABEL_CHARACTERS)


def _kind(base: str) -> str:
    return base if base in KINDS and base != "comment" else "other"


def _marks(events: Iterable[Event], axis: Axis, repeats: Callable[[Event], bool]) -> tuple[Mark, ...]:
    return _merged([(event.t, repeats(event)) for event in events], axis)


def _merged(arrivals: Iterable[tuple[float, bool]], axis: Axis) -> tuple[Mark, ...]:
    """Return the marks of arrivals (seconds, repeated); arrivals within NEAR_PERCENT share one mark."""
    marks: list[Mark] = []
    for t, repeated in arrivals:
        x = axis(t)
        if marks and marks[-1].repeated == repeated and x - marks[-1].x < NEAR_PERCENT:
            marks[-1] = replace(marks[-1], count=marks[-1].count + 1)
        else:
            marks.append(Mark(x, round(t, 2), 1, repeated))
    positions = [0.0, *(mark.x for mark in marks), 100.0 + FREE_BEFORE_PERCENT]
    gaps = [after - before for before, after in pairwise(positions)]
    return tuple(
        replace(mark, roomy=before > FREE_BEFORE_PERCENT and after > FREE_AFTER_PERCENT)
        for mark, before, after in zip(marks, gaps[:-1], gaps[1:], strict=True)
    )
