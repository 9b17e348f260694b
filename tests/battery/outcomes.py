"""Compares what fails on an incomplete server with what was written down beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance import catalogue
from conformance.authoring.views import SessionRecordings
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import FAILED, Outcome
from conformance.judging.verdict import RequirementResult, Result, requirement_results
from conformance.settings import DEFAULT_PROFILE
from tests import golden

from .expected import Expected


@dataclass(frozen=True)
class Difference:
    """A requirement that fails against expectation, with the first message, or that does not fail."""

    requirement: str
    level: str
    outcome: str
    messages: tuple[str, ...]

    @property
    def unexpected(self) -> bool:
        """Whether it fails although it should not."""
        return self.outcome == FAILED


def judged(session: SessionRecordings) -> tuple[list[RequirementResult], list[str]]:
    """Return the requirements of the default profile with their outcomes, and the errors of the suite."""
    required = [catalogue.find(id) for id in catalogue.profiles()[DEFAULT_PROFILE].requirements]
    ids = {one.id for one in required}
    results, errors = [], []
    for item in golden.table_items().values():
        if item.check.requirement in ids:
            try:
                outcome = judge(item, session)
            except SuiteError as problem:
                errors.append(f"{item.id}: {problem}")
                outcome = Outcome("cantTell", "the suite failed")
            results.append(Result(item.id, item.check.requirement, outcome))
    return requirement_results(required, results), errors


def differences(expected: Expected, requirements: Iterable[RequirementResult]) -> list[Difference]:
    """Return where the failed requirements are not those that were expected, in the order of the catalogue."""
    wanted = {*expected.failed, *expected.should}
    return [_difference(one) for one in requirements if (one.outcome == FAILED) != (one.requirement.id in wanted)]


def _difference(one: RequirementResult) -> Difference:
    telling = [result for result in one.results if result.outcome.word == one.outcome]
    messages = tuple(f"{result.id}: {result.outcome.message}" for result in telling)
    return Difference(one.requirement.id, one.requirement.level, one.outcome, messages)


def described(difference: Difference) -> str:
    """Return the difference as lines of text."""
    kind = "fails, not expected" if difference.unexpected else f"expected to fail, but is {difference.outcome}"
    head = f"  {difference.level} {difference.requirement}: {kind}"
    return "\n".join([head, *(f"      {_short(message)}" for message in difference.messages[:3])])


def _short(message: str, longest: int = 300) -> str:
    line = " ".join(message.split())
    return line if len(line) <= longest else line[:longest] + " …"


def failed(requirements: Sequence[RequirementResult], level: str) -> list[str]:
    """Return the ids of the failed requirements of a level."""
    return [one.requirement.id for one in requirements if one.outcome == FAILED and one.requirement.level == level]
