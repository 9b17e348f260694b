"""Two reports side by side: what a fault breaks is named, exactly, and exit status 1 says so."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.report.compare import CHANGED, FIXED, GONE, NEW, Change, changes, markdown
from conformance.wire.endings import BROKEN

from . import reports

LEFT_OUT = ("leaves_out_content_location",)


def altered(document: dict[str, Any], outcomes: dict[str, str]) -> dict[str, Any]:
    """A report in which these requirements' first checks have these outcomes."""
    content = copy.deepcopy(document)
    for one in content["requirements"]:
        if one["id"] in outcomes:
            one["checks"][0]["outcome"] = one["outcome"] = outcomes[one["id"]]
    return content


def kinds(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in changes(old, new)]


def failed(document: dict[str, Any]) -> list[str]:
    return [one["id"] for one in document["requirements"] if one["outcome"] == "failed"]


@pytest.mark.parametrize("faults", [LEFT_OUT, ("replays_from_the_start",), ("sends_values_unasked",), reports.FAULTS])
def test_exactly_what_a_fault_breaks_is_named(faults: tuple[str, ...]) -> None:
    good, bad = reports.report(), reports.report(faults=faults)
    assert failed(bad)
    assert [one.id for one in changes(good, bad) if one.kind == BROKEN] == failed(bad)
    assert [one.id for one in changes(bad, good) if one.kind == FIXED] == failed(bad)


def test_a_report_does_not_differ_from_itself() -> None:
    assert changes(reports.report(), reports.report()) == []


def test_each_kind_of_change_is_told_the_broken_first() -> None:
    good = reports.report()
    ids = [one["id"] for one in good["requirements"]]
    first, second, third, fourth, fifth = ids[:5]
    old = altered(good, {second: "failed", third: "cantTell"})
    new = altered(good, {fifth: "failed"})
    old["requirements"] = [one for one in old["requirements"] if one["id"] != first]
    new["requirements"] = [one for one in new["requirements"] if one["id"] != fourth]
    assert kinds(old, new) == [(BROKEN, fifth), (FIXED, second), (CHANGED, third), (NEW, first), (GONE, fourth)]


def test_a_check_more_that_fails_breaks_a_requirement_that_failed_already() -> None:
    good = reports.report()
    id = next(one["id"] for one in good["requirements"] if len(one["checks"]) > 1)
    old, new = altered(good, {id: "failed"}), altered(good, {id: "failed"})
    checks = next(one["checks"] for one in new["requirements"] if one["id"] == id)
    checks[1]["outcome"] = "failed"
    assert [(one.kind, one.id, one.checks) for one in changes(old, new)] == [(BROKEN, id, (checks[1]["id"],))]


def test_what_was_not_selected_is_not_compared() -> None:
    good = reports.report()
    partly = copy.deepcopy(good)
    for check in partly["requirements"][0]["checks"]:
        check["outcome"] = "untested"
    assert kinds(good, partly) == kinds(partly, good) == []


def folders(tmp_path: Path) -> tuple[str, str]:
    good = reports.written(tmp_path / "good", reports.report())
    return str(good), str(reports.written(tmp_path / "bad", reports.report(faults=LEFT_OUT)) / "report.json")


def test_the_exit_status_is_1_only_where_something_broke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = folders(tmp_path)
    assert (main(["diff", good, bad]), main(["diff", bad, good]), main(["diff", good, good])) == (1, 0, 0)
    told = capsys.readouterr().out
    assert "broken   SHOULD transport.content-location: passed → failed" in told
    assert "fixed    SHOULD transport.content-location: failed → passed" in told
    assert "nothing changed" in told


def test_a_program_and_a_pull_request_can_read_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = folders(tmp_path)
    assert main(["diff", good, bad, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in told["changes"]] == ["transport.content-location"]
    assert told["old"]["verdict_digest"] != told["new"]["verdict_digest"]
    assert main(["diff", good, bad, "--format", "md"]) == 1
    assert "| broken | SHOULD | transport.content-location | passed → failed |" in capsys.readouterr().out


def test_nothing_in_a_report_can_act_where_it_is_compared() -> None:
    old, new = copy.deepcopy(reports.report()), reports.report(faults=LEFT_OUT)
    old["target"]["name"] = "<script>alert(1)</script>\x1b[31m"
    text = markdown(old, new, changes(old, new))
    assert "<script" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("old", ["nowhere", "report.md"])
def test_what_is_no_report_is_wrong_usage(tmp_path: Path, old: str, capsys: pytest.CaptureFixture[str]) -> None:
    good, _ = folders(tmp_path)
    given = str(Path(good) / old)
    assert main(["diff", given, good]) == 4
    assert old in capsys.readouterr().err


def test_a_change_says_what_it_was_and_is() -> None:
    (one,) = changes(reports.report(), reports.report(faults=LEFT_OUT))
    assert one == Change(BROKEN, "transport.content-location", "SHOULD", "passed", "failed", one.checks)
    assert one.checks
