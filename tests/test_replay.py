"""The replay server sends the recorded bytes, ends as recorded, and is judged as the recordings are."""

import asyncio
import json
import random
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.judging.verdict import USAGE
from conformance.replay import replay
from conformance.replay.matching import Matcher
from conformance.replay.replay import Replay, recordings_at
from conformance.replay.tracks import Step, request_key
from conformance.settings import UsageError
from conformance.wire.endings import BROKEN, LEFT
from conformance.wire.http_server import address

from . import golden
from .test_plugin import environment
from .test_servers import outcomes, report

DIFFERENT: dict[str, str] = {}
"""Checks with another outcome on the replay server, and what they need that a recording does not contain.

There are none, because the requests with which a scenario asks for the state of the server are in its recording too.
"""

Result = tuple[int, list[tuple[str, str]], bytes, str]
"""What a client received: status, headers and body, and how the response ended."""


@contextmanager
def serving(path: Path, folder: Path) -> Iterator[str]:
    """Run `lg-conformance replay`; yield its URL."""
    command = [sys.executable, "-m", "conformance", "replay", str(path)]
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().partition(" ")[0]
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def test_a_replay_has_the_outcomes_of_its_recordings(tmp_path: Path) -> None:
    with serving(golden.SOURCE.path, tmp_path) as url:
        command = [sys.executable, "-m", "conformance", "run", "--url", url, "--report-dir", "out", "-q"]
        options = ["--concurrency", "200", "--tb=no"]
        done = subprocess.run(
            [*command, *options], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
        )
    found = outcomes(report(tmp_path / "out"))
    assert len(found) > 300
    differing = {id for id, word in found.items() if golden.outcomes()[id].word != word}
    assert differing == DIFFERENT.keys(), done.stdout


@pytest.mark.parametrize("seed", range(3))
def test_every_request_finds_its_exchange_whatever_the_order_of_scenarios(seed: int) -> None:
    """Fifty clients at once, each of which follows a recording with the ids that it receives."""
    chance = random.Random(seed)
    matcher = Matcher(golden.good().recordings.values())
    waiting = [Client(one) for one in golden.good().recordings.values()]
    chance.shuffle(waiting)
    performing: list[Client] = []
    while waiting or performing:
        while waiting and len(performing) < 50:
            performing.append(waiting.pop())
        client = chance.choice(performing)
        client.ask_next(matcher)
        if not client.left:
            performing.remove(client)


class Client:
    """Sends the requests of a recording, with the ids that it receives."""

    def __init__(self, recording: Recording) -> None:
        self.left = list(recording.exchanges)
        self._ids: dict[str, str] = {}

    def ask_next(self, matcher: Matcher) -> None:
        """Send the next request, and check that the answer fits it."""
        sent = self.left.pop(0)
        found = matcher.take(request_key(sent.method, self._current(sent.path), sent.body and self._current(sent.body)))
        assert found is not None, f"{sent.method} {sent.path} {sent.body}"
        track, step = found
        assert (step.exchange.method, step.exchange.status) == (sent.method, sent.status)
        for recorded, played in zip(Step(sent, step.key).sent_ids, step.sent_ids, strict=False):
            self._ids.setdefault(recorded, track.translated(played.encode()).decode())

    def _current(self, text: str) -> str:
        """Return a recorded text with the ids that this client has received."""
        for recorded, received in self._ids.items():
            text = text.replace(recorded, received)
        return text


def single(name: str) -> Recording:
    """Return one of the golden recordings, as a new object."""
    return golden.single(name)


def follow(recording: Recording, *, chunked: bool = False) -> list[Result]:
    """Send the requests of a recording to a replay of it; return what was received, one result for each exchange."""

    async def perform() -> list[Result]:
        server = await Replay([recording], speed=50).serve(0)
        async with server, httpx.AsyncClient(base_url=address(server), timeout=60) as http:
            return [await asked(http, exchange, chunked=chunked) for exchange in recording.exchanges]

    return asyncio.run(perform())


async def asked(http: httpx.AsyncClient, sent: Exchange, *, chunked: bool = False) -> Result:
    """Send a recorded request; its body has a Content-Length, or is chunked."""
    data, ending = b"", "complete"
    content = in_portions(sent.body) if chunked and sent.body else sent.body
    async with http.stream(sent.method, sent.path, content=content) as response:
        try:
            async with asyncio.timeout(2):
                async for part in response.aiter_raw():
                    data += part
        except httpx.HTTPError:
            ending = BROKEN
        except TimeoutError:
            ending = "open"
    headers = [(name.decode(), value.decode()) for name, value in response.headers.raw]
    return response.status_code, headers, data, ending


async def in_portions(body: str) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 20):
        yield body[start : start + 20].encode()


@pytest.mark.parametrize("name", ["joke_updates", "unicode_text-joke", "state_after_the_stream-joke", "unknown_mode-5"])
def test_a_client_that_follows_a_recording_receives_exactly_its_bytes(name: str) -> None:
    recording = single(name)
    for sent, (status, headers, data, ending) in zip(recording.exchanges, follow(recording), strict=True):
        assert (status, data, ending) == (sent.status, sent.content, sent.ending)
        kept = [header for header in sent.headers if header[0] != "connection"]
        assert headers == [*kept, ("connection", "close")]


def test_a_chunked_request_is_answered_as_one_with_a_content_length() -> None:
    with_length = follow(single("joke_updates"))
    assert follow(single("joke_updates"), chunked=True) == with_length
    assert [status for status, *_ in with_length] == [200, 200]


def test_a_large_body_is_read_after_100_continue() -> None:
    recording = single("joke_updates")
    last = recording.exchanges[-1]
    body = json.dumps({**json.loads(last.body or ""), "input": {"topic": "x" * 2_000_000}})
    recording.exchanges[-1] = replace(last, body=body)

    async def perform() -> bytes:
        server = await Replay([recording], speed=1000).serve(0)
        async with server:
            async with httpx.AsyncClient(base_url=address(server), timeout=60) as http:
                await asked(http, recording.exchanges[0])
            url = httpx.URL(address(server))
            reader, writer = await asyncio.open_connection(url.host, url.port)
            length = f"Content-Length: {len(body)}\r\nExpect: 100-continue"
            writer.write(f"POST {last.path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode())
            async with asyncio.timeout(5):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
                writer.write(body.encode())
                answer = await reader.read()
            writer.close()
            return answer

    answer = asyncio.run(perform())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"event: updates" in answer


@pytest.mark.parametrize("framing", ["chunked", "length", "none"])
@pytest.mark.parametrize(("recorded", "received"), [(BROKEN, BROKEN), (LEFT, "open"), ("deadline", "open")])
def test_an_exchange_ends_as_recorded(recorded: str, received: str, framing: str) -> None:
    """Without framing only the end of the connection ends the body, and it must not look complete either."""
    recording = single("joke_updates")
    framed = {"chunked": [("transfer-encoding", "chunked")], "length": [("content-length", "999999")], "none": []}
    last = recording.exchanges[-1]
    others = [header for header in last.headers if header[0] not in ("transfer-encoding", "content-length")]
    recording.exchanges[-1] = replace(last, ending=recorded, headers=[*others, *framed[framing]])
    _, _, data, ending = follow(recording)[-1]
    assert (data, ending) == (last.content, received)


def test_a_stream_waits_for_a_late_join() -> None:
    """Before the join a reader receives what it received before the recorded join, whatever the clock says."""
    recording = single("three_readers")
    join = next(one for one in recording.exchanges if one.name == "third")
    first = next(one for one in recording.exchanges if one.name == "first")
    before = b"".join(chunk.data for chunk in first.chunks if chunk.seq < join.sent)

    async def perform() -> tuple[bytes, bytes]:
        server = await Replay([recording], speed=1000).serve(0)
        async with server, httpx.AsyncClient(base_url=address(server), timeout=60) as http:
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


def test_a_request_that_was_not_recorded_is_answered_404_with_a_reason() -> None:
    async def perform() -> list[httpx.Response]:
        server = await Replay([single("joke_updates")]).serve(0)
        async with server, httpx.AsyncClient(base_url=address(server), timeout=60) as http:
            return [await http.post("/threads", json={"metadata": {}}), await http.get("/")]

    for response in asyncio.run(perform()):
        assert response.status_code == 404
        assert f"{response.request.method} {response.request.url.path}" in response.json()["detail"]


def test_another_client_may_send_defaults_and_its_own_parameters() -> None:
    """An SDK sends defaults, a single mode in a list, and parameters that are in no recording."""
    recording = single("joke_updates")
    sent = recording.exchanges[-1]
    matcher = Matcher([recording])
    assert matcher.take(request_key("POST", "/threads", recording.exchanges[0].body)) is not None
    body = {**json.loads(sent.body or ""), "stream_subgraphs": False, "stream_resumable": False, "command": None}
    found = matcher.take(request_key("POST", f"/base{sent.path}?x=1", json.dumps(body, indent=1)))
    assert found is not None
    assert found[1].exchange is sent


def test_an_id_that_is_split_between_chunks_is_replaced() -> None:
    """Ids are replaced in the whole answer, and its length does not change."""
    recording = single("joke_updates")
    thread = json.loads(recording.exchanges[0].content)["thread_id"]
    other = single("joke_in_mode-updates")
    content = recording.exchanges[-1].content
    split = [Chunk(0, 0.0, content[number : number + 7]) for number in range(0, len(content), 7)]
    recording.exchanges[-1] = replace(recording.exchanges[-1], chunks=split)
    matcher = Matcher([other, recording])
    first = matcher.take(request_key("POST", "/threads", other.exchanges[0].body))
    assert first is not None
    received = json.loads(first[0].translated(first[1].exchange.content))["thread_id"]
    path = recording.exchanges[-1].path.replace(thread, received)
    found = matcher.take(request_key("POST", path, recording.exchanges[-1].body))
    assert found is not None
    assert len(found[0].translated(found[1].exchange.content)) == len(found[1].exchange.content)


def refused(*arguments: str) -> str:
    """Return the error of `lg-conformance replay` with invalid arguments."""
    command = [sys.executable, "-m", "conformance", "replay", *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == USAGE, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_error_for_what_is_not_a_recording_names_it(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n")
    (tmp_path / "empty").mkdir()
    for name, reason in {"none": "does not exist", "empty": "no recordings", "bad.jsonl": "line 1"}.items():
        with pytest.raises(UsageError, match=rf"{re.escape(str(tmp_path / name))}.*{reason}"):
            recordings_at(tmp_path / name)
    assert str(tmp_path / "none") in refused(str(tmp_path / "none"))
    assert "--speed" in refused(str(golden.SOURCE.path), "--speed", "0")


def test_the_error_for_a_port_that_cannot_be_used_names_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port}" in refused(str(golden.SOURCE.path), "--port", port)
    assert "port 99999" in refused(str(golden.SOURCE.path), "--port", "99999")


def test_the_requests_that_can_be_sent_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "POST /threads/*/runs/stream" in replay.asked_of([single("joke_updates")])
    monkeypatch.setattr(replay, "SHOWN_REQUESTS", 1)
    assert "POST /threads/*/runs/stream" not in replay.asked_of([single("joke_updates")])
    assert replay.asked_of([single("joke_updates")]).endswith("1 more")
