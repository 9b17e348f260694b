"""A fixed sample of long tables is run, and everything if it is wanted or a test is named."""

from __future__ import annotations

import subprocess
import sys

from .conftest import ROOT

TABLE = "tests/test_faults.py::test_the_requirement_of_a_fault_fails_on_it"


def collected(*arguments: str) -> list[str]:
    """Return the cases of the fault table that pytest would run."""
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "--collect-only", "-q", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith(TABLE)]


def test_a_fixed_sample_is_run_unless_everything_is_wanted_or_tests_are_named() -> None:
    sample, whole, named = (
        collected("tests/test_faults.py"),
        collected("tests/test_faults.py", "--whole"),
        collected(TABLE),
    )
    assert named == whole
    assert set(sample) < set(whole)
    assert len(whole) / 8 < len(sample) < len(whole) / 2
