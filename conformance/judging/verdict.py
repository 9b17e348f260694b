"""From outcomes of checks to outcomes of requirements, a verdict and an exit status; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.catalogue import Requirement
from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, OUTCOMES, PASSED, UNTESTED, Outcome

CONFORMANT, NOT_CONFORMANT, VERDICT_INCONCLUSIVE, PARTIAL = "conformant", "not conformant", "inconclusive", "partial"

OK, BROKEN_MUST, UNSURE, USAGE, NOTHING_SELECTED = 0, 1, 2, 4, 5
"""The exit statuses: 1 a MUST failed or a baseline is stale; 2 a suite error, a server gone, or a MUST not told."""

_WORST_FIRST = (FAILED, INCONCLUSIVE, UNTESTED, PASSED, INAPPLICABLE)


@dataclass(frozen=True)
class Result:
    """The outcome of one item: a check with the scenario variants it looked at."""

    id: str
    requirement: str
    scenario: str
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
    """The worst of the outcomes of a requirement's checks; inapplicable only if all are, untested if there is none."""
    return min(words, key=_WORST_FIRST.index, default=UNTESTED)


def requirement_results(requirements: Sequence[Requirement], results: Iterable[Result]) -> list[RequirementResult]:
    """Gather results by requirement, in the catalogue's order."""
    by_id: dict[str, list[Result]] = {requirement.id: [] for requirement in requirements}
    for result in results:
        by_id[result.requirement].append(result)
    return [RequirementResult(requirement, tuple(by_id[requirement.id])) for requirement in requirements]


def summary(outcomes: Sequence[RequirementResult]) -> dict[str, dict[str, int]]:
    """How many requirements of each level have each outcome."""
    return {
        level: {
            word: sum(one.outcome == word for one in outcomes if one.requirement.level == level) for word in OUTCOMES
        }
        for level in ("MUST", "SHOULD")
    }


def verdict(counts: Mapping[str, Mapping[str, int]], *, partial: bool = False) -> str:
    """What is said of the server; `partial` if anything was deselected or declared absent.

    A baseline has no part in it.
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
    outcomes: Sequence[RequirementResult],
    *,
    known: Iterable[str],
    stale: Sequence[Any],
    suite_errors: int,
    answered: bool,
    fail_on: str = "MUST",
) -> int:
    """The first that applies; `known` are the ids of items whose failure the baseline lists.

    `fail_on` is the lowest level that counts: what is said of MUST holds for SHOULD as well where it is SHOULD.
    """
    listed = set(known)
    counted = [one for one in outcomes if one.requirement.level in ("MUST", fail_on)]
    judged = [result for one in counted for result in one.results if result.selected]
    if suite_errors or not answered:
        return UNSURE
    if stale or any(result.outcome.word == FAILED and result.id not in listed for result in judged):
        return BROKEN_MUST
    if any(result.outcome.word in (INCONCLUSIVE, UNTESTED) for result in judged):
        return UNSURE
    return OK
