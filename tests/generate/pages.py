"""The generated pages and data in conformance/requirements."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY
from conformance.faults.proof import entries, page, row
from conformance.report.catalogue import catalogue_page
from conformance.report.traceability import traceability
from conformance.settings import DEFAULT_PROFILE
from tests import golden, nothing
from tests.generate.examples import examples

REQUIREMENTS = Path(__file__).parents[2] / "conformance" / "requirements"


def traceability_page() -> str:
    """Return the page that maps statements of the specification to requirements and checks."""
    suite.load()
    checks: dict[str, list[str]] = defaultdict(list)
    for check in REGISTRY.checks:
        checks[check.requirement].append(check.name)
    return traceability(checks)


@cache
def faults() -> list[dict[str, Any]]:
    """Return every fault with the checks that fail on it, as data."""
    items = list(golden.table_items().values())
    return entries([row(fault, golden.table(), items) for fault in REGISTRY.faults])


def faults_json() -> str:
    """Return faults.json, with one fault on each line."""
    return "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in faults()) + "\n]\n"


def faults_page() -> str:
    """Return the page of requirements, faults and the checks that fail on them."""
    return page(faults())


def examples_json() -> str:
    """Return examples.json."""
    return json.dumps(examples(), indent=1, ensure_ascii=False) + "\n"


def requirements_page() -> str:
    """Return the page of all requirements."""
    suite.load()
    return catalogue_page(Counter(fault.requirement for fault in REGISTRY.faults))


def nothing_page() -> str:
    """Return the page of servers that do nothing useful, with the number of outcomes for each profile."""
    names = [DEFAULT_PROFILE, *(name for name in catalogue.profiles() if name != DEFAULT_PROFILE)]
    return _NOTHING + "\n".join(f"## Profile {name}\n\n{nothing.table(name)}\n" for name in names)


_NOTHING = """# Servers that do nothing

The outcomes on servers that do nothing useful: no requirement passes on any of them.  The servers are in
`tests/nothing.py`.  The numbers of `failed` and `cantTell` may vary a little with the time at which a limit is reached.

"""

Files = Iterator[tuple[Path, str]]


def catalogue_files() -> Files:
    """Yield the pages about requirements and the statements of the specification."""
    yield REQUIREMENTS / "CATALOGUE.md", requirements_page()
    yield REQUIREMENTS / "TRACEABILITY.md", traceability_page()


def fault_files() -> Files:
    """Yield the proof that every check can fail, as data and as a page."""
    yield REQUIREMENTS / "faults.json", faults_json()
    yield REQUIREMENTS / "FAULTS.md", faults_page()


def example_files() -> Files:
    """Yield the examples on the wire."""
    yield REQUIREMENTS / "examples.json", examples_json()


def nothing_files() -> Files:
    """Yield the page about servers that do nothing."""
    yield REQUIREMENTS / "NOTHING.md", nothing_page()
