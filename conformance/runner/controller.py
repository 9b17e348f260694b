"""What the reporting process of pytest does: it has the session recorded, collects the outcomes, writes the report."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.judging.outcomes import Evidence, Outcome
from conformance.judging.verdict import UNSURE, USAGE
from conformance.launch.process import LaunchError
from conformance.report import allure, terminal
from conformance.runner.collection import NODE, CheckItem
from conformance.session.judgement import Judgement
from conformance.session.recording import record_session
from conformance.session.reporting import SessionReport, write_report
from conformance.settings import UsageError


class Controller:
    """A pytest plugin that is registered in the one process that sees all items, never in a worker of xdist."""

    def __init__(self, config: pytest.Config, judgement: Judgement, keyword: str) -> None:
        self._config = config
        self._judgement = judgement
        self._plan = judgement.plan
        self._keyword = keyword
        self._recorded = False
        self._report: SessionReport | None = None

    def pytest_report_header(self) -> str:
        """Name the suite's folder, because the import name is a common word."""
        return f"lg-conformance: {Path(__file__).parents[1]}, profile {self._plan.profile.name}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Record what the selected items need, if pytest runs in one process."""
        distributed = self._config.getoption("dist", "no") != "no"
        if not distributed and not self._config.getoption("collectonly"):
            self._record([item.name for item in session.items if isinstance(item, CheckItem)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Do the same under xdist, before its first worker gets an item."""
        if not self._recorded:
            self._record([id.partition("::")[2] for id in ids if id.startswith(f"{NODE}/")])

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell each worker of xdist where the recordings will be."""
        node.workerinput["lg_folder"] = str(self._plan.folder)

    def _record(self, ids: Sequence[str]) -> None:
        self._recorded = True
        self._judgement.selected.update(ids)
        if not ids or self._plan.judges_again:
            return
        try:
            with terminal.Progress(self._config.get_terminal_writer()) as progress:
                done = record_session(self._plan, ids, self._keyword, progress, progress.say)
        except (LaunchError, UsageError) as problem:
            self._recorded = False  # there is nothing to report
            status = USAGE if isinstance(problem, UsageError) else UNSURE
            pytest.exit(self._plan.redactor.text(str(problem)), returncode=status)
        if done.interrupted:
            self._judgement.judge_selected()
            pytest.exit("interrupted; what was recorded until then is judged and reported", returncode=2)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take the outcome that travels with pytest's own report."""
        given = getattr(report, "lg_outcome", None)
        if given is None:
            return
        id = report.nodeid.partition("::")[2]
        if "error" in given:
            self._judgement.suite_errors.append(f"{id}: {given['error']}")
            return
        evidence = tuple(Evidence(**{**one, "rows": tuple(one["rows"])}) for one in given["evidence"])
        self._judgement.add(id, Outcome(given["word"], given["message"], evidence))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report and set the exit status, unless pytest itself has something worse to say."""
        if not self._recorded or not self._judgement.selected:
            return
        self._report = write_report(self._judgement)
        if results := allure.folder(self._config):
            allure.describe_session(results, self._plan.report_folder / "report.json")
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and self._all_ours(session):
            session.exitstatus = self._report.exit_status
        elif exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            session.exitstatus = 2

    def _all_ours(self, session: pytest.Session) -> bool:
        """Return whether nothing but the suite failed: a user's own failing tests keep pytest's status."""
        results, errors = self._judgement.results.values(), self._judgement.suite_errors
        return session.testsfailed <= sum(result.outcome.word != "passed" for result in results) + len(errors)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, Any, Any]:
        """Print the verdict after everything that pytest prints, because that is where people look for it."""
        result = yield
        if self._keyword and not self._judgement.selected and not self._config.getoption("collectonly"):
            matched = "areas, levels, requirement ids and names of checks are matched; `lg-conformance list` shows them"
            terminalreporter.write_line(f"-k {self._keyword!r} selects no check: {matched}", red=True)
        if self._report is not None:
            notes = [*self._report.compared, *self._baseline_note()]
            terminal.summarise(terminalreporter, self._report.document, self._plan.report_folder, notes)
        return result

    def _baseline_note(self) -> Iterator[str]:
        if (file := self._plan.settings.write_baseline) is not None:
            failures = sum(result.outcome.word == "failed" for result in self._judgement.all_results)
            rest = "each needs a reason before it is accepted" if failures else "nothing failed"
            yield f"baseline {file}: {failures} entries; {rest}"
