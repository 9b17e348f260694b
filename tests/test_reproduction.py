"""Judging stored recordings again reproduces the report beside them, or leaves it as it is and says why."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.clients.examine import result
from conformance.clients.readers import READERS
from conformance.evidence.archive import ARCHIVE, pack
from conformance.evidence.source import SESSION_FILE, read_recordings, source_of
from conformance.judging.verdict import OK, UNSURE, USAGE
from conformance.session.judgement import Judgement
from conformance.session.plan import make_plan
from conformance.session.reproduction import comparison
from conformance.settings import settings

from . import golden
from .reports import faulty, report
from .written import write_recording

KEPT = "joke_updates.jsonl"
OTHER = "joke_in_mode-values.jsonl"
SELECTED = "updates.node-sequence"
QUIET = ["-q", "--tb=no", "-p", "no:cacheprovider"]


def judge(folder: Path, *options: str, selected: str = SELECTED) -> int:
    return main(["judge", str(folder), *QUIET, "-k", selected, *options])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report folder with two recordings."""
    golden.written(tmp_path / "out" / "recordings", SESSION_FILE, KEPT, OTHER)
    judge(tmp_path / "out")
    (tmp_path / "out" / "junit.xml").unlink()
    return tmp_path / "out"


@pytest.fixture(params=["folder", "archive"])
def stored(folder: Path, request: pytest.FixtureRequest) -> Path:
    """The same with its recordings in a folder or in an archive."""
    if request.param == "archive":
        rearchive(folder, {name: source_of(folder).read(name) for name in source_of(folder).names()})
    return folder


def rearchive(folder: Path, files: dict[str, bytes]) -> None:
    """Replace the recordings of a report folder by an archive of these files."""
    if (folder / "recordings").is_dir():
        for path in (folder / "recordings").iterdir():
            path.unlink()
        (folder / "recordings").rmdir()
    (folder / ARCHIVE).write_bytes(pack(files, preset=0))


def change(folder: Path, name: str, content: bytes | None) -> None:
    """Replace one file of the recordings, or remove it."""
    files = {one: source_of(folder).read(one) for one in source_of(folder).names()}
    files = {one: data for one, data in files.items() if one != name} | ({} if content is None else {name: content})
    if (folder / ARCHIVE).is_file():
        rearchive(folder, files)
    elif content is None:
        (folder / "recordings" / name).unlink()
    else:
        (folder / "recordings" / name).write_bytes(content)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_report_is_reproduced(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = json.loads((stored / "report.json").read_text("utf-8"))["verdict_digest"][:12]
    capsys.readouterr()
    status = judge(stored)
    output = capsys.readouterr().out
    assert f"reproduced: verdict digest {digest} of all checks" in output
    assert "not reproduced" not in output
    assert status == judge(stored)


@pytest.mark.parametrize(("content", "problem"), [(None, "1 are missing"), (b"{}", "some have changed")])
def test_a_report_whose_recordings_are_not_complete_is_left_as_it_is(
    stored: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, problem: str
) -> None:
    change(stored, OTHER, content)
    before = everything(stored)
    capsys.readouterr()
    assert judge(stored) == USAGE
    message = capsys.readouterr().err
    assert f"of its 2 recordings {problem}" in message
    assert "--report-dir DIR" in message
    assert everything(stored) == before


def test_clients_leave_such_a_report_as_it_is_too(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(stored, OTHER, None)
    before = everything(stored)
    assert main(["clients", str(stored)]) == USAGE
    assert "1 are missing" in capsys.readouterr().err
    assert everything(stored) == before


def test_incomplete_recordings_are_judged_into_another_folder(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(stored, KEPT, None)
    before = everything(stored)
    capsys.readouterr()
    assert judge(stored, "--report-dir", str(tmp_path / "elsewhere")) == UNSURE
    output = capsys.readouterr().out
    assert "not reproduced: verdict digest" in output
    assert "test_each_node_yields_what_it_returned: passed → untested" in output
    assert everything(stored) == before
    assert (tmp_path / "elsewhere" / "report.json").is_file()


def test_a_report_is_not_replaced_by_one_that_judges_less(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (stored / "report.json").read_bytes(), (stored / "report.html").read_bytes()
    capsys.readouterr()
    judge(stored, selected="values.input-first")
    output = capsys.readouterr().out
    assert f"the report in {stored} is left as it is: " in output
    assert "were not judged now (test_each_node_yields_what_it_returned" in output
    assert "report.html" not in output
    assert ((stored / "report.json").read_bytes(), (stored / "report.html").read_bytes()) == before


def test_a_client_that_is_used_again_does_not_drop_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = READERS[:2]
    words = {first.id: "passed", second.id: "passed"}

    def examined(recordings: object, readers: Sequence[Any], say: object, performed: object) -> list[dict[str, Any]]:
        return [result(one, words[one.id], "", 1) for one in readers]

    monkeypatch.setattr("conformance.clients.examine.examine", examined)
    judge(folder, "--client", first.id, "--client", second.id)
    words[second.id] = "failed"
    judge(folder, "--client", second.id)
    clients = json.loads((folder / "report.json").read_text("utf-8"))["clients"]
    assert [(one["name"], one["version"], one["outcome"]) for one in clients] == [
        (first.name, first.version, "passed"), (second.name, second.version, "failed"),
    ]  # fmt: skip


def test_each_command_reads_an_archive_as_it_reads_a_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from_folder = read_recordings(source_of(folder))
    rearchive(folder, {name: source_of(folder).read(name) for name in source_of(folder).names()})
    archive = folder / ARCHIVE
    assert [one.variant for one in read_recordings(source_of(archive))] == [one.variant for one in from_folder]
    capsys.readouterr()
    assert main(["diff", str(folder), str(archive)]) == OK
    assert capsys.readouterr().out.endswith("nothing changed\n")
    assert main(["matrix", str(archive), "--output", str(tmp_path / "matrix")]) == OK
    assert 'href="../out/report.html' in (tmp_path / "matrix" / "matrix.html").read_text("utf-8")
    assert (folder / "report.html").read_text("utf-8").count('<figure class="timeline"') == 2
    judge(archive)
    assert "reproduced: " in capsys.readouterr().out


def test_recordings_in_an_archive_are_attached_for_allure(tmp_path: Path) -> None:
    recordings = tmp_path / "out" / "recordings"
    golden.written(recordings, SESSION_FILE)
    [bad] = [one for one in faulty(("loses_the_first_node",)) if one.file == KEPT]
    write_recording(bad, recordings / KEPT)
    files = {path.name: path.read_bytes() for path in recordings.iterdir()}
    rearchive(tmp_path / "out", files)
    judge(tmp_path / "out", "--alluredir", str(tmp_path / "allure"))
    attached = [path.read_bytes() for path in (tmp_path / "allure").glob("*-attachment.jsonl")]
    assert files[KEPT] in attached


# --- another version of the suite


def outcome_with(folder: Path, scenarios: dict[str, str]) -> tuple[str, str]:
    """Return the outcome of a check if the recordings were made by a suite with these scenarios."""
    session = json.loads(source_of(folder).read(SESSION_FILE))
    kept = {name: digest for name, digest in {**session["scenarios"], **scenarios}.items() if digest}
    change(folder, SESSION_FILE, json.dumps({**session, "scenarios": kept}).encode())
    judgement = Judgement(make_plan(settings({"judge": str(folder)})))
    outcome = judgement.outcome(judgement.plan.items["test_each_node_yields_what_it_returned"])
    return outcome.word, outcome.message


def test_a_check_is_untested_if_its_scenario_is_newer_than_the_recordings(stored: Path) -> None:
    change(stored, KEPT, None)
    word, message = outcome_with(stored, {"joke_updates": ""})
    assert (word, message) == ("untested", "the scenario `joke_updates` did not exist when the session was recorded")


def test_a_check_is_untested_if_its_scenario_has_changed_and_the_recording_lacks_an_exchange(stored: Path) -> None:
    lines = source_of(stored).read(KEPT).splitlines(keepends=True)
    without = b"".join([lines[0], lines[-1]])
    change(stored, KEPT, without)
    assert outcome_with(stored, {})[0] == "cantTell"
    word, message = outcome_with(stored, {"joke_updates": "0" * 16})
    assert (word, message) == ("untested", "the scenario `joke_updates` has changed since the session was recorded")


def test_recordings_of_another_suite_are_judged_as_far_as_they_go(stored: Path) -> None:
    assert outcome_with(stored, {"joke_updates": "0" * 16})[0] == "passed"


def compared(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return list(comparison(old, new, set(golden.items())))


def test_checks_that_only_one_report_has_are_named_and_the_others_compared() -> None:
    whole, part = report(), copy.deepcopy(report())
    del part["requirements"][0]
    first, *others = compared(part, whole)
    assert first.startswith("reproduced: verdict digest ")
    assert first.endswith("checks that both judged, as in the earlier report of these recordings")
    assert len(others) == 1
    assert "checks are not in the earlier report (test_" in others[0]
    first, *others = compared(whole, part)
    assert first.startswith("reproduced: ")
    assert "checks of the earlier report are not in this one (test_" in others[0]


def test_checks_with_another_outcome_are_listed() -> None:
    first, *others = compared(report(), report(faults=("loses_the_first_node",)))
    assert first.startswith("not reproduced: verdict digest ")
    assert "  test_each_node_yields_what_it_returned: passed → failed" in others
