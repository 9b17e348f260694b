"""The examples on the wire are in step with the recordings, differ where they should, and are small."""

import json
from functools import cache
from typing import Any

import pytest

from conformance import catalogue
from conformance.authoring.registry import REGISTRY
from conformance.faults.normalize import normalize

from .generate import examples
from .generate.pages import REQUIREMENTS

MOST_ROWS = examples.ROWS_AFTER + 2


@cache
def published() -> dict[str, dict[str, Any]]:
    return json.loads((REQUIREMENTS / "examples.json").read_text("utf-8"))


def test_every_requirement_with_a_fault_has_an_example():
    examples.golden.items()
    faulty = {fault.requirement for fault in REGISTRY.faults}
    expected = [id for id in catalogue.requirements() if id in faulty]
    assert list(published()) == expected, "python -m tests.pages examples.json"


@pytest.mark.parametrize("id", published())
def test_the_example_is_in_step(id):
    examples.golden.items()
    assert examples.example(examples.fault_of(id)) == published()[id], "python -m tests.pages examples.json"


@pytest.mark.parametrize("id", published())
def test_the_example_shows_a_difference_in_few_rows(id):
    one = published()[id]
    assert one["good"] != one["bad"]
    for rows in (one["good"], one["bad"]):
        assert 1 <= len(rows) <= MOST_ROWS
        assert all(row.isprintable() and len(row) <= examples.WIDTH + examples.AROUND for row in rows)


@pytest.mark.parametrize("id", published())
def test_the_example_names_no_run_and_no_secret(id):
    text = json.dumps(published()[id])
    assert normalize(text) == text
    assert "127.0.0.1" not in text


def test_ids_are_named_by_their_order_and_moments_dropped():
    one, other = "01a20337-d384-77ba-b8d0-416573a9e5c9", "0123456789abcdef"
    text = normalize(f"{one} {other} {one} 9007199254740991 2026-11-22T12:00:00.5+00:00")
    assert text == "<id 1> <id 2> <id 1> 9007199254740991 <time>"


def test_a_fault_that_is_chosen_for_an_example_exists():
    examples.golden.items()
    known = {(fault.requirement, fault.name) for fault in REGISTRY.faults}
    assert set(examples.TELLING.items()) <= known
