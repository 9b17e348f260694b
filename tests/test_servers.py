"""Real servers of three families, each judged by one command, as a user judges them.

A test whose server needs something that this machine lacks is skipped with the reason; with LG_REQUIRE_SERVERS set it
fails.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import schemas
from conformance.judging.verdict import UNSURE
from conformance.report.judged import checks
from conformance.targets.target_file import named_target

from .test_plugin import environment

VERDICTS = {"langgraph-dev": "conformant", "langgraphjs": "not conformant", "aegra": "not conformant"}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `lg-conformance` with these arguments."""
    command = [sys.executable, "-m", "conformance", *arguments, "-q"]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=900)


def report(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text("utf-8"))


def outcomes(document: Any) -> dict[str, str]:
    return {check["id"]: check["outcome"] for one in document["requirements"] for check in checks(one)}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_server_fails_exactly_what_its_baseline_lists(name: str, tmp_path: Path) -> None:
    done = run(tmp_path, "run", "--target", name, "--report-dir", "out")
    if done.returncode == UNSURE and f"{name} needs " in done.stdout + done.stderr:
        reason = next(line for line in (done.stdout + done.stderr).splitlines() if f"{name} needs " in line)
        assert not os.environ.get("LG_REQUIRE_SERVERS"), reason
        pytest.skip(f"left out: {reason}")
    assert done.returncode == 0, done.stdout + done.stderr
    document = report(tmp_path / "out")
    assert document["verdict"] == VERDICTS[name]
    assert schemas.errors("report", document) == []
    baseline = named_target(name).baseline
    assert bool(document["baseline"]["known"]) == (baseline is not None)


def test_one_process_several_processes_and_judging_again_have_the_same_outcomes(tmp_path: Path) -> None:
    alone = run(tmp_path, "run", "--report-dir", "alone")
    together = run(tmp_path, "run", "--report-dir", "together", "-n", "4")
    again = run(tmp_path, "judge", "together", "--report-dir", "again")
    assert [done.returncode for done in (alone, together, again)] == [0, 0, 0], together.stdout
    one, other, third = (outcomes(report(tmp_path / name)) for name in ("alone", "together", "again"))
    assert one == other == third
    performed = [
        sorted(path.name for path in (tmp_path / name / "recordings").iterdir()) for name in ("alone", "together")
    ]
    assert performed[0] == performed[1]  # each variant was performed once
