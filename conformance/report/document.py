"""`report.json`: the result of a session, from which every other report is made, together with the recordings.

It holds nothing twice, and nothing that the catalogue or the suite knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from conformance.faults.normalize import normalize
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.judging.ranking import Rank, governing
from conformance.judging.verdict import RequirementResult, Result, summary, verdict
from conformance.report.attribution import verdict_digest
from conformance.report.judged import by_name, check_name

FORMAT = 2


def document(
    outcomes: Sequence[RequirementResult],
    ranks: Sequence[Rank],
    *,
    suite: Mapping[str, Any],
    session: Mapping[str, Any],
    suite_errors: Sequence[str],
    missing_graphs: Mapping[str, Sequence[str]],
    found: Mapping[str, Any],
    stages: Sequence[Mapping[str, Any]],
    recordings: Mapping[str, Any],
    failure_details: Mapping[str, Mapping[str, str]],
    observations: Mapping[str, Any],
    disputed: Sequence[Mapping[str, Any]],
    baseline: Mapping[str, Any] | None,
    clients: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the content of report.json, as schemas/report.schema.json describes it.

    `ranks` are the failed requirements in the order of their ranks.  `session` is the description that the session
    wrote beside its recordings, `recordings` their digests.  `failure_details` is what to show for checks that did not
    pass, by the name of the check.  `clients` holds the results of real clients, None if none was asked for.
    """
    counts = summary(outcomes)
    results = [result for one in outcomes for result in one.results]
    selected = sum(result.selected for result in results)
    shown = set(_with_evidence(results))
    return {
        "format": FORMAT,
        "suite": dict(suite),
        "target": session["target"],
        "profile": session["profile"],
        "verdict": verdict(counts, partial=bool(session["target"]["lacks"]) or selected < len(results)),
        "verdict_digest": verdict_digest(session["profile"], [(one.id, one.outcome.word) for one in results]),
        "selection": {"checks": selected, "of": len(results)},
        "started": session["started"],
        "duration_s": session["duration_s"],
        "stopped": session["stopped"],
        "answered_at_end": session["answered_at_end"],
        "suite_errors": list(suite_errors),
        "missing_graphs": {graph: list(ids) for graph, ids in missing_graphs.items()},
        "found": dict(found),
        "stages": list(stages),
        "command": session.get("command"),
        "nonce": session.get("nonce"),
        "platform": session.get("platform"),
        "concurrency": session.get("concurrency"),
        "summary": counts,
        "baseline": baseline,
        "observations": dict(observations),
        "disputed": list(disputed),
        "requirements": [_requirement(one, _standing(one, ranks), failure_details, shown) for one in outcomes],
        "recordings": dict(recordings),
        **({} if clients is None else {"clients": list(clients)}),
        **({"own_runs": session["runs_shown"]} if "runs_shown" in session else {}),
    }


def document_text(content: Mapping[str, Any]) -> str:
    """Return the JSON text of a report: a line for each of its members, and one for each requirement."""
    members = (f"{_json(key)}:{_member(value)}" for key, value in content.items())
    return "{" + ",\n".join(members) + "}\n"


def _member(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(map(_json, value)) + "]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _with_evidence(results: Iterable[Result]) -> Iterator[str]:
    """Yield the ids of the items whose evidence the report holds: the first of each check with each message."""
    seen: set[tuple[str, str]] = set()
    for one in results:
        reason = check_name(one.id), normalize(one.outcome.message)
        if one.outcome.evidence and reason not in seen:
            seen.add(reason)
            yield one.id


def _standing(one: RequirementResult, ranks: Sequence[Rank]) -> dict[str, Any]:
    """Return where a failed requirement stands among the failed ones, or why another is inconclusive."""
    for number, rank in enumerate(ranks, 1):
        if rank.requirement == one.requirement.id:
            return {"rank": number, "below": rank.below}
    return {"because": governing(result.outcome for result in one.results)} if one.outcome == INCONCLUSIVE else {}


def _requirement(
    one: RequirementResult,
    standing: Mapping[str, Any],
    failure_details: Mapping[str, Mapping[str, str]],
    shown: Iterable[str],
) -> dict[str, Any]:
    requirement = one.requirement
    bad = dict.fromkeys(check_name(each.id) for each in one.results if each.outcome.word in (FAILED, INCONCLUSIVE))
    judged = [each for each in one.results if each.selected]
    content = {
        "id": requirement.id,
        "level": requirement.level,
        "outcome": one.outcome,
        **standing,
        "passed": by_name(each.id for each in judged if each.outcome.word == PASSED),
        "not_selected": by_name(each.id for each in one.results if not each.selected),
        "checks": [_check(each, shown) for each in judged if each.outcome.word != PASSED],
        "details": {name: failure_details[name] for name in bad if name in failure_details},
    }
    return {key: value for key, value in content.items() if value or key == "passed"}


def _check(one: Result, shown: Iterable[str]) -> dict[str, Any]:
    evidence = [asdict(each) for each in one.outcome.evidence] if one.id in shown else []
    content = {"id": one.id, "outcome": one.outcome.word, "message": one.outcome.message, "evidence": evidence}
    return {key: value for key, value in content.items() if value}
