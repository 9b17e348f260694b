"""End to end: generated programs on the official server, and a case that fails again and is reduced."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .test_live import proxy
from .test_plugin import environment

FAILING: dict[str, Any] = {
    "graph": "program",
    "run": {
        "input": {"program": [{"step": [{"append": "needless"}]}, {"call": [{"step": [{"custom": 1}]}]}]},
        "modes": ["custom"],
        "form": "list",
        "subgraphs": True,
    },
    "earlier": [],
    "thread": True,
    "start": "stream",
    "readers": "creator",
}
"""A run that fails where data written inside a subgraph is lost; its first step is needless."""


def performed(url: str, folder: Path, *options: str) -> tuple[int, str]:
    """Return exit status and output of `lg-conformance run`."""
    command = [sys.executable, "-m", "conformance", "run", "--url", url, "--report-dir", "out", "-q", *options]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_programs_agree_on_the_official_server(official: str, tmp_path: Path) -> None:
    status, output = performed(official, tmp_path, "--programs", "5", "--seed", "3")
    assert status == 0, output
    assert "5 cases" in output
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    outcomes = {one["id"]: one["outcome"] for one in report["requirements"]}
    assert outcomes["updates.node-sequence"] == "passed"
    assert (tmp_path / "out" / "recordings" / "predictions.jsonl.xz").is_file()
    assert not (tmp_path / "out" / "cases").exists()


def test_a_case_that_fails_again_is_reduced_and_kept(official: str, tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(json.dumps({"case": FAILING}), "utf-8")
    with proxy("loses_data_written_inside", official, tmp_path) as faulty:
        status, output = performed(faulty, tmp_path, "--replay-case", "case.json")
        assert status == 1, output
        kept = json.loads((tmp_path / "out" / "cases" / "01-subgraphs.custom.json").read_text("utf-8"))
        assert kept["case"]["run"]["input"]["program"] == [{"call": [{"step": [{"custom": 1}]}]}]
        assert any(line.startswith("curl") for line in kept["repeat"])
        assert "--replay-case" in output


def test_a_dry_run_lists_the_runs_and_performs_none(tmp_path: Path) -> None:
    status, output = performed("http://127.0.0.1:9", tmp_path, "--graph", "agent={}", "--dry-run")
    assert status == 0, output
    assert "runs of the graph agent in 20 cases" in output
    assert not (tmp_path / "out").exists()
