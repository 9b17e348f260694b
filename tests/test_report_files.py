"""Report folders: which files are written, that their links work, and how unusable input is refused."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from conformance import cli
from conformance.evidence.archive import ARCHIVE, pack_folder
from conformance.evidence.redaction import Redactor
from conformance.judging.verdict import OK, USAGE
from conformance.report import write
from conformance.report.markdown import report_md
from conformance.report.write import SUMMARY_BYTES, WRITERS, read_report, write_all
from conformance.settings import UsageError

from .hostile import HOSTILE_TEXT, hostile_report
from .html_page import Page, inert_page
from .reports import FAULTS, all_evidence, faulty, report, written


@cache
def anchors(path: Path) -> list[str]:
    return Page(path.read_text("utf-8")).all("id")


def make_matrix(*reports: Path, output: Path) -> int:
    return cli.main(["matrix", *map(str, reports), "--output", str(output)])


def archived(folder: Path) -> Path:
    """Replace the folder `recordings/` of a report folder by an archive, as in a published report."""
    (folder / ARCHIVE).write_bytes(pack_folder(folder / "recordings"))
    for path in (folder / "recordings").iterdir():
        path.unlink()
    (folder / "recordings").rmdir()
    return folder


# --- files and links


def test_every_file_is_written_and_every_link_works(tmp_path: Path) -> None:
    for name, faults in (("good", ()), ("a b#c%", FAULTS)):
        written(tmp_path / name, report(name, "1", faults))
        assert {"report.json", *WRITERS} <= {path.name for path in (tmp_path / name).iterdir()}
    out = tmp_path / "out" / "deeper"
    assert make_matrix(tmp_path / "good", tmp_path / "a b#c%" / "report.json", output=out) == OK
    checked = 0
    for path in (out / "matrix.html", *tmp_path.glob("*/report.html")):
        for href in Page(path.read_text("utf-8")).all("href"):
            file, _, anchor = href.partition("#")
            target = path.parent / unquote(file) if file else path
            assert target.is_file(), href
            assert not anchor or anchor in anchors(target.resolve()), href
            checked += bool(file)
    assert checked > 10
    for target in re.findall(r"\]\((.*?)\)", (out / "matrix.md").read_text("utf-8")):
        assert (out / unquote(target.partition("#")[0])).is_file()


def test_the_same_report_gives_the_same_files(tmp_path: Path) -> None:
    content = report("aegra", "1", FAULTS)
    one, other = written(tmp_path / "one", content), written(tmp_path / "other", content)
    before = {name: (one / name).read_bytes() for name in WRITERS}
    assert before == {name: (other / name).read_bytes() for name in WRITERS}
    assert make_matrix(one, output=tmp_path) == OK
    first = (tmp_path / "matrix.html").read_bytes()
    assert make_matrix(one, one / "report.json", output=tmp_path) == OK
    assert first == (tmp_path / "matrix.html").read_bytes()
    assert before == {name: (one / name).read_bytes() for name in WRITERS}


def test_a_session_and_the_matrix_make_the_same_page(tmp_path: Path) -> None:
    content = report("aegra", "1", FAULTS)
    folder = written(tmp_path / "one", content, faulty(FAULTS))
    page = (folder / "report.html").read_bytes()
    assert page.count(b'<figure class="timeline"') == len({one["recording"] for one in all_evidence(content)})
    (folder / "report.html").unlink()
    assert make_matrix(folder, output=tmp_path) == OK
    assert (folder / "report.html").read_bytes() == page


def test_a_missing_or_outdated_page_is_made_again(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", report("aegra", "1", FAULTS))
    page = (folder / "report.html").read_bytes()
    (folder / "report.html").write_text("old")
    (folder / "report.md").unlink()
    (folder / "report.json").rename(folder / "README.json")
    (folder / "README.md").write_text("mine")
    assert make_matrix(folder / "README.json", output=tmp_path) == OK
    assert (folder / "README.md").read_text() == "mine"
    assert (folder / "README.report.html").read_bytes() == page
    assert "one/README.report.html#join.does-not-replay" in (tmp_path / "matrix.html").read_text("utf-8")


# --- recordings


def test_recordings_in_an_archive_are_drawn_and_the_archive_is_linked(tmp_path: Path) -> None:
    content = report("aegra", "1", FAULTS)
    folder = archived(written(tmp_path / "one", content, faulty(FAULTS)))
    assert make_matrix(folder, output=tmp_path) == OK
    html = (folder / "report.html").read_text("utf-8")
    assert html.count('<figure class="timeline"') == len({one["recording"] for one in all_evidence(content)})
    files = {href for href in Page(html).all("href") if not href.startswith("#")}
    assert files == {ARCHIVE}
    assert f"]({ARCHIVE})" in (folder / "report.md").read_text("utf-8")


@pytest.mark.parametrize("damage", [b"", b"\xff\n", b"{}\n", b'{"recording": {"format": 99}}\n', b"[" * 100_000])
def test_a_damaged_recording_is_linked_but_not_drawn(tmp_path: Path, damage: bytes) -> None:
    content = report("aegra", "1", FAULTS)
    folder = written(tmp_path / "one", content, faulty(FAULTS))
    file = all_evidence(content)[0]["recording"]
    (folder / "recordings" / file).write_bytes(damage)
    assert make_matrix(folder, output=tmp_path) == OK
    html = (folder / "report.html").read_text("utf-8")
    assert f"recordings/{file}" in Page(html).all("href")
    assert html.count('<figure class="timeline"') == len({one["recording"] for one in all_evidence(content)}) - 1


def test_a_damaged_archive_does_not_prevent_a_report(tmp_path: Path) -> None:
    folder = archived(written(tmp_path / "one", report("aegra", "1", FAULTS)))
    (folder / ARCHIVE).write_bytes(b"not an archive")
    assert make_matrix(folder, output=tmp_path) == OK
    assert (folder / "report.html").read_text("utf-8").count('<figure class="timeline"') == 0


# --- secrets, and the summary of a workflow


def test_no_file_holds_a_secret(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    secret = "sk-<&>\"'0123456789"
    write_all(tmp_path, {**hostile_report(secret), "observations": {"a": [secret]}}, Redactor([secret]), {})
    for name in ("report.json", *WRITERS):
        text = (tmp_path / name).read_text("utf-8")
        assert "0123456789" not in text.replace(report()["suite"]["catalogue_sha256"], "")
        assert "***" in text.replace("\\*", "*") or name == "badge.json"


def test_the_report_is_appended_to_the_summary_of_a_workflow(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    content = report("aegra", "1", FAULTS)
    write_all(tmp_path, content, Redactor(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text("utf-8") == "before\n" + report_md(content)


def test_a_summary_that_cannot_be_written_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(tmp_path, report(), Redactor(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "such")})
    assert "GITHUB_STEP_SUMMARY cannot be written: " in capsys.readouterr().err


def test_a_summary_that_is_too_large_is_shortened(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    large = copy.deepcopy(report("aegra", "1", FAULTS))
    for one in all_evidence(large):
        one["rows"] = ["x" * SUMMARY_BYTES]
    write_all(tmp_path, large, Redactor(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text("utf-8") == report_md(large, evidence=False)
    assert "join.does-not-replay" in summary.read_text("utf-8")


# --- input that cannot be used


def changed(**changes: Any) -> bytes:
    return json.dumps(report() | changes).encode()


def with_unknown_evidence() -> bytes:
    return json.dumps(report("aegra", "1", FAULTS)).replace('"curl"', '"curl\\u001b"').encode()


UNUSABLE = {
    "an unfinished object": (lambda: b"{", "is not JSON"),
    "not UTF-8": (lambda: b"\xff\xfe", "is not JSON"),
    "not a number": (lambda: b"NaN", "is not JSON"),
    "nested deeply": (lambda: b"[" * 100_000, "is not JSON"),
    "a list": (lambda: b"[]", "is not a report"),
    "another object": (lambda: b'{"a": 1}', "is not a report"),
    "another format": (lambda: changed(format=1), "format 1"),
    "evidence of another form": (with_unknown_evidence, "is not a report"),
    "another verdict": (lambda: changed(verdict="partial"), "verdict"),
    "a requirement twice": (lambda: changed(requirements=report()["requirements"][:1] * 2), "twice"),
    "a requirement left out": (lambda: changed(requirements=report()["requirements"][1:]), "summary of MUST"),
}


@pytest.mark.parametrize(("content", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_report_is_refused_by_name(
    content: Callable[[], bytes], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad\x1b[2J.json"
    file.write_bytes(content())
    assert make_matrix(file, output=tmp_path / "out") == USAGE
    error = capsys.readouterr().err
    assert "bad\\x1b[2J.json" in error
    assert message in error
    assert error.removesuffix("\n").isprintable()
    assert not (tmp_path / "out").exists()


def test_a_missing_report_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for given, named in ((tmp_path / "nowhere", "nowhere"), (tmp_path / "empty", "report.json")):
        assert make_matrix(given, output=tmp_path) == USAGE
        assert f"{named} cannot be read: " in capsys.readouterr().err
    assert cli.main(["matrix"]) == USAGE


def test_an_output_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = written(tmp_path / "good", report())
    (tmp_path / "taken").touch()
    assert make_matrix(good, output=tmp_path / "taken") == USAGE
    assert "taken cannot be written: " in capsys.readouterr().err


def test_a_report_that_is_nested_too_deeply_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> str:
        raise RecursionError

    folder = written(tmp_path / "one", report())
    monkeypatch.setitem(write.PAGES, ".html", exhausted)
    with pytest.raises(UsageError, match=r"report\.json is nested too deeply"):
        write.write_matrix([folder], tmp_path)


def test_a_valid_report_with_hostile_names_is_rendered(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(hostile_report()))
    assert read_report(tmp_path / "report.json")["target"]["name"] == HOSTILE_TEXT
    assert make_matrix(tmp_path, output=tmp_path) == OK
    for name in ("matrix.html", "report.html"):
        inert_page((tmp_path / name).read_text("utf-8"))
