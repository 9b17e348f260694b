"""Recordings played back: the same bytes over HTTP, the same end, and the same judgement."""

import asyncio
import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.recording import Recording
from conformance.judging.verdict import USAGE
from conformance.replay import replay
from conformance.replay.matching import Step, Tracks, ask
from conformance.replay.replay import Replay, recordings_at
from conformance.settings import UsageError
from conformance.wire.endings import BROKEN, LEFT
from conformance.wire.http_server import address

from . import golden
from .test_plugin import environment
from .test_servers import outcomes, report

OF_THE_SERVER: dict[str, str] = {}
"""Checks whose outcome is another over a replay, because a recording does not hold what they need, and why.

There is none: what a scenario asks of a server's state is an exchange of its recording.  Another client may ask more.
"""


@contextmanager
def serving(path: Path, folder: Path) -> Iterator[str]:
    """`lg-conformance replay`; gives its URL."""
    command = [sys.executable, "-m", "conformance", "replay", str(path)]
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().partition(" ")[0]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_a_replay_is_judged_over_http_as_its_recordings_are(tmp_path: Path) -> None:
    with serving(golden.FOLDER, tmp_path) as url:
        command = [sys.executable, "-m", "conformance", "run", "--url", url, "--report-dir", "out", "-q"]
        options = ["--concurrency", "200", "--tb=no"]
        done = subprocess.run(
            [*command, *options], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
        )
    found = outcomes(report(tmp_path / "out"))
    assert len(found) > 300
    differing = {id for id, word in found.items() if golden.outcomes()[id].word != word}
    assert differing == OF_THE_SERVER.keys(), done.stdout


@pytest.mark.parametrize("seed", range(3))
def test_every_request_finds_its_exchange_in_whatever_order_scenarios_are_performed(seed: int) -> None:
    """Fifty clients at once, each following a recording with the ids that it is told, get what fits that recording."""
    chance = random.Random(seed)
    tracks = Tracks(golden.good().recordings.values())
    waiting = [Client(one) for one in golden.good().recordings.values()]
    chance.shuffle(waiting)
    performing: list[Client] = []
    while waiting or performing:
        while waiting and len(performing) < 50:
            performing.append(waiting.pop())
        client = chance.choice(performing)
        client.ask_next(tracks)
        if not client.left:
            performing.remove(client)


class Client:
    """Asks what a recording asked, in the ids that it is told."""

    def __init__(self, recording: Recording) -> None:
        self.left = list(recording.exchanges)
        self._ids: dict[str, str] = {}

    def ask_next(self, tracks: Tracks) -> None:
        sent = self.left.pop(0)
        found = tracks.take(ask(sent.method, self._live(sent.path), sent.body and self._live(sent.body)))
        assert found is not None, f"{sent.method} {sent.path} {sent.body}"
        track, step = found
        assert (step.exchange.method, step.exchange.status) == (sent.method, sent.status)
        for recorded, played in zip(Step(sent, step.ask).tells, step.tells, strict=False):
            self._ids.setdefault(recorded, track.translated(played.encode()).decode())

    def _live(self, text: str) -> str:
        for recorded, told in self._ids.items():
            text = text.replace(recorded, told)
        return text


def single(name: str) -> Recording:
    return read_recording(golden.FOLDER / f"{name}.jsonl")


def follow(recording: Recording) -> list[tuple[Exchange, int, list[tuple[str, str]], bytes, str]]:
    """Perform what a recording performed against a replay of it; each exchange with what came of it."""

    async def perform() -> Any:
        server = await Replay([recording], speed=50).serve(0)
        async with server, httpx.AsyncClient(base_url=address(server), timeout=5) as http:
            return [(exchange, *await asked(http, exchange)) for exchange in recording.exchanges]

    return list(asyncio.run(perform()))


async def asked(http: httpx.AsyncClient, sent: Exchange) -> tuple[int, list[tuple[str, str]], bytes, str]:
    data, how = b"", "complete"
    async with http.stream(sent.method, sent.path, content=sent.body) as response:
        try:
            async with asyncio.timeout(2):
                async for part in response.aiter_raw():
                    data += part
        except httpx.HTTPError:
            how = BROKEN
        except TimeoutError:
            how = "open"
    fields = [(name.decode(), value.decode()) for name, value in response.headers.raw]
    return response.status_code, fields, data, how


@pytest.mark.parametrize("name", ["joke_updates", "unicode_text-joke", "state_after_the_stream-joke", "unknown_mode-5"])
def test_a_client_that_follows_a_recording_gets_its_very_bytes(name: str) -> None:
    for sent, status, fields, data, how in follow(single(name)):
        assert (status, data, how) == (sent.status, sent.content, sent.ending)
        kept = [field for field in sent.headers if field[0] != "connection"]
        assert fields == [*kept, ("connection", "close")]


@pytest.mark.parametrize("framing", ["chunked", "length", "none"])
@pytest.mark.parametrize(("recorded", "seen"), [(BROKEN, BROKEN), (LEFT, "open"), ("deadline", "open")])
def test_an_exchange_ends_as_it_did(recorded: str, seen: str, framing: str) -> None:
    """A body whose end only the connection tells must not look complete either."""
    recording = single("joke_updates")
    told = {"chunked": ("transfer-encoding", "chunked"), "length": ("content-length", "999999")}.get(framing)
    last = recording.exchanges[-1]
    others = [field for field in last.headers if field[0] not in ("transfer-encoding", "content-length")]
    recording.exchanges[-1] = replace(last, ending=recorded, headers=[*others, *([told] if told else [])])
    _, _, _, data, how = follow(recording)[-1]
    assert (data, how) == (last.content, seen)


def test_what_was_recorded_before_another_request_is_all_that_is_sent_before_it() -> None:
    """A joiner that comes late finds the stream where it was, not where the clock would have it."""
    recording = single("three_readers")
    join = next(one for one in recording.exchanges if one.name == "third")
    first = next(one for one in recording.exchanges if one.name == "first")
    before = b"".join(chunk.data for chunk in first.chunks if chunk.seq < join.sent)

    async def perform() -> tuple[bytes, bytes]:
        server = await Replay([recording], speed=1000).serve(0)
        async with server, httpx.AsyncClient(base_url=address(server), timeout=5) as http:
            for exchange in recording.exchanges[: recording.exchanges.index(first)]:
                await asked(http, exchange)
            async with http.stream(first.method, first.path) as reading:
                data, parts = b"", reading.aiter_raw()
                others = [one for one in recording.exchanges if first.sent < one.sent < join.sent]
                tasks = [asyncio.create_task(asked(http, one)) for one in others]
                while len(data) < len(before):
                    data += await anext(parts)
                more = asyncio.ensure_future(anext(parts))
                await asyncio.sleep(0.2)  # 200 s of the recording
                early = data + (more.result() if more.done() else b"")
                tasks.append(asyncio.create_task(asked(http, join)))
                data += await more + b"".join([part async for part in parts])
                await asyncio.gather(*tasks)
                return early, data

    early, whole = asyncio.run(perform())
    assert early == before
    assert whole == first.content
    assert before != whole


def test_a_request_that_was_not_recorded_is_told_so() -> None:
    async def perform() -> list[httpx.Response]:
        server = await Replay([single("joke_updates")]).serve(0)
        async with server, httpx.AsyncClient(base_url=address(server), timeout=5) as http:
            asked = [await http.post("/threads", json={"metadata": {}}), await http.get("/")]
            return asked

    for response in asyncio.run(perform()):
        assert response.status_code == 404
        assert "no recorded exchange" in response.json()["detail"]


def test_another_client_may_leave_out_what_it_does_not_care_for() -> None:
    """An SDK sends defaults, a mode in a list, and parameters of its own; no recording was asked so."""
    recording = single("joke_updates")
    sent = recording.exchanges[-1]
    tracks = Tracks([recording])
    assert tracks.take(ask("POST", "/threads", recording.exchanges[0].body)) is not None
    body = {**json.loads(sent.body or ""), "stream_subgraphs": False, "stream_resumable": False, "command": None}
    found = tracks.take(ask("POST", f"/base{sent.path}?x=1", json.dumps(body, indent=1)))
    assert found is not None
    assert found[1].exchange is sent


def test_ids_that_stand_in_two_chunks_are_told_whole() -> None:
    """Bytes are exchanged in the whole answer, whose chunks stay as long as they were."""
    recording = single("joke_updates")
    thread = json.loads(recording.exchanges[0].content)["thread_id"]
    other = single("joke_in_mode-updates")
    content = recording.exchanges[-1].content
    split = [Chunk(0, 0.0, content[number : number + 7]) for number in range(0, len(content), 7)]
    recording.exchanges[-1] = replace(recording.exchanges[-1], chunks=split)
    tracks = Tracks([other, recording])
    first = tracks.take(ask("POST", "/threads", other.exchanges[0].body))
    assert first is not None
    told = json.loads(first[0].translated(first[1].exchange.content))["thread_id"]
    found = tracks.take(ask("POST", recording.exchanges[-1].path.replace(thread, told), recording.exchanges[-1].body))
    assert found is not None
    assert len(found[0].translated(found[1].exchange.content)) == len(found[1].exchange.content)


def refused(*arguments: str) -> str:
    command = [sys.executable, "-m", "conformance", "replay", *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == USAGE, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    (tmp_path / "empty").mkdir()
    for path, said in {"none": "does not exist", "empty": "holds no recordings", "bad.jsonl": "no recording"}.items():
        with pytest.raises(UsageError, match=said):
            recordings_at(tmp_path / path)
    assert "does not exist" in refused(str(tmp_path / "none"))
    assert "--speed" in refused(str(golden.FOLDER), "--speed", "0")


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port}" in refused(str(golden.FOLDER / "joke_updates.jsonl"), "--port", port)
    assert "port 99999" in refused(str(golden.FOLDER / "joke_updates.jsonl"), "--port", "99999")


def test_what_can_be_asked_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "POST /threads/*/runs/stream" in replay.asked_of([single("joke_updates")])
    monkeypatch.setattr(replay, "SHOWN", 1)
    assert replay.asked_of([single("joke_updates")]).endswith("  and 1 more")
