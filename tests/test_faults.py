"""Every requirement has faults that it fails on, and no conforming variation changes an outcome."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY, Fault
from conformance.faults.proof import Row, changes, entry, line, page, row

from . import golden
from .generate.pages import REQUIREMENTS, requirements_page, traceability_page

AGAIN = "out of date; make it again: python -m tests.generate"

suite.load()


@cache
def result(name: str) -> Row:
    fault = next(fault for fault in REGISTRY.faults if fault.name == name)
    passing = [item for id, item in golden.table_items().items() if golden.outcomes()[id].word == "passed"]
    return row(fault, golden.table(), passing)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", [fault.name for fault in REGISTRY.faults])
def test_the_requirement_of_a_fault_fails_on_it(name: str) -> None:
    found = result(name)
    assert not found.errors
    assert found.touched, "the fault changes no recording"
    assert found.killed, f"the fault turned red {found.requirements}"
    assert entry(found) == published().get(name), f"faults.json is {AGAIN}"


@cache
def published() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads((REQUIREMENTS / "faults.json").read_text("utf-8"))}


def test_the_published_table_contains_no_other_faults() -> None:
    assert set(published()) == {fault.name for fault in REGISTRY.faults}, f"faults.json is {AGAIN}"


def test_the_page_of_faults_has_the_same_content() -> None:
    assert (REQUIREMENTS / "FAULTS.md").read_text("utf-8") == page(published().values()), f"FAULTS.md is {AGAIN}"


def test_the_page_counts_the_requirements_of_a_long_list() -> None:
    ids = list(catalogue.requirements())
    one = {"name": "x", "requirement": ids[0], "doc": "Does x.", "checks": {"test_x": "x"}}
    assert line(one | {"requirements": ids[:13]}).endswith(f"| {', '.join(ids[1:13])} |")
    assert line(one | {"requirements": ids[:14]}).endswith("| [13 others](faults.json) |")


@pytest.mark.parametrize("fault", REGISTRY.faults, ids=lambda fault: fault.name)
def test_the_docstring_of_a_fault_completes_a_server_that(fault: Fault) -> None:
    """The page of faults and `explain` describe a faulty server with it."""
    first = fault.doc.split()[0]
    assert first[0].isupper()
    assert (first.endswith("s") and first not in ("Its", "This")) or first in ("Always", "Just", "Never")


def test_every_check_fails_on_some_fault() -> None:
    proven = {check for one in published().values() for check in one["checks"]}
    unproven = {item.check.name for item in golden.table_items().values()} - proven
    assert unproven == set(), "add a fault on which each of these checks fails, then: python -m tests.generate"


def test_the_traceability_page_is_up_to_date() -> None:
    assert (REQUIREMENTS / "TRACEABILITY.md").read_text("utf-8") == traceability_page(), f"TRACEABILITY.md is {AGAIN}"


def test_the_page_of_requirements_is_up_to_date() -> None:
    assert (REQUIREMENTS / "CATALOGUE.md").read_text("utf-8") == requirements_page(), f"CATALOGUE.md is {AGAIN}"


def test_every_requirement_has_a_fault() -> None:
    faults = Counter(fault.requirement for fault in REGISTRY.faults)
    required = list(catalogue.requirements())
    assert [id for id in required if not faults[id]] == []
    assert sum(faults.values()) >= 1.5 * len(required)


def test_the_requirement_of_every_fault_exists() -> None:
    assert {fault.requirement for fault in REGISTRY.faults} <= set(catalogue.requirements())


@pytest.mark.sampled(4)
@pytest.mark.parametrize("variation", REGISTRY.variations, ids=lambda variation: variation.name)
def test_no_outcome_changes_on_a_conforming_variation(variation: Fault) -> None:
    changed = changes(golden.table(), variation, golden.items().values())
    outcomes = [(id, before.word, after.word, after.message) for id, before, after in changed]
    assert [one for one in outcomes if requirement_of(one[0]) not in variation.unsafe] == []
    assert {requirement_of(one[0]) for one in outcomes if one[2] == "failed"} == set(variation.unsafe)


def requirement_of(id: str) -> str:
    return golden.items()[id].check.requirement


def test_an_unsafe_variation_fails_requirements_of_clients_alone() -> None:
    unsafe = {requirement for variation in REGISTRY.variations for requirement in variation.unsafe}
    assert {catalogue.find(id).area for id in unsafe} == {"clients"}
