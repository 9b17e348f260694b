"""Writes the report of a session and determines the exit status."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import suite
from conformance.evidence.source import recording_digests, session_description
from conformance.judging.baseline import baseline_text
from conformance.judging.informational import disputed, observations
from conformance.judging.verdict import exit_status
from conformance.report.attribution import suite_facts
from conformance.report.compare import changes, lines
from conformance.report.document import document
from conformance.report.failure_details import failure_details
from conformance.report.write import read_report, write_all
from conformance.session.judgement import Judgement
from conformance.session.recording import performed_by_clients
from conformance.settings import UsageError


@dataclass(frozen=True)
class SessionReport:
    """A written report; `compared` are lines about how it differs from an earlier report of the same recordings."""

    document: dict[str, Any]
    exit_status: int
    compared: tuple[str, ...] = ()


def write_report(judgement: Judgement, *, with_clients: bool = True) -> SessionReport:
    """Write the report and, with --write-baseline, a baseline; raises OSError.

    Real clients that the settings name read the streams now, unless `with_clients` is false.
    """
    plan = judgement.plan
    content = _document(judgement, _clients(judgement) if with_clients else None)
    plan.report_folder.mkdir(parents=True, exist_ok=True)
    compared = _compared(judgement, content)
    beside = plan.report_folder == plan.folder
    read = {one.file: one for one in judgement.session.recordings.values()} if beside else None
    write_all(plan.report_folder, content, plan.redactor, recordings=read)
    if plan.settings.write_baseline is not None:
        _write_baseline(plan.settings.write_baseline, judgement)
    status = exit_status(
        judgement.requirements,
        known=[result.id for result, _ in judgement.known_failures()],
        stale=judgement.stale,
        suite_errors=len(content["suite_errors"]),
        answered=content["answered_at_end"],
        fail_on=plan.settings.fail_on,
    )
    return SessionReport(content, status, tuple(compared))


def _write_baseline(file: Path, judgement: Judgement) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(baseline_text(judgement.all_results), "utf-8")


def _document(judgement: Judgement, clients: list[dict[str, Any]] | None) -> dict[str, Any]:
    plan, requirements = judgement.plan, judgement.requirements
    description = session_description(plan.source)
    checks = {id: item.check for id, item in plan.items.items()}
    registry = suite.load()
    return document(
        requirements,
        suite=suite_facts(),
        session={**description, "profile": plan.profile.name},
        suite_errors=[*description.get("suite_errors", ()), *judgement.suite_errors],
        missing_graphs=judgement.missing_graphs,
        recordings=recording_digests(plan.source),
        failure_details=failure_details(requirements, checks),
        observations=observations(judgement.session, registry),
        disputed=disputed(judgement.session, registry),
        baseline=_baseline(judgement),
        clients=clients,
    )


def _baseline(judgement: Judgement) -> dict[str, Any]:
    known: dict[tuple[str, bool], list[str]] = {}
    for one, entry in judgement.known_failures():
        known.setdefault((entry.reason, entry.flaky), []).append(one.id)
    return {
        "known": [{"reason": reason, "flaky": flaky, "checks": ids} for (reason, flaky), ids in known.items()],
        "stale": [entry.subject for entry in judgement.stale],
        "expired": [entry.subject for entry in judgement.plan.baseline.expired],
    }


def _clients(judgement: Judgement) -> list[dict[str, Any]] | None:
    """Return what real clients saw; without --clients what an earlier report of the same recordings says about it."""
    plan = judgement.plan
    if not plan.readers:
        return _earlier_clients(judgement)
    from conformance.clients.examine import examine

    performed = performed_by_clients(plan.source)
    return examine(list(judgement.session.recordings.values()), plan.readers, lambda text: None, performed)


def _earlier_clients(judgement: Judgement) -> list[dict[str, Any]] | None:
    try:
        found: list[dict[str, Any]] | None = (_earlier_report(judgement) or {}).get("clients")
    except UsageError:
        return None  # `_compared` reports that it cannot be read
    return found


def _compared(judgement: Judgement, content: dict[str, Any]) -> list[str]:
    """Return lines about how the verdict differs from an earlier report of the same recordings."""
    try:
        old = _earlier_report(judgement)
    except UsageError as problem:
        return [f"the earlier report of these recordings cannot be compared: {problem}"]
    if old is None:
        return []
    if old["verdict_digest"] == content["verdict_digest"]:
        return [f"verdict digest {old['verdict_digest'][:12]}: the same as in the earlier report of these recordings"]
    return [*lines(old, content, changes(old, content))]


def _earlier_report(judgement: Judgement) -> dict[str, Any] | None:
    """Return the report beside stored recordings, None if there is none; raises UsageError if it cannot be read."""
    file = judgement.plan.folder / "report.json"
    return read_report(file) if judgement.plan.judges_again and file.exists() else None
