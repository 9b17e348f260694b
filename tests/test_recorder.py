"""The recorder performs scenarios, records at once, cleans up, and says why a scenario could not continue."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.authoring.expectations import expect
from conformance.authoring.registry import Check
from conformance.authoring.views import RecordingView, SessionRecordings
from conformance.evidence.recording import Recording
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import Outcome
from conformance.record.limits import Limits
from conformance.targets.target import Target

from .fakes import EVENT, STREAM, Connection, Script, answer, closed_url, says, serving
from .performing import (
    GENEROUS,
    KEY,
    SHORT_SILENCE,
    for_ever,
    hangs,
    one_stream,
    only,
    perform,
    recorded,
    then_hangs,
    then_resets,
    variant,
)

# --- readers that leave


def test_a_reader_may_leave_at_once(tmp_path: Path) -> None:
    async def leaves(server: Any) -> None:
        await server.runs.stream(None, input={}).leave()

    with serving(hangs) as fake:
        perform(fake, tmp_path, leaves)
    [exchange] = recorded(tmp_path, "leaves").exchanges
    assert (exchange.ending, exchange.detail, exchange.status) == ("left", "the suite's reader left", None)


def test_a_reader_that_leaves_closes_its_connection(tmp_path: Path) -> None:
    closed: list[str] = []

    async def notices(connection: Connection) -> None:
        await connection.send(STREAM + EVENT)
        await connection.left()
        closed.append(connection.line)

    async def leaves(server: Any) -> None:
        stream = server.runs.stream(None, input={}, stream_mode=["values"])
        await stream.seen(1, "values")
        await stream.leave()

    with serving(notices) as fake:
        perform(fake, tmp_path, leaves)
    [exchange] = recorded(tmp_path, "leaves").exchanges
    assert (exchange.ending, len(exchange.events), closed) == ("left", 1, ["POST /runs/stream"])


def test_what_a_scenario_leaves_open_is_closed(tmp_path: Path) -> None:
    async def forgets(server: Any) -> None:
        server.runs.stream(None, input={})
        await server.runs.stream(None, input={}, name="other").answered()

    with serving(then_hangs(STREAM)) as fake:
        perform(fake, tmp_path, forgets)
    assert [(one.ending, one.detail) for one in recorded(tmp_path, "forgets").exchanges] == [
        ("left", "the scenario ended"), ("left", "the scenario ended"),
    ]  # fmt: skip


# --- scenarios that cannot continue

INCOMPLETE = {
    "POST /threads": says(answer("{}")),
    "GET /threads/t ": says(answer("[]")),
    "GET /threads/t/state": says(answer("{", 200)),
    "POST /runs/stream": says(STREAM + b"event: metadata\ndata: {}\n\n"),
    "GET /page": says(answer("<html>", media="text/html")),
}


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (lambda server: server.threads.create(), ["`create thread`", "`thread_id`"]),
        (lambda server: server.runs.create("x"), ["`create run`", "`run_id`"]),
        (lambda server: server.runs.ended("x", "r"), ["`poll run`", "status 404"]),
        (lambda server: server.threads.state_when("t", bool), ["`poll state`", "not JSON"]),
        (lambda server: server.runs.stream(None).run_id(), ["`stream`", "metadata", "run_id"]),
        (lambda server: server.runs.stream(None).seen(1, "messages-tuple"), ["`stream`", "1 `messages`"]),
        (lambda server: server.runs.stream("none").answered(), ["`stream`", "event stream"]),
    ],
)
def test_a_recording_says_why_its_scenario_could_not_continue(tmp_path: Path, step: Any, named: list[str]) -> None:
    async def steps(server: Any) -> None:
        await step(server)

    with serving(INCOMPLETE) as fake:
        perform(fake, tmp_path, steps)
    stopped = recorded(tmp_path, "steps").stopped or ""
    assert [part for part in named if part not in stopped] == [], stopped


def test_nothing_is_sent_to_a_closed_port(tmp_path: Path) -> None:
    url = closed_url()
    summary = perform(Target("none", url), tmp_path, one_stream)
    assert summary.stopped is not None
    assert url in summary.stopped
    assert not summary.answered_at_end
    recording = recorded(tmp_path)
    assert recording.exchanges == []
    assert "`stream`" in (recording.stopped or "")
    assert summary.stopped in (recording.stopped or "")


def test_a_graph_whose_url_is_closed_is_unreachable(tmp_path: Path) -> None:
    with serving({}) as fake:
        target = Target("fake", fake.url, urls={"joke": closed_url()})
        summary = perform(target, tmp_path, one_stream)
    assert (only(tmp_path).ending, only(tmp_path).status) == ("unreachable", None)
    assert (summary.stopped, summary.answered_at_end) == (None, True)
    assert judged(tmp_path).word == "cantTell"


def test_the_summary_says_whether_the_server_still_answers(tmp_path: Path) -> None:
    async def only_once(connection: Connection) -> None:
        if [one.line for one in fake.received].count("GET /") == 1:
            await connection.send(answer("{}"))

    with serving({"GET / ": only_once, "": says(STREAM + EVENT)}) as fake:
        summary = perform(fake, tmp_path, one_stream)
    assert (summary.stopped, summary.answered_at_end) == (None, False)


# --- requests


def test_a_redirect_is_not_followed_so_that_the_key_is_sent_to_the_target_alone(tmp_path: Path) -> None:
    with serving({}) as other:
        redirect = answer("", 307, f"Location: {other.url}/runs/stream")
        with serving({"": says(redirect)}) as fake:
            perform(Target("fake", fake.url, headers={"x-api-key": KEY}), tmp_path, one_stream)
    assert other.received == []
    assert fake.lines == ["POST /runs/stream"]
    assert [one.fields.get("x-api-key") for one in fake.received if one.line != "GET /"] == [KEY]
    assert only(tmp_path).status == 307
    assert KEY not in (tmp_path / "one_stream.jsonl").read_text()


def test_a_request_is_sent_as_it_is_recorded(tmp_path: Path) -> None:
    with serving(says(STREAM)) as fake:
        perform(fake, tmp_path, one_stream)
    exchange, sent = only(tmp_path), fake.received[1]
    assert sent.body.decode() == exchange.body
    assert json.loads(sent.body) == {"assistant_id": "joke", "input": {}, "stream_mode": ["values"]}
    assert all(sent.fields[name.lower()] == value for name, value in exchange.request_headers)
    assert sent.fields["accept-encoding"] == "identity"  # so that what is recorded is readable


@pytest.mark.parametrize("body", ["", "{", "null", "é\ud800", "x" * 100_000])
def test_a_raw_body_is_sent_byte_for_byte(tmp_path: Path, body: str) -> None:
    async def raw(server: Any) -> None:
        await server.runs.streamed(None, body=body)

    with serving(says(STREAM)) as fake:
        perform(fake, tmp_path, raw)
    assert fake.received[1].body == body.encode("utf-8", "surrogatepass")
    assert recorded(tmp_path, "raw").exchanges[0].body == body


def test_an_id_from_the_server_cannot_change_the_path(tmp_path: Path) -> None:
    async def follows(server: Any) -> None:
        thread = await server.threads.create()
        await server.threads.get(thread)

    with serving({"POST /threads": says(answer('{"thread_id": "../..//evil?x#y"}'))}) as fake:
        perform(fake, tmp_path, follows, keep_threads=True)
    assert fake.lines == ["POST /threads", "GET /threads/..%2F..%2F%2Fevil%3Fx%23y"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/threads/a/runs/b/stream", "/threads/a/runs/b/stream"),
        ("//other/threads", None),
        ("http://127.0.0.1/threads", None),
        ("/a b", None),
        ("", None),
    ],
)
def test_a_scenario_reconnects_to_a_path_alone(tmp_path: Path, location: str, path: str | None) -> None:
    found: list[str | None] = []

    async def looks(server: Any) -> None:
        stream = await server.runs.streamed(None, input={})
        found.append(stream.location)

    head = STREAM.replace(b"\r\n\r\n", f"\r\nLocation: {location}\r\n\r\n".encode(), 1)
    with serving(says(head + EVENT)) as fake:
        perform(fake, tmp_path, looks)
    assert found == [path]


# --- recordings on disk


def test_what_was_received_is_on_disk_at_once(tmp_path: Path) -> None:
    read: list[Recording] = []

    async def looks(server: Any) -> None:
        stream = server.runs.stream(None, input={}, stream_mode=["values"])
        await stream.seen(1, "values")
        read.append(recorded(tmp_path, "looks"))
        await stream.leave()

    with serving(then_hangs(STREAM + EVENT)) as fake:
        perform(fake, tmp_path, looks)
    [exchange] = read[0].exchanges
    assert (len(exchange.events), exchange.ended, read[0].stopped) == (1, None, "the recording breaks off")


def test_running_numbers_are_unique_in_a_session(tmp_path: Path) -> None:
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


# --- clean-up


async def creates_a_thread_and_a_run(server: Any) -> None:
    thread = await server.threads.create()
    await server.runs.create(thread, input={})


CREATES = {
    "POST /threads/t/runs ": says(answer('{"run_id": "r"}')),
    "POST /threads ": says(answer('{"thread_id": "t"}')),
}


def test_threads_and_runs_of_the_suite_are_deleted(tmp_path: Path) -> None:
    with serving(CREATES) as fake:
        perform(fake, tmp_path, creates_a_thread_and_a_run)
    assert fake.lines == ["POST /threads", "POST /threads/t/runs", "POST /threads/t/runs/r/cancel", "DELETE /threads/t"]


def test_threads_can_be_kept(tmp_path: Path) -> None:
    with serving(CREATES) as fake:
        perform(fake, tmp_path, creates_a_thread_and_a_run, keep_threads=True)
    assert fake.lines == ["POST /threads", "POST /threads/t/runs"]


@pytest.mark.parametrize("script", [hangs, says(b""), says(b"garbage\r\n\r\n"), then_resets(b"")])
def test_failures_of_the_clean_up_are_ignored(tmp_path: Path, script: Script) -> None:
    fails = {"POST /threads/t/runs/r/cancel": script, "DELETE": script}
    with serving(fails | CREATES) as fake:
        summary = perform(fake, tmp_path, creates_a_thread_and_a_run, limits=replace(GENEROUS, clean_up_s=0.2))
    assert (summary.stopped, summary.answered_at_end) == (None, True)
    assert "POST /threads/t/runs/r/cancel" in fake.lines


# --- outcomes


def has_values(recording: RecordingView) -> None:
    """A check; its name does not begin with `test`, because pytest must not collect it."""
    expect(recording["stream"]["values"], "there are no values")


def judged(folder: Path, stopped: str | None = None) -> Outcome:
    item = Item(Check("transport.one", has_values), (variant(one_stream),), {})
    return judge(item, SessionRecordings([recorded(folder)], stopped))


@pytest.mark.parametrize("status", [429, 503])
def test_the_outcome_of_a_busy_server_is_inconclusive_and_names_the_fix(tmp_path: Path, status: int) -> None:
    with serving(says(answer("", status, "Retry-After: 0"))) as fake:
        perform(fake, tmp_path, one_stream)
    outcome = judged(tmp_path)
    assert outcome.word == "cantTell"
    assert str(status) in outcome.message
    assert "--concurrency" in outcome.message


@pytest.mark.parametrize(
    ("script", "limits", "word", "reason"),
    [
        (says(STREAM + EVENT), GENEROUS, "passed", ""),
        (
            says(STREAM + b"event: metadata\ndata: {}\n\n"),
            GENEROUS,
            "cantTell",
            "(see stateless.same-output): there are no values",
        ),
        (says(answer('{"detail": "no assistant"}', 404)), GENEROUS, "cantTell", "`lg-conformance graphs DIR`"),
        (hangs, SHORT_SILENCE, "cantTell", "no event on it for 0.3 s"),
        (then_hangs(STREAM), SHORT_SILENCE, "cantTell", "no event on it for 0.3 s"),
        (for_ever(b": heartbeat\n\n", 0.02), SHORT_SILENCE, "cantTell", "no event on it for 0.3 s"),
    ],
)
def test_an_outcome_says_why(tmp_path: Path, script: Script, limits: Limits, word: str, reason: str) -> None:
    with serving(script) as fake:
        summary = perform(fake, tmp_path, one_stream, limits=limits)
    outcome = judged(tmp_path, summary.stopped)
    assert (outcome.word, reason in outcome.message) == (word, True), outcome.message
