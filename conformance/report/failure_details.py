"""What a report adds to a check that did not pass: what it expects, and a likely cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.authoring.registry import Check
from conformance.faults.known import known_faults, proof
from conformance.judging.outcomes import FAILED, INCONCLUSIVE
from conformance.judging.verdict import RequirementResult, Result


def failure_details(outcomes: Sequence[RequirementResult], checks: Mapping[str, Check]) -> dict[str, dict[str, str]]:
    """Return what to show for each check with an item that failed or is inconclusive, by the name of the check.

    `checks` are the checks by the id of their items.  The cause is that of the first item.
    """
    found: dict[str, dict[str, str]] = {}
    for result in (each for one in outcomes for each in one.results):
        check = checks[result.id]
        if result.outcome.word in (FAILED, INCONCLUSIVE) and check.name not in found:
            found[check.name] = _details(result, check)
    return found


def _details(result: Result, check: Check) -> dict[str, str]:
    content = {
        "acceptable": " ".join(check.doc.split()),
        "cause": result.outcome.cause,
        "fault": proof(result.id, known_faults()),
    }
    return {key: value for key, value in content.items() if value}
