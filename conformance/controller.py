"""What the reporting process of pytest does: has the run recorded, gathers the outcomes, writes and says the result."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from .judge import Evidence, Outcome
from .launch import LaunchError
from .plugin import NODE, CheckItem
from .report import allure, terminal
from .session import Session


class Controller:
    """A pytest plugin that is registered in the one process that sees all items: never in a worker of xdist."""

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self._config = config
        self._session = session
        self._recorded = False
        self._finished = False

    def pytest_report_header(self) -> str:
        """Say which suite this is: the import name is a common word."""
        return f"lg-conformance: {Path(__file__).parent}, profile {self._session.profile.name}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Record what the selected items need, where pytest runs in one process."""
        distributed = self._config.getoption("dist", "no") != "no"
        if not distributed and not self._config.getoption("collectonly"):
            self._record([item.name for item in session.items if isinstance(item, CheckItem)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The same under xdist, before its first worker is given an item."""
        if not self._recorded:
            self._record([id.partition("::")[2] for id in ids if id.startswith(f"{NODE}/")])

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell each worker of xdist where the recordings will be."""
        node.workerinput["lg_folder"] = str(self._session.folder)

    def _record(self, ids: Sequence[str]) -> None:
        self._recorded = True
        if not ids:
            return
        try:
            with terminal.Progress(self._config.get_terminal_writer()) as progress:
                self._session.record(ids, progress, progress.say)
        except LaunchError as problem:
            self._recorded = False  # there is nothing to report
            pytest.exit(self._session.redactor.text(str(problem)), returncode=2)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take the outcome that travels with pytest's own report."""
        given = getattr(report, "lg_outcome", None)
        if given is None:
            return
        id = report.nodeid.partition("::")[2]
        if "error" in given:
            self._session.suite_errors.append(f"{id}: {given['error']}")
            return
        evidence = tuple(Evidence(**{**one, "rows": tuple(one["rows"])}) for one in given["evidence"])
        self._session.add(id, Outcome(given["word"], given["message"], evidence))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report and set the exit status, unless pytest itself has something worse to say."""
        if not self._recorded or not self._session.selected:
            return
        status = self._session.finish()
        self._finished = True
        if results := allure.folder(self._config):
            allure.describe_run(results, self._session.report_folder / "report.json")
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and self._all_ours(session):
            session.exitstatus = status
        elif exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            session.exitstatus = 2

    def _all_ours(self, session: pytest.Session) -> bool:
        """Whether nothing but the suite failed: a user's own failing tests keep pytest's status."""
        return session.testsfailed <= sum(r.outcome.word != "passed" for r in self._session.results.values()) + len(
            self._session.suite_errors
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, Any, Any]:
        """Say the verdict, area by area, after all that pytest says: it is what is looked for at the end."""
        result = yield
        if self._session.keyword and not self._session.selected and not self._config.getoption("collectonly"):
            way = "areas, levels, requirement ids and names of checks are matched; `lg-conformance list` shows them"
            terminalreporter.write_line(f"-k {self._session.keyword!r} selects no check: {way}", red=True)
        if self._finished:
            terminal.summarise(terminalreporter, self._session, Path(os.getcwd()))
        return result
