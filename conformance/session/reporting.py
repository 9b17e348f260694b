"""Writes the report of a session and determines the exit status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import suite
from conformance.evidence.source import recording_digests, session_description
from conformance.judging.baseline_update import HEAD, BaselineUpdate, baseline_text, leading_comment, updated
from conformance.judging.found import found
from conformance.judging.informational import disputed, observations
from conformance.judging.outcomes import FAILED
from conformance.judging.stages import stage_results
from conformance.judging.verdict import Result, exit_reason
from conformance.report.attribution import suite_facts
from conformance.report.document import document
from conformance.report.failure_details import failure_details
from conformance.report.write import write_all
from conformance.session.judgement import Judgement, items_of_every_profile, results_of_every_profile
from conformance.session.live_judgement import case_lines
from conformance.session.plan import Plan
from conformance.session.recording import performed_by_clients
from conformance.session.reproduction import comparison, earlier_report, in_place, kept_note, not_judged_again
from conformance.settings import UsageError


@dataclass(frozen=True)
class SessionReport:
    """The report of a session; `notes` are lines about an earlier report of the same recordings, and about kept cases.

    `written` is false if the earlier report was kept instead.  `baseline` says what --write-baseline wrote, None if it
    was not given.
    """

    document: dict[str, Any]
    exit_status: int
    exit_reason: str
    notes: tuple[str, ...] = ()
    written: bool = True
    baseline: BaselineUpdate | None = None


def write_report(judgement: Judgement, *, with_clients: bool = True) -> SessionReport:
    """Write the report and, with --write-baseline, a baseline; raises OSError.

    A report beside stored recordings is not overwritten by one that judges less.  Real clients that the settings name
    read the streams now, unless `with_clients` is false.
    """
    plan = judgement.plan
    content = _document(judgement, _clients(judgement) if with_clients else None)
    compared, lost = _compared(judgement, content)
    if not lost:
        _write(judgement, content)
    file = plan.settings.write_baseline
    baseline = _write_baseline(file, judgement, content) if file is not None else None
    status, why = exit_reason(
        judgement.requirements,
        known=[result.id for result, _ in judgement.excused()],
        stale=judgement.stale,
        suite_errors=len(content["suite_errors"]),
        answered=content["answered_at_end"],
        fail_on=plan.settings.fail_on,
    )
    cases = case_lines(plan) if plan.own_runs is not None and not plan.judges_again else ()
    return SessionReport(content, status, why, (*compared, *lost, *cases), written=not lost, baseline=baseline)


def _write(judgement: Judgement, content: dict[str, Any]) -> None:
    plan = judgement.plan
    plan.report_folder.mkdir(parents=True, exist_ok=True)
    beside = plan.report_folder == plan.folder
    read = {one.file: one for one in judgement.everything.recordings.values()} if beside else None
    write_all(plan.report_folder, content, plan.redactor, recordings=read)


def _write_baseline(file: Path, judgement: Judgement, content: Mapping[str, Any]) -> BaselineUpdate:
    """Update a baseline file, or create it; what is inconclusive is added only after a session that was in order."""
    in_order = not (content["suite_errors"] or content["stopped"]) and content["answered_at_end"]

    def adds(result: Result) -> bool:
        return result.outcome.word == FAILED or (in_order and judgement.counts(result.requirement))

    update = updated(judgement.plan.known, judgement.all_results, results_of_every_profile(), adds)
    head = leading_comment(file.read_text("utf-8")) if file.is_file() else HEAD
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(judgement.plan.redactor.text(baseline_text(update, head)), "utf-8")
    return update


def _document(judgement: Judgement, clients: list[dict[str, Any]] | None) -> dict[str, Any]:
    plan, requirements = judgement.plan, judgement.requirements
    description = session_description(plan.source)
    checks = {id: item.check for id, item in plan.items.items()}
    registry = suite.load()
    return document(
        requirements,
        judgement.ranks,
        suite=suite_facts(),
        session={**description, **_runs(plan), "profile": plan.profile.name, "target": _target(description, plan)},
        suite_errors=[*description.get("suite_errors", ()), *judgement.suite_errors],
        missing_graphs=judgement.missing_graphs,
        found=found(judgement.session, plan.target.lacks),
        stages=stage_results(plan.profile.stages, plan.items, judgement.all_results),
        recordings=recording_digests(plan.source),
        failure_details=failure_details(requirements, checks),
        observations=observations(judgement.everything, registry),
        disputed=disputed(judgement.session, registry),
        baseline=_baseline(judgement),
        clients=clients,
    )


def _runs(plan: Plan) -> dict[str, Any]:
    """Return what a report says of the runs that were performed instead of the suite's scenarios."""
    runs = plan.own_runs
    return {} if runs is None else {"runs_shown": {"summary": runs.summary, "user_data": runs.holds_user_data}}


def _target(description: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Return the target as the session described it; `judge` may have declared more to be absent."""
    return {**description["target"], "lacks": list(plan.target.lacks)}


def _baseline(judgement: Judgement) -> dict[str, Any]:
    known: dict[tuple[str, str, bool], list[str]] = {}
    for one, entry in judgement.excused():
        known.setdefault((entry.outcome, entry.reason, entry.flaky), []).append(one.id)
    return {
        "known": [
            {"outcome": outcome, "reason": reason, "flaky": flaky, "checks": ids}
            for (outcome, reason, flaky), ids in known.items()
        ],
        "stale": [entry.subject for entry in judgement.stale],
        "expired": [entry.subject for entry in judgement.plan.baseline.expired],
    }


def _clients(judgement: Judgement) -> list[dict[str, Any]] | None:
    """Return what real clients saw, now and according to an earlier report of the same recordings."""
    plan = judgement.plan
    if not plan.readers:
        return _earlier_clients(judgement)
    from conformance.clients.examine import examine, merged

    performed = performed_by_clients(plan.source)
    found = examine(list(judgement.session.recordings.values()), plan.readers, lambda text: None, performed)
    return merged(_earlier_clients(judgement) or (), found)


def _earlier_clients(judgement: Judgement) -> list[dict[str, Any]] | None:
    try:
        found: list[dict[str, Any]] | None = (earlier_report(judgement.plan) or {}).get("clients")
    except UsageError:
        return None  # `_compared` reports that it cannot be read
    return found


def _compared(judgement: Judgement, content: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return lines about an earlier report of the same recordings, and a line if it must not be overwritten."""
    plan = judgement.plan
    try:
        old = earlier_report(plan)
    except UsageError as problem:
        return [f"the earlier report of these recordings cannot be compared: {problem}"], []
    if old is None:
        return [], []
    lost = not_judged_again(old, content, items_of_every_profile()) if in_place(plan) else []
    return list(comparison(old, content, judgement.selected)), [kept_note(plan.folder, lost)] if lost else []
