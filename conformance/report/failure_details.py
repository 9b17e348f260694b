"""What a report adds to a check that did not pass: what it expects, a likely cause, its proof, and a command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from conformance.authoring.registry import Check
from conformance.faults.known import known_faults, proof
from conformance.judging.outcomes import FAILED, INCONCLUSIVE
from conformance.judging.verdict import RequirementResult


def failure_details(
    outcomes: Sequence[RequirementResult], checks: Mapping[str, Check], options: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return what to show for each item that failed or is inconclusive, by its id.

    `options` are the options of the session; the command that runs one check again repeats them.
    """
    return {
        result.id: {
            "acceptable": " ".join(checks[result.id].doc.split()),
            "cause": result.outcome.cause,
            "fault": proof(result.id, known_faults()),
            "command": command(options, checks[result.id].name),
        }
        for one in outcomes
        for result in one.results
        if result.outcome.word in (FAILED, INCONCLUSIVE)
    }


def command(options: Sequence[str], selection: str = "") -> str:
    """Return a session as one shell command; the options must not contain a secret."""
    return shlex.join(["lg-conformance", "run", *options, *(["-k", selection] if selection else [])])
