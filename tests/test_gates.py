"""Gates that cannot be fooled: baseline, JUnit and exit status of sessions over a published archive agree."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.judging.baseline import UNEXPLAINED
from conformance.report.judged import checks, not_selected

from .test_plugin import ROOT, outcomes, python, report

ARCHIVE = ROOT / "reports" / "skeino-4.0.0" / "recordings.tar.xz"
"""A server with failures and with MUSTs that are inconclusive."""
SELECTED = ("-k", "messages. or transport. or metadata.")
PAST = "until = 1999-12-31"


def judge(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Judge the archive, with the report in `out`; without a baseline, although the target has one."""
    (folder / "empty.toml").touch()
    baseline = () if "--baseline" in arguments else ("--baseline", "empty.toml")
    return python(folder, "conformance", "judge", str(ARCHIVE), "--report-dir", "out", *SELECTED, *baseline, *arguments)


def explained(file: Path) -> None:
    """Give every entry of a baseline a reason."""
    file.write_text(file.read_text("utf-8").replace(UNEXPLAINED, "issue 7"), "utf-8")


def printed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return the numbers on pytest's last line."""
    return {name: int(number) for number, name in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1])}


def junit(folder: Path) -> dict[str, int]:
    """Return the numbers in junit.xml, after comparing them with its test cases."""
    (suite,) = ElementTree.parse(folder / "out" / "junit.xml").getroot().iter("testsuite")
    numbers = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    kinds = Counter(child.tag for case in suite.iter("testcase") for child in case)
    assert [kinds[tag] for tag in ("failure", "error", "skipped")] == [
        numbers[name] for name in ("failures", "errors", "skipped")
    ]
    return numbers


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "distributed"])
def test_the_numbers_of_junit_are_those_of_the_terminal_and_of_the_exit_status(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = judge(tmp_path, *workers)
    shown, found = Counter(printed(done)), junit(tmp_path)
    assert done.returncode == 1, done.stdout
    document = report(tmp_path)
    selected = {check["id"] for one in document["requirements"] for check in checks(one)} - {
        id for one in document["requirements"] for id in not_selected(one)
    }
    musts = [check for one in document["requirements"] if one["level"] == "MUST" for check in checks(one)]
    must = Counter(check["outcome"] for check in musts if check["id"] in selected)
    assert found["tests"] == len(selected)
    assert found["failures"] == shown["failed"] == must["failed"] > 0
    assert found["errors"] == shown["inconclusive"] + shown["untested"] == must["cantTell"] + must["untested"] > 0
    assert found["skipped"] == shown["skipped"] + shown["xfailed"]


def test_a_baseline_of_an_incomplete_server_makes_its_gate_green_and_hides_nothing(tmp_path: Path) -> None:
    first = judge(tmp_path, "--write-baseline", "known.toml")
    before = outcomes(tmp_path)
    assert first.returncode == 1
    assert judge(tmp_path, "--baseline", "known.toml").returncode == 4  # no entry has a reason yet
    explained(tmp_path / "known.toml")
    done = judge(tmp_path, "--baseline", "known.toml")
    assert done.returncode == 0, done.stdout
    assert outcomes(tmp_path) == before
    assert report(tmp_path)["verdict"] == "not conformant"
    assert {one["outcome"] for one in report(tmp_path)["baseline"]["known"]} == {"failed", "cantTell"}
    assert (junit(tmp_path)["failures"], junit(tmp_path)["errors"]) == (0, 0)
    text = (tmp_path / "known.toml").read_text("utf-8")
    (tmp_path / "known.toml").write_text(text.replace('outcome = "cantTell"\n', ""), "utf-8")
    assert judge(tmp_path, "--baseline", "known.toml").returncode == 2  # an entry excuses failures, unless it says so


def test_the_report_of_a_session_has_causes_and_what_governs(tmp_path: Path) -> None:
    judge(tmp_path)
    requirements = report(tmp_path)["requirements"]
    causes = [name for one in requirements for name, given in one.get("details", {}).items() if "cause" in given]
    assert causes
    assert any(one.get("because") for one in requirements if one["outcome"] == "cantTell")


def test_a_baseline_that_exists_is_updated(tmp_path: Path) -> None:
    file = tmp_path / "known.toml"
    judge(tmp_path, "--write-baseline", "known.toml")
    explained(file)
    head, first, *others = file.read_text("utf-8").split("[[known]]\n")
    passing = next(id for id, word in outcomes(tmp_path).items() if word == "passed")
    stale = f'check = "{passing}"\nreason = "it passes"\n\n'
    not_run = next(one["id"] for one in report(tmp_path)["requirements"] if one["outcome"] == "untested")
    untested = f'requirement = "{not_run}"\nreason = "it was not run"\nflaky = true\n\n'
    kept = first.rstrip().partition("\n#")[0] + f"\n{PAST}\n\n"
    file.write_text("[[known]]\n".join(["# Mine.\n\n", kept, stale, untested, *others[1:]]), "utf-8")
    done = judge(tmp_path, "--write-baseline", "known.toml")
    text = file.read_text("utf-8")
    assert f"{len(others) + 1} kept, 1 dropped, 1 added" in done.stdout, done.stdout
    assert text.startswith("# Mine.\n\n[[known]]\n")
    assert [kept.strip() in text, untested.strip() in text, stale.strip() in text] == [True, True, False]
    assert text.count(UNEXPLAINED) == 1
    assert head.startswith("# Known failures.")


def test_a_file_that_is_not_a_baseline_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("my notes")
    done = judge(tmp_path, "--write-baseline", "mine.txt")
    assert done.returncode == 4
    assert "mine.txt: is not TOML" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "my notes"
