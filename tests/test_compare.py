"""Comparing two reports names exactly what a fault breaks, and exit status 1 says so."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.report import judged
from conformance.report.compare import BROKEN, CHANGED, FIXED, GONE, NEW, Change, changes, markdown

from . import reports

NO_LOCATION = ("leaves_out_content_location",)


def altered(document: dict[str, Any], outcomes: dict[str, str]) -> dict[str, Any]:
    """Return a report in which the first checks of these requirements have these outcomes."""
    content = reports.unfolded(document)
    for one in content["requirements"]:
        if one["id"] in outcomes:
            one["checks"][0]["outcome"] = one["outcome"] = outcomes[one["id"]]
    return content


def left_out(requirement: dict[str, Any]) -> int:
    """Change a requirement to one of which no check was selected; return how many it has."""
    ids = [check["id"] for check in judged.checks(requirement)]
    requirement |= {"passed": {}, "not_selected": judged.by_name(ids)}
    requirement.pop("checks", None)
    return len(ids)


def kinds(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in changes(old, new)]


def failed(document: dict[str, Any]) -> list[str]:
    return [one["id"] for one in document["requirements"] if one["outcome"] == "failed"]


@pytest.mark.parametrize(
    "faults", [NO_LOCATION, ("replays_from_the_start",), ("sends_values_unasked",), reports.FAULTS]
)
def test_the_comparison_names_exactly_what_a_fault_breaks(faults: tuple[str, ...]) -> None:
    good, bad = reports.report(), reports.report(faults=faults)
    assert failed(bad)
    assert [one.id for one in changes(good, bad) if one.kind == BROKEN] == failed(bad)
    assert [one.id for one in changes(bad, good) if one.kind == FIXED] == failed(bad)


def test_a_report_equals_itself() -> None:
    assert changes(reports.report(), reports.report()) == []


def test_every_kind_of_change_is_listed_the_broken_ones_first() -> None:
    good = reports.report()
    ids = [one["id"] for one in good["requirements"]]
    first, second, third, fourth, fifth = ids[:5]
    old = altered(good, {second: "failed", third: "cantTell"})
    new = altered(good, {fifth: "failed"})
    old["requirements"] = [one for one in old["requirements"] if one["id"] != first]
    new["requirements"] = [one for one in new["requirements"] if one["id"] != fourth]
    assert kinds(old, new) == [(BROKEN, fifth), (FIXED, second), (CHANGED, third), (NEW, first), (GONE, fourth)]


def test_another_failing_check_breaks_a_requirement_that_failed_before() -> None:
    good = reports.report()
    id = next(one["id"] for one in good["requirements"] if len(judged.checks(one)) > 1)
    old, new = altered(good, {id: "failed"}), altered(good, {id: "failed"})
    checks = next(one["checks"] for one in new["requirements"] if one["id"] == id)
    checks[1]["outcome"] = "failed"
    assert [(one.kind, one.id, one.checks) for one in changes(old, new)] == [(BROKEN, id, (checks[1]["id"],))]


def test_checks_that_were_not_selected_are_not_compared() -> None:
    good = reports.report()
    partly = copy.deepcopy(good)
    assert left_out(partly["requirements"][0]) > 0
    assert kinds(good, partly) == kinds(partly, good) == []


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        ("passed", "failed", BROKEN), ("passed", "cantTell", BROKEN), ("passed", "untested", BROKEN),
        ("passed", "inapplicable", CHANGED), ("cantTell", "failed", BROKEN), ("untested", "failed", BROKEN),
        ("failed", "cantTell", CHANGED), ("failed", "untested", CHANGED), ("cantTell", "untested", CHANGED),
        ("failed", "passed", FIXED), ("cantTell", "passed", CHANGED), ("untested", "passed", CHANGED),
    ],
)  # fmt: skip
def test_whatever_passed_and_was_selected_again_must_pass(was: str, now: str, kind: str) -> None:
    good = reports.report()
    id = good["requirements"][0]["id"]
    assert kinds(altered(good, {id: was}), altered(good, {id: now})) == [(kind, id)]


def summary(document: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Count the requirements of a report again."""
    found = {level: dict.fromkeys(words, 0) for level, words in document["summary"].items()}
    for one in document["requirements"]:
        found[one["level"]][one["outcome"]] += 1
    return found


def test_a_session_in_which_nothing_could_be_judged_breaks_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = reports.unfolded(reports.report())
    for one in nothing["requirements"]:
        one["outcome"] = "cantTell"
        one["passed"] = {}
        for check in one["checks"]:
            check["outcome"] = "cantTell"
    assert {one.kind for one in changes(reports.report(), nothing)} == {BROKEN}
    nothing |= {"verdict": "inconclusive", "summary": summary(nothing)}
    good, bad = written(tmp_path, nothing)
    assert main(["diff", good, bad]) == 1
    assert "passed → inconclusive" in capsys.readouterr().out


def written(tmp_path: Path, other: dict[str, Any]) -> tuple[str, str]:
    """Write the good report and another; return their folders."""
    found = {"good": reports.report(), "other": other}
    good, bad = (str(reports.written(tmp_path / name, one)) for name, one in found.items())
    return good, bad


def test_reports_without_a_common_check_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = copy.deepcopy(reports.report())
    for one in other["requirements"]:
        other["selection"]["checks"] -= left_out(one)
    assert other["selection"]["checks"] == 0
    other["verdict"] = "partial"
    good, empty = written(tmp_path, other)
    assert main(["diff", good, empty]) == 4
    assert "no selected check in common" in capsys.readouterr().err


def test_a_report_that_does_not_say_what_was_selected_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = copy.deepcopy(reports.report())
    other["selection"]["checks"] -= 1
    assert main(["diff", *written(tmp_path, other)]) == 4
    assert "does not match the list of the others" in capsys.readouterr().err


def folders(tmp_path: Path) -> tuple[str, str]:
    good = reports.written(tmp_path / "good", reports.report())
    return str(good), str(reports.written(tmp_path / "bad", reports.report(faults=NO_LOCATION)) / "report.json")


def test_the_exit_status_is_1_only_if_something_broke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = folders(tmp_path)
    assert (main(["diff", good, bad]), main(["diff", bad, good]), main(["diff", good, good])) == (1, 0, 0)
    output = capsys.readouterr().out
    assert "broken   SHOULD transport.content-location: passed → failed" in output
    assert "fixed    SHOULD transport.content-location: failed → passed" in output
    assert "nothing changed" in output


def test_the_comparison_exists_as_json_and_markdown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = folders(tmp_path)
    assert main(["diff", good, bad, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in found["changes"]] == ["transport.content-location"]
    assert found["old"]["verdict_digest"] != found["new"]["verdict_digest"]
    assert main(["diff", good, bad, "--format", "md"]) == 1
    assert "| broken | SHOULD | transport.content-location | passed → failed |" in capsys.readouterr().out


def test_hostile_names_stay_text_in_a_comparison() -> None:
    old, new = copy.deepcopy(reports.report()), reports.report(faults=NO_LOCATION)
    old["target"]["name"] = "<script>alert(1)</script>\x1b[31m"
    text = markdown(old, new, changes(old, new))
    assert "<script" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("old", ["nowhere", "report.md"])
def test_a_file_that_is_not_a_report_is_wrong_usage(
    tmp_path: Path, old: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, _ = folders(tmp_path)
    given = str(Path(good) / old)
    assert main(["diff", given, good]) == 4
    assert old in capsys.readouterr().err


def test_a_change_has_both_outcomes_and_the_checks() -> None:
    (one,) = changes(reports.report(), reports.report(faults=NO_LOCATION))
    assert one == Change(BROKEN, "transport.content-location", "SHOULD", "passed", "failed", one.checks)
    assert one.checks
