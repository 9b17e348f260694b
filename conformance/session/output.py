"""Checks, before anything is recorded, that everything a session writes can be written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from conformance.session.plan import Plan
from conformance.settings import UsageError


def check_writable(plan: Plan, others: Iterable[Path]) -> None:
    """Raise UsageError for the first folder or file that cannot be written.

    `others` are files that pytest writes, such as JUnit's.
    """
    folders = [plan.report_folder] if plan.judges_again else [plan.recordings, plan.report_folder]
    for folder in folders:
        _check_folder(folder, "--report-dir names another folder")
    if plan.settings.write_baseline is not None:
        _check_file(plan.settings.write_baseline, "--write-baseline names another file")
    for file in others:
        _check_file(file, "name another file")


def _check_file(file: Path, fix: str) -> None:
    if file.is_dir():
        raise UsageError(f"{file} cannot be written: it is a folder; {fix}")
    _check_folder(file.parent, fix)
    if file.exists():
        try:
            file.open("ab").close()
        except OSError as problem:
            raise UsageError(f"{file} cannot be written: {problem.strerror}; {fix}") from None


def _check_folder(folder: Path, fix: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise UsageError(f"{folder} cannot be written: {problem.strerror}; {fix}") from None
