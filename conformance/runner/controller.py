"""What pytest's main process does: record the session, collect the outcomes, write the report."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from conformance.judging.outcomes import PASSED, Evidence, Outcome
from conformance.judging.verdict import OK, UNSURE, USAGE
from conformance.launch.process import LaunchError
from conformance.report import allure
from conformance.report.summary import summarise
from conformance.report.terminal import Progress
from conformance.runner.collection import CheckItem
from conformance.runner.keywords import NODE, unmatched
from conformance.runner.stopping import FailureLimit
from conformance.session.judgement import Judgement
from conformance.session.listing import listed
from conformance.session.live_judgement import judge_live
from conformance.session.recording import record_session
from conformance.session.reporting import SessionReport, write_report
from conformance.settings import UsageError
from conformance.wire.text import printable


class SessionEnd(pytest.exit.Exception):  # type: ignore[name-defined,misc]
    """Ends the session with a status.  Pytest prints the name of the class before the message."""

    __module__ = "builtins"  # pytest would print its own module otherwise


SessionEnd.__name__ = SessionEnd.__qualname__ = "lg-conformance"


class Controller:
    """A pytest plugin, registered in the process that sees all items and never in a worker of xdist."""

    def __init__(self, config: pytest.Config, judgement: Judgement, keyword: str, limit: int) -> None:
        self._config = config
        self._judgement = judgement
        self._plan = judgement.plan
        self._keyword = keyword
        self._recorded = False
        self._interrupted = False
        self._report: SessionReport | None = None
        self._failures = FailureLimit(config, limit)
        self._session: pytest.Session | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember the session, so that it can be stopped."""
        self._session = session

    def pytest_report_header(self) -> str:
        """Print the suite's folder, because another package may have the same import name."""
        return f"lg-conformance: {Path(__file__).parents[1]}, profile {self._plan.profile.name}"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Record what the selected items look at, if pytest runs in one process."""
        distributed = self._config.getoption("dist", "no") != "no"
        if not distributed and not self._config.getoption("collectonly"):
            self._record([item.name for item in session.items if isinstance(item, CheckItem)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Do the same under xdist, before the first worker gets an item."""
        if not self._recorded:
            self._record([id.partition("::")[2] for id in ids if id.startswith(f"{NODE}/")])

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give each worker of xdist the folder of the recordings."""
        node.workerinput["lg_folder"] = str(self._plan.folder)

    def _record(self, ids: Sequence[str]) -> None:
        if self._plan.own_runs is not None and self._plan.settings.own_runs.dry_run:
            for line in listed(self._plan.own_runs):
                self._config.get_terminal_writer().line(line)
            self._exit_without_report("nothing was performed (--dry-run)", OK)
        self._recorded = True
        self._judgement.selected.update(ids)
        for name in unmatched(self._keyword, self._plan.offered):
            self._config.get_terminal_writer().line(f"-k: {printable(name)} matches no check", yellow=True)
        if not ids or self._plan.judges_again:
            return
        try:
            with Progress(self._config.get_terminal_writer()) as progress:
                live = partial(judge_live, self._judgement)
                done = record_session(self._plan, ids, self._keyword, progress, progress.say, live)
        except (LaunchError, UsageError) as problem:
            self._exit_without_report(str(problem), USAGE if isinstance(problem, UsageError) else UNSURE)
        except KeyboardInterrupt:
            # Ctrl-C while the server was starting, or a second Ctrl-C: the user wants to leave at once.
            recorded = f"anything recorded so far is in {self._plan.recordings}"
            self._exit_without_report(f"interrupted; no report was written; {recorded}", UNSURE)
        if done.interrupted:
            self._interrupted = True
            self._judgement.judge_selected()
            raise SessionEnd("interrupted; the report covers what was recorded until then", UNSURE)

    def _exit_without_report(self, why: str, status: int) -> NoReturn:
        self._recorded = False
        raise SessionEnd(self._plan.redactor.text(why), status)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Collect the outcome that pytest's own report carries, and stop after too many failures."""
        assert self._session
        self._failures.count(report, self._session)
        given = getattr(report, "lg_outcome", None)
        if given is None:
            return
        id = report.nodeid.partition("::")[2]
        if "error" in given:
            self._judgement.suite_errors.append(f"{id}: {given['error']}")
            return
        evidence = tuple(Evidence(**{**one, "rows": tuple(one["rows"])}) for one in given["evidence"])
        told = {key: given[key] for key in ("word", "message", "because", "cause")}
        self._judgement.add(id, Outcome(evidence=evidence, **told))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report and set the exit status, unless pytest has a more serious one."""
        if not self._recorded or not self._judgement.selected:
            return
        self._report = write_report(self._judgement, with_clients=not self._interrupted)
        if results := allure.results_folder(self._config):
            allure.describe_session(results, self._report.document, self._plan.redactor)
        # Stopped at the limit of failures, xdist says that it was interrupted.
        judged = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or self._failures.reached
        if judged and self._all_ours(session):
            session.exitstatus = self._report.exit_status
        elif exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            session.exitstatus = UNSURE

    def _all_ours(self, session: pytest.Session) -> bool:
        """Return whether only checks of the suite failed; if other tests failed too, pytest's status stays."""
        results, errors = self._judgement.results.values(), self._judgement.suite_errors
        return session.testsfailed <= sum(result.outcome.word != PASSED for result in results) + len(errors)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, Any, Any]:
        """Print the verdict last, because that is where people look for it."""
        result = yield
        if self._keyword and not self._judgement.selected and not self._config.getoption("collectonly"):
            hint = "it matches areas, levels, requirements, checks, scenarios and graphs; see `lg-conformance list`"
            terminalreporter.write_line(f"-k {self._keyword!r} selects no check; {hint}", red=True)
        if self._report is not None:
            notes = [*self._report.notes, *self._baseline_note()]
            folder = self._plan.report_folder if self._report.written else None
            status = self._report.exit_status
            same = self._session is not None and self._session.exitstatus == status
            why = f"exit status {status}: {self._report.exit_reason}" if same else ""
            summarise(terminalreporter, self._report.document, folder, notes, why)
        return result

    def _baseline_note(self) -> Iterator[str]:
        update = self._report.baseline if self._report else None
        if update is not None:
            numbers = f"{len(update.kept)} kept, {len(update.dropped)} dropped, {len(update.added)} added"
            yield f"wrote the baseline {self._plan.settings.write_baseline}: {numbers}"
            if update.unexplained:
                yield f"{update.unexplained} entries have no reason; add it, otherwise --baseline rejects the file"
