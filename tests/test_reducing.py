"""Reduction: every candidate is smaller and possible, and what is left is a smallest case that fails."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.suite.any_run.runs import actions
from conformance.suite.generated.case import CREATOR, Case, case_from
from conformance.suite.generated.drawing import case, drawn
from conformance.suite.generated.reducing import AT_ONCE, reduced
from conformance.suite.generated.smaller import smaller, weight

CASES = st.integers().map(lambda seed: case(random.Random(seed)))


@settings(max_examples=25)
@given(CASES)
def test_a_drawn_case_is_possible_and_survives_json(drawn: Case) -> None:
    assert drawn.is_possible
    assert case_from(json.loads(json.dumps(drawn.data))) == drawn


@settings(max_examples=25)
@given(CASES)
def test_every_candidate_is_smaller_possible_and_new(drawn: Case) -> None:
    candidates = list(smaller(drawn))
    assert all(one.is_possible and weight(one) < weight(drawn) for one in candidates)
    assert len({json.dumps(one.data) for one in candidates}) == len(candidates)


@settings(max_examples=25)
@given(CASES)
def test_every_candidate_is_a_program_that_the_graph_can_carry_out(drawn: Case) -> None:
    for one in smaller(drawn):
        for part in actions(one.run.input["program"]):
            assert not {"call", "loop", "parallel", "fan", "say"} & part.keys() or any(part.values())
            assert part.get("fan") != [] != part.get("parallel")
            assert part.get("say") != []
            assert part.get("times", 1) >= 1


def _says(case: Case, word: str) -> bool:
    return any(word in one for one in actions(case.run.input["program"]))


@settings(max_examples=25)
@given(CASES, st.sampled_from(["custom", "say", "call", "fan", "append"]))
def test_what_is_left_has_nothing_that_the_failure_does_not_need(drawn: Case, word: str) -> None:
    left = reduced(drawn, lambda cases: [_says(one, word) for one in cases], lambda: False)
    if not _says(drawn, word):
        assert left == drawn
        return
    assert _says(left, word)
    assert len(left.run.input["program"]) == 1
    assert (left.earlier, left.readers, left.run.subgraphs, len(left.run.modes)) == ((), CREATOR, False, 1)


def test_a_condition_on_the_modes_and_an_earlier_run_is_found() -> None:
    def fails(cases: Sequence[Case]) -> list[bool]:
        return [len(one.run.modes) > 1 and bool(one.earlier) and one.run.subgraphs for one in cases]

    bad = next(one for one in drawn(200, seed=3).values() if fails([one])[0])
    left = reduced(bad, fails, lambda: False)
    assert (len(left.run.modes), len(left.earlier), left.run.subgraphs) == (2, 1, True)
    assert [one.input["program"] for one in (*left.earlier, left.run)] == [[], []]


def test_it_ends_when_the_time_is_over() -> None:
    bad = drawn(20, seed=1)["07"]
    turns: list[int] = []

    def fails(cases: Sequence[Case]) -> list[bool]:
        turns.append(len(cases))
        return [False] * len(cases)

    assert reduced(bad, fails, lambda: len(turns) == 2) == bad
    assert len(turns) == 2
    assert max(turns) <= AT_ONCE


def test_the_same_seed_draws_the_same_cases() -> None:
    assert drawn(30, seed=5) == drawn(30, seed=5)
    assert drawn(30, seed=5) != drawn(30, seed=6)


@pytest.mark.parametrize(
    "change",
    [
        {"start": "later"},
        {"readers": "three"},
        {"thread": False},
        {"run": {"input": 1, "modes": ["all"], "form": "list", "subgraphs": False}},
    ],
)
def test_a_stored_case_that_no_run_can_be_is_refused(change: dict[str, object]) -> None:
    stored = drawn(20, seed=1)["07"].data | {"start": "background", "readers": "two"}
    with pytest.raises((KeyError, ValueError)):
        case_from(stored | change)
