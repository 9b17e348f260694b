"""The published reports are consistent: README.md lists them, and each has the recordings that it names."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import schemas as schema
from conformance.evidence.source import SESSION_FILE, recording_digests, source_of
from conformance.report.matrix import matrix_html
from conformance.report.matrix_markdown import matrix_md
from conformance.report.products import Column
from conformance.report.releases import releases

from .generate import published

EACH_REPORT = pytest.mark.parametrize(
    ("folder", "document"), [pytest.param(*one, id=one[0].name) for one in published.documents()]
)


def test_the_readme_lists_the_published_reports() -> None:
    text = (published.ROOT / "README.md").read_text("utf-8")
    assert f"{published.BEGIN}\n\n{published.tables()}\n\n{published.END}" in text


@pytest.mark.parametrize(("file", "make"), [("matrix.html", matrix_html), ("matrix.md", matrix_md)])
def test_the_matrix_shows_the_published_reports(file: str, make: Callable[[list[Column]], str]) -> None:
    reports = f"{published.REPORTS.name}/"
    columns = [
        Column(one.document, one.html.removeprefix(reports), one.markdown.removeprefix(reports))
        for one in published.columns()
    ]
    text = (published.REPORTS / file).read_text("utf-8")
    assert text == make(columns), "make it again: python -m tests.generate reports"


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


@EACH_REPORT
def test_a_report_is_small(folder: Path, document: dict[str, Any]) -> None:
    assert published.size(folder) <= published.FOLDER_BYTES


def test_all_published_reports_are_small() -> None:
    assert sum(path.stat().st_size for path in tracked("reports")) <= 5_500_000


def test_the_tree_is_small() -> None:
    assert sum(path.stat().st_size for path in tracked()) <= 10_000_000


def tracked(*under: str) -> list[Path]:
    """Return the files of the checkout that git tracks."""
    if shutil.which("git") is None or not (published.ROOT / ".git").exists():
        pytest.skip("this is not a checkout of git")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--", *under], cwd=published.ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [path for name in names.split("\0") if name and (path := published.ROOT / name).is_file()]


def test_the_releases_before_a_report_have_its_outcomes() -> None:
    versions = [(folder.name, one["target"]["version"]) for folder, one in published.judged()]
    folders = [folder.name for folder, _ in published.documents()]
    assert {name for name, _ in versions} == set(folders)
    assert len(versions) == len(folders) + len(releases(published.REPORTS)) > len(folders)


def test_all_reports_were_judged_by_the_same_catalogue() -> None:
    # A report that stands for older releases was judged when their recordings were made.
    older = {one["report"] for one in releases(published.REPORTS)}
    documents = [document for folder, document in published.documents() if folder.name not in older]
    assert len({document["suite"]["catalogue_sha256"] for document in documents}) == 1
