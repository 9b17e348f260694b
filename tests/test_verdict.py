"""Outcomes of checks determine the outcomes of requirements, the verdict and the exit status, as the design says."""

from itertools import permutations
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalogue import Requirement
from conformance.judging.outcomes import OUTCOMES, Outcome
from conformance.judging.verdict import (
    RequirementResult,
    Result,
    exit_status,
    requirement_results,
    summary,
    verdict,
    worst,
)

P, F, C, I, U = "passed", "failed", "cantTell", "inapplicable", "untested"  # noqa: E741
WORDS = st.sampled_from(OUTCOMES)
LEVELS: st.SearchStrategy[Literal["MUST", "SHOULD"]] = st.sampled_from(["MUST", "SHOULD"])


def requirement(id: str, level: Literal["MUST", "SHOULD"] = "MUST") -> Requirement:
    return Requirement(id, id.partition(".")[0], level, "It holds.", ("spec 1",), ("1",), "Stated.", "All break.")


def of(
    level: Literal["MUST", "SHOULD"], *words: str, selected: bool = True, id: str = "values.one"
) -> RequirementResult:
    """Return a requirement whose checks had these outcomes; their ids are `id` and a number."""
    results = [Result(f"{id}-{n}", id, Outcome(word), selected) for n, word in enumerate(words)]
    return RequirementResult(requirement(id, level), tuple(results))


def verdict_of(*outcomes: RequirementResult) -> str:
    return verdict(summary(outcomes))


def status(
    *outcomes: RequirementResult,
    known: tuple[str, ...] = (),
    stale: bool = False,
    errors: int = 0,
    answered: bool = True,
    fail_on: str = "MUST",
) -> int:
    entries = ["an entry"] if stale else []
    return exit_status(outcomes, known=known, stale=entries, suite_errors=errors, answered=answered, fail_on=fail_on)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ((), U), ((P,), P), ((P, P), P), ((P, F), F), ((F, C), F), ((C, P), C), ((C, U), C), ((U, P), U), ((F, U), F),
        ((I, P), P), ((I, F), F), ((I, C), C), ((I, U), U), ((I,), I), ((I, I), I), ((P, F, C, U, I), F),
    ],
)  # fmt: skip
def test_a_requirement_has_the_worst_outcome_of_its_checks(words: tuple[str, ...], outcome: str) -> None:
    assert {worst(order) for order in permutations(words)} == {outcome}


def test_requirements_keep_their_order_and_get_their_results() -> None:
    results = [Result(f"check{n}", id, Outcome(P)) for n, id in enumerate(["b.b", "a.a", "b.b"])]
    gathered = requirement_results([requirement(id) for id in ("a.a", "b.b", "c.c")], results)
    assert [(one.requirement.id, [result.id for result in one.results]) for one in gathered] == [
        ("a.a", ["check1"]), ("b.b", ["check0", "check2"]), ("c.c", []),
    ]  # fmt: skip
    assert [one.outcome for one in gathered] == [P, P, U]


def test_a_summary_counts_requirements_not_checks() -> None:
    counts = summary([of("MUST", P, P), of("MUST", P, F), of("SHOULD", C, C), of("SHOULD")])
    assert counts == {
        "MUST": {P: 1, F: 1, C: 0, I: 0, U: 0},
        "SHOULD": {P: 0, F: 0, C: 1, I: 0, U: 1},
    }


@given(st.lists(st.builds(lambda level, words: of(level, *words), LEVELS, st.lists(WORDS, max_size=3))))
def test_a_summary_counts_every_requirement_once(outcomes: list[RequirementResult]) -> None:
    counts = summary(outcomes)
    for level, words in counts.items():
        assert set(words) == set(OUTCOMES)
        assert sum(words.values()) == sum(one.requirement.level == level for one in outcomes)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([of("MUST", P)], "conformant"),
        ([of("MUST", P), of("SHOULD", F), of("SHOULD", C), of("SHOULD", U)], "conformant"),
        ([of("MUST", F), of("MUST", C), of("MUST", U)], "not conformant"),
        ([of("MUST", C), of("MUST", P)], "inconclusive"),
        ([of("MUST", C), of("MUST", U), of("MUST", I)], "inconclusive"),
        ([of("MUST", P), of("MUST", U)], "partial"),
        ([of("MUST", P), of("MUST", P, U)], "partial"),
        ([of("MUST", P), of("MUST", I)], "partial"),
        ([of("MUST", P), of("MUST")], "partial"),
    ],
)
def test_the_verdict_follows_from_the_must_requirements(outcomes: list[RequirementResult], expected: str) -> None:
    assert {verdict_of(*order) for order in permutations(outcomes)} == {expected}


def test_the_exit_status_is_the_first_that_applies() -> None:
    failed, inconclusive, passed = of("MUST", F), of("MUST", C), of("MUST", P)
    assert status(passed) == 0
    assert status(passed, inconclusive) == status(passed, of("MUST", U)) == 2
    assert status(passed, inconclusive, failed) == status(passed, stale=True) == status(inconclusive, stale=True) == 1
    assert status(failed, errors=1) == status(failed, answered=False) == status(passed, answered=False) == 2
    assert status(passed, stale=True, errors=1) == status(passed, stale=True, answered=False) == 2


@pytest.mark.parametrize("word", OUTCOMES)
def test_a_should_does_not_change_the_exit_status_by_default(word: str) -> None:
    assert status(of("MUST", P), of("SHOULD", word)) == 0


def test_a_should_changes_the_exit_status_with_fail_on_should() -> None:
    assert status(of("MUST", P), of("SHOULD", F), fail_on="SHOULD") == 1
    assert status(of("MUST", P), of("SHOULD", C), fail_on="SHOULD") == 2
    assert status(of("MUST", P), of("SHOULD", P), fail_on="SHOULD") == 0
    assert status(of("SHOULD", F), known=("values.one-0",), fail_on="SHOULD") == 0


@pytest.mark.parametrize(
    ("words", "expected"), [((P,), "partial"), ((F,), "not conformant"), ((C,), "inconclusive"), ((U,), "partial")]
)
def test_a_part_of_the_profile_is_at_best_partial(words: tuple[str, ...], expected: str) -> None:
    assert verdict(summary([of("MUST", *words)]), partial=True) == expected


def test_an_inapplicable_requirement_does_not_change_the_exit_status() -> None:
    assert status(of("MUST", I), of("MUST", P)) == 0


@pytest.mark.parametrize("word", OUTCOMES)
def test_a_deselected_requirement_does_not_change_the_exit_status(word: str) -> None:
    assert status(of("MUST", P), of("MUST", word, selected=False)) == 0


def test_a_baseline_excuses_exactly_the_listed_failures_and_keeps_the_verdict() -> None:
    two = of("MUST", F, F)
    assert status(two) == status(two, known=("values.one-0",)) == 1
    assert status(two, known=("values.one-0", "values.one-1")) == 0
    assert verdict_of(two) == "not conformant"


def test_a_baseline_does_not_excuse_an_inconclusive_requirement() -> None:
    assert status(of("MUST", C), known=("values.one-0",)) == 2


@given(
    st.lists(st.builds(lambda level, words: of(level, *words), LEVELS, st.lists(WORDS, min_size=1, max_size=3))),
    st.booleans(),
    st.integers(0, 2),
    st.booleans(),
)
def test_without_a_baseline_the_exit_status_is_0_exactly_if_no_must_is_red_and_the_session_is_in_order(
    outcomes: list[RequirementResult], stale: bool, errors: int, answered: bool
) -> None:
    in_order = answered and not stale and not errors
    good = all(one.outcome in (P, I) for one in outcomes if one.requirement.level == "MUST")
    assert (status(*outcomes, stale=stale, errors=errors, answered=answered) == 0) == (in_order and good)
