"""`report.json`: the result of a session, from which every other report is made, together with the recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from conformance.judging.verdict import RequirementResult, summary, verdict
from conformance.report.attribution import verdict_digest
from conformance.report.specification import spec_rows

FORMAT = 2


def document(
    outcomes: Sequence[RequirementResult],
    *,
    suite: Mapping[str, Any],
    session: Mapping[str, Any],
    suite_errors: Sequence[str],
    missing_graphs: Mapping[str, Sequence[str]],
    recordings: Sequence[Mapping[str, str]],
    failure_details: Mapping[str, Mapping[str, str]],
    observations: Mapping[str, Any],
    disputed: Sequence[Mapping[str, Any]],
    baseline: Mapping[str, Any] | None,
    clients: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the content of report.json, as schemas/report.schema.json describes it.

    `session` is the description that the session wrote beside its recordings, `recordings` the digest of each file.
    `failure_details` is what to show for checks that did not pass, by the id of the check.  `clients` holds the results
    of real clients, None if none was asked for.
    """
    counts = summary(outcomes)
    results = [result for one in outcomes for result in one.results]
    not_selected = [result.id for result in results if not result.selected]
    return {
        "format": FORMAT,
        "suite": dict(suite),
        "target": session["target"],
        "profile": session["profile"],
        "verdict": verdict(counts, partial=bool(session["target"]["lacks"]) or bool(not_selected)),
        "verdict_digest": verdict_digest(session["profile"], [(one.id, one.outcome.word) for one in results]),
        "selection": _selection(len(results), not_selected),
        "started": session["started"],
        "duration_s": session["duration_s"],
        "stopped": session["stopped"],
        "answered_at_end": session["answered_at_end"],
        "suite_errors": list(suite_errors),
        "missing_graphs": {graph: list(ids) for graph, ids in missing_graphs.items()},
        "command": session.get("command"),
        "nonce": session.get("nonce"),
        "platform": session.get("platform"),
        "summary": counts,
        "baseline": baseline,
        "observations": dict(observations),
        "disputed": list(disputed),
        "requirements": [_requirement(one, failure_details) for one in outcomes],
        "recordings": list(recordings),
        **({} if clients is None else {"clients": list(clients)}),
    }


def _selection(number: int, not_selected: Sequence[str]) -> dict[str, Any]:
    left_out = {"not_selected": list(not_selected)} if not_selected else {}
    return {"checks": number - len(not_selected), "of": number, **left_out}


def _requirement(one: RequirementResult, failure_details: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    requirement = one.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "statement": requirement.statement,
        "sources": list(requirement.sources),
        "spec": spec_rows(requirement.spec),
        "outcome": one.outcome,
        "checks": [
            {
                "id": result.id,
                "scenario": result.scenario,
                "outcome": result.outcome.word,
                "message": result.outcome.message,
                "evidence": [asdict(evidence) for evidence in result.outcome.evidence],
                **failure_details.get(result.id, {}),
            }
            for result in one.results
        ],
    }
