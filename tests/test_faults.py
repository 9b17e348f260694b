"""Every requirement has faults that turn it red, and no check errs on any of them."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY
from conformance.faults.proof import Row, changes, entry, line, page, row

from . import golden
from .generate.pages import REQUIREMENTS, requirements_page, traceability_page

AGAIN = "out of step, write it again: python -m tests.pages"

suite.load()


@cache
def result(name: str) -> Row:
    fault = next(fault for fault in REGISTRY.faults if fault.name == name)
    passing = [item for id, item in golden.items().items() if golden.outcomes()[id].word == "passed"]
    return row(fault, golden.good(), passing)


@pytest.mark.parametrize("name", [fault.name for fault in REGISTRY.faults])
def test_the_fault_turns_its_requirement_red(name):
    done = result(name)
    assert not done.errors
    assert done.touched, "the fault changes no recording"
    assert done.killed, f"red were {done.requirements}"
    assert entry(done) == published().get(name), f"{AGAIN} faults.json FAULTS.md"


@cache
def published() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads((REQUIREMENTS / "faults.json").read_text("utf-8"))}


def test_there_are_no_other_faults_in_the_published_table():
    assert set(published()) == {fault.name for fault in REGISTRY.faults}, f"{AGAIN} faults.json FAULTS.md"


def test_the_page_of_faults_is_made_of_the_same_rows():
    assert (REQUIREMENTS / "FAULTS.md").read_text("utf-8") == page(published().values()), f"{AGAIN} FAULTS.md"


def test_a_long_list_of_requirements_is_counted_in_the_page():
    ids = list(catalogue.requirements())
    one = {"name": "x", "requirement": ids[0], "doc": "Does x.", "checks": {"test_x": "x"}}
    assert line(one | {"requirements": ids[:13]}).endswith(f"| {', '.join(ids[1:13])} |")
    assert line(one | {"requirements": ids[:14]}).endswith("| [13 others](faults.json) |")


@pytest.mark.parametrize("fault", REGISTRY.faults, ids=lambda fault: fault.name)
def test_what_a_fault_does_can_follow_a_server_that(fault):
    """The likely cause of a failure reads `a server that sends …`."""
    first = fault.doc.split()[0]
    assert first[0].isupper()
    assert (first.endswith("s") and first not in ("Its", "This")) or first in ("Always", "Just", "Never")


def test_every_check_turns_red_on_some_fault():
    seen = {check for one in published().values() for check in one["checks"]}
    unproven = [check.name for check in REGISTRY.checks if check.name not in seen]
    assert unproven == [], "give each a fault that it fails on, then: python -m tests.pages faults.json FAULTS.md"


def test_the_traceability_page_is_in_step():
    """Statement of the specification, requirements and checks."""
    assert (REQUIREMENTS / "TRACEABILITY.md").read_text("utf-8") == traceability_page(), f"{AGAIN} TRACEABILITY.md"


def test_the_page_of_requirements_is_in_step():
    assert (REQUIREMENTS / "CATALOGUE.md").read_text("utf-8") == requirements_page(), f"{AGAIN} CATALOGUE.md"


def test_every_requirement_has_a_fault():
    faulty = Counter(fault.requirement for fault in REGISTRY.faults)
    required = list(catalogue.requirements())
    assert [id for id in required if not faulty[id]] == []
    assert sum(faulty.values()) >= 1.5 * len(required)


def test_faults_speak_of_known_requirements():
    assert {fault.requirement for fault in REGISTRY.faults} <= set(catalogue.requirements())


@pytest.mark.parametrize("name", [oddity.name for oddity in REGISTRY.variations])
def test_no_outcome_changes_on_a_lawful_oddity(name):
    oddity = next(one for one in REGISTRY.variations if one.name == name)
    changed = changes(golden.good(), oddity, golden.items().values())
    outcomes = [(id, before.word, after.word, after.message) for id, before, after in changed]
    assert [one for one in outcomes if requirement_of(one[0]) not in oddity.unsafe] == []
    assert {requirement_of(one[0]) for one in outcomes if one[2] == "failed"} == set(oddity.unsafe)


def requirement_of(id):
    return golden.items()[id].check.requirement


def test_what_is_lawful_breaks_no_more_than_what_clients_need():
    unsafe = {requirement for oddity in REGISTRY.variations for requirement in oddity.unsafe}
    assert {catalogue.find(id).area for id in unsafe} == {"clients"}
