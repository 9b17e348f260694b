"""What a report adds to a check that did not pass: what it expects, a likely cause, its proof, and a command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from conformance.authoring.registry import Check
from conformance.faults.cause import known_faults, likely_cause, proof
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.judging.verdict import RequirementResult, Result


def failure_details(
    outcomes: Sequence[RequirementResult], checks: Mapping[str, Check], options: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return what to show for each item that failed or is inconclusive, by its id.

    `options` are the options of the session; the command that runs one check again repeats them.
    """
    judged = {one.requirement.id: one.outcome for one in outcomes if one.outcome in (PASSED, FAILED)}
    failed = [id for id, word in judged.items() if word == FAILED]
    return {
        result.id: {
            "acceptable": " ".join(checks[result.id].doc.split()),
            "cause": _cause(result, failed, list(judged)),
            "fault": proof(result.id, known_faults()),
            "command": command(options, checks[result.id].name),
        }
        for one in outcomes
        for result in one.results
        if result.outcome.word in (FAILED, INCONCLUSIVE)
    }


def _cause(result: Result, failed: Sequence[str], judged: Sequence[str]) -> str:
    if result.outcome.word != FAILED:
        return ""
    message = result.outcome.message
    found = likely_cause(result.requirement, result.id, message, failed=failed, judged=judged, faults=known_faults())
    return found.text if found else ""


def command(options: Sequence[str], selection: str = "") -> str:
    """Return a session as one shell command; the options must not contain a secret."""
    return shlex.join(["lg-conformance", "run", *options, *(["-k", selection] if selection else [])])
