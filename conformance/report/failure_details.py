"""What a report adds to a check that did not pass: what it expects, and a likely cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.authoring.registry import Check
from conformance.faults.cause import known_faults, likely_cause
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.judging.verdict import RequirementResult, Result


def failure_details(outcomes: Sequence[RequirementResult], checks: Mapping[str, Check]) -> dict[str, dict[str, str]]:
    """Return what to show for each check with an item that failed or is inconclusive, by the name of the check.

    `checks` are the checks by the id of their items.  The cause is that of the first item.
    """
    judged = {one.requirement.id: one.outcome for one in outcomes if one.outcome in (PASSED, FAILED)}
    failed = [id for id, word in judged.items() if word == FAILED]
    found: dict[str, dict[str, str]] = {}
    for result in (each for one in outcomes for each in one.results):
        check = checks[result.id]
        if result.outcome.word in (FAILED, INCONCLUSIVE) and check.name not in found:
            found[check.name] = _details(result, check, failed, list(judged))
    return found


def _details(result: Result, check: Check, failed: Sequence[str], judged: Sequence[str]) -> dict[str, str]:
    content = {
        "acceptable": " ".join(check.doc.split()),
        "cause": _cause(result, failed, judged),
    }
    return {key: value for key, value in content.items() if value}


def _cause(result: Result, failed: Sequence[str], judged: Sequence[str]) -> str:
    if result.outcome.word != FAILED:
        return ""
    message = result.outcome.message
    found = likely_cause(result.requirement, result.id, message, failed=failed, judged=judged, faults=known_faults())
    return found.text if found else ""
