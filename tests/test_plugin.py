"""The command and the pytest plugin from outside: exit statuses, messages, files, and strange surroundings."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue, cli
from conformance.catalogue import schemas as schema
from conformance.settings import DEFAULT_PROFILE

from .fakes import Connection, answer, closed_url, says, serving

ROOT = Path(__file__).parents[1]
SECRET = "sk-0123456789"
REQUIREMENT = "updates.node-sequence"
FEW = ("-k", REQUIREMENT)
"""Of the whole suite one requirement, where it does not matter which."""

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
    """That of this process, without what speaks to this pytest; the suite is found in this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "LG_CONFORMANCE_"))}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"} | more


def python(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m` with these arguments in a folder."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=120)


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`lg-conformance run`, with its report in `out`, in a folder whose pytest.ini no pytest can read."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    return python(folder, "conformance", "run", "--report-dir", "out", *arguments, **more)


def plain_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest with the plugin, as in an environment where the suite is installed; langsmith's is slow to start."""
    return python(folder, "pytest", "-p", "conformance.plugin", "-p", "no:langsmith_plugin", *arguments)


def report(folder: Path) -> Any:
    return json.loads((folder / "out" / "report.json").read_text("utf-8"))


def outcomes(folder: Path) -> dict[str, str]:
    return {check["id"]: check["outcome"] for one in report(folder)["requirements"] for check in one["checks"]}


# --- commands that need no server


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["run", "--help"], ["run", "-h"], ["explain", "--help"]])
def test_help_is_no_error(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.startswith("usage: lg-conformance ")


def test_every_command_and_option_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lg-conformance ")
    cli.main([])
    usage = capsys.readouterr().out
    assert all(f"  {name} " in usage for name in ("run", "list", "explain", "judge", "graphs"))
    cli.main(["run", "--help"])
    options = capsys.readouterr().out
    assert all(f"--{name} " in options for name in ("url", "target", "header", "api-key", "baseline", "report-dir"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "lg-conformance: there is no command 'rnu'; there are run, list, explain, judge"),
        (["--url", "http://h"], "there is no command '--url'"),
        (["explain"], "the following arguments are required: ID"),
        (["explain", "metadata.frist-event"], "no requirement 'metadata.frist-event' (did you mean 'metadata."),
        (["explain", ""], "no requirement ''"),
        (["list", "--profile", "streaming-api-2025-07"], "(did you mean 'streaming-api-2025-06'?)"),
        (["list", "--format", "xml"], "invalid choice: 'xml'"),
        (["list", "more"], "unrecognized arguments: more"),
        (["judge"], "judge wants a report folder or its recordings/: lg-conformance judge DIR"),
        (["judge", "--profile", "x"], "judge wants a report folder"),
        (["graphs"], "the following arguments are required: DIR"),
        (["graphs", __file__], "is no folder; name one that is new or may be added to"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_4(
    arguments: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 4
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_the_requirements_of_a_profile_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = catalogue.profile(DEFAULT_PROFILE).requirements
    assert cli.main(["list", "--format", "json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == list(wanted)
    assert cli.main(["list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]] == list(wanted)


def test_a_requirement_is_explained_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    requirement = catalogue.find(REQUIREMENT)
    assert cli.main(["explain", REQUIREMENT]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"# {REQUIREMENT} ({requirement.level}; ")
    assert all(text in said for text in (requirement.statement, requirement.why, requirement.breaks))
    assert all(f"- {source}\n" in said for source in requirement.sources)
    assert "\n## Checks\n\n- test_" in said
    assert "\n## Faults that turn it red\n\n- " in said
    assert f"    lg-conformance run -k {REQUIREMENT} --url URL" in said


def test_the_graphs_are_copied_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "new" / "graphs"
    assert cli.main(["graphs", str(target)]) == 0
    assert (target / "README.md").is_file()
    assert "joke" in json.loads((target / "python" / "langgraph.json").read_text("utf-8"))["graphs"]
    assert not [*target.rglob("__pycache__"), *target.rglob("node_modules"), *target.rglob(".langgraph_api")]
    assert str(target / "python") in capsys.readouterr().out
    (target / "README.md").write_text("mine")
    assert cli.main(["graphs", str(target)]) == 0
    assert capsys.readouterr().out.count("was changed, and is replaced") == 1
    assert (target / "README.md").read_text("utf-8") != "mine"


def test_a_reader_of_the_list_may_leave() -> None:
    command = [sys.executable, "-m", "conformance", "list"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert (listing.stderr.read(), listing.wait()) == (b"", 0)


# --- runs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nope"], "unrecognized arguments: --nope"),
        (["--profile", "streaming-api-2025"], "(did you mean 'streaming-api-2025-06'?)"),
        (["--header", SECRET], "--header wants 'Name: value'"),
        (["--ulr", "http://h"], "--ulr: did you mean --url?"),
        (["http://h"], "the URL of a server is given with --url"),
        (["--url", "http://h", "--assistant", "jok=mine"], "no reference graph 'jok' (did you mean 'joke'?)"),
    ],
)
def test_wrong_options_are_told_and_exit_with_4(tmp_path: Path, arguments: Sequence[str], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 4, done.stdout
    assert message in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert not (tmp_path / "out").exists()


def test_a_server_that_is_not_there_is_told_and_exits_with_2(tmp_path: Path) -> None:
    url = closed_url()
    done = run(tmp_path, "--url", url)
    assert done.returncode == 2, done.stderr
    assert f"{url} cannot be reached (" in done.stdout
    assert "is the server running, and is this its URL?" in done.stdout
    assert len(done.stdout.splitlines()) < 100  # one cause is told once, not for each check
    assert "Traceback" not in done.stdout + done.stderr
    told = report(tmp_path)
    assert schema.errors("report", told) == []
    assert (told["verdict"], told["target"]["url"]) == ("inconclusive", url)
    assert url in told["stopped"]
    assert set(outcomes(tmp_path).values()) <= {"cantTell", "untested"}
    assert (tmp_path / "out" / "junit.xml").is_file()


def test_the_verdict_is_the_last_that_is_said(tmp_path: Path) -> None:
    """What cannot be told for want of a graph is one line, and what failed is named with its reason."""
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        done = run(tmp_path, "--url", fake.url, "-k", "transport.content-location or updates.separate")
    *_, before, last = done.stdout.rstrip().splitlines()
    assert before.endswith("report.html"), done.stdout
    assert "short test summary" not in done.stdout
    assert "for want of the reference graphs " in done.stdout
    assert "no request for the reference graph `" not in done.stdout
    assert "inconclusive" in last
    areas = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and "□" in line]
    assert "join" not in areas  # nothing of it was selected


def test_a_target_may_name_the_baseline_that_is_to_be_written(tmp_path: Path) -> None:
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        (tmp_path / "mine.toml").write_text(f'url = "{fake.url}"\nbaseline = "known.toml"\n')
        done = run(tmp_path, "--target", "mine.toml", "--write-baseline", "known.toml", *FEW)
    assert "known.toml: 1 entries" in done.stdout or "known.toml: 0 entries" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "known.toml").is_file()


@pytest.mark.parametrize("lacked", ["event", "jok", "updates.node-sequences"])
def test_a_capability_that_there_is_not_is_told(tmp_path: Path, lacked: str) -> None:
    (tmp_path / "mine.toml").write_text(f'url = "http://h"\nlacks = ["{lacked}"]\n')
    done = run(tmp_path, "--target", "mine.toml")
    assert done.returncode == 4, done.stdout
    assert f"(`lacks`) '{lacked}' (did you mean '" in done.stderr


def test_nothing_selected_exits_with_5(tmp_path: Path) -> None:
    done = run(tmp_path, "--url", closed_url(), "-k", "no_such_thing")
    assert done.returncode == 5
    assert "-k 'no_such_thing' selects no check" in done.stdout
    assert not (tmp_path / "out" / "report.json").exists()


def test_collecting_asks_no_server_and_writes_nothing(tmp_path: Path) -> None:
    with serving({}) as fake:
        done = run(tmp_path, "--url", fake.url, "--collect-only", "-q", *FEW)
    assert (done.returncode, fake.heard) == (0, [])
    assert "conformance/suite/updates.py::test_" in done.stdout
    assert not (tmp_path / "out").exists()


async def echoes(connection: Connection) -> None:
    """Sends back all that it was sent: in a header field, in an answer, and torn within a stream."""
    said = json.dumps(connection.head + connection.body.decode())
    if "stream" not in connection.line:
        return await connection.send(answer(said, 200, f"X-Echo: {connection.fields.get('x-api-key', '')}"))
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: metadata\ndata: ")
    for char in f"{said}\n\n":
        await connection.send(char.encode())


@pytest.fixture(scope="module")
def echoed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run against a server that sends a secret back, and its folder."""
    folder = tmp_path_factory.mktemp("echoed")
    with serving(echoes) as fake:
        done = run(folder, "--url", fake.url, "--write-baseline", "known.toml", *FEW, LG_CONFORMANCE_API_KEY=SECRET)
    assert SECRET in {connection.fields.get("x-api-key") for connection in fake.heard}
    return folder, done


def test_a_secret_reaches_no_file_and_no_terminal(echoed: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = echoed
    assert done.returncode in (1, 2), done.stderr
    assert SECRET not in done.stdout + done.stderr
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {"report.json", "junit.xml", "run.json", "known.toml"} <= {path.name for path in written}
    assert [path.name for path in written if SECRET.encode() in path.read_bytes()] == []


def test_stored_recordings_are_judged_to_the_same_outcomes(
    echoed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = echoed
    again = python(folder, "conformance", "judge", "out", "--report-dir", "again")
    told, retold = report(folder), json.loads((folder / "again" / "report.json").read_text("utf-8"))
    assert again.returncode == done.returncode, again.stdout
    kept = ("verdict", "verdict_digest", "selection", "command", "seed", "summary", "requirements", "target")
    assert "the same verdict digest" in again.stdout
    assert {key: retold[key] for key in kept} == {key: told[key] for key in kept}


def test_what_was_recorded_of_a_part_is_never_conformant(echoed: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    told = report(echoed[0])
    assert 0 < told["selection"]["checks"] < told["selection"]["of"]
    assert told["verdict"] != "conformant"
    assert told["command"].startswith("lg-conformance run --url http://127.0.0.1:")
    assert told["command"].endswith(f"-k {REQUIREMENT}")


# --- surroundings


def test_workers_come_to_the_same_outcomes(tmp_path: Path) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        folder.mkdir()
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        one = run(alone, "--url", fake.url, "-k", "updates")
        heard = len(fake.heard)
        two = run(together, "--url", fake.url, "-k", "updates", "-n", "2")
    assert two.returncode == one.returncode, two.stdout + two.stderr
    assert outcomes(together) == outcomes(alone)
    assert "cantTell" in outcomes(alone).values() or "failed" in outcomes(alone).values()
    assert report(together)["verdict"] == report(alone)["verdict"]
    assert len(fake.heard) == 2 * heard  # the scenarios were performed once, not once for each worker


def test_a_hostile_configuration_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(HOSTILE)
    (tmp_path / "conftest.py").write_text("collect_ignore_glob = ['*']\n")
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    assert False\n")
    url = closed_url()
    done = plain_pytest(tmp_path, "--pyargs", "conformance", "--lg-url", url, "--lg-report-dir", "out", *FEW)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{url} cannot be reached (" in done.stdout
    assert [one["outcome"] for one in report(tmp_path)["requirements"] if one["id"] == REQUIREMENT] == ["cantTell"]
    assert "test_mine" not in done.stdout


def test_other_tests_of_the_environment_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(request):\n    assert request.node.name == 'test_mine'\n")
    done = plain_pytest(tmp_path, "-W", "error")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "conformance:" not in done.stdout
    assert not (tmp_path / "reports").exists()
