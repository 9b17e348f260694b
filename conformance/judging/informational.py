"""What a report shows and does not judge: implementation-defined behaviour, and disputed statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance import catalogue
from conformance.authoring.expectations import shown
from conformance.authoring.registry import Registry, Variant
from conformance.authoring.views import SessionRecordings
from conformance.judging.items import Item, items_of
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, UNTESTED, Outcome


def observations(session: SessionRecordings, registry: Registry) -> dict[str, Any]:
    """Return what was observed of implementation-defined behaviour, by its id."""
    return {name: _observed(one.function, session) for name, one in registry.observations.items()}


def _observed(look: Any, session: SessionRecordings) -> Any:
    try:
        return look(session)
    except (LookupError, TypeError, AttributeError, ValueError) as problem:
        return f"could not be observed: {shown(str(problem))}"


def disputed(session: SessionRecordings, registry: Registry) -> list[dict[str, Any]]:
    """Return what the server does where the specification says one thing and every official server another.

    `as_stated` is true if the server does what the statement says, false if not, null if that is inconclusive.
    """
    items = [item for check in registry.disputed for item in items_of(check)]
    return [_disputed_row(item, _disputed_outcome(item, session)) for item in items]


def _disputed_row(item: Item, outcome: Outcome) -> dict[str, Any]:
    return {
        "id": item.check.requirement,
        "statement": catalogue.disputed()[item.check.requirement].statement,
        "as_stated": {PASSED: True, FAILED: False}.get(outcome.word),
        "message": outcome.message,
    }


def _disputed_outcome(item: Item, session: SessionRecordings) -> Outcome:
    try:
        outcome = judge(item, session)
    except SuiteError as problem:
        return Outcome(INCONCLUSIVE, str(problem))
    if outcome.word == UNTESTED:
        return Outcome(INCONCLUSIVE, f"{outcome.message}; it is recorded when the whole profile is selected")
    return outcome


def informational_variants(registry: Registry) -> Iterator[Variant]:
    """Yield the variants that disputed statements and observations look at."""
    for check in registry.disputed:
        for item in items_of(check):
            yield from item.variants
    for observation in registry.observations.values():
        for scenario in observation.scenarios:
            yield from scenario.variants()
