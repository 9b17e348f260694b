"""The examples on the wire match the recordings, show a difference, and are small."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from conformance import catalogue
from conformance.authoring.registry import REGISTRY
from conformance.faults.normalize import normalize

from . import golden
from .generate import examples
from .generate.pages import REQUIREMENTS

MAX_ROWS = examples.ROWS_AFTER + 2
AGAIN = "make it again: python -m tests.generate examples"


@cache
def published() -> dict[str, dict[str, Any]]:
    return dict(json.loads((REQUIREMENTS / "examples.json").read_text("utf-8")))


EACH_EXAMPLE = pytest.mark.parametrize("id", published())


def test_every_requirement_with_a_fault_has_an_example() -> None:
    golden.table_items()
    faulty = {fault.requirement for fault in REGISTRY.faults}
    assert list(published()) == [id for id in catalogue.requirements() if id in faulty], AGAIN


@EACH_EXAMPLE
def test_an_example_is_up_to_date(id: str) -> None:
    golden.table_items()
    assert examples.example(examples.fault_of(id)) == published()[id], AGAIN


@EACH_EXAMPLE
def test_an_example_shows_a_difference_in_few_rows(id: str) -> None:
    example = published()[id]
    assert example["good"] != example["bad"]
    for rows in (example["good"], example["bad"]):
        assert 1 <= len(rows) <= MAX_ROWS
        assert all(row.isprintable() and len(row) <= examples.WIDTH + examples.CONTEXT for row in rows)


@EACH_EXAMPLE
def test_an_example_names_no_id_time_or_host_of_a_session(id: str) -> None:
    text = json.dumps(published()[id])
    assert normalize(text) == text
    assert "127.0.0.1" not in text


def test_ids_are_numbered_in_order_and_times_are_replaced() -> None:
    one, other = "01a20337-d384-77ba-b8d0-416573a9e5c9", "0123456789abcdef"
    text = normalize(f"{one} {other} {one} 9007199254740991 2026-11-22T12:00:00.5+00:00")
    assert text == "<id 1> <id 2> <id 1> 9007199254740991 <time>"


def test_the_preferred_faults_exist() -> None:
    golden.table_items()
    existing = {(fault.requirement, fault.name) for fault in REGISTRY.faults}
    assert set(examples.PREFERRED.items()) <= existing
