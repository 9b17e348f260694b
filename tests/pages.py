"""The generated pages beside the requirements: `python -m tests.pages` writes them; a test keeps them in step."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from conformance import catalogue, suites
from conformance.declare import REGISTRY
from conformance.fault_table import page, row
from conformance.report.traceability import traceability
from conformance.settings import DEFAULT_PROFILE

from . import golden, nothing

REQUIREMENTS = Path(__file__).parents[1] / "conformance" / "requirements"


def traceability_page() -> str:
    """Statement of the norm, requirements, checks."""
    suites.load()
    checks: dict[str, list[str]] = defaultdict(list)
    for check in REGISTRY.checks:
        checks[check.requirement].append(check.name)
    return traceability(checks)


def faults_page() -> str:
    """Requirement, fault, checks that turn red."""
    items = list(golden.items().values())
    return page([row(fault, golden.good(), items) for fault in REGISTRY.faults])


def nothing_page() -> str:
    """Servers that do nothing of use, and how many requirements of each profile have which outcome on each."""
    names = [DEFAULT_PROFILE, *(name for name in catalogue.profiles() if name != DEFAULT_PROFILE)]
    return _NOTHING + "\n".join(f"## Profile {name}\n\n{nothing.table(name)}\n" for name in names)


_NOTHING = """# Servers that do nothing

What the suite says of servers that do nothing of use: no requirement passes on any.  `tests/nothing.py` holds them; how
often `failed` and `cantTell` stand there may vary a little with the time that a limit is reached.

"""

PAGES = {"TRACEABILITY.md": traceability_page, "FAULTS.md": faults_page, "NOTHING.md": nothing_page}

if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        (REQUIREMENTS / name).write_text(PAGES[name](), "utf-8")
        print(REQUIREMENTS / name)
