"""As many scenarios run at the same time as the server allows; what met a busy server is performed again."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.authoring.registry import Variant
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.record import concurrency
from conformance.record.concurrency import (
    ALL_PAUSES_S,
    CALM_PERFORMANCES,
    ENOUGH_LATE,
    LATE_S,
    LEAST_IF_LATE,
    MOST_PAUSE_S,
    PAUSE_S,
    PERFORMANCES,
    START,
    Concurrency,
)
from conformance.record.recorder import RecordingSummary
from conformance.record.room import Room
from conformance.targets.target import DEFAULT_CONCURRENCY, Target
from conformance.wire.endings import COMPLETE, UNREACHABLE

from .fakes import EVENT, STREAM, Connection, answer, closed_url, says, serving
from .performing import GENEROUS, one_stream, only, perform, recorded, variant

PROMPT, LATE = 0.1, 0.1 + 2 * LATE_S

# --- the number


def prompt(found: Concurrency, times: int) -> Concurrency:
    for _ in range(times):
        found.first_output(PROMPT)
    return found


@pytest.mark.parametrize(("ceiling", "started"), [(1, 1), (4, 4), (START, START), (DEFAULT_CONCURRENCY, START)])
def test_a_session_starts_moderately_and_never_above_what_a_person_gave(ceiling: int, started: int) -> None:
    found = Concurrency(ceiling)
    assert found.width == started
    assert prompt(found, 100).width == ceiling


def test_a_prompt_output_allows_one_more_and_a_late_one_does_not() -> None:
    found = prompt(Concurrency(40), 3)
    found.first_output(LATE)
    assert found.width == START + 3


def test_late_means_later_than_the_fastest_so_a_slow_server_is_not_late() -> None:
    found = Concurrency(40)
    for _ in range(5):
        found.first_output(LATE)
    assert found.width == START + 5
    found.took("join", 3.0)
    assert [found.is_late("join", 3.0), found.is_late("join", 3.1 + LATE_S)] == [False, True]
    found.took("join", 1.0)
    assert [found.is_late("join", 1.0), found.is_late("join", 3.0)] == [False, True]


def test_trouble_takes_a_quarter_once_for_all_that_were_under_way() -> None:
    found = prompt(Concurrency(40), 30)
    for started in range(20):
        found.narrow(started, now=20.0, refused=True)
    assert found.width == 30
    found.narrow(started=21.0, now=22.0, refused=False)
    assert found.width == 22


def test_there_is_always_room_for_one() -> None:
    found = Concurrency(3)
    for now in range(9):
        found.narrow(now, now, refused=True)
    assert found.width == found.least == 1


@pytest.mark.parametrize(("ceiling", "least"), [(40, LEAST_IF_LATE), (3, 3)])
def test_late_answers_leave_room_for_some(ceiling: int, least: int) -> None:
    found = Concurrency(ceiling)
    for now in range(20):
        found.narrow(now, now, refused=False)
    assert found.width == least


def test_after_trouble_a_whole_round_allows_one_more() -> None:
    found = Concurrency(40)
    found.narrow(started=0.0, now=1.0, refused=True)
    assert prompt(found, 10).width == 7
    for _ in range(6):
        found.ended()
    assert found.width == 7
    found.ended()
    assert found.width == 8
    for _ in range(8):
        found.ended()
    assert found.width == 9


def test_scenarios_that_end_before_any_trouble_change_nothing() -> None:
    found = Concurrency(40)
    for _ in range(100):
        found.ended()
    assert found.width == START


def test_what_is_performed_again_gets_half_of_the_room_and_never_more() -> None:
    found = prompt(Concurrency(40), 10)
    found.again()
    assert prompt(found, 50).width == 10
    found.again()
    assert (prompt(found, 50).width, found.least, found.most) == (5, 5, 20)


def test_pauses_are_as_long_as_the_server_asks_within_limits() -> None:
    found = Concurrency(40)
    found.pause(now=100.0, seconds=3.0)
    found.pause(now=100.0, seconds=2.0)
    assert found.not_before == 103.0
    found.pause(now=101.0, seconds=3600.0)
    assert found.not_before == 101.0 + MOST_PAUSE_S


def test_a_server_that_refuses_for_ever_is_given_up() -> None:
    found, now = Concurrency(40), 0.0
    for _ in range(100):
        found.pause(now, MOST_PAUSE_S)
        now = max(now, found.not_before)
    assert now == ALL_PAUSES_S
    assert found.gives_up


# --- the room


def exchange(status: int | None = 200, ending: str = COMPLETE, **headers: str) -> Exchange:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Exchange(
        "x", "request", "GET", "http://h/x", [], None, True, 1, 0.0, status=status, headers=fields, ending=ending
    )


@pytest.mark.parametrize(
    ("met", "took", "refused", "width", "pause"),
    [
        ([exchange()], [], False, START, 0.0),
        ([exchange(500)], [], False, START, 0.0),
        ([], [("request", LATE)], False, 7, 0.0),
        ([], [("join", LATE)], False, START, 0.0),
        ([exchange(), exchange(429)], [], True, 7, PAUSE_S),
        ([exchange(503, Retry_After="7")], [], True, 7, 7.0),
        ([exchange(503, Retry_After="7"), exchange(429)], [], True, 7, 7.0),
        ([exchange(503, Retry_After="0")], [], True, 7, 0.0),
        ([exchange(429, Retry_After="9" * 5000)], [], True, 7, MOST_PAUSE_S),
        ([exchange(429, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")], [], True, 7, PAUSE_S),
        ([exchange(429, Retry_After="-5")], [], True, 7, PAUSE_S),
        ([exchange(None, UNREACHABLE)], [], True, 7, PAUSE_S),
    ],
)
def test_what_a_scenario_met(
    met: list[Exchange], took: list[tuple[str, float]], refused: bool, width: int, pause: float
) -> None:
    room = Room(Concurrency(40), lambda: 50.0)
    for kind in ("request", "join"):
        room.concurrency.took(kind, PROMPT)
    assert room.met(met, took, started=1.0) == refused
    assert (room.concurrency.width, max(0.0, room.concurrency.not_before - 50.0)) == (width, pause)


def test_nobody_begins_before_there_is_room_and_some_are_first() -> None:
    begun: list[str] = []

    async def scenario(room: Room, name: str, end: asyncio.Event) -> None:
        async with room.entered(first=name.startswith("first")):
            begun.append(name)
            await end.wait()

    async def performs() -> None:
        now = 0.0
        room, ends = Room(Concurrency(2), lambda: now), [asyncio.Event() for _ in range(5)]
        names = ("a", "b", "c", "d", "first")
        tasks = [asyncio.create_task(scenario(room, name, end)) for name, end in zip(names, ends, strict=True)]
        await turns()
        assert begun == ["a", "b"]
        tasks[2].cancel()
        ends[0].set()
        await turns()
        assert begun == ["a", "b", "first"]
        room.concurrency.pause(now, 5.0)
        ends[1].set()
        await turns()
        assert begun == ["a", "b", "first"]
        now = 5.0
        room.wake()
        await turns()
        assert begun == ["a", "b", "first", "d"]
        for end in ends:
            end.set()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(performs())


async def turns() -> None:
    """Let every task run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


# --- sessions


async def creates_a_thread(server: Any) -> None:
    await server.threads.create()


def refusing(times: int, then: bytes) -> Callable[[Connection], Any]:
    """Return a script that refuses this many requests, and then gives an answer."""
    left = [times]

    async def script(connection: Connection) -> None:
        left[0] -= 1
        await connection.send(answer("", 429, "Retry-After: 0") if left[0] >= 0 else then)

    return script


def test_what_was_refused_is_performed_again_and_only_the_last_performance_is_recorded(tmp_path: Path) -> None:
    with serving(refusing(1, STREAM + EVENT)) as fake:
        summary = perform(fake, tmp_path, one_stream)
    assert fake.lines == ["POST /runs/stream"] * 2
    assert (only(tmp_path).status, len(only(tmp_path).events)) == (200, 1)
    assert summary.concurrency == {"given": 40, "least": 3, "most": START, "performed_again": ["one_stream"]}


def test_a_scenario_is_performed_so_often_and_not_more_often(tmp_path: Path) -> None:
    with serving(says(answer("", 503, "Retry-After: 0"))) as fake:
        summary = perform(fake, tmp_path, one_stream)
    assert fake.lines == ["POST /runs/stream"] * PERFORMANCES
    assert only(tmp_path).status == 503
    assert summary.concurrency["performed_again"] == ["one_stream"]


def test_only_what_was_refused_is_performed_again(tmp_path: Path) -> None:
    with serving({"POST /runs/stream": says(STREAM + EVENT), "POST /threads": refusing(1, answer("{}"))}) as fake:
        summary = perform(fake, tmp_path, one_stream, creates_a_thread)
    assert sorted(fake.lines) == ["POST /runs/stream", "POST /threads", "POST /threads"]
    assert summary.concurrency["performed_again"] == ["creates_a_thread"]


def test_refused_connections_are_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "ALL_PAUSES_S", 0.0)
    with serving({}) as fake:
        perform(Target("fake", fake.url, urls={"joke": closed_url()}), tmp_path, one_stream)
    assert only(tmp_path).ending == UNREACHABLE


def test_a_stopped_session_keeps_what_it_has(tmp_path: Path) -> None:
    """What would be performed again, but for the end of the session, keeps its recording."""
    summary: RecordingSummary

    async def hangs_at_the_second(connection: Connection) -> None:
        if len(fake.lines) > 1:
            await connection.left()
        await connection.send(answer("", 429, "Retry-After: 10"))

    with serving(hangs_at_the_second) as fake:
        summary = perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, session_s=0.5))
    assert summary.stopped is not None
    assert fake.lines == ["POST /runs/stream"]
    assert only(tmp_path).status == 429


def paced(function: Any, **axes: Any) -> Variant:
    found = variant(function, **axes)
    return replace(found, scenario=replace(found.scenario, paced=True))


def late_once(lates: list[bool]) -> Callable[[Connection], Any]:
    """Return a script that answers at once, but the second request 0.4 s late."""

    async def script(connection: Connection) -> None:
        lates.append(len(lates) == 1)
        await asyncio.sleep(0.4 if lates[-1] else 0)
        await connection.send(answer("{}"))

    return script


@pytest.mark.parametrize(("kind", "asked"), [(paced, 4), (variant, 2)])
def test_paced_scenarios_whose_answers_are_late_are_performed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Callable[[Any], Variant], asked: int
) -> None:
    async def asks(server: Any) -> None:
        await server.threads.get("t")
        await server.threads.get("t")

    monkeypatch.setattr(concurrency, "LATE_S", 0.2)
    with serving({"GET /threads/t": late_once([])}) as fake:
        summary = perform(fake, tmp_path, kind(asks))
    assert len(fake.lines) == asked
    assert len(recorded(tmp_path, "asks").exchanges) == 2
    assert summary.concurrency["least"] == (7 if asked == 2 else 3)


def test_a_prompt_server_is_asked_by_more_at_once(tmp_path: Path) -> None:
    """Eleven streams stay open until all of them have begun; ten would wait for ever."""

    async def until_all_began(connection: Connection) -> None:
        await connection.send(STREAM + EVENT)
        while len(fake.lines) < START + 1:
            await asyncio.sleep(0.02)

    async def streams(server: Any, number: int) -> None:
        await server.runs.streamed(None, input={})

    with serving(until_all_began) as fake:
        summary = perform(fake, tmp_path, *(variant(streams, number=number) for number in range(START + 1)))
    assert (summary.concurrency["least"], summary.concurrency["most"]) == (START, 2 * START + 1)


def looking_late(function: Any, looks_late: Callable[[Recording], bool], **axes: Any) -> Variant:
    found = variant(function, **axes)
    return replace(found, scenario=replace(found.scenario, looks_late=looks_late))


def test_what_looks_late_is_performed_alone_until_it_does_not(tmp_path: Path) -> None:
    asked: list[int] = []

    def late_twice(recording: Recording) -> bool:
        asked.append(len(recording.exchanges))
        return len(asked) <= 2

    with serving(says(STREAM + EVENT)) as fake:
        summary = perform(fake, tmp_path, looking_late(one_stream, late_twice))
    assert fake.lines == ["POST /runs/stream"] * 3
    assert asked[0] == 1, "the recording has the exchange that was performed"
    assert summary.concurrency["performed_again"] == ["one_stream"]


def test_so_many_that_stay_late_show_that_it_is_the_server(tmp_path: Path) -> None:
    async def numbered(server: Any, number: int) -> None:
        await server.runs.streamed(None, input={}, stream_mode=["values"])

    rows = [looking_late(numbered, lambda recording: True, number=number) for number in range(ENOUGH_LATE + 2)]
    with serving(says(STREAM + EVENT)) as fake:
        summary = perform(fake, tmp_path, *rows)
    assert len(fake.lines) == len(rows) + ENOUGH_LATE * CALM_PERFORMANCES
    assert len(summary.concurrency["performed_again"]) == ENOUGH_LATE
