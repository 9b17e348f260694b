"""Whatever a server does, a recording ends, within its limits, and tells how; nothing is raised and nothing is lost."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.authoring.expectations import expect
from conformance.authoring.registry import Check, Scenario, Variant
from conformance.authoring.views import RecordingView, SessionRecordings
from conformance.evidence.exchange import Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import Outcome
from conformance.record import recorder
from conformance.record.limits import Limits
from conformance.record.recorder import RecordingSummary, record
from conformance.targets.target import Target

from .fakes import CHUNKED, EVENT, OK, STREAM, Connection, Fake, Script, answer, closed_url, says, serving

PATIENT = Limits(silence_s=20, length_s=20)  # where no limit is to be met: one would only end a test that hangs
HASTY = replace(PATIENT, silence_s=0.3)
KEY = "sk-0123456789"
PORTION = 1 << 16
"""What one read may bring beyond a limit of size; the client reads no more at once."""


@pytest.fixture(autouse=True)
def _watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the limits more often than an ordinary run does, so that small ones can be met."""
    monkeypatch.setattr(recorder, "WATCH_S", 0.02)


class EveryName(tuple[str, ...]):
    """Declares whatever exchange a scenario performs."""

    def __contains__(self, name: object) -> bool:
        return True


def variant(function: Any, graph: str = "joke", **axes: Any) -> Variant:
    return Variant(Scenario(function.__name__, graph, {}, EveryName(), function), axes)


async def one_stream(server: Any) -> None:
    await server.runs.streamed(None, input={}, stream_mode=["values"])


def perform(
    target: Target | Fake, folder: Path, *functions: Any, limits: Limits = PATIENT, **options: Any
) -> RecordingSummary:
    """Record scenarios against a target."""
    found = Target("fake", target.url) if isinstance(target, Fake) else target
    variants = [function if isinstance(function, Variant) else variant(function) for function in functions]
    return record(found, variants, folder, Redactor([KEY]), nonce="0123456789abcdef", limits=limits, **options)


def recorded(folder: Path, name: str = "one_stream") -> Recording:
    return read_recording(folder / f"{name}.jsonl")


def only(folder: Path) -> Exchange:
    [exchange] = recorded(folder).exchanges
    return exchange


# --- servers, each with how the exchange must end


async def hangs(connection: Connection) -> None:
    await connection.left()


def then_hangs(data: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.send(data)
        await connection.left()

    return script


def for_ever(data: bytes, pause: float = 0.0, head: bytes = STREAM) -> Script:
    async def script(connection: Connection) -> None:
        await connection.send(head)
        while True:
            await connection.send(data)
            await asyncio.sleep(pause)

    return script


def then_resets(data: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.send(data)
        await asyncio.sleep(0.05)  # a reset overtakes what the client has not read yet
        connection.reset()

    return script


async def splits_its_bytes(connection: Connection) -> None:
    for byte in STREAM + "data: é\r\n\r\n".encode():
        await connection.send(bytes([byte]))
        await asyncio.sleep(0)


MIB = 1 << 20
SMALL = replace(PATIENT, exchange_bytes=300_000)

ENDINGS: dict[str, tuple[Script, Limits, str, int | None, int]] = {
    # script, limits, how it ends, status, number of events
    "a whole answer": (says(OK + b"Content-Length: 2\r\n\r\n{}"), PATIENT, "complete", 200, 0),
    "a stream to the end of its connection": (says(STREAM + EVENT), PATIENT, "complete", 200, 1),
    "a chunked stream": (says(CHUNKED + b"18\r\n" + EVENT + b"\r\n0\r\n\r\n"), PATIENT, "complete", 200, 1),
    "a stream byte by byte": (splits_its_bytes, PATIENT, "complete", 200, 1),
    "an empty stream": (says(STREAM), PATIENT, "complete", 200, 0),
    "early hints": (says(b"HTTP/1.1 103 Early Hints\r\n\r\n" + STREAM + EVENT), PATIENT, "complete", 200, 1),
    "no content": (says(b"HTTP/1.1 204 No Content\r\n\r\n"), PATIENT, "complete", 204, 0),
    "an error": (says(answer('{"detail": "no"}', 500)), PATIENT, "complete", 500, 0),
    "a redirect to itself": (says(answer("", 307, "Location: /runs/stream")), PATIENT, "complete", 307, 0),
    "events under another type": (says(OK + b"Content-Type: text/plain\r\n\r\n" + EVENT), PATIENT, "complete", 200, 0),
    "no content type": (says(OK + b"\r\n" + EVENT), PATIENT, "complete", 200, 0),
    "two content types": (
        says(OK + b"Content-Type: application/json\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT),
        PATIENT, "complete", 200, 0,
    ),
    "compressed, it says": (
        says(STREAM[:-2] + b"Content-Encoding: gzip\r\n\r\n" + EVENT), PATIENT, "complete", 200, 1,
    ),
    "bytes that are no text": (says(STREAM + bytes(range(256))), PATIENT, "complete", 200, 0),
    "silence": (hangs, HASTY, "deadline", None, 0),
    "half a head": (then_hangs(STREAM[:30]), HASTY, "deadline", None, 0),
    "silence after the head": (then_hangs(STREAM), HASTY, "deadline", 200, 0),
    "silence after an event": (then_hangs(STREAM + EVENT), HASTY, "deadline", 200, 1),
    "half a chunk": (then_hangs(CHUNKED + b"18\r\nevent"), HASTY, "deadline", 200, 0),
    "heartbeats for ever": (for_ever(b": heartbeat\n\n", 0.02), HASTY, "deadline", 200, 0),
    "fields without data for ever": (for_ever(b"event: values\n\n", 0.02), HASTY, "deadline", 200, 0),
    "a line that drips for ever": (for_ever(b"x", 0.02), HASTY, "deadline", 200, 0),
    "an endless fast stream": (for_ever(EVENT * 1000), SMALL, "cap", 200, -1),
    "an endless line": (for_ever(b"x" * MIB), SMALL, "cap", 200, 0),
    "an endless row of line endings": (for_ever(b"\n" * 1000), SMALL, "cap", 200, 0),
    "an endless answer that is no stream": (
        for_ever(b"[" * MIB, head=OK + b"Content-Type: application/json\r\n\r\n"), SMALL, "cap", 200, 0,
    ),
    "a large body": (for_ever(b" " * MIB, head=OK + b"Content-Length: 99999999999\r\n\r\n"), SMALL, "cap", 200, 0),
    "closed without an answer": (says(b""), PATIENT, "broken", None, 0),
    "reset without an answer": (then_resets(b""), PATIENT, "broken", None, 0),
    "reset within the stream": (then_resets(CHUNKED + b"18\r\n" + EVENT + b"\r\n"), PATIENT, "broken", 200, 1),
    "a chunked stream without its end": (says(CHUNKED + b"18\r\n" + EVENT + b"\r\n"), PATIENT, "broken", 200, 1),
    "a truncated chunk": (says(CHUNKED + b"99\r\n" + EVENT), PATIENT, "broken", 200, 1),
    "a chunk without a size": (says(CHUNKED + b"18\r\n" + EVENT + b"\r\nxyz\r\n"), PATIENT, "broken", 200, 1),
    "a truncated body": (says(STREAM[:-2] + b"Content-Length: 99\r\n\r\n" + EVENT), PATIENT, "broken", 200, 1),
    "half a head and closed": (says(STREAM[:30]), PATIENT, "broken", None, 0),
    "no HTTP": (says(b"SSH-2.0-OpenSSH\r\n"), PATIENT, "broken", None, 0),
    "a garbage status": (says(b"HTTP/1.1 abc OK\r\n\r\n"), PATIENT, "broken", None, 0),
    "a status of five digits": (says(b"HTTP/1.1 99999 OK\r\n\r\n"), PATIENT, "broken", None, 0),
    "a header that is none": (says(OK + b"no colon\r\n\r\n"), PATIENT, "broken", None, 0),
    "two lengths": (says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), PATIENT, "broken", None, 0),
    "a huge header": (says(OK + b"X-Big: " + b"x" * 200_000 + b"\r\n\r\n"), PATIENT, "broken", None, 0),
    "headers for ever": (for_ever(b"X-More: x\r\n" * 1000, head=OK), PATIENT, "broken", None, 0),
}  # fmt: skip


@pytest.mark.parametrize(("script", "limits", "how", "status", "events"), ENDINGS.values(), ids=ENDINGS)
def test_an_exchange_ends_and_tells_how(
    tmp_path: Path, script: Script, limits: Limits, how: str, status: int | None, events: int
) -> None:
    with serving(script) as fake:
        performance = perform(fake, tmp_path, one_stream, limits=limits)
    recording, exchange = recorded(tmp_path), only(tmp_path)
    assert (exchange.ending, exchange.status) == (how, status), exchange.detail
    assert bool(exchange.detail) == (how != "complete")
    assert exchange.ended is not None
    assert recording.stopped is None
    assert (performance.stopped is not None) == (how == "deadline")
    assert performance.answered_at_end
    assert performance.bytes_received == len(exchange.content) <= limits.exchange_bytes + PORTION
    heard = len(exchange.events) if exchange.is_stream else 0
    assert heard == events or (events < 0 < heard)
    assert fake.lines == ["POST /runs/stream"]


def test_a_stream_that_goes_on_too_long_is_closed(tmp_path: Path) -> None:
    with serving(for_ever(EVENT, 0.02)) as fake:
        performance = perform(fake, tmp_path, one_stream, limits=replace(PATIENT, length_s=0.3))
    exchange = only(tmp_path)
    assert (exchange.ending, performance.stopped) == ("length", None)
    assert exchange.detail == "limit reached: 0.3 s after its first event it had not ended"
    assert exchange.events


@pytest.mark.parametrize("block", [b"data\n\n", b":\n\n", b"\n\n"])
def test_a_stream_of_too_many_blocks_is_closed(tmp_path: Path, block: bytes) -> None:
    with serving(for_ever(block * 100, 0.001)) as fake:
        perform(fake, tmp_path, one_stream, limits=replace(PATIENT, exchange_blocks=1000))
    exchange = only(tmp_path)
    assert (exchange.ending, exchange.detail) == ("cap", "it sent more than 1,000 events; the rest was not read")
    assert len(exchange.content) <= 1000 * len(block) + 2 * PORTION


def test_a_run_that_brings_too_much_is_stopped(tmp_path: Path) -> None:
    async def another_stream(server: Any) -> None:
        await one_stream(server)

    limits = replace(PATIENT, session_bytes=MIB)
    with serving(for_ever(b":" + b"x" * 10_000 + EVENT, 0.001)) as fake:
        performance = perform(fake, tmp_path, one_stream, another_stream, limits=limits)
    assert performance.stopped == "limit reached: the server sent more than 1,048,576 bytes"
    both = [recorded(tmp_path, name).exchanges[0] for name in ("one_stream", "another_stream")]
    assert [exchange.ending for exchange in both] == ["cap", "cap"]


def test_a_run_ends_when_its_time_is_over(tmp_path: Path) -> None:
    async def another_stream(server: Any) -> None:
        await one_stream(server)

    with serving(for_ever(b"event: values\ndata: {}\n\n", 0.01)) as fake:
        performance = perform(fake, tmp_path, one_stream, another_stream, limits=replace(PATIENT, session_s=0.4))
    assert performance.stopped == ("limit reached: --max-seconds; give the run more, or select less of it with -k")
    both = [recorded(tmp_path, name).exchanges[0] for name in ("one_stream", "another_stream")]
    assert [exchange.ending for exchange in both] == ["length", "length"]
    assert all(exchange.events for exchange in both)


def test_a_server_that_hangs_costs_one_limit_for_the_whole_run(tmp_path: Path) -> None:
    async def patient(server: Any, number: int) -> None:
        thread = await server.threads.create()
        await server.runs.streamed(thread, input={})

    with serving(hangs) as fake:
        many = [variant(patient, number=number) for number in range(20)]
        performance = perform(Target("fake", fake.url, concurrency=3), tmp_path, *many, limits=HASTY)
    assert performance.stopped == "limit reached: no event arrived on any stream for 0.3 s"
    assert fake.lines == ["POST /threads"] * 3
    stopped = [recorded(tmp_path, f"patient-{number}").stopped or "" for number in range(20)]
    assert sum("`create thread` was not accepted: limit reached" in why for why in stopped) == 3
    assert sum("`create thread` was not sent: limit reached" in why for why in stopped) == 17


def test_a_server_that_answers_and_never_gets_done_costs_one_limit(tmp_path: Path) -> None:
    async def polls(server: Any) -> None:
        await server.runs.ended("t", "r")

    with serving(says(answer('{"status": "running"}'))) as fake:
        perform(fake, tmp_path, polls, limits=HASTY)
    recording = recorded(tmp_path, "polls")
    assert "limit reached: no event came" in (recording.stopped or "")
    assert {exchange.status for exchange in recording.exchanges} == {200}


def test_events_of_one_stream_keep_the_others_waiting(tmp_path: Path) -> None:
    async def quiet(server: Any) -> None:
        await server.runs.streamed("quiet", input={})

    async def lively(server: Any) -> None:
        await server.runs.streamed("lively", input={})

    async def drips(connection: Connection) -> None:
        await connection.send(STREAM)
        for _ in range(40):
            await connection.send(EVENT)
            await asyncio.sleep(0.02)
        finished.set()

    async def waits(connection: Connection) -> None:
        await connection.send(STREAM)
        await finished.wait()
        await connection.send(EVENT)

    finished = asyncio.Event()
    with serving({"POST /threads/lively": drips, "POST /threads/quiet": waits}) as fake:
        performance = perform(fake, tmp_path, quiet, lively, limits=replace(PATIENT, silence_s=0.4))
    assert performance.stopped is None
    assert len(recorded(tmp_path, "quiet").exchanges[0].events) == 1


def test_a_silence_on_purpose_does_not_count(tmp_path: Path) -> None:
    """Neither for the stream that is silent, nor for the others that are open meanwhile."""

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
        performance = perform(fake, tmp_path, quiet, limits=replace(PATIENT, silence_s=0.4))
    assert performance.stopped is None
    assert len(recorded(tmp_path, "quiet").exchanges[0].events) == 2


def test_a_server_that_hangs_after_a_silence_on_purpose_costs_one_limit_more(tmp_path: Path) -> None:
    async def quiet(server: Any) -> None:
        stream = server.runs.stream("quiet", input={})
        await stream.seen(1, "values")
        stream.silent_for(0.5)
        await stream.ended()

    with serving({"POST /threads/quiet": then_hangs(STREAM + EVENT)}) as fake:
        performance = perform(fake, tmp_path, quiet, limits=HASTY)
    assert "no event came" in (performance.stopped or "")


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("/threads/a/runs/b/stream", "/threads/a/runs/b/stream"),
        ("//other/threads", None),
        ("http://127.0.0.1/threads", None),
        ("/a b", None),
        ("", None),
    ],
)
def test_a_scenario_comes_back_to_nothing_but_a_path(tmp_path: Path, field: str, path: str | None) -> None:
    found: list[str | None] = []

    async def looks(server: Any) -> None:
        stream = await server.runs.streamed(None, input={})
        found.append(stream.location)

    head = STREAM.replace(b"\r\n\r\n", f"\r\nLocation: {field}\r\n\r\n".encode(), 1)
    with serving(says(head + EVENT)) as fake:
        perform(fake, tmp_path, looks)
    assert found == [path]


# --- readers that leave


def test_a_reader_may_leave_at_once(tmp_path: Path) -> None:
    async def leaves(server: Any) -> None:
        await server.runs.stream(None, input={}).leave()

    with serving(hangs) as fake:
        perform(fake, tmp_path, leaves)
    [exchange] = recorded(tmp_path, "leaves").exchanges
    assert (exchange.ending, exchange.detail, exchange.status) == ("left", "the suite's reader left", None)


def test_a_reader_that_leaves_closes_its_connection(tmp_path: Path) -> None:
    gone: list[str] = []

    async def notices(connection: Connection) -> None:
        await connection.send(STREAM + EVENT)
        await connection.left()
        gone.append(connection.line)

    async def leaves(server: Any) -> None:
        stream = server.runs.stream(None, input={}, stream_mode=["values"])
        await stream.seen(1, "values")
        await stream.leave()

    with serving(notices) as fake:
        perform(fake, tmp_path, leaves)
    [exchange] = recorded(tmp_path, "leaves").exchanges
    assert (exchange.ending, len(exchange.events), gone) == ("left", 1, ["POST /runs/stream"])


def test_what_a_scenario_leaves_open_is_closed(tmp_path: Path) -> None:
    async def forgets(server: Any) -> None:
        server.runs.stream(None, input={})
        await server.runs.stream(None, input={}, name="other").answered()

    with serving(then_hangs(STREAM)) as fake:
        perform(fake, tmp_path, forgets)
    assert [(one.ending, one.detail) for one in recorded(tmp_path, "forgets").exchanges] == [
        ("left", "the scenario ended"), ("left", "the scenario ended"),
    ]  # fmt: skip


# --- scenarios that cannot go on

ENOUGH = {
    "POST /threads": says(answer("{}")),
    "GET /threads/t ": says(answer("[]")),
    "GET /threads/t/state": says(answer("{", 200)),
    "POST /runs/stream": says(STREAM + b"event: metadata\ndata: {}\n\n"),
    "GET /page": says(answer("<html>", media="text/html")),
}


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (lambda server: server.threads.create(), "the answer to `create thread` has no text `thread_id`"),
        (lambda server: server.runs.create("x"), "the answer to `create run` has no text `run_id`"),
        (lambda server: server.runs.ended("x", "r"), "`poll run` was not accepted: status 404"),
        (lambda server: server.threads.state_when("t", bool), "the answer to `poll state` is no JSON: Expecting"),
        (lambda server: server.runs.stream(None).run_id(), "`stream` has no metadata event that tells its run_id"),
        (
            lambda server: server.runs.stream(None).seen(1, "messages-tuple"),
            "`stream` ended before 1 `messages` events had come",
        ),
        (lambda server: server.runs.stream("none").answered(), "`stream` was not answered with an event stream"),
    ],
)
def test_a_scenario_that_cannot_go_on_says_why(tmp_path: Path, step: Any, why: str) -> None:
    async def steps(server: Any) -> None:
        await step(server)

    with serving(ENOUGH) as fake:
        perform(fake, tmp_path, steps)
    assert (recorded(tmp_path, "steps").stopped or "").startswith(why)


def test_a_closed_port_is_told_once_and_nothing_is_sent(tmp_path: Path) -> None:
    url = closed_url()
    performance = perform(Target("none", url), tmp_path, one_stream)
    assert performance.stopped is not None
    assert performance.stopped.startswith(f"{url} cannot be reached (")
    assert not performance.answered_at_end
    recording = recorded(tmp_path)
    assert recording.exchanges == []
    assert recording.stopped == f"`stream` was not sent: {performance.stopped}"


def test_a_graph_whose_url_is_closed_is_unreachable(tmp_path: Path) -> None:
    with serving({}) as fake:
        target = Target("fake", fake.url, urls={"joke": closed_url()})
        performance = perform(target, tmp_path, one_stream)
    assert (only(tmp_path).ending, only(tmp_path).status) == ("unreachable", None)
    assert (performance.stopped, performance.answered_at_end) == (None, True)
    assert judged(tmp_path).word == "cantTell"


def test_a_server_that_goes_away_is_noticed_at_the_end(tmp_path: Path) -> None:
    async def only_once(connection: Connection) -> None:
        if [one.line for one in fake.heard].count("GET /") == 1:
            await connection.send(answer("{}"))

    with serving({"GET / ": only_once, "": says(STREAM + EVENT)}) as fake:
        performance = perform(fake, tmp_path, one_stream)
    assert (performance.stopped, performance.answered_at_end) == (None, False)


# --- what is sent, and where


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(tmp_path: Path) -> None:
    with serving({}) as other:
        redirect = answer("", 307, f"Location: {other.url}/runs/stream")
        with serving({"": says(redirect)}) as fake:
            perform(Target("fake", fake.url, headers={"x-api-key": KEY}), tmp_path, one_stream)
    assert other.heard == []
    assert fake.lines == ["POST /runs/stream"]
    assert [one.fields.get("x-api-key") for one in fake.heard if one.line != "GET /"] == [KEY]
    assert only(tmp_path).status == 307
    assert KEY not in (tmp_path / "one_stream.jsonl").read_text()


def test_a_request_is_sent_as_it_is_recorded(tmp_path: Path) -> None:
    with serving(says(STREAM)) as fake:
        perform(fake, tmp_path, one_stream)
    exchange, sent = only(tmp_path), fake.heard[1]
    assert sent.body.decode() == exchange.body
    assert json.loads(sent.body) == {"assistant_id": "joke", "input": {}, "stream_mode": ["values"]}
    assert all(sent.fields[name.lower()] == value for name, value in exchange.request_headers)
    assert sent.fields["accept-encoding"] == "identity"  # what is recorded must be readable


@pytest.mark.parametrize("body", ["", "{", "null", "é\ud800", "x" * 100_000])
def test_a_raw_body_is_sent_byte_for_byte(tmp_path: Path, body: str) -> None:
    async def raw(server: Any) -> None:
        await server.runs.streamed(None, body=body)

    with serving(says(STREAM)) as fake:
        perform(fake, tmp_path, raw)
    assert fake.heard[1].body == body.encode("utf-8", "surrogatepass")
    assert recorded(tmp_path, "raw").exchanges[0].body == body


def test_a_server_cannot_lead_to_another_path_by_its_ids(tmp_path: Path) -> None:
    async def follows(server: Any) -> None:
        thread = await server.threads.create()
        await server.threads.get(thread)

    with serving({"POST /threads": says(answer('{"thread_id": "../..//evil?x#y"}'))}) as fake:
        perform(fake, tmp_path, follows, keep_threads=True)
    assert fake.lines == ["POST /threads", "GET /threads/..%2F..%2F%2Fevil%3Fx%23y"]


# --- what is on disk


def test_what_has_come_is_on_disk_while_the_run_goes_on(tmp_path: Path) -> None:
    seen: list[Recording] = []

    async def looks(server: Any) -> None:
        stream = server.runs.stream(None, input={}, stream_mode=["values"])
        await stream.seen(1, "values")
        seen.append(recorded(tmp_path, "looks"))
        await stream.leave()

    with serving(then_hangs(STREAM + EVENT)) as fake:
        perform(fake, tmp_path, looks)
    [exchange] = seen[0].exchanges
    assert (len(exchange.events), exchange.ended, seen[0].stopped) == (1, None, "the recording breaks off")


def test_numbers_run_through_all_recordings_of_a_run(tmp_path: Path) -> None:
    async def talks(server: Any, number: int) -> None:
        await server.runs.streamed(None, input={})

    with serving(says(STREAM + EVENT)) as fake:
        perform(fake, tmp_path, *(variant(talks, number=number) for number in range(5)))
    numbers: list[int | None] = []
    for exchange in (recorded(tmp_path, f"talks-{number}").exchanges[0] for number in range(5)):
        own = [exchange.sent, exchange.answered, *(chunk.seq for chunk in exchange.chunks), exchange.ended]
        assert own == sorted(own, key=lambda number: number or 0)
        numbers += own
    assert sorted(number or 0 for number in numbers) == list(range(1, len(numbers) + 1))


# --- tidying up


async def makes_a_thread_and_a_run(server: Any) -> None:
    thread = await server.threads.create()
    await server.runs.create(thread, input={})


TIDY = {
    "POST /threads/t/runs ": says(answer('{"run_id": "r"}')),
    "POST /threads ": says(answer('{"thread_id": "t"}')),
}


def test_threads_and_runs_of_the_suite_are_cleared_away(tmp_path: Path) -> None:
    with serving(TIDY) as fake:
        perform(fake, tmp_path, makes_a_thread_and_a_run)
    assert fake.lines == ["POST /threads", "POST /threads/t/runs", "POST /threads/t/runs/r/cancel", "DELETE /threads/t"]


def test_threads_are_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    with serving(TIDY) as fake:
        perform(fake, tmp_path, makes_a_thread_and_a_run, keep_threads=True)
    assert fake.lines == ["POST /threads", "POST /threads/t/runs"]


@pytest.mark.parametrize("script", [hangs, says(b""), says(b"garbage\r\n\r\n"), then_resets(b"")])
def test_a_server_that_cannot_clear_away_is_none_the_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    monkeypatch.setattr(recorder, "CLEAN_UP_S", 0.2)
    clearing = {"POST /threads/t/runs/r/cancel": script, "DELETE": script}
    with serving(clearing | TIDY) as fake:
        performance = perform(fake, tmp_path, makes_a_thread_and_a_run)
    assert (performance.stopped, performance.answered_at_end) == (None, True)
    assert "POST /threads/t/runs/r/cancel" in fake.lines


# --- what a check makes of it


def holds(one_stream: RecordingView) -> None:
    """A check as the suite has them; named so that pytest does not take it for a test of its own."""
    expect(one_stream["stream"]["values"], "there are no values")


def judged(folder: Path, stopped: str | None = None) -> Outcome:
    item = Item(Check("transport.one", holds), (variant(one_stream),), {})
    return judge(item, SessionRecordings([recorded(folder)], stopped))


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_cannot_be_judged_and_the_way_out_is_told(tmp_path: Path, status: int) -> None:
    with serving(says(answer("", status, "Retry-After: 1"))) as fake:
        perform(fake, tmp_path, one_stream)
    outcome = judged(tmp_path)
    assert outcome.word == "cantTell"
    assert f"was answered with {status}" in outcome.message
    assert "--concurrency" in outcome.message
    assert fake.lines == ["POST /runs/stream"]  # and it is not asked again and again


@pytest.mark.parametrize(
    ("script", "limits", "word", "said"),
    [
        (says(STREAM + EVENT), PATIENT, "passed", ""),
        (says(STREAM + b"event: metadata\ndata: {}\n\n"), PATIENT, "failed", "there are no values"),
        (says(answer('{"detail": "no"}', 404)), PATIENT, "cantTell", "`lg-conformance graphs DIR`"),
        (hangs, HASTY, "cantTell", "limit reached: no event arrived on any stream for 0.3 s"),
        (then_hangs(STREAM), HASTY, "cantTell", "limit reached: no event arrived on any stream for 0.3 s"),
        (
            for_ever(b": heartbeat\n\n", 0.02),
            HASTY,
            "cantTell",
            "limit reached: no event arrived on any stream for 0.3 s",
        ),
    ],
)
def test_an_outcome_tells_why(tmp_path: Path, script: Script, limits: Limits, word: str, said: str) -> None:
    with serving(script) as fake:
        performance = perform(fake, tmp_path, one_stream, limits=limits)
    outcome = judged(tmp_path, performance.stopped)
    assert (outcome.word, said in outcome.message) == (word, True), outcome.message
