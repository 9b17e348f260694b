"""With --long, runs that are silent or stream for so long are performed and described, and never judged."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from conformance import suite
from conformance.evidence.recording import Recording
from conformance.session.plan import make_plan
from conformance.session.scenarios import judged
from conformance.session.verify_command import SAME, verified
from conformance.settings import settings

from .beginner import event
from .fakes import OK, STREAM, Connection, answer, serving
from .test_first_hour import run

SECONDS = 1
NAMES = [f"{how} for {SECONDS} s, {who}" for how in ("silent", "streaming") for who in ("creator", "joining client")]


def updates(body: Any) -> list[tuple[float, bytes]]:
    """Return the events of a run of silence or counter, each with the seconds before it."""
    delay = body["input"]["delay"]
    if body["assistant_id"] == "silence":
        sent = [(delay, {"sleep": {"slept": delay}}), (0.0, {"after": {"done": True}})]
    else:
        sent = [(delay, {"step": {"count": number}}) for number in range(1, body["input"]["n"] + 1)]
    return [(seconds, event("updates", data)) for seconds, data in sent]


def server(*, cut_s: float | None = None, ping: bytes = b"") -> Any:
    """Serve the two graphs; close what is silent for `cut_s` seconds, and send `ping` into each silence."""
    runs: dict[str, Any] = {}

    async def send(connection: Connection, body: Any) -> None:
        await connection.send(STREAM + event("metadata", {"run_id": body["assistant_id"]}))
        for seconds, sent in updates(body):
            if cut_s is not None and seconds > cut_s:
                await asyncio.sleep(cut_s)
                return connection.reset()
            await asyncio.sleep(seconds)
            await connection.send(ping + sent if seconds == SECONDS else sent)

    async def stream(connection: Connection) -> None:
        body = json.loads(connection.body)
        if body["assistant_id"] not in ("silence", "counter"):
            return await connection.send(answer("{}", 404))
        runs[body["assistant_id"]] = body
        await send(connection, body)

    async def join(connection: Connection) -> None:
        await send(connection, runs[connection.line.split("/")[-2]])

    created = OK + b"Content-Type: application/json\r\nContent-Length: 18\r\n\r\n" + b'{"thread_id": "t"}'

    async def create(connection: Connection) -> None:
        await connection.send(created)

    return serving({"POST /threads ": create, "POST /threads/t/runs/stream ": stream, "GET /threads/t/runs/": join})


def session(folder: Path, *words: str, **options: Any) -> tuple[int, list[str], dict[str, Any]]:
    with server(**options) as fake:
        return run(folder, "--url", fake.url, "-k", "delivery.survives-silence", *words)


def test_without_the_option_no_such_run_is_performed() -> None:
    plan = make_plan(settings({"url": "http://127.0.0.1:1"}, {}))
    names = {variant.scenario.name for variant in plan.variants(plan.items)}
    optional = {one.name for one in suite.load().scenarios.values() if one.is_optional}
    assert optional == {"runs_for_long"}
    assert not names & optional
    recordings = [Recording(name, name, {}, "joke") for name in (*optional, "joke_in_mode")]
    assert judged([*recordings]) == recordings[-1:]


@pytest.mark.parametrize(("given", "ids"), [("90", "90"), ("1.5", "1.5")])
def test_the_runs_are_added_to_any_selection_unless_their_graph_is_absent(given: str, ids: str) -> None:
    plan = make_plan(settings({"url": "http://127.0.0.1:1", "long": given, "lacks": ["counter"]}, {}))
    [variant] = plan.variants([])[-1:]
    assert variant.id == f"runs_for_long[silence-{ids}]"


def test_each_stream_of_a_good_server_is_described(tmp_path: Path) -> None:
    _, lines, report = session(tmp_path, "--long", str(SECONDS))
    found = report["observations"]["delivery.minutes"]
    assert sorted(found) == NAMES
    for name, text in found.items():
        due = "2 of 2" if name.startswith("silent") else "20 of 20"
        assert text.startswith("complete after ")
        assert text.endswith(f"; {due} updates; foreign events: none; 0 comments")
        assert any(f"{name}: {text}" in line for line in lines)


def test_what_ends_a_silence_or_comes_in_it_is_described_and_not_judged(tmp_path: Path) -> None:
    plain, _, before = session(tmp_path, cut_s=0.5)
    status, _, report = session(tmp_path, "--long", str(SECONDS), cut_s=0.5)
    found = report["observations"]["delivery.minutes"]
    for name, text in found.items():
        assert text.startswith("broken (") is name.startswith("silent")
        assert ("; 0 of 2 updates; " in text) is name.startswith("silent")
    assert (status, report["verdict_digest"]) == (plain, before["verdict_digest"])
    _, _, report = session(tmp_path, "--long", str(SECONDS), ping=b": still here\n\n" + event("ping", None))
    found = report["observations"]["delivery.minutes"]
    assert all(
        text.endswith("2 of 2 updates; foreign events: ping; 1 comments")
        for name, text in found.items()
        if name in NAMES[:2]
    )


def test_stored_recordings_tell_the_same(tmp_path: Path) -> None:
    from conformance.cli import main

    _, _, report = session(tmp_path, "--long", str(SECONDS))
    main(["judge", str(tmp_path / "out"), "--report-dir", str(tmp_path / "again")])
    again = json.loads((tmp_path / "again" / "report.json").read_text("utf-8"))
    assert again["observations"]["delivery.minutes"] == report["observations"]["delivery.minutes"]
    assert verified(tmp_path / "out").found == SAME
