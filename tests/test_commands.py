"""The commands that need no server: help, catalogue, reference graphs, and messages about wrong usage."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance import catalogue, cli
from conformance.protocol import MODES
from conformance.settings import DEFAULT_PROFILE, OPTIONS

from .test_plugin import REQUIREMENT, environment


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_the_help_lists_every_command_and_exit_status(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 0
    usage = capsys.readouterr().out
    assert usage.startswith("usage: lg-conformance ")
    assert all(f"\n  {name:<9} {command.summary}\n" in usage for name, command in cli.COMMANDS.items())
    assert all(f"\n  {status}  " in usage for status in (0, 1, 2, 4, 5))


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, option]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: lg-conformance {command} ")
    assert max(map(len, text.splitlines())) <= 120
    assert "\nexamples:\n" in text


def examples() -> list[list[str]]:
    """Return the arguments of every example that needs no server."""
    found = [[name, *shlex.split(one)] for name, command in cli.COMMANDS.items() for one in command.examples]
    return [words for words in found if words[0] in ("list", "explain")]


@pytest.mark.parametrize("words", examples(), ids=" ".join)
def test_the_examples_of_the_help_work(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", [*catalogue.AREAS, *MODES])
def test_an_area_or_a_mode_is_explained_by_its_requirements(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", name]) == 0
    text = capsys.readouterr().out
    area = "messages" if name == "messages-tuple" else name
    members = [one for one in catalogue.requirements().values() if one.area == area]
    assert members
    assert [one.id for one in members if f"- {one.level} {one.id}: {one.statement}\n" not in text] == []
    assert (f"events named `{area}`" in text) == (name in MODES)
    assert cli.main(["explain", name, "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["requirements"]) == len(members)


def test_the_help_of_run_describes_every_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # so that no text is wrapped at a hyphen
    cli.main(["run", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    missing = [one.name for one in OPTIONS if f"--{one.name} " not in text or one.help not in text]
    assert missing == ["judge"]  # it has a command of its own


def test_the_help_of_judge_describes_no_option_for_recording(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["judge", "--help"])
    text = capsys.readouterr().out
    assert "--baseline FILE" in text
    assert "--url" not in text
    assert "--silence" not in text


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lg-conformance ")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["rnu"], ["'rnu'", "(did you mean 'run'?)", *cli.COMMANDS]),
        (["--url", "http://h"], ["there is no command '--url'"]),
        (["explain"], ["required: ID"]),
        (["explain", "metadata.frist-event"], ["'metadata.frist-event'", "did you mean 'metadata."]),
        (["explain", "mesages"], ["'mesages' (did you mean 'messages'?)"]),
        (["explain", ""], ["no requirement ''"]),
        (["list", "--profile", "streaming-api-2025-07"], ["did you mean 'streaming-api-2025-06'"]),
        (["list", "--format", "xml"], ["'xml'"]),
        (["list", "more"], ["more"]),
        (["judge"], ["lg-conformance judge DIR"]),
        (["judge", "--profile", "x"], ["lg-conformance judge DIR"]),
        (["graphs"], ["required: DIR"]),
        (["graphs", __file__], [__file__, "not a folder"]),
        (["fault", "replays_from_the_strat", "--upstream", "http://h"], ["did you mean 'replays_from_the_start'?"]),
        (["fault", "replays_from_the_start"], ["required: --upstream"]),
        (["replay", "nowhere"], ["nowhere"]),
        (["replay", "nowhere", "--speed", "0"], ["--speed", "greater than 0"]),
    ],
)
def test_wrong_usage_is_explained_and_exits_with_4(
    arguments: Sequence[str], parts: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 4
    output = capsys.readouterr()
    assert [part for part in parts if part not in output.err] == []
    assert output.out == ""


def test_the_requirements_of_a_profile_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    expected = catalogue.profile(DEFAULT_PROFILE).requirements
    assert cli.main(["list", "--format", "json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == list(expected)
    assert cli.main(["list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]] == list(expected)


def test_a_requirement_is_explained_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    requirement = catalogue.find(REQUIREMENT)
    assert cli.main(["explain", REQUIREMENT]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"# {REQUIREMENT} ({requirement.level}; ")
    assert all(part in text for part in (requirement.statement, requirement.why, requirement.breaks))
    assert all(f"- {source}\n" in text for source in requirement.sources)
    assert "\n## Checks\n\n- test_" in text
    assert f"    lg-conformance run -k {REQUIREMENT} --url URL" in text


def test_the_graphs_are_copied_to_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "new" / "graphs"
    assert cli.main(["graphs", str(target)]) == 0
    assert (target / "README.md").is_file()
    assert "joke" in json.loads((target / "python" / "langgraph.json").read_text("utf-8"))["graphs"]
    assert not [*target.rglob("__pycache__"), *target.rglob("node_modules"), *target.rglob(".langgraph_api")]
    assert str(target / "python") in capsys.readouterr().out


def test_a_changed_copy_of_the_graphs_is_replaced_with_a_notice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["graphs", str(tmp_path)])
    (tmp_path / "README.md").write_text("changed")
    capsys.readouterr()
    assert cli.main(["graphs", str(tmp_path)]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "replaced" in line] == [
        f"{tmp_path / 'README.md'} had been changed; it is replaced"
    ]
    assert (tmp_path / "README.md").read_text("utf-8") != "changed"


def test_a_closed_output_is_not_an_error() -> None:
    command = [sys.executable, "-m", "conformance", "list"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()
        assert (listing.stderr.read(), listing.wait()) == (b"", 0)
