"""The family `any_run`: its rows cover what they should, and each of its checks fails on a fault."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from conformance.authoring.registry import REGISTRY, Fault
from conformance.authoring.views import SessionRecordings
from conformance.faults.apply import apply
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED, PASSED
from conformance.suite.any_run.plan import FACTORS, is_possible, modes_of, rows

from . import golden

ITEMS = {id: item for id, item in golden.items().items() if id not in golden.table_items()}
FAULTS_TRIED = 6
"""How many faults of a requirement are tried; one of them must be seen."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("id", ITEMS)
def test_the_check_fails_on_a_fault_of_its_requirement(id: str) -> None:
    item = ITEMS[id]
    faults = [fault for fault in REGISTRY.faults if fault.requirement == item.check.requirement][:FAULTS_TRIED]
    assert any(judge(item, session).word == FAILED for session in map(_faulty, faults) if session is not None)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("variation", REGISTRY.variations, ids=lambda variation: variation.name)
def test_no_check_fails_on_a_conforming_variation(variation: Fault) -> None:
    session = _faulty(variation)
    outcomes = [(id, judge(item, session)) for id, item in ITEMS.items()] if session is not None else []
    assert [(id, found.message) for id, found in outcomes if found.word != PASSED] == []


def _faulty(fault: Fault) -> SessionRecordings | None:
    """Return the recordings of the rows with a fault in the first third of them; None if it changes nothing."""
    good = [one for one in golden.good().recordings.values() if one.scenario == "any_run"]
    count = len(good) // 3
    changed = [apply(fault, one) for one in good[:count]]
    faulty = [one or other for one, other in zip(changed, good, strict=False)]
    return SessionRecordings([*faulty, *good[count:]]) if any(changed) else None


def test_the_official_server_agrees_with_the_library_in_every_row() -> None:
    assert {golden.outcomes()[id].word for id in ITEMS} == {PASSED}


def test_every_row_is_possible() -> None:
    assert all(is_possible(row) and modes_of(row) for row in rows().values())


def test_every_possible_pair_of_values_stands_in_a_row() -> None:
    covered = {pair for row in rows().values() for pair in itertools.combinations(row.items(), 2)}
    assert set(_possible_pairs()) - covered == set()


def _possible_pairs() -> Iterator[tuple[tuple[str, object], tuple[str, object]]]:
    """Yield every pair of values that a run can have, found by completing it in some way."""
    for (first, values), (second, others) in itertools.combinations(FACTORS.items(), 2):
        for value, other in itertools.product(values, others):
            if _can_be_completed({first: value, second: other}):
                yield (first, value), (second, other)


def _can_be_completed(fixed: dict[str, object]) -> bool:
    free = ("form", "thread", "start", "readers")
    for modes in ((True,), (True, False)):
        for chosen in itertools.product(*(FACTORS[name] for name in free)):
            for mode in ("values", "updates", "messages-tuple", "debug", "custom", "events"):
                base = {name: name == mode or len(modes) > 1 for name in list(FACTORS)[:6]}
                row = (
                    {name: values[0] for name, values in FACTORS.items()} | base | dict(zip(free, chosen, strict=True))
                )
                if is_possible(row | fixed):
                    return True
    return False
