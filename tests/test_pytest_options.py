"""Options that users of pytest know: --lf, -x and --maxfail work, also with -n; --sw is refused with a reason."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.report.judged import checks

from . import golden
from .reports import FAULTS, faulty
from .test_plugin import outcomes, plain_pytest, python, report, run
from .written import write_recording

SELECTED = ("-k", "(join or modes or updates) and not any_run")
"""Checks of which some fail in the session, and some are inconclusive."""
NOT_RECORDED = "joined_in_the_middle"
"""A scenario without exchanges."""
INCONCLUSIVE = ("-k", "joined_in_the_middle and not any_run")
"""Checks that look at it, and are all inconclusive."""
DISTRIBUTED = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "distributed"])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the session of a faulty server of which one scenario is not recorded: its report is in `out`."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "out" / "recordings").mkdir(parents=True)
    for one in faulty(FAULTS):
        kept = replace(one, exchanges=[], stopped="it was left out") if one.variant == NOT_RECORDED else one
        write_recording(kept, folder / "out" / "recordings" / one.file)
    (folder / "out" / "recordings" / "run.json").write_bytes(golden.SOURCE.read("run.json"))
    (folder / "pytest.ini").touch()
    done = python(folder, "conformance", "judge", "out", *SELECTED)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder


@pytest.fixture
def folder(session: Path, tmp_path: Path) -> Path:
    """A copy of the session, with the cache of pytest."""
    shutil.copytree(session, tmp_path, dirs_exist_ok=True)
    shutil.move(tmp_path / "out", tmp_path / "stored")
    return tmp_path


def judge(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Judge the recordings of the session again, with the report in `out`."""
    return python(folder, "conformance", "judge", "stored", "--report-dir", "out", *arguments)


def failures(folder: Path, *words: str) -> list[str]:
    """Return the checks that failed, or have one of these outcomes, and change the exit status."""
    found = (check for one in report(folder)["requirements"] if one["level"] == "MUST" for check in checks(one))
    return [check["id"] for check in found if check["outcome"] in (words or ("failed",))]


@DISTRIBUTED
def test_the_first_failure_stops_the_session(session: Path, folder: Path, workers: tuple[str, ...]) -> None:
    done = judge(folder, "-x", *SELECTED, *workers)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "stopping after 1 failures" in done.stdout
    assert 1 <= len(failures(folder)) < len(failures(session))
    # What the session did not come to is untested, like everything that was not selected.
    assert Counter(outcomes(folder).values())["untested"] > Counter(outcomes(session).values())["untested"]
    assert report(folder)["verdict"] == "not conformant"


def test_the_number_of_failures_can_be_given(folder: Path) -> None:
    done = judge(folder, "--maxfail", "3", *SELECTED)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "stopping after 3 failures" in done.stdout
    assert len(failures(folder)) == 3


@DISTRIBUTED
def test_an_inconclusive_check_stops_nothing(folder: Path, workers: tuple[str, ...]) -> None:
    assert judge(folder, *INCONCLUSIVE).returncode == 2
    every = outcomes(folder)
    assert Counter(every.values())["cantTell"] > 1
    done = judge(folder, "-x", *INCONCLUSIVE, *workers)
    assert done.returncode == 2, done.stdout + done.stderr
    assert outcomes(folder) == every


@DISTRIBUTED
def test_what_did_not_pass_is_selected_again(session: Path, folder: Path, workers: tuple[str, ...]) -> None:
    """What does not change the exit status is skipped for pytest, so it does not count."""
    expected = set(failures(session, "failed", "cantTell"))
    assert "cantTell" in {outcomes(session)[id] for id in expected}
    assert any("[" in id for id in expected)
    assert judge(folder, "--lf", *SELECTED, *workers).returncode == 1
    assert {id for id, word in outcomes(folder).items() if word != "untested"} == expected


@pytest.mark.parametrize("option", ["--sw", "--sw-skip", "--stepwise-reset"])
def test_stepwise_is_refused_with_a_reason(tmp_path: Path, option: str) -> None:
    done = run(tmp_path, option)
    assert done.returncode == 4
    assert re.search("--sw cannot be used: .*; use -x .*--lf", done.stderr)


def test_the_users_own_tests_count_as_failures(folder: Path) -> None:
    (folder / "pytest.ini").unlink()
    (folder / "test_mine.py").write_text("def test_mine():\n    assert False\n")
    done = plain_pytest(folder, "-x", "test_mine.py", "--pyargs", "conformance", "--lg-judge", "stored")
    assert done.returncode == 1
    assert "stopping after 1 failures" in done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1]
