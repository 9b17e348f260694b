"""A vendor's report, submitted by the steps of reports/README.md: packed, judged again, and shown in the matrix."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import cli
from conformance.evidence.archive import ARCHIVE, pack, unpack
from conformance.evidence.source import SESSION_FILE
from conformance.judging.outcomes import FAILED, PASSED
from conformance.judging.verdict import BROKEN_MUST, OK
from conformance.report.judged import by_name
from conformance.report.words import NOT_PASSED

from .generate import published
from .html_page import Page

ORIGINAL = published.REPORTS / "langgraphjs-1.5.1-client-safety"
"""A published report that is small, and not without failures."""
NAME = "acme-9.1-client-safety"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report folder of a vendor's session: what a server of another name sent."""
    folder = tmp_path_factory.mktemp("vendor") / "my-session"
    for name, data in unpack(ORIGINAL / ARCHIVE).items():
        path = folder / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    file = folder / "recordings" / SESSION_FILE
    content = json.loads(file.read_text("utf-8"))
    content["target"] |= {"name": "acme", "version": "9.1"}
    file.write_text(json.dumps(content), "utf-8")
    assert cli.main(["judge", str(folder), "-q", "--tb=no"]) == BROKEN_MUST
    return folder


@pytest.fixture(scope="module")
def checkout(session: Path) -> Iterator[Path]:
    """A checkout without other reports, after the command of the page."""
    root = session.parent
    (root / "reports").mkdir()
    (root / "README.md").write_text(f"before {published.BEGIN} old {published.END} after", "utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(published, "ROOT", root)
        patched.setattr(published, "REPORTS", root / "reports")
        assert published.main([str(session)]) == OK
        yield root


@pytest.fixture
def submitted(checkout: Path, tmp_path: Path) -> Path:
    """A copy of the published folder, to be changed."""
    return Path(shutil.copytree(checkout / "reports" / NAME, tmp_path / NAME))


def test_the_page_names_the_steps() -> None:
    text = (ORIGINAL.parent / "README.md").read_text("utf-8")
    steps = ["lg-conformance run --target ", "python -m tests.generate.published ", "lg-conformance verify reports/my"]
    assert sorted(steps, key=text.index) == steps


def test_a_submitted_report_is_judged_and_shown(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = checkout / "reports" / NAME
    files = ["badge.json", ARCHIVE, "report.html", "report.json", "report.md"]
    assert sorted(path.name for path in folder.iterdir()) == files
    assert cli.main(["verify", str(folder)]) == OK
    assert "1 of 1 reports reproduced" in capfd.readouterr().out
    document = published.read(folder)
    assert document["verdict_digest"] == published.read(ORIGINAL)["verdict_digest"]
    page = Page((folder.parent / "matrix.html").read_text("utf-8"))
    assert "acme" in page.all("id")
    failed = [one["id"] for one in document["requirements"] if one["outcome"] in NOT_PASSED]
    assert failed
    assert {f"{NAME}/report.html#{id}" for id in failed} <= set(page.all("href"))
    assert set(failed) <= set(Page((folder / "report.html").read_text("utf-8")).all("id"))
    assert f"[not conformant](reports/{NAME}/report.md)" in (checkout / "README.md").read_text("utf-8")
    assert published.is_current()


def test_a_report_that_claims_more_than_its_recordings_show_is_found_out(submitted: Path) -> None:
    file = submitted / "report.json"
    document = json.loads(file.read_text("utf-8"))
    failed = next(one for one in document["requirements"] if one["outcome"] == FAILED)
    document["summary"][failed["level"]][FAILED] -= 1
    document["summary"][failed["level"]][PASSED] += 1
    names = [one["id"] for one in failed.pop("checks")]
    failed |= {"outcome": PASSED, "passed": failed["passed"] | by_name(names)}
    file.write_text(json.dumps(document), "utf-8")
    assert cli.main(["verify", str(submitted)]) == BROKEN_MUST


def test_a_report_without_one_of_its_recordings_is_found_out(submitted: Path) -> None:
    files = unpack(submitted / ARCHIVE)
    del files[next(name for name in files if name.endswith(".jsonl"))]
    (submitted / ARCHIVE).write_bytes(pack(files))
    assert cli.main(["verify", str(submitted)]) == BROKEN_MUST
