"""`lg-conformance verify` reproduces a report, says what it cannot reproduce, and writes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance import cli
from conformance.evidence.archive import ARCHIVE, pack, unpack
from conformance.judging.outcomes import INAPPLICABLE, PASSED
from conformance.judging.verdict import BROKEN_MUST, OK, USAGE
from conformance.report.judged import checks

from .generate.published import REPORTS

SMALL = "langgraph-dev-0.16.7-client-safety"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPORTS / SMALL, tmp_path / "report"))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change(folder: Path, alter: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads((folder / "report.json").read_text("utf-8"))
    alter(document)
    (folder / "report.json").write_text(json.dumps(document), "utf-8")


def test_a_published_report_is_reproduced_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(folder)
    document = json.loads(before["report.json"])
    assert cli.main(["verify", str(folder)]) == OK
    row = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("report ") and "checks" not in line
    )
    assert row.split() == ["report", str(document["selection"]["of"]), document["verdict_digest"], "same"]
    assert content(folder) == before


def test_another_outcome_is_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def pretend(document: dict[str, Any]) -> None:
        row = next(one for one in document["requirements"] if one["outcome"] == PASSED)
        name, axes = row["passed"].popitem()
        row["checks"] = [{"id": checks({"passed": {name: axes[:1]}})[0]["id"], "outcome": INAPPLICABLE}]
        row["passed"] |= {name: axes[1:]} if axes[1:] else {}

    change(folder, pretend)
    assert cli.main(["verify", str(folder)]) == BROKEN_MUST
    assert "different: 1 checks" in capsys.readouterr().out


def test_a_missing_recording_is_not_a_failure_of_the_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = unpack(folder / ARCHIVE)
    files.pop(next(name for name in sorted(files) if name.endswith(".jsonl")))
    (folder / ARCHIVE).write_bytes(pack(files))
    before = content(folder)
    assert cli.main(["verify", str(folder)]) == BROKEN_MUST
    number = json.loads(before["report.json"])["recordings"]["files"]
    assert f"not reproduced: 1 of {number} recordings are missing" in capsys.readouterr().out
    assert content(folder) == before


def test_a_check_of_another_suite_is_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, lambda document: document["requirements"][0]["passed"].update(test_of_another_suite=[""]))
    assert cli.main(["verify", str(folder)]) == OK
    assert "same, but this suite does not contain 1 of the checks" in capsys.readouterr().out


def test_several_reports_are_one_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Path(shutil.copytree(folder, folder.with_name("other")))
    (other / ARCHIVE).write_bytes(b"not an archive")
    assert cli.main(["verify", str(folder), str(other)]) == USAGE
    assert "its recordings cannot be read" in capsys.readouterr().err
    assert cli.main(["verify", str(folder), str(folder)]) == OK
    assert capsys.readouterr().out.splitlines()[-1] == "2 of 2 reports reproduced"


def test_a_report_lists_each_check_once() -> None:
    document = json.loads((REPORTS / SMALL / "report.json").read_text("utf-8"))
    ids = [one["id"] for row in document["requirements"] for one in checks(row)]
    assert len(set(ids)) == len(ids) == document["selection"]["of"]
    assert all(one["outcome"] != PASSED for row in document["requirements"] for one in row.get("checks", ()))
