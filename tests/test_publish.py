"""Publishing keeps as much evidence as fits, and drops a release with the outcomes of the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.report.judged import failing
from conformance.report.releases import releases
from conformance.report.words import REST_OF_EVIDENCE

from .generate import published
from .reports import FAULTS, all_evidence, report, written


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(published, "REPORTS", tmp_path)
    return tmp_path


def test_a_report_that_is_too_large_keeps_its_first_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = report("x", "1", FAULTS)
    folder = written(tmp_path / "x-1", content)
    bad = [one["id"] for one in content["requirements"] if failing(one)]
    assert len(bad) > 1
    limit = published.size(folder) - 1
    monkeypatch.setattr(published, "FOLDER_BYTES", limit)
    published._fit(folder)
    found = published.read(folder)
    assert published.size(folder) <= limit
    assert 0 < len(all_evidence(found)) < len(all_evidence(content))
    assert [one["id"] for one in found["requirements"] if failing(one)] == bad
    assert found["verdict_digest"] == content["verdict_digest"]
    for name in ("report.html", "report.md"):
        text = (folder / name).read_text("utf-8")
        assert REST_OF_EVIDENCE.partition(":")[0] in text
        assert all(f'id="{id}"' in text for id in bad)


def test_a_report_that_fits_keeps_all_its_evidence(tmp_path: Path) -> None:
    content = report("x", "1", FAULTS)
    folder = written(tmp_path / "x-1", content)
    published._fit(folder)
    assert published.read(folder) == content


def test_a_release_with_the_outcomes_of_the_next_one_becomes_a_line(root: Path) -> None:
    for version, faults in (("1.2", ()), ("1.9", FAULTS), ("1.10", FAULTS), ("1.11", FAULTS), ("2.0", ())):
        written(root / f"x-{version}", report("x", version, faults))
    published.thin_out()
    assert [folder.name for folder, _ in published.documents()] == ["x-1.2", "x-1.11", "x-2.0"]
    assert [(one["report"], one["version"]) for one in releases(root)] == [("x-1.11", "1.9"), ("x-1.11", "1.10")]
    versions = [document["target"]["version"] for _, document in published.judged()]
    assert versions == ["1.2", "1.9", "1.10", "1.11", "2.0"]
    published.thin_out()
    assert versions == [document["target"]["version"] for _, document in published.judged()]


def test_a_newer_release_with_the_same_outcomes_takes_over_the_lines(root: Path) -> None:
    for version in ("1.0", "1.1"):
        written(root / f"x-{version}", report("x", version))
    published.thin_out()
    written(root / "x-1.2", report("x", "1.2"))
    published.thin_out()
    assert [(one["report"], one["version"]) for one in releases(root)] == [("x-1.2", "1.0"), ("x-1.2", "1.1")]
