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
    partly = reports.unfolded(good)
    for check in partly["requirements"][0]["checks"]:
        check["outcome"] = "untested"
    assert kinds(good, partly) == kinds(partly, good) == []


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
