"""Releases with the outcomes of another report are in the matrix, but have no folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import cli
from conformance.judging.verdict import OK, USAGE
from conformance.report.releases import RELEASES, releases_text

from .html_page import Page
from .reports import FAULTS, report, written


def row(version: str, digest: str, name: str = "x-2") -> dict[str, str]:
    return {"report": name, "version": version, "started": "2025-01-02T03:04:05+00:00", "verdict_digest": digest}


def test_a_release_is_folded_under_the_report_that_stands_for_it(tmp_path: Path) -> None:
    content = report("x", "2", FAULTS)
    written(tmp_path / "x-2", content)
    (tmp_path / RELEASES).write_text(releases_text([row("1", content["verdict_digest"]), row("0", "f" * 64, "gone")]))
    assert cli.main(["matrix", str(tmp_path / "x-2"), "--output", str(tmp_path)]) == OK
    page = Page((tmp_path / "matrix.html").read_text("utf-8"))
    assert "Compatibility of 1 server\n" in page.text
    folded = page.text[page.text.index("Older releases (1)") :]
    assert "2025-01-02" in folded
    assert "All outcomes as in 2." in " ".join(folded.split())
    assert page.all("href").count("x-2/report.html#join.does-not-replay") == 1
    markdown = (tmp_path / "matrix.md").read_text("utf-8")
    assert markdown.index("| [x](x-2/report.md) | 2 |") < markdown.index("| [x](x-2/report.md) | 1 |")


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot be read as JSON"), ('["x"]', "is not a list"), (releases_text([row("1", "0" * 64)]), "version 1")],
)
def test_a_table_that_does_not_fit_is_refused(
    tmp_path: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path / "x-2", report("x", "2"))
    (tmp_path / RELEASES).write_text(text)
    assert cli.main(["matrix", str(tmp_path / "x-2"), "--output", str(tmp_path)]) == USAGE
    assert message in capsys.readouterr().err
