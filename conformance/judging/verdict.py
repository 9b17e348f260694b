"""Turns outcomes of checks into outcomes of requirements, a verdict and an exit status; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.catalogue import Requirement
from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, OUTCOMES, PASSED, UNTESTED, Outcome

CONFORMANT, NOT_CONFORMANT, VERDICT_INCONCLUSIVE, PARTIAL = "conformant", "not conformant", "inconclusive", "partial"

OK, BROKEN_MUST, UNSURE, USAGE = 0, 1, 2, 4
"""The exit statuses, beside pytest's own.

BROKEN_MUST also stands for a stale baseline; UNSURE for an inconclusive MUST, a suite error, an interrupted session
and a server that stopped responding.
"""

_WORST_FIRST = (FAILED, INCONCLUSIVE, UNTESTED, PASSED, INAPPLICABLE)


@dataclass(frozen=True)
class Result:
    """The outcome of one item: a check with the scenario variants it looked at."""

    id: str
    requirement: str
    outcome: Outcome
    selected: bool = True


@dataclass(frozen=True)
class RequirementResult:
    """A requirement with the results of its checks and the outcome that follows from them."""

    requirement: Requirement
    results: tuple[Result, ...]

    @property
    def outcome(self) -> str:
        return worst(result.outcome.word for result in self.results)


def worst(words: Iterable[str]) -> str:
    """Return the worst of the outcomes of a requirement's checks; untested if it has no check."""
    return min(words, key=_WORST_FIRST.index, default=UNTESTED)


def requirement_results(requirements: Sequence[Requirement], results: Iterable[Result]) -> list[RequirementResult]:
    """Return the requirements in the given order, each with the results of its checks."""
    by_id: dict[str, list[Result]] = {requirement.id: [] for requirement in requirements}
    for result in results:
        by_id[result.requirement].append(result)
    return [RequirementResult(requirement, tuple(by_id[requirement.id])) for requirement in requirements]


def summary(requirements: Sequence[RequirementResult]) -> dict[str, dict[str, int]]:
    """Return how many requirements of each level have each outcome."""
    return {
        level: {
            word: sum(one.outcome == word for one in requirements if one.requirement.level == level)
            for word in OUTCOMES
        }
        for level in ("MUST", "SHOULD")
    }


def verdict(counts: Mapping[str, Mapping[str, int]], *, partial: bool = False) -> str:
    """Return the verdict for a summary; `partial` if anything was deselected or declared absent.

    A baseline never changes it.
    """
    must = counts["MUST"]
    if must[FAILED]:
        return NOT_CONFORMANT
    if must[INCONCLUSIVE]:
        return VERDICT_INCONCLUSIVE
    if must[UNTESTED] or must[INAPPLICABLE] or partial:
        return PARTIAL
    return CONFORMANT


def exit_status(
    requirements: Sequence[RequirementResult],
    *,
    known: Iterable[str],
    stale: Sequence[Any],
    suite_errors: int,
    answered: bool,
    fail_on: str = "MUST",
) -> int:
    """Return the exit status of a session.

    `known` are the ids of items whose failure the baseline lists, `stale` its entries that must be removed.
    `answered` is false if the server stopped responding.  `fail_on` is the lowest level that the status depends on.
    """
    listed = set(known)
    counted = [one for one in requirements if one.requirement.level in ("MUST", fail_on)]
    judged = [result for one in counted for result in one.results if result.selected]
    if suite_errors or not answered:
        return UNSURE
    if stale or any(result.outcome.word == FAILED and result.id not in listed for result in judged):
        return BROKEN_MUST
    if any(result.outcome.word in (INCONCLUSIVE, UNTESTED) for result in judged):
        return UNSURE
    return OK
