"""The published reports are consistent: README.md lists them, and each has the recordings that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import schemas as schema
from conformance.evidence.source import SESSION_FILE, recording_digests, source_of

from .generate import published

EACH_REPORT = pytest.mark.parametrize(
    ("folder", "document"), [pytest.param(*one, id=one[0].name) for one in published.documents()]
)


def test_the_readme_lists_the_published_reports() -> None:
    text = (published.ROOT / "README.md").read_text("utf-8")
    assert f"{published.BEGIN}\n\n{published.tables()}\n\n{published.END}" in text


@EACH_REPORT
def test_a_report_is_valid(folder: Path, document: dict[str, Any]) -> None:
    assert schema.errors("report", document) == []


@EACH_REPORT
def test_a_report_lies_beside_its_recordings(folder: Path, document: dict[str, Any]) -> None:
    assert recording_digests(source_of(folder)) == document["recordings"]


@EACH_REPORT
def test_a_report_does_not_name_the_machine(folder: Path, document: dict[str, Any]) -> None:
    assert not (folder / "junit.xml").exists()
    assert b"hostname" not in source_of(folder).read(SESSION_FILE)


def test_all_reports_were_judged_by_the_same_catalogue() -> None:
    assert len({document["suite"]["catalogue_sha256"] for _, document in published.documents()}) == 1
