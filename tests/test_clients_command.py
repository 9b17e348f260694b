"""`lg-conformance clients`, and the results of clients in the reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import schemas as schema
from conformance.cli import main
from conformance.clients.examine import result
from conformance.clients.readers import READERS, Reader, named
from conformance.judging.verdict import BROKEN_MUST, UNSURE, USAGE
from conformance.report.markdown import report_md
from conformance.report.matrix_markdown import matrix_md
from conformance.report.products import Column
from conformance.report.recordings import StoredRecordings
from conformance.settings import UsageError

from . import golden
from .test_real_clients import require

RECORDED = "joke_updates.jsonl"
JUDGE = ["-q", "--tb=no", "-k", "updates.node-sequence", "-p", "no:cacheprovider"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report folder with one recording."""
    golden.written(tmp_path / "out" / "recordings", "run.json", RECORDED)
    main(["judge", str(tmp_path / "out"), *JUDGE])
    return tmp_path / "out"


def use_outcomes(monkeypatch: pytest.MonkeyPatch, *outcomes: str) -> None:
    """Replace the comparison of the command: it returns these outcomes, one for each client, and runs no client."""
    remaining = iter(outcomes)
    evidence = [{"recording": "r", "exchange": "e", "message": "m"}]

    def examined(recordings: object, chosen: Sequence[Reader], say: object) -> list[dict[str, Any]]:
        return [result(one, next(remaining), "a <b> | c", 1, ["phantom: x"], evidence) for one in chosen]

    monkeypatch.setattr("conformance.session.clients_command.examine", examined)


def outcomes_in(folder: Path) -> list[str]:
    document = json.loads((folder / "report.json").read_text("utf-8"))
    assert schema.errors("report", document) == []
    return [one["outcome"] for one in document["clients"]]


def test_wrong_usage_names_what_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"langgraph_sdk==0\.4\.14"):
        named(["nobody"])
    assert main(["clients", str(golden.SOURCE.path), "--client", "nobody"]) == USAGE
    assert main(["judge", str(golden.SOURCE.path), "--client", "nobody"]) == USAGE
    assert capsys.readouterr().err.count("langgraph_sdk==0.4.14") == 2
    assert main(["clients", "nowhere"]) == USAGE


def test_a_client_that_cannot_run_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("conformance.clients.examine.lacking", lambda reader: "it needs a thing: get it")
    assert main(["clients", str(golden.written(tmp_path / "one", RECORDED) / RECORDED)]) == UNSURE
    output = capsys.readouterr().out
    assert output.count("inconclusive") == len(READERS)
    assert "it needs a thing: get it" in output


def test_the_results_are_written_into_the_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_outcomes(monkeypatch, "passed", "failed", "cantTell", "passed")
    assert main(["clients", str(folder / "recordings")]) == BROKEN_MUST
    assert outcomes_in(folder) == ["passed", "failed", "cantTell", "passed"]
    document = json.loads((folder / "report.json").read_text("utf-8"))
    page = (folder / "report.md").read_text("utf-8")
    assert "| Works with | langgraph\\_sdk 0.4.14, httpx-sse 0.4.3 |" in page
    assert "a &#60;b&#62; &#124; c" in page
    assert page == report_md(document, StoredRecordings({RECORDED: None}))
    matrix = matrix_md([Column(document, "h", "m")]).splitlines()
    assert [row for row in matrix if row.startswith("| httpx-sse")] == ["| httpx-sse 0.4.3 | ✓ passed |"]


def test_a_new_result_replaces_that_of_the_same_client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_outcomes(monkeypatch, "passed", "passed", "passed", "passed", "failed")
    main(["clients", str(folder)])
    assert main(["clients", str(folder), "--client", "httpx-sse"]) == BROKEN_MUST
    assert outcomes_in(folder) == ["passed", "passed", "passed", "failed"]


def test_judging_may_include_a_client(folder: Path) -> None:
    reader = READERS[0]
    require(reader)
    main(["judge", str(folder), *JUDGE, "--client", reader.id])
    found = json.loads((folder / "report.json").read_text("utf-8"))["clients"]
    assert [(one["name"], one["outcome"], one["streams"]) for one in found] == [(reader.name, "passed", 1)]
