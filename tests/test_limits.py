"""Every wait and every exchange ends at its own limit, which says what was awaited; other scenarios continue."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.authoring.registry import Check
from conformance.authoring.views import RecordingView, SessionRecordings
from conformance.evidence.recording import Recording
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.targets.target import Target

from .fakes import EVENT, STREAM, Connection, answer, says, serving
from .performing import (
    GENEROUS,
    MIB,
    SHORT_SILENCE,
    for_ever,
    hangs,
    one_stream,
    only,
    perform,
    recorded,
    then_hangs,
    variant,
)

SILENCE = "no event on it for 0.3 s (--silence)"
READ_BYTES = 1 << 16
"""How many bytes the client reads at once, and so may receive beyond a size limit."""


METADATA = b'event: metadata\ndata: {"run_id": "r"}\n\n'


def test_a_stream_that_never_stops_sending_is_closed(tmp_path: Path) -> None:
    with serving(for_ever(EVENT, 0.02)) as fake:
        summary = perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, exchange_s=0.3))
    exchange = only(tmp_path)
    assert (exchange.ending, summary.stopped) == ("length", None)
    assert exchange.detail.startswith("limit reached: `stream` of `one_stream`: ")
    assert "0.3 s after its first event" in exchange.detail
    assert exchange.events


def test_a_stream_is_not_cut_while_events_keep_coming(tmp_path: Path) -> None:
    async def sends_slowly(connection: Connection) -> None:
        await connection.send(STREAM)
        for _ in range(10):
            await connection.send(EVENT)
            await asyncio.sleep(0.15)

    with serving(sends_slowly) as fake:
        perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, silence_s=0.8, length_s=0.8))
    assert (only(tmp_path).ending, len(only(tmp_path).events)) == ("complete", 10)


def test_a_stream_that_no_scenario_waits_for_is_closed_after_its_last_event(tmp_path: Path) -> None:
    async def two(server: Any) -> None:
        server.runs.stream("silent", input={}, name="silent")
        await server.runs.streamed("lively", input={})

    async def lively(connection: Connection) -> None:
        await connection.send(STREAM)
        while not ended():
            await connection.send(EVENT)
            await asyncio.sleep(0.05)

    def ended() -> bool:
        return recorded(tmp_path, "two").exchanges[0].ended is not None

    with serving({"POST /threads/silent": then_hangs(STREAM), "POST /threads/lively": lively}) as fake:
        summary = perform(fake, tmp_path, two, limits=replace(GENEROUS, length_s=0.3, queue_s=0.3))
    silent, other = recorded(tmp_path, "two").exchanges
    assert (silent.ending, other.ending) == ("deadline", "complete")
    assert silent.detail == "limit reached: `silent` of `two`: no event on it for 0.3 s (--length)"
    assert list(summary.reached) == [silent.detail]


@pytest.mark.parametrize("block", [b"data\n\n", b":\n\n", b"\n\n"])
def test_a_stream_of_too_many_blocks_is_closed(tmp_path: Path, block: bytes) -> None:
    with serving(for_ever(block * 100, 0.001)) as fake:
        perform(fake, tmp_path, one_stream, limits=replace(GENEROUS, exchange_blocks=1000))
    exchange = only(tmp_path)
    assert exchange.ending == "cap"
    assert "more than 1,000 events" in exchange.detail
    assert len(exchange.content) <= 1000 * len(block) + 2 * READ_BYTES


def test_a_session_in_which_the_server_sends_too_much_is_stopped(tmp_path: Path) -> None:
    async def another_stream(server: Any) -> None:
        await one_stream(server)

    limits = replace(GENEROUS, session_bytes=MIB)
    with serving(for_ever(b":" + b"x" * 10_000 + EVENT, 0.001)) as fake:
        summary = perform(fake, tmp_path, one_stream, another_stream, limits=limits)
    assert summary.stopped is not None
    assert summary.stopped.startswith("limit reached: ")
    assert "1,048,576 bytes" in summary.stopped
    both = [recorded(tmp_path, name).exchanges[0] for name in ("one_stream", "another_stream")]
    assert [exchange.ending for exchange in both] == ["stopped", "stopped"]


def test_a_session_is_stopped_when_its_time_is_over(tmp_path: Path) -> None:
    async def another_stream(server: Any) -> None:
        await one_stream(server)

    with serving(for_ever(b"event: values\ndata: {}\n\n", 0.01)) as fake:
        summary = perform(fake, tmp_path, one_stream, another_stream, limits=replace(GENEROUS, session_s=0.4))
    assert summary.stopped is not None
    assert summary.stopped.startswith("limit reached: --max-seconds; ")
    assert "-k" in summary.stopped
    both = [recorded(tmp_path, name).exchanges[0] for name in ("one_stream", "another_stream")]
    assert [exchange.ending for exchange in both] == ["stopped", "stopped"]
    assert all(exchange.events for exchange in both)


def test_a_session_is_stopped_when_five_waits_ran_out_and_nothing_arrived(tmp_path: Path) -> None:
    async def waits(server: Any, number: int) -> None:
        await server.threads.create()

    with serving(hangs) as fake:
        many = [variant(waits, number=number) for number in range(20)]
        summary = perform(Target("fake", fake.url, concurrency=3), tmp_path, *many, limits=SHORT_SILENCE)
    assert "no event arrived on any stream since the first of" in (summary.stopped or "")
    # The fifth wait is one of the second three; another scenario may have begun before the session stopped.
    assert 5 <= len(summary.reached) <= len(fake.lines) < len(many)
    stopped = [recorded(tmp_path, f"waits-{number}").stopped or "" for number in range(20)]
    ran_out = [why for why in stopped if "`create thread` was not accepted: limit reached: `create thread`" in why]
    assert len(ran_out) == 3  # the session was stopped at once when the next three ran out
    assert all("the answer did not arrive" in why and SILENCE in why for why in ran_out)
    assert sum(bool(re.search("`create thread` was not sent: .*limit", why)) for why in stopped) == 14


def test_waits_that_run_out_together_do_not_stop_the_session(tmp_path: Path) -> None:
    async def joins(server: Any, number: int) -> None:
        await server.runs.join_stream("t", "r", name="stream").ended()

    scripts = {"GET /threads/t/runs/r/stream": then_hangs(STREAM), "POST /runs/stream": says(STREAM + EVENT)}
    with serving(scripts) as fake:
        many = [variant(joins, number=number) for number in range(7)]
        summary = perform(Target("fake", fake.url, concurrency=7), tmp_path, *many, one_stream, limits=SHORT_SILENCE)
    assert (summary.stopped, len(summary.reached)) == (None, 7)
    assert only(tmp_path).ending == "complete"


def test_waits_that_run_out_while_events_arrive_do_not_stop_the_session(tmp_path: Path) -> None:
    async def waits(server: Any, number: int) -> None:
        await server.threads.create()

    async def streams(server: Any) -> None:
        await server.runs.streamed(None, input={})

    async def until_all_ran_out(connection: Connection) -> None:
        await connection.send(STREAM)
        while len(finished()) < 7:
            await connection.send(EVENT)
            await asyncio.sleep(0.05)

    def finished() -> list[str]:
        found = (recorded(tmp_path, f"waits-{number}").stopped or "" for number in range(7))
        return [why for why in found if "limit reached" in why]

    with serving({"POST /threads": hangs, "POST /runs/stream": until_all_ran_out}) as fake:
        many = [variant(waits, number=number) for number in range(7)]
        summary = perform(Target("fake", fake.url, concurrency=20), tmp_path, *many, streams, limits=SHORT_SILENCE)
    assert summary.stopped is None
    assert len(summary.reached) == 7
    assert recorded(tmp_path, "streams").exchanges[0].ending == "complete"


def test_a_poll_that_never_succeeds_ends_its_scenario_alone(tmp_path: Path) -> None:
    async def polls(server: Any) -> None:
        await server.runs.ended("t", "r")

    async def waits_for_a_state(server: Any) -> None:
        await server.threads.state_when("t", bool)

    scripts = {
        "GET /threads/t/runs/r": says(answer('{"status": "running"}')),
        "GET /threads/t/state": says(answer("{}")),
    }
    with serving({**scripts, "POST /runs/stream": says(STREAM + EVENT)}) as fake:
        summary = perform(fake, tmp_path, polls, waits_for_a_state, one_stream, limits=SHORT_SILENCE)
    assert (summary.stopped, len(summary.reached)) == (None, 2)
    stopped = {name: recorded(tmp_path, name).stopped or "" for name in ("polls", "waits_for_a_state")}
    assert "`poll run` of `polls`: a terminal status did not arrive" in stopped["polls"]
    assert "`poll state` of `waits_for_a_state`: a state that meets" in stopped["waits_for_a_state"]
    assert only(tmp_path).ending == "complete"


def test_paced_scenarios_do_not_hold_the_others_up_for_ever(tmp_path: Path) -> None:
    async def waits(server: Any) -> None:
        await server.runs.streamed("paced", input={})

    async def until_the_other_asks(connection: Connection) -> None:
        await connection.send(STREAM)
        while "POST /runs/stream" not in fake.lines:
            await connection.send(EVENT)
            await asyncio.sleep(0.02)

    paced = variant(waits)
    paced = replace(paced, scenario=replace(paced.scenario, paced=True))
    with serving({"POST /threads/paced": until_the_other_asks, "POST /runs/stream": says(STREAM + EVENT)}) as fake:
        summary = perform(fake, tmp_path, paced, one_stream, limits=replace(GENEROUS, paced_s=0.2))
    assert (summary.stopped, summary.reached) == (None, ())
    assert only(tmp_path).ending == "complete"


def test_an_announced_silence_does_not_count(tmp_path: Path) -> None:
    async def quiet(server: Any) -> None:
        stream = server.runs.stream("quiet", input={})
        await stream.seen(1, "values")
        stream.silent_for(1.2)
        await stream.ended()

    async def pauses(connection: Connection) -> None:
        await connection.send(STREAM + EVENT)
        await asyncio.sleep(1)
        await connection.send(EVENT)

    with serving({"POST /threads/quiet": pauses}) as fake:
        summary = perform(fake, tmp_path, quiet, limits=replace(GENEROUS, silence_s=0.4))
    assert (summary.stopped, summary.reached) == (None, ())
    assert len(recorded(tmp_path, "quiet").exchanges[0].events) == 2


def test_what_a_stopped_scenario_left_open_may_end_by_itself(tmp_path: Path) -> None:
    async def two(server: Any) -> None:
        server.runs.stream("slow", input={}, name="slow")
        await server.runs.stream("empty", input={}, name="empty").seen(1, "values")

    async def slow(connection: Connection) -> None:
        await connection.send(STREAM)
        await asyncio.sleep(0.3)
        await connection.send(EVENT)

    with serving({"POST /threads/slow": slow, "POST /threads/empty": says(STREAM)}) as fake:
        perform(fake, tmp_path, two)
    recording = recorded(tmp_path, "two")
    assert "`empty` ended before 1 `values` events arrived" in (recording.stopped or "")
    assert [(one.name, one.ending, len(one.events)) for one in recording.exchanges] == [
        ("slow", "complete", 1), ("empty", "complete", 0),
    ]  # fmt: skip


# --- the question for the run's status

STATUS = "status at the limit"


async def a_run_on_a_thread(server: Any) -> None:
    await server.runs.streamed("t", input={}, stream_mode=["values"])


async def a_join(server: Any) -> None:
    await server.runs.join_stream("t", "r", name="stream").ended()


@pytest.mark.parametrize(("scenario", "path"), [(a_run_on_a_thread, "POST /threads/t/runs"), (a_join, "GET /")])
@pytest.mark.parametrize(
    ("told", "word"),
    [
        (answer('{"status": "success"}'), "failed"),
        (answer('{"detail": "no"}', 404), "failed"),
        (answer('{"status": "running"}'), "cantTell"),
        (answer("nothing", 500), "cantTell"),
        (answer("[]"), "cantTell"),
    ],
)
def test_only_a_run_that_is_known_to_be_over_fails_to_end(
    tmp_path: Path, scenario: Any, path: str, told: bytes, word: str
) -> None:
    asked = "GET /threads/t/runs/r "
    with serving(
        {"GET / ": says(answer("", 404)), asked: says(told), path: then_hangs(STREAM + METADATA + EVENT)}
    ) as fake:
        summary = perform(fake, tmp_path, scenario, limits=SHORT_SILENCE)
    recording = recorded(tmp_path, scenario.__name__)
    assert [one.name for one in recording.exchanges] == ["stream", STATUS]
    assert (recording.exchanges[0].ending, len(summary.reached)) == ("deadline", 1)
    assert word_of_the_end(recording) == word


def test_a_run_that_cannot_be_asked_for_is_inconclusive(tmp_path: Path) -> None:
    with serving(then_hangs(STREAM + METADATA + EVENT)) as fake:
        perform(fake, tmp_path, one_stream, limits=SHORT_SILENCE)
    assert fake.lines == ["POST /runs/stream"]
    assert word_of_the_end(recorded(tmp_path)) == "cantTell"


def test_a_question_that_is_not_answered_ends_at_a_limit_too(tmp_path: Path) -> None:
    with serving({"GET /threads/t/runs/r ": hangs, "GET /threads/t/runs/r/stream": then_hangs(STREAM)}) as fake:
        summary = perform(fake, tmp_path, a_join, limits=SHORT_SILENCE)
    joined, asked = recorded(tmp_path, "a_join").exchanges
    assert (joined.ending, asked.name, asked.ending) == ("deadline", STATUS, "deadline")
    assert summary.stopped is None
    assert word_of_the_end(recorded(tmp_path, "a_join")) == "cantTell"


def test_a_stream_that_ends_after_the_question_was_not_cut(tmp_path: Path) -> None:
    async def ends_when_asked(connection: Connection) -> None:
        await connection.send(STREAM + METADATA)
        while "GET /threads/t/runs/r" not in fake.lines:
            await asyncio.sleep(0.02)
        await connection.send(EVENT)

    scripts = {"GET /threads/t/runs/r ": says(answer('{"status": "success"}')), "POST /threads/t/runs": ends_when_asked}
    with serving(scripts) as fake:
        perform(fake, tmp_path, a_run_on_a_thread, limits=replace(SHORT_SILENCE, ending_s=5))
    stream, _ = recorded(tmp_path, "a_run_on_a_thread").exchanges
    assert (stream.ending, len(stream.events)) == ("complete", 2)


def word_of_the_end(recording: Recording) -> str:
    """Return the outcome of a check that the stream ends."""

    def check(recording: RecordingView) -> None:
        recording["stream"].expect_complete("by itself")

    async def scenario(server: Any) -> None: ...

    found = variant(scenario)
    found = replace(found, scenario=replace(found.scenario, name=recording.variant))
    item = Item(Check("transport.ends", check), (found,), {})
    return judge(item, SessionRecordings([recording])).word
