"""Checks, before anything is recorded, that the session can write its files and loses no report."""

from __future__ import annotations

import tempfile
from pathlib import Path

from conformance.session.plan import Plan
from conformance.session.reproduction import check_recordings
from conformance.settings import UsageError


def check_writable(plan: Plan, junit: Path, allure_results: Path | None) -> None:
    """Raise UsageError for the first folder or file that the session cannot or must not write; create nothing.

    Pytest writes the file `junit`, and the plugin of Allure writes to the folder `allure_results`, if there is one.
    """
    for folder in [plan.report_folder] if plan.judges_again else [plan.recordings, plan.report_folder]:
        _check_folder(folder, "--report-dir")
    check_recordings(plan)
    if plan.settings.write_baseline is not None:
        _check_file(plan.settings.write_baseline, "--write-baseline")
    _check_file(junit, "--junitxml")
    if allure_results is not None:
        _check_folder(allure_results, "--alluredir")


def _check_file(file: Path, option: str) -> None:
    try:
        if file.exists():
            file.open("ab").close()
            return
    except OSError as problem:
        raise _not_writable(file, problem, option) from None
    _check_folder(file.parent, option)


def _check_folder(folder: Path, option: str) -> None:
    """Try the folder, or the nearest one above it that exists."""
    try:
        nearest = next(one for one in (folder, *folder.parents) if one.exists())
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as problem:
        raise _not_writable(folder, problem, option) from None


def _not_writable(path: Path, problem: OSError, option: str) -> UsageError:
    return UsageError(f"cannot write to {path} ({problem.strerror}); choose another place with {option}")
