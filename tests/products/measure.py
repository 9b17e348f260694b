"""Which products a session's recordings show.

A product is meaningful if it changes an exchange of the golden recordings, and is not shown to be a conforming
variation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from conformance import catalogue
from conformance.authoring.registry import REGISTRY, Fault
from conformance.authoring.views import SessionRecordings
from conformance.faults.proof import looks_at, rewritten
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED
from conformance.settings import DEFAULT_PROFILE
from tests import golden
from tests.products.conditions import CONDITIONS, Condition, restricted
from tests.products.conforming import why_conforming


@dataclass(frozen=True)
class Product:
    """A fault, and the conditions that it is restricted to."""

    fault: Fault
    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        return f"{self.fault.name}, {', '.join(one.name for one in self.conditions)} ({self.fault.requirement})"


@dataclass(frozen=True)
class Result:
    """A product, how many recordings it changes, and the first item that fails on it, None if the profile passes.

    `conforming` is the reason why a product on which nothing fails is a conforming variation, empty if it is not.
    """

    product: Product
    touched: int
    item: Item | None
    conforming: str = ""


def products(count: int) -> list[Product]:
    """Return every fault of the default profile with each condition, or each combination of `count` conditions."""
    return [Product(fault, chosen) for fault in faults() for chosen in combinations(CONDITIONS, count)]


def faults() -> list[Fault]:
    """Return the faults of the requirements of the default profile."""
    golden.registry()
    required = catalogue.profile(DEFAULT_PROFILE).requirements
    return [fault for fault in REGISTRY.faults if fault.requirement in required]


def sample(number: int, seed: int, count: int = 1) -> Iterator[Result]:
    """Yield the results of `number` products that change an exchange, drawn without repetition."""
    drawn = products(count)
    random.Random(seed).shuffle(drawn)
    changing = (result for product in drawn if (result := judged(product)) is not None)
    yield from (result for _, result in zip(range(number), changing, strict=False))


def judged(product: Product) -> Result | None:
    """Judge the whole profile on the recordings with a product.

    Returns None if it changes no exchange, or if the fault needs events that the conditions keep from it.
    """
    try:
        session, touched = rewritten(restricted(product.fault, *product.conditions), golden.good())
    except (LookupError, TypeError, AttributeError, ValueError):
        return None
    if not touched:
        return None
    item = _first_failing(product.fault.requirement, session, touched)
    why = why_conforming(golden.good(), session, touched) if item is None else None
    return Result(product, len(touched), item, why or "")


def _first_failing(requirement: str, session: SessionRecordings, touched: set[str]) -> Item | None:
    looking = (item for item in _in_order(requirement) if looks_at(item, touched))
    return next((item for item in looking if judge(item, session).word == FAILED), None)


@cache
def _in_order(requirement: str) -> list[Item]:
    """Return the items of the profile, those of a requirement first, because they fail most often."""
    required = catalogue.profile(DEFAULT_PROFILE).requirements
    items = [item for item in golden.items().values() if item.check.requirement in required]
    return sorted(items, key=lambda item: item.check.requirement != requirement)
