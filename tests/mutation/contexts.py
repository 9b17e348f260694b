"""A plugin of pytest that measures which test reaches which line, into the file .coverage."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

FAILED = ".failed"
"""The file with the ids of the tests that fail."""
_FAILED: list[str] = []
_COVERAGE = coverage.Coverage(source=["conformance"], config_file=False)


def pytest_configure() -> None:
    """Start to measure."""
    _COVERAGE.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Name the lines that a test reaches after it."""
    _COVERAGE.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember the tests that fail."""
    if report.failed:
        _FAILED.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write the measured lines and the tests that failed."""
    _COVERAGE.stop()
    _COVERAGE.save()
    Path(FAILED).write_text("".join(f"{test}\n" for test in _FAILED), "utf-8")
