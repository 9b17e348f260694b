"""Ctrl-C while a session records leaves a report of what was recorded, and blames no server for what was cut off."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from conformance.evidence.source import read_recordings, source_of

from .fakes import STREAM, Connection, Fake, Script, answer, says, serving
from .test_plugin import environment, python, report

METADATA = b'event: metadata\ndata: {"run_id": "r", "attempt": 1}\n\n'
UPDATES = b'event: updates\ndata: {"refine_topic": {"topic": "cats and dogs"}}\n\n'
TOO_LATE_S = 120.0
"""How long a session may take to start, and to end after Ctrl-C."""


async def streams_without_end(connection: Connection) -> None:
    """Start an event stream and never end it."""
    await connection.send(STREAM + METADATA + UPDATES)
    await asyncio.Event().wait()


async def creates_a_thread(connection: Connection) -> None:
    """Answer with a new id, because a server on which two threads have the same fails a MUST."""
    await connection.send(answer(f'{{"thread_id": "{uuid4()}"}}'))


async def hangs(connection: Connection) -> None:
    """Never answer."""
    await asyncio.Event().wait()


SLOW: Mapping[str, Script] = {
    "GET / ": says(answer("", 404)),
    "POST /threads ": creates_a_thread,
    "POST /": streams_without_end,
    "DELETE /": says(answer("{}")),
}
"""A server that creates threads and never ends a run."""


@contextmanager
def session(folder: Path, scripts: Mapping[str, Script] = SLOW) -> Iterator[tuple[subprocess.Popen[str], Fake]]:
    """Start a session with a scripted server, and wait for its first request for a stream."""
    with serving(scripts) as fake:
        command = [sys.executable, "-m", "conformance", "run", "--url", fake.url, "--report-dir", "out"]
        with subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                wait_until(lambda: any(line.endswith("/stream") for line in fake.lines))
                yield process, fake
            finally:
                process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + TOO_LATE_S
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def recorded_so_far(folder: Path) -> list[str]:
    """Return the data of the events on disk."""
    return [path.read_text("utf-8", "replace") for path in (folder / "out" / "recordings").glob("*.jsonl")]


Interrupted = tuple[Path, int, str, Sequence[str]]
"""An interrupted session: its folder, exit status, output and requests."""


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """A session that was interrupted while streams were active."""
    folder = tmp_path_factory.mktemp("interrupted")
    with session(folder) as (process, fake):
        wait_until(lambda: any("cats and dogs" in text for text in recorded_so_far(folder)))
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=TOO_LATE_S)
    assert "Traceback" not in output + errors
    return folder, process.returncode, output, fake.lines


def test_the_exit_status_is_2_and_the_output_says_why(interrupted: Interrupted) -> None:
    _, status, output, _ = interrupted
    assert status == 2
    assert "the session was interrupted (Ctrl-C)" in output
    assert "lg-conformance: interrupted; the report covers what was recorded until then" in output
    assert "_pytest" not in output


def test_the_report_covers_what_was_recorded(interrupted: Interrupted) -> None:
    folder, _, output, _ = interrupted
    document = report(folder)
    assert document["stopped"] == "the session was interrupted (Ctrl-C)"
    assert document["verdict"] in ("inconclusive", "partial")
    assert document["recordings"]
    assert (folder / "out" / "report.html").is_file()
    assert "out/report.html" in output


def test_a_stream_that_the_suite_cut_off_is_on_disk_but_fails_no_check(interrupted: Interrupted) -> None:
    folder, *_ = interrupted
    cut = [one for one in read_recordings(source_of(folder / "out")) if one.stopped == "the recording breaks off"]
    assert any(exchange.events.names == ["metadata", "updates"] for one in cut for exchange in one.streams())
    failed = [one["id"] for one in report(folder)["requirements"] if one["outcome"] == "failed"]
    assert [id for id in failed if id.partition(".")[0] in ("transport", "framing", "updates", "metadata")] == []


def test_the_threads_of_the_suite_are_deleted(interrupted: Interrupted) -> None:
    *_, requests = interrupted
    created = requests.count("POST /threads")
    deleted = sum(line.startswith("DELETE /threads/") for line in requests)
    assert 0 < deleted <= created  # a thread whose creation was interrupted may remain


def test_the_recordings_can_be_judged_again_to_the_same_outcomes(interrupted: Interrupted) -> None:
    folder, *_ = interrupted
    again = python(folder, "conformance", "judge", "out", "--report-dir", "again")
    second = json.loads((folder / "again" / "report.json").read_text("utf-8"))
    assert again.returncode == 2
    assert second["stopped"] == "the session was interrupted (Ctrl-C)"
    assert second["verdict_digest"] == report(folder)["verdict_digest"]


def test_the_second_ctrl_c_ends_the_session_at_once_and_names_the_recordings(tmp_path: Path) -> None:
    with session(tmp_path, {**SLOW, "DELETE /": hangs}) as (process, fake):
        process.send_signal(signal.SIGINT)
        wait_until(lambda: any(line.startswith("DELETE ") for line in fake.lines))
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=TOO_LATE_S)
    assert process.returncode == 2
    assert "no report was written" in output
    assert str(tmp_path / "out" / "recordings") in output
    assert "Traceback" not in output + errors
    assert not (tmp_path / "out" / "report.json").exists()
    assert list((tmp_path / "out" / "recordings").glob("*.jsonl"))


def test_a_session_that_was_killed_says_so_when_it_is_judged(tmp_path: Path) -> None:
    with session(tmp_path) as (process, _):
        process.kill()
        process.communicate()
    again = python(tmp_path, "conformance", "judge", "out")
    assert again.returncode == 2, again.stdout
    assert "the session broke off" in report(tmp_path)["stopped"]
    assert report(tmp_path)["verdict"] in ("inconclusive", "partial")
