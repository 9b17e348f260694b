"""`report.json`: the one account of a run from which, with the recordings, every other report is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..verdict import Verified, summary, verdict

FORMAT = 1


def document(
    outcomes: Sequence[Verified],
    *,
    suite: Mapping[str, Any],
    run: Mapping[str, Any],
    observations: Mapping[str, Any],
    disputed: Sequence[Mapping[str, Any]],
    baseline: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The content of report.json, in the form of schemas/report.schema.json; `run` is the content of run.json."""
    counts = summary(outcomes)
    return {
        "format": FORMAT,
        "suite": dict(suite),
        "target": run["target"],
        "profile": run["profile"],
        "verdict": verdict(counts, absent=bool(run["target"]["lacks"])),
        "started": run["started"],
        "duration_s": run["duration_s"],
        "stopped": run["stopped"],
        "summary": counts,
        "baseline": baseline,
        "observations": dict(observations),
        "disputed": list(disputed),
        "requirements": [_requirement(one) for one in outcomes],
    }


def _requirement(one: Verified) -> dict[str, Any]:
    requirement = one.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "statement": requirement.statement,
        "sources": list(requirement.sources),
        "outcome": one.outcome,
        "checks": [
            {
                "id": result.id,
                "scenario": result.scenario,
                "outcome": result.outcome.word,
                "message": result.outcome.message,
                "evidence": [asdict(evidence) for evidence in result.outcome.evidence],
            }
            for result in one.results
        ],
    }
