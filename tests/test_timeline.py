"""Timelines show what a recording holds, and stay small whatever a server sends."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.report import axis, timeline
from conformance.report.html import DRAWN_GOOD, report_html
from conformance.report.recordings import StoredRecordings
from conformance.report.timeline import Drawing, Lane, drawing
from conformance.report.words import KINDS

from .html_page import Page
from .reports import all_evidence, faulty, golden_recordings, report
from .streams import event, stream

REPLAYS = ("replays_from_the_start",)


def drawn(*exchanges: Exchange) -> Drawing:
    return drawing(Recording("s", "s[a]", {}, "g", list(exchanges), stopped=None, file="s-a.jsonl"))


def lane(drawing: Drawing, name: str) -> Lane:
    return next(one for one in drawing.lanes if one.name == name)


def positions(lane: Lane) -> dict[str, list[tuple[float, int]]]:
    """Return position and count of every mark, by the label of its row."""
    return {row.label: [(mark.x, mark.count) for mark in row.marks] for row in lane.rows}


RUN = [(0.5, event("metadata")), *((second, event("custom", str(second))) for second in (1.0, 2.0, 3.0, 4.0))]


def joined(*arrivals: tuple[float, bytes]) -> Lane:
    """Return the lane of a reader that joins a run of four events after the first reader has received two."""
    late = stream("late", arrivals, kind="join", url="http://h/threads/t/runs/r-1/stream", sent_t=2.5)
    first = stream("first", [(0.1, b'event: metadata\ndata: {"run_id":"r-1"}\n\n'), *RUN[1:]])
    return lane(drawn(first, late), "late")


def request(name: str, sent_t: float, ended_t: float) -> Exchange:
    return stream(name, [], kind="request", method="GET", headers=[], sent_t=sent_t, ended_t=ended_t)


# --- lanes, rows and marks


def test_all_exchanges_share_one_axis() -> None:
    shown = drawn(stream("one", RUN, ended_t=5.0), request("ask", 2.0, 3.0))
    spans = [*lane(shown, "one").spans, *lane(shown, "ask").spans]
    assert [(span.sent, span.ended) for span in spans] == [(0.0, 100.0), (40.0, 60.0)]
    assert positions(lane(shown, "one")) == {"custom": [(20.0, 1), (40.0, 1), (60.0, 1), (80.0, 1)]}
    assert [mark.x for mark in lane(shown, "one").metadata] == [10.0]
    assert [(tick.x, tick.label) for tick in shown.ticks] == [(20.0 * n, f"{n} s") for n in range(6)]


def test_requests_of_one_name_share_a_lane_but_readers_do_not() -> None:
    polls = [request("poll", float(n), float(n)) for n in range(3)]
    shown = drawn(*polls, stream("reader", RUN), stream("reader", RUN))
    assert [(one.name, len(one.spans)) for one in shown.lanes] == [("poll", 3), ("reader", 1), ("reader", 1)]


@pytest.mark.parametrize(
    ("ending", "mark"),
    [("complete", "complete"), ("broken", "broken"), ("unreachable", "broken"), ("left", "left"), ("cap", "limit")],
)
def test_each_ending_has_its_mark(ending: str, mark: str) -> None:
    assert drawn(stream("one", RUN, ending=ending)).lanes[0].spans[0].end == mark


def test_each_mode_and_namespace_has_its_row() -> None:
    namespaces = ("updates|node_2:0f1e2d3c", "updates|node_2:0f1e2d3c|deep:1234567")
    names = ("updates", "values", *namespaces, "made-up", "comment")
    shown = drawn(stream("one", [(float(n), event(name)) for n, name in enumerate(names)])).lanes[0]
    assert [(row.label, row.kind) for row in shown.rows] == [
        ("updates", "updates"),
        ("values", "values"),
        ("updates|node_2:0f1e…", "updates"),
        ("updates|…|deep:1234…", "updates"),
        ("made-up", "other"),
        ("comment", "other"),
    ]
    assert [row.y for row in shown.rows] == [timeline.LANE_PIXELS + timeline.ROW_PIXELS * n for n in range(6)]


def test_heartbeats_are_not_counted_as_events() -> None:
    shown = drawn(stream("one", [(1.0, b": heartbeat\n\n"), *RUN[1:]])).lanes[0]
    assert [(mark.x, mark.count) for mark in shown.comments] == [(25.0, 1)]
    assert sum(row.count for row in shown.rows) == 4


def test_a_recording_without_exchanges_or_duration_is_drawn() -> None:
    assert drawn().height == timeline.AXIS_PIXELS
    assert drawn(stream("one", [(0.0, event("custom"))])).ticks


# --- what a reader received, in words


def test_a_second_reader_that_receives_nothing_again() -> None:
    late = joined(*RUN[3:])
    assert not any(mark.repeated for row in late.rows for mark in row.marks)
    assert late.summary.startswith("2 events, the first 0.50 s after the request, the last 1.00 s later")
    assert late.summary.endswith("`first` had received 2 before this reader joined, none of them arrived again")


def test_a_second_reader_that_receives_everything_again() -> None:
    late = joined(*((2.6, data) for _, data in RUN[1:3]), *RUN[3:])
    assert [(mark.count, mark.repeated) for mark in late.rows[0].marks] == [(2, True), (1, False), (1, False)]
    assert "2 of them arrived again" in late.summary


def test_a_server_that_sends_all_events_at_the_end() -> None:
    shown = lane(drawn(stream("one", [(4.0, data) for _, data in RUN])), "one")
    assert positions(shown) == {"custom": [(100.0, 4)]}
    assert shown.rows[0].marks[0].roomy
    assert "all at the end" in shown.summary


def test_a_long_pause_and_an_incomplete_end_are_described() -> None:
    arrivals = [*RUN[:2], (9.0, event("custom"))]
    shown = lane(drawn(stream("one", arrivals, ending="deadline", detail="30 s", ended_t=30.0)), "one")
    assert shown.spans[0].end == "limit"
    assert "longest pause 21.0 s" in shown.summary
    assert shown.summary.endswith("deadline (30 s)")


# --- limits


def test_arrivals_at_nearly_the_same_time_share_a_mark() -> None:
    crowd = [(1.0 + n / 10_000, event("custom")) for n in range(3000)]
    [row] = drawn(stream("one", [*crowd, (9.0, event("custom"))])).lanes[0].rows
    assert sum(mark.count for mark in row.marks) == row.count == 3001
    assert len(row.marks) < 20


def test_a_thousand_names_or_exchanges_do_not_fill_the_page() -> None:
    many = stream("one", [(n / 10, event(f"n{n}")) for n in range(1000)])
    shown = drawn(many, *(stream(f"e{n}", RUN) for n in range(99)))
    assert len(shown.lanes) == timeline.MAX_LANES
    assert shown.left_out == 100 - timeline.MAX_LANES
    assert len(shown.lanes[0].rows) == timeline.MAX_ROWS
    assert (shown.lanes[0].rows[-1].label, shown.lanes[0].rows[-1].count) == ("989 other names", 989)


def test_a_flood_is_neither_drawn_nor_decoded() -> None:
    flood = stream("stream", [(1.0, event("custom") * (axis.MAX_BLOCKS + 1))])
    with pytest.raises(axis.NotDrawn):
        drawn(flood)
    assert "_decoded" not in vars(flood)


NO_TIMES: list[Any] = [float("nan"), float("inf"), "soon", None]
WRONG_TYPES: list[dict[str, Any]] = [
    *({"sent_t": t} for t in NO_TIMES),
    *({"chunks": [Chunk(1, t, b"")]} for t in NO_TIMES),
    *({"sent": "1"}, {"answered_t": None}, {"ended_t": "late"}, {"url": 1}, {"detail": None}, {"body": 5}),
]


@pytest.mark.parametrize("change", WRONG_TYPES, ids=str)
def test_a_recording_with_wrong_types_is_linked_but_not_drawn(change: dict[str, Any]) -> None:
    content = report("aegra", "1", REPLAYS)
    bad = Recording("s", "s", {}, "g", [stream("one", RUN)], file=all_evidence(content)[0]["recording"])
    vars(bad.exchanges[0]).update(change)
    html = report_html(content, StoredRecordings({bad.file: bad}))
    assert f"recordings/{bad.file}" in Page(html).all("href")
    assert "There is no timeline" in html


# --- on the page


def test_the_recordings_of_failures_are_drawn_once_at_the_first_of_them() -> None:
    recordings = {one.file: one for one in faulty(REPLAYS)}
    content = report("aegra", "1", REPLAYS)
    html = report_html(content, StoredRecordings(recordings))
    for file in recordings:
        evident = any(one["recording"] == file for one in all_evidence(content))
        assert html.count(f'id="timeline-{quote(file)}"') == evident
    section = html[html.index('id="join.does-not-replay"') : html.index('id="join.finished-run"')]
    [row] = [one for one in content["requirements"] if one["id"] == "join.does-not-replay"]
    files = [one["recording"] for one in all_evidence({"requirements": [row]})]
    assert files
    assert all(f'<figure class="timeline" id="timeline-{quote(file)}">' in section for file in files)
    assert 'href="#m-repeated"' in section


def test_a_good_report_draws_a_few_recordings_that_show_most() -> None:
    recordings = golden_recordings()
    html = report_html(report(), recordings)
    assert html.count('<figure class="timeline"') == DRAWN_GOOD
    assert html.count('class="joins"') > 1
    assert len({kind for kind in KINDS if f'<use href="#m-{kind}"' in html}) > len(KINDS) / 2


def test_every_golden_recording_is_drawn_within_the_axis() -> None:
    recordings = golden_recordings()
    lanes = [one for recording in recordings.by_file.values() if recording for one in drawing(recording).lanes]
    assert all(0 <= mark.x <= 100 for one in lanes for row in one.rows for mark in row.marks)
    assert all(0 <= span.sent <= span.ended <= 100 for one in lanes for span in one.spans)
