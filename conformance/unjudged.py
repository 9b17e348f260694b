"""What a report tells and does not judge: the use of freedoms, and what is done where the norm is disputed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import catalogue, suites
from .declare import REGISTRY, Variant
from .expect import shown
from .judge import CANNOT_TELL, FAILED, PASSED, UNTESTED, Item, Outcome, SuiteError, items_of, judge
from .views import Run


def observations(run: Run) -> dict[str, Any]:
    """What was seen of the freedoms; a recording that defies an observation is left out of it."""
    suites.load()
    seen: dict[str, Any] = {}
    for name, look in REGISTRY.observations.items():
        try:
            seen[name] = look.function(run)
        except (LookupError, TypeError, AttributeError, ValueError) as problem:
            seen[name] = f"not to be told: {shown(str(problem))}"
    return seen


def disputed(run: Run) -> list[dict[str, Any]]:
    """What the server does where the norm says one thing and every official server another.

    `as_stated` is true if it does as the statement says, false if not, null if that cannot be told.
    """
    suites.load()
    known = catalogue.disputed()
    rows = []
    for check in REGISTRY.disputed:
        for item in items_of(check):
            outcome = _disputed_outcome(item, run)
            rows.append({
                "id": check.requirement,
                "statement": known[check.requirement].statement,
                "as_stated": {PASSED: True, FAILED: False}.get(outcome.word),
                "check": item.id,
                "scenario": item.scenario,
                "outcome": outcome.word,
                "message": outcome.message,
            })  # fmt: skip
    return rows


def _disputed_outcome(item: Item, run: Run) -> Outcome:
    try:
        outcome = judge(item, run)
    except SuiteError as problem:
        return Outcome(CANNOT_TELL, str(problem))
    if outcome.word == UNTESTED:
        return Outcome(CANNOT_TELL, f"{outcome.message}; it is made when the whole profile is run")
    return outcome


def unjudged_variants() -> Iterator[Variant]:
    """The variants that only disputed statements and observations look at."""
    for check in REGISTRY.disputed:
        for item in items_of(check):
            yield from item.variants
    for observation in REGISTRY.observations.values():
        for name in observation.scenarios:
            yield from REGISTRY.scenarios[name].variants()
