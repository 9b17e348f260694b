"""Timelines: what is seen of a run at a glance is what the recording holds, and little enough of it to be drawn."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.faults.apply import apply
from conformance.report import reader, timeline
from conformance.report.html import report_html
from conformance.report.timeline import Drawing, Lane, drawing

from . import golden
from .reports import event, hostile_recording, report, stream
from .test_reports import SENTINEL, Page, assert_inert, hostile


def drawn(*exchanges: Exchange) -> Drawing:
    return drawing(Recording("s", "s[a]", {}, "g", list(exchanges), stopped=None, file="s-a.jsonl"))


def lane(drawing: Drawing, name: str) -> Lane:
    return next(one for one in drawing.lanes if one.name == name)


def places(lane: Lane) -> dict[str, list[tuple[float, int]]]:
    return {row.label: [(mark.x, mark.count) for mark in row.marks] for row in lane.rows}


RUN = [(0.5, event("metadata")), *((second, event("custom", str(second))) for second in (1.0, 2.0, 3.0, 4.0))]


def joined(*arrivals: tuple[float, bytes]) -> Lane:
    """The lane of a reader who joins a run of four events when two had been seen."""
    late = stream("late", arrivals, kind="join", url="http://h/threads/t/runs/r-1/stream", sent_t=2.5)
    first = stream("first", [(0.1, b'event: metadata\ndata: {"run_id":"r-1"}\n\n'), *RUN[1:]])
    return lane(drawn(first, late), "late")


def test_all_exchanges_share_one_axis() -> None:
    ask = stream("ask", [], kind="request", method="GET", sent_t=2.0, ended_t=3.0)
    ask.headers = []
    seen = drawn(stream("one", RUN, ended_t=5.0), ask)
    assert [(one.asked, one.over) for one in (*lane(seen, "one").spans, *lane(seen, "ask").spans)] == [
        (0.0, 100.0),
        (40.0, 60.0),
    ]
    assert places(lane(seen, "one")) == {"custom": [(20.0, 1), (40.0, 1), (60.0, 1), (80.0, 1)]}
    assert [mark.x for mark in lane(seen, "one").metadata] == [10.0]
    assert [(tick.x, tick.label) for tick in seen.ticks] == [(20.0 * n, f"{n} s") for n in range(6)]


def test_requests_of_one_name_share_a_lane_and_readers_do_not() -> None:
    polls = [stream("poll", [], kind="request", sent_t=float(n)) for n in range(3)]
    for one in polls:
        one.headers = []
    seen = drawn(*polls, stream("reader", RUN), stream("reader", RUN))
    assert [(one.name, len(one.spans)) for one in seen.lanes] == [("poll", 3), ("reader", 1), ("reader", 1)]


def test_a_late_joiner_to_whom_nothing_from_before_came() -> None:
    late = joined(*RUN[3:])
    assert not any(mark.again for row in late.rows for mark in row.marks)
    assert late.told == (
        "2 events, first 0.50 s after it was sent, the last 1.00 s later; "
        "2 had reached `first` before it asked, none of them came to it"
    )


def test_a_late_joiner_to_whom_all_came_again() -> None:
    late = joined(*((2.6, data) for _, data in RUN[1:3]), *RUN[3:])
    assert [(mark.count, mark.again) for mark in late.rows[0].marks] == [(2, True), (1, False), (1, False)]
    assert "2 of its events equal one of them" in late.told


def test_a_server_that_buffers_sends_all_at_the_end() -> None:
    seen = lane(drawn(stream("one", [(4.0, data) for _, data in RUN])), "one")
    assert places(seen) == {"custom": [(100.0, 4)]}
    assert seen.rows[0].marks[0].roomy
    assert seen.told == "5 events, first 4.00 s after it was sent, all of them at its end"


def test_a_stall_is_told_and_how_it_ended() -> None:
    seen = lane(
        drawn(stream("one", [*RUN[:2], (9.0, event("custom"))], ending="deadline", detail="30 s", ended_t=30.0)), "one"
    )
    assert seen.spans[0].end == "limit"
    assert seen.told.endswith("longest pause 21.0 s; deadline (30 s)")


@pytest.mark.parametrize(
    ("how", "mark"),
    [("complete", "complete"), ("broken", "broken"), ("unreachable", "broken"), ("left", "left"), ("cap", "limit")],
)
def test_the_end_has_a_mark_of_its_own(how: str, mark: str) -> None:
    assert drawn(stream("one", RUN, ending=how)).lanes[0].spans[0].end == mark


def test_modes_and_namespaces_have_rows_of_their_own() -> None:
    names = (
        "updates",
        "values",
        "updates|node_2:0f1e2d3c",
        "updates|node_2:0f1e2d3c|deep:1234567",
        "made-up",
        "comment",
    )
    seen = drawn(stream("one", [(float(n), event(name)) for n, name in enumerate(names)])).lanes[0]
    assert [(row.label, row.kind) for row in seen.rows] == [
        ("updates", "updates"),
        ("values", "values"),
        ("updates|node_2:0f1e…", "updates"),
        ("updates|…|deep:1234…", "updates"),
        ("made-up", "other"),
        ("comment", "other"),
    ]
    assert [row.y for row in seen.rows] == [timeline.LANE + timeline.ROW * n for n in range(6)]


def test_heartbeats_are_no_events() -> None:
    seen = drawn(stream("one", [(1.0, b": heartbeat\n\n"), *RUN[1:]])).lanes[0]
    assert [(mark.x, mark.count) for mark in seen.comments] == [(25.0, 1)]
    assert sum(row.count for row in seen.rows) == 4


def test_what_would_fall_on_one_place_is_one_mark() -> None:
    crowd = [(1.0 + n / 10_000, event("custom")) for n in range(3000)]
    seen = drawn(stream("one", [*crowd, (9.0, event("custom"))]))
    [row] = seen.lanes[0].rows
    assert sum(mark.count for mark in row.marks) == row.count == 3001
    assert len(row.marks) < 20


def test_a_thousand_names_or_exchanges_fill_no_page() -> None:
    many = stream("one", [(n / 10, event(f"n{n}")) for n in range(1000)])
    seen = drawn(many, *(stream(f"e{n}", RUN) for n in range(99)))
    assert len(seen.lanes) == timeline.MOST_LANES
    assert seen.left_out == 100 - timeline.MOST_LANES
    assert len(seen.lanes[0].rows) == timeline.MOST_ROWS
    assert (seen.lanes[0].rows[-1].label, seen.lanes[0].rows[-1].count) == ("989 other names", 989)


def test_a_recording_without_exchanges_or_time_is_drawn() -> None:
    assert drawn().height == timeline.AXIS
    assert drawn(stream("one", [(0.0, event("custom"))])).ticks


@pytest.mark.parametrize(
    "change",
    [{"sent_t": t} for t in (float("nan"), float("inf"), "soon", None)]
    + [{"sent": "1"}, {"answered_t": None}, {"ended_t": "late"}, {"url": 1}, {"detail": None}, {"body": 5}]
    + [{"chunks": [Chunk(1, t, b"")]} for t in ("", float("nan"))],
    ids=str,
)
def test_a_recording_that_was_tampered_with_is_linked_and_not_drawn(change: dict[str, object]) -> None:
    content = report("aegra", "1", ("replays_from_the_start",))
    named = {file for row in content["requirements"] for check in row["checks"] for file in files(check)}
    bad = Recording("s", "s", {}, "g", [stream("one", RUN)], file=next(iter(named)))
    vars(bad.exchanges[0]).update(change)
    text = report_html(content, {bad.file: bad})
    assert f"recordings/{bad.file}" in Page(text).all("href")
    assert "is not drawn: it cannot be read, or it holds too much" in text


def files(check: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["recording"] for one in check["evidence"]]


# --- on the page


def test_a_flood_is_not_drawn_and_not_even_read() -> None:
    flood = stream("stream", [(1.0, event("custom") * (timeline.MOST_BLOCKS + 1))])
    with pytest.raises(timeline.NotDrawn):
        drawn(flood)
    assert "_read" not in vars(flood)


def test_each_recording_is_drawn_once_and_those_that_failed_at_their_failure() -> None:
    faults = ("replays_from_the_start",)
    recordings = replayed(*faults)
    content = report("aegra", "1", faults)
    seen = report_html(content, recordings)
    for file in recordings:
        assert seen.count(f'id="timeline-{quote(file)}"') == 1
    failed = seen[seen.index('id="join.does-not-replay"') : seen.index('id="join.finished-run"')]
    [row] = [one for one in content["requirements"] if one["id"] == "join.does-not-replay"]
    shown = [file for check in row["checks"] for file in files(check)]
    assert shown
    assert all(f'<figure class="timeline" id="timeline-{quote(file)}">' in failed for file in shown)
    assert 'href="#m-again"' in failed


def replayed(*faults: str) -> dict[str, Recording | None]:
    suite.load()
    [fault] = [one for one in REGISTRY.faults if one.name in faults]
    return {one.file: apply(fault, one) or one for one in golden.good().recordings.values()}


def test_every_golden_recording_is_drawn_small() -> None:
    recordings = {one.file: one for one in golden.good().recordings.values()}
    text = report_html(report(), recordings)
    assert text.count('<figure class="timeline"') == len(recordings)
    assert len(text) < 2_000_000
    for one in map(drawing, recordings.values()):
        for each in one.lanes:
            assert all(0 <= mark.x <= 100 for row in each.rows for mark in row.marks)
            assert all(0 <= span.asked <= span.over <= 100 for span in each.spans)


def test_a_hostile_recording_puts_nothing_but_text_on_a_page() -> None:
    text = report_html(hostile(), {SENTINEL: hostile_recording(SENTINEL)})
    seen = assert_inert(text)
    assert '<figure class="timeline"' in text
    assert "<img src=x onerror=alert(1)>" in seen.text
    assert "\N{REPLACEMENT CHARACTER}<b>" in seen.text
    assert f"{'x' * reader.MOST_LABEL}… (1000000 characters)" in seen.text
    assert "x" * 1000 not in text
    assert "<" * 1000 not in seen.text
