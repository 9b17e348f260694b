"""Reduces a failing case to a small one that still fails; it knows neither servers nor clocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from conformance.suite.generated.case import Case
from conformance.suite.generated.smaller import smaller, weight

AT_ONCE = 12
"""How many candidates are tried together."""

Fails = Callable[[Sequence[Case]], Sequence[bool]]
"""Returns for each case whether it fails."""


def reduced(case: Case, fails: Fails, over: Callable[[], bool]) -> Case:
    """Return the smallest case that was found to fail until it is over, or until no smaller one fails."""
    candidates = smaller(case)
    while not over() and (batch := list(islice(candidates, AT_ONCE))):
        failing = [one for one, bad in zip(batch, fails(batch), strict=True) if bad]
        if failing:
            case = min(failing, key=weight)
            candidates = smaller(case)
    return case
