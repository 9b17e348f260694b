"""The faults in faults.json: reports name the fault that proves that a check can fail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FAULTS = Path(__file__).parents[1] / "requirements" / "faults.json"


@dataclass(frozen=True)
class KnownFault:
    """A fault in faults.json, with its requirement and the names of that requirement's checks that it turns red."""

    name: str
    requirement: str
    checks: frozenset[str]


@cache
def known_faults(path: Path = FAULTS) -> tuple[KnownFault, ...]:
    """Return every fault in faults.json."""
    found = json.loads(path.read_text("utf-8"))
    return tuple(KnownFault(one["name"], one["requirement"], frozenset(one["checks"])) for one in found)


def proof(check: str, faults: Iterable[KnownFault]) -> str:
    """Return the name of the first fault that turns a check red; empty if none does."""
    name = check.partition("[")[0]
    return next((fault.name for fault in faults if name in fault.checks), "")
