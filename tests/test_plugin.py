"""Sessions as a user starts them: exit statuses, messages, files, and the user's own pytest configuration."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import schemas
from conformance.clients.examine import result
from conformance.clients.readers import READERS
from conformance.report.judged import checks
from conformance.session.recording import CLIENTS_FILE

from .fakes import Connection, answer, closed_url, says, serving

ROOT = Path(__file__).parents[1]
SECRET = "sk-0123456789"
REQUIREMENT = "updates.node-sequence"
FEW = ("-k", REQUIREMENT)
"""Selects one requirement, for tests in which any will do."""

Session = tuple[Path, subprocess.CompletedProcess[str]]
"""The folder of a session and its process."""

HOSTILE = """
[pytest]
python_files = nothing_*.py
python_functions = nothing_*
norecursedirs = *
testpaths = nowhere
addopts = --strict-markers --strict-config -ra --import-mode=importlib
filterwarnings = error
xfail_strict = true
junit_family = xunit2
"""


def environment(**more: str) -> dict[str, str]:
    """Return the variables of this process without those for this pytest; Python finds the suite in this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "LG_CONFORMANCE_"))}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"} | more


def python(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m` with these arguments in a folder."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=120)


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `lg-conformance run` with the report in `out`, in a folder whose pytest.ini is invalid."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    return python(folder, "conformance", "run", "--report-dir", "out", *arguments, **more)


def plain_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with the plugin, as where the suite is installed, and without a plugin that is slow to start."""
    return python(folder, "pytest", "-p", "conformance.plugin", "-p", "no:langsmith_plugin", *arguments)


def report(folder: Path) -> Any:
    return json.loads((folder / "out" / "report.json").read_text("utf-8"))


def outcomes(folder: Path) -> dict[str, str]:
    return {check["id"]: check["outcome"] for one in report(folder)["requirements"] for check in checks(one)}


# --- exit statuses and messages


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nope"], "unrecognized arguments: --nope"),
        (["--profile", "streaming-api-2025"], "(did you mean 'streaming-api-2025-06'?)"),
        (["--header", SECRET], "--header must be 'Name: value'"),
        (["--ulr", "http://h"], "--ulr (did you mean '--url'?)"),
        (["http://h"], "--url http://h"),
        (["--url", "http://h", "--assistant", "jok=mine"], "'jok' (did you mean 'joke'?)"),
    ],
)
def test_wrong_options_are_explained_and_exit_with_4(tmp_path: Path, arguments: Sequence[str], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 4, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert not (tmp_path / "out").exists()


def test_an_unreachable_server_exits_with_2(tmp_path: Path) -> None:
    url = closed_url()
    done = run(tmp_path, "--url", url)
    assert done.returncode == 2, done.stderr
    assert f"{url} cannot be reached (" in done.stdout
    assert "is the server running" in done.stdout
    assert len(done.stdout.splitlines()) < 100  # the cause is printed once, not for each check
    assert "Traceback" not in done.stdout + done.stderr
    document = report(tmp_path)
    assert schemas.errors("report", document) == []
    assert (document["verdict"], document["target"]["url"]) == ("inconclusive", url)
    assert url in document["stopped"]
    assert set(outcomes(tmp_path).values()) <= {"cantTell", "untested"}
    assert (tmp_path / "out" / "junit.xml").is_file()


def test_the_verdict_is_printed_last_and_missing_graphs_on_one_line(tmp_path: Path) -> None:
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        done = run(tmp_path, "--url", fake.url, "-k", "transport.content-location or updates.separate")
    *_, before, last = done.stdout.rstrip().splitlines()
    assert before.endswith("report.html"), done.stdout
    assert "short test summary" not in done.stdout
    assert sum("reference graph" in line for line in done.stdout.splitlines()) == 1
    assert "`lg-conformance graphs DIR`" in done.stdout
    assert "inconclusive" in last
    areas = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and "□" in line]
    assert "join" not in areas  # none of its checks was selected


def test_a_target_may_name_the_baseline_that_the_session_writes(tmp_path: Path) -> None:
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        (tmp_path / "mine.toml").write_text(f'url = "{fake.url}"\nbaseline = "known.toml"\n')
        done = run(tmp_path, "--target", "mine.toml", "--write-baseline", "known.toml", *FEW)
    assert "to the baseline known.toml" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "known.toml").is_file()


@pytest.mark.parametrize("lacked", ["event", "jok", "updates.node-sequences"])
def test_an_unknown_name_in_lacks_is_rejected_with_a_suggestion(tmp_path: Path, lacked: str) -> None:
    (tmp_path / "mine.toml").write_text(f'url = "http://h"\nlacks = ["{lacked}"]\n')
    done = run(tmp_path, "--target", "mine.toml")
    assert done.returncode == 4, done.stdout
    assert f"'{lacked}' (did you mean '" in done.stderr


def test_nothing_selected_exits_with_5(tmp_path: Path) -> None:
    done = run(tmp_path, "--url", closed_url(), "-k", "no_such_thing")
    assert done.returncode == 5
    assert "-k 'no_such_thing' selects no check" in done.stdout
    assert not (tmp_path / "out" / "report.json").exists()


def test_collect_only_sends_no_request_and_writes_no_file(tmp_path: Path) -> None:
    with serving({}) as fake:
        done = run(tmp_path, "--url", fake.url, "--collect-only", "-q", *FEW)
    assert (done.returncode, fake.received) == (0, [])
    assert "::test_" in done.stdout
    assert "conformance/suite/updates/" in done.stdout
    assert not (tmp_path / "out").exists()


async def echoes(connection: Connection) -> None:
    """Send everything back that was received: in a header, in a body, and in a stream byte by byte."""
    received = json.dumps(connection.head + connection.body.decode())
    if "stream" not in connection.line:
        return await connection.send(answer(received, 200, f"X-Echo: {connection.fields.get('x-api-key', '')}"))
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: metadata\ndata: ")
    for char in f"{received}\n\n":
        await connection.send(char.encode())


@pytest.fixture(scope="module")
def echoed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with a server that sends a secret back: its folder and its process."""
    folder = tmp_path_factory.mktemp("echoed")
    with serving(echoes) as fake:
        done = run(folder, "--url", fake.url, "--write-baseline", "known.toml", *FEW, LG_CONFORMANCE_API_KEY=SECRET)
    assert SECRET in {connection.fields.get("x-api-key") for connection in fake.received}
    return folder, done


def test_no_file_and_no_output_contains_a_secret(echoed: Session) -> None:
    folder, done = echoed
    assert done.returncode in (1, 2), done.stderr
    assert SECRET not in done.stdout + done.stderr
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {"report.json", "junit.xml", "run.json", "known.toml"} <= {path.name for path in written}
    assert [path.name for path in written if SECRET.encode() in path.read_bytes()] == []


def test_stored_recordings_are_judged_to_the_same_outcomes(echoed: Session) -> None:
    folder, done = echoed
    again = python(folder, "conformance", "judge", "out", "--report-dir", "again")
    first, second = report(folder), json.loads((folder / "again" / "report.json").read_text("utf-8"))
    assert again.returncode == done.returncode, again.stdout
    kept = ("verdict", "verdict_digest", "selection", "command", "nonce", "summary", "requirements", "target")
    assert f"verdict digest {first['verdict_digest'][:12]}: the same" in again.stdout
    assert {key: second[key] for key in kept} == {key: first[key] for key in kept}


def test_judging_again_keeps_what_real_clients_saw(echoed: Session, tmp_path: Path) -> None:
    shutil.copytree(echoed[0] / "out", tmp_path / "out")
    document, performed = report(tmp_path), {"client==1.0": [["threads.create", "create thread", ""]]}
    assert "clients" not in document  # real clients are not installed for this test
    clients = [result(READERS[0], "passed", "", 3)]
    (tmp_path / "out" / "report.json").write_text(json.dumps({**document, "clients": clients}))
    (tmp_path / "out" / "recordings" / CLIENTS_FILE).write_text(json.dumps(performed))
    python(tmp_path, "conformance", "judge", "out", "--report-dir", "again")
    assert json.loads((tmp_path / "again" / "report.json").read_text("utf-8"))["clients"] == clients
    python(tmp_path, "conformance", "judge", "out")
    assert report(tmp_path)["clients"] == clients
    assert json.loads((tmp_path / "out" / "recordings" / CLIENTS_FILE).read_text("utf-8")) == performed


def test_a_new_session_in_the_same_folder_removes_what_an_earlier_one_recorded(echoed: Session, tmp_path: Path) -> None:
    shutil.copytree(echoed[0] / "out", tmp_path / "out")
    (tmp_path / "out" / "recordings" / CLIENTS_FILE).write_text("{}")
    run(tmp_path, "--url", closed_url(), *FEW)
    written = {path.name for path in (tmp_path / "out" / "recordings").iterdir()}
    assert CLIENTS_FILE not in written
    assert "run.json" in written


def test_a_session_with_a_part_of_the_profile_is_never_conformant(echoed: Session) -> None:
    document = report(echoed[0])
    assert 0 < document["selection"]["checks"] < document["selection"]["of"]
    assert document["verdict"] != "conformant"
    assert document["command"].startswith("lg-conformance run --url http://127.0.0.1:")
    assert document["command"].endswith(f"-k {REQUIREMENT}")


# --- other tests, other configurations


def test_workers_of_xdist_determine_the_same_outcomes(tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        folder.mkdir()
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        one = run(alone, "--url", fake.url, "-k", "updates")
        requests = len(fake.received)
        two = run(together, "--url", fake.url, "-k", "updates", "-n", "2")
    assert two.returncode == one.returncode, two.stdout + two.stderr
    assert outcomes(together) == outcomes(alone)
    assert "cantTell" in outcomes(alone).values() or "failed" in outcomes(alone).values()
    assert report(together)["verdict"] == report(alone)["verdict"]
    assert len(fake.received) == 2 * requests  # the scenarios were performed once, not once for each worker


def test_the_configuration_of_the_user_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(HOSTILE)
    (tmp_path / "conftest.py").write_text("collect_ignore_glob = ['*']\n")
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    assert False\n")
    url = closed_url()
    done = plain_pytest(tmp_path, "--pyargs", "conformance", "--lg-url", url, "--lg-report-dir", "out", *FEW)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{url} cannot be reached (" in done.stdout
    assert [one["outcome"] for one in report(tmp_path)["requirements"] if one["id"] == REQUIREMENT] == ["cantTell"]
    assert "test_mine" not in done.stdout


def test_sessions_without_the_suite_are_not_affected(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(request):\n    assert request.node.name == 'test_mine'\n")
    done = plain_pytest(tmp_path, "-W", "error")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "conformance:" not in done.stdout
    assert not (tmp_path / "reports").exists()
