"""A beginner's server: its mistake is named in the first lines, and stage 1 is reached when it is mended."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.report.findings import findings, next_command

from .beginner import UNKNOWN_MODE, beginner

FIRST_LINES = 25
Judged = tuple[int, list[str], dict[str, Any]]
"""The exit status, the lines of the summary, and the report."""


def run(folder: Path, *words: str) -> Judged:
    """Judge a server; return the exit status, the lines of the summary, and the report."""
    command = [sys.executable, "-m", "conformance", "run", "--report-dir", str(folder / "out"), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip("=") == " conformance ")
    return done.returncode, lines[start + 1 :], json.loads((folder / "out" / "report.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """The whole suite on the server with a mistake."""
    with beginner(mistake=True) as fake:
        return run(tmp_path_factory.mktemp("beginner"), "--url", fake.url)


def test_the_summary_begins_with_what_was_found(whole: Judged) -> None:
    _, lines, _ = whole
    text = "\n".join(" ".join(line.split()) for line in lines[:FIRST_LINES])
    assert text.startswith("graphs 1 of the ")
    assert ": joke; missing: accumulate, " in text
    assert "modes values served; updates, " in text
    assert f"refused with 422, saying: “{UNKNOWN_MODE}”" in text.replace("\n", " ")
    assert "runs without a thread" in text


def test_the_mistake_is_named_first(whole: Judged) -> None:
    status, lines, _ = whole
    failed = [line for line in lines if line.split()[:1] == ["failed"]]
    assert failed[0].split()[1:3] == ["MUST", "values.full-state:"]
    assert lines.index(failed[0]) < FIRST_LINES
    assert status == 1


def test_the_summary_ends_with_what_to_do(whole: Judged) -> None:
    _, lines, report = whole
    ends = [line.strip() for line in lines[-7:]]
    assert ends[0].startswith("NOT CONFORMANT: ")
    assert ends[1].startswith("no stage reached; stage 1 (first stream): 9 of 11 MUST passed, left: values.full-state")
    assert ends[3] == "exit status 1: 3 MUST failed"
    assert ends[4] == f"next {next_command(report)}"
    assert ends[4].endswith(" -k values.full-state")
    assert ends[5].endswith("report.html")


def test_each_missing_graph_is_named_and_nothing_is_cut_before_it(
    whole: Judged,
) -> None:
    _, lines, report = whole
    text = "\n".join(lines)
    graphs = report["found"]["graphs"]["missing"]
    [line] = [line for line in lines if "requirements are inconclusive because the reference graphs" in line]
    assert [graph for graph in graphs if graph not in line] == []
    assert "no request for the reference graph" not in text  # the beginning of the longer message
    assert len(lines) < 70


def test_the_report_says_the_same(whole: Judged) -> None:
    _, _, report = whole
    assert [label for label, _ in findings(report)] == ["graphs", "modes", "forms", "paths", "declare"]
    declared = dict(findings(report))["declare"].split()
    assert {"events", "stateless.stream", "resource.state"} <= set(declared)


def test_the_first_stage_names_the_mistake_alone(tmp_path: Path) -> None:
    with beginner(mistake=True) as fake:
        status, lines, report = run(tmp_path, "--url", fake.url, "--stage", "1")
    failed = [line.split()[2] for line in lines if line.split()[:2] == ["failed", "MUST"]]
    assert (status, failed) == (1, ["values.full-state:", "values.one-per-step:"])
    assert report["found"]["graphs"]["missing"] == []


def test_the_first_stage_is_reached_when_the_mistake_is_mended(tmp_path: Path) -> None:
    with beginner(mistake=False) as fake:
        status, lines, report = run(tmp_path, "--url", fake.url, "--stage", "1")
    assert status == 0, "\n".join(lines)
    ends = [line.strip() for line in lines]
    assert "stage 1 (first stream) reached" in ends
    assert f"next lg-conformance run --url {fake.url} --report-dir" not in "\n".join(ends)
    assert f"next lg-conformance run --url {fake.url} --stage 2" in ends
    assert report["verdict"] == "partial"


def test_what_is_not_implemented_can_be_declared_and_nothing_else_is_lost(tmp_path: Path) -> None:
    """Everything that the report says can be declared makes the gate of the mended server depend on the rest."""
    with beginner(mistake=False) as fake:
        _, _, first = run(tmp_path, "--url", fake.url, "--stage", "2")
        declared = first["found"]["declare"]
        words = [word for one in declared for word in ("--lacks", one)]
        _, lines, second = run(tmp_path, "--url", fake.url, "--stage", "2", *words)
    assert "updates" in declared
    before, after = ({one["id"]: one["outcome"] for one in report["requirements"]} for report in (first, second))
    assert [id for id, word in before.items() if word == "passed" and after[id] != "passed"] == []
    assert after["updates.repeated-node"] == "inapplicable"
    assert not any(line.split()[:2] == ["failed", "MUST"] for line in lines)
