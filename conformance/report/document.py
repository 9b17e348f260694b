"""`report.json`: the one account of a run from which, with the recordings, every other report is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .. import catalogue
from ..attribution import verdict_digest
from ..verdict import Verified, summary, verdict

FORMAT = 1


def document(
    outcomes: Sequence[Verified],
    *,
    suite: Mapping[str, Any],
    run: Mapping[str, Any],
    recordings: Sequence[Mapping[str, str]],
    stories: Mapping[str, Mapping[str, str]],
    observations: Mapping[str, Any],
    disputed: Sequence[Mapping[str, Any]],
    baseline: Mapping[str, Any] | None,
    clients: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The content of report.json, in the form of schemas/report.schema.json.

    `run` is the content of run.json, `recordings` the digest of each recording by its file, and `stories` what is to
    be told, beside the outcome, of a check that did not pass, by its id; `clients` is what came of real clients, None
    where none was asked for.
    """
    counts = summary(outcomes)
    results = [result for one in outcomes for result in one.results]
    selected = sum(result.selected for result in results)
    return {
        "format": FORMAT,
        "suite": dict(suite),
        "target": run["target"],
        "profile": run["profile"],
        "verdict": verdict(counts, partial=bool(run["target"]["lacks"]) or selected < len(results)),
        "verdict_digest": verdict_digest(run["profile"], [(one.id, one.outcome.word) for one in results]),
        "selection": {"checks": selected, "of": len(results)},
        "started": run["started"],
        "duration_s": run["duration_s"],
        "stopped": run["stopped"],
        "command": run.get("command"),
        "seed": run.get("seed"),
        "platform": run.get("platform"),
        "summary": counts,
        "baseline": baseline,
        "observations": dict(observations),
        "disputed": list(disputed),
        "requirements": [_requirement(one, stories) for one in outcomes],
        "recordings": list(recordings),
        **({} if clients is None else {"clients": list(clients)}),
    }


def _requirement(one: Verified, stories: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    requirement = one.requirement
    gists = {statement.lines: statement.gist for statement in catalogue.norm_statements()}
    return {
        "id": requirement.id,
        "level": requirement.level,
        "statement": requirement.statement,
        "sources": list(requirement.sources),
        "norm": [{"lines": lines, "gist": gists[lines]} for lines in requirement.norm],
        "outcome": one.outcome,
        "checks": [
            {
                "id": result.id,
                "scenario": result.scenario,
                "outcome": result.outcome.word,
                "message": result.outcome.message,
                "evidence": [asdict(evidence) for evidence in result.outcome.evidence],
                **stories.get(result.id, {}),
            }
            for result in one.results
        ],
    }
