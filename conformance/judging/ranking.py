"""Orders the failed requirements of a session so that the causes come before the consequences; pure functions.

A mistake of a server mostly breaks several requirements. Three facts of a session tell which is the cause; where they
do not decide, the places of the requirements do (requirements/ranking.toml).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance import catalogue
from conformance.authoring.registry import Check
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, Outcome

Judged = tuple[Item, Outcome]
"""An item with its outcome."""
Exchange = tuple[str, int]
"""An exchange of the session: the scenario variant, and the index in its recording."""

SHARED = 10
"""A check is general if checks of more requirements look at its scenario."""
SHOULD_PLACES = 40
"""How many places later a SHOULD stands: what few servers promise is rarely why a MUST fails."""
SHARE_PLACES = 70
"""How many places earlier a requirement stands if all its checks failed: a consequence rarely breaks all of them."""


@dataclass(frozen=True)
class Rank:
    """A failed requirement and the failed one before it that it stands below, None if it is a root cause.

    It only stands below another if both failed in the same exchange.
    """

    requirement: str
    below: str | None = None


def ranking(judged: Iterable[Judged]) -> list[Rank]:
    """Return the failed requirements, the likely root cause first."""
    session = _Session(tuple(judged))
    order = sorted(session.failed, key=session.key)
    return [Rank(id, _first_in_the_same_exchange(id, order[:place], session)) for place, id in enumerate(order)]


def governing(outcomes: Iterable[Outcome]) -> str | None:
    """Return the requirement that governs what the checks of an inconclusive one looked through in vain.

    It is None if any of these outcomes has another reason; if several govern, the one that is named most often.
    """
    because = [one.because for one in outcomes if one.word == INCONCLUSIVE]
    return Counter(because).most_common(1)[0][0] if because and all(because) else None


def general(checks: Iterable[Check]) -> frozenset[Check]:
    """Return the checks that look at what checks of many other requirements look at too."""
    checks = tuple(checks)
    lookers: dict[str, set[str]] = {}
    for check in checks:
        for scenario in check.scenarios:
            lookers.setdefault(scenario.name, set()).add(check.requirement)
    shared = {name for name, requirements in lookers.items() if len(requirements) > SHARED}
    return frozenset(one for one in checks if one.scope or {each.name for each in one.scenarios} & shared)


@dataclass(frozen=True)
class _Session:
    """What the outcomes of a session tell about its failed requirements."""

    judged: tuple[Judged, ...]

    @cached_property
    def failed(self) -> dict[str, list[Judged]]:
        """The outcomes of the failed requirements that passed or failed, by id, in the order of the catalogue."""
        found: dict[str, list[Judged]] = {}
        for item, outcome in self.judged:
            if outcome.word in (PASSED, FAILED):
                found.setdefault(item.check.requirement, []).append((item, outcome))
        return {id: found[id] for id in catalogue.places() if any(one.word == FAILED for _, one in found.get(id, ()))}

    @cached_property
    def general(self) -> frozenset[Check]:
        return general(item.check for item, _ in self.judged)

    @cached_property
    def exchanges(self) -> dict[str, set[Exchange]]:
        """The exchanges in which each failed requirement failed."""
        return {id: {exchange for _, one in pairs if (exchange := _where(one))} for id, pairs in self.failed.items()}

    @cached_property
    def failing_variants(self) -> set[str]:
        """The scenario variants in which anything failed."""
        return {variant for exchanges in self.exchanges.values() for variant, _ in exchanges}

    def key(self, id: str) -> tuple[bool, bool, float]:
        """Return what failed requirements are sorted by."""
        share = sum(one.word == FAILED for _, one in self.failed[id]) / len(self.failed[id])
        later = SHOULD_PLACES if catalogue.find(id).level == "SHOULD" else 0
        place = catalogue.places()[id] + later - SHARE_PLACES * share
        return self._only_in_general(id), not self._explains_all(id), place

    def _only_in_general(self, id: str) -> bool:
        """Whether the checks of its own scenarios passed, and it failed in what many look at."""
        own = [one for item, one in self.failed[id] if item.check not in self.general]
        return bool(own) and all(one.word == PASSED for one in own)

    def _explains_all(self, id: str) -> bool:
        """Whether everything that failed did so in the scenarios of its own checks."""
        items = (item for item, _ in self.failed[id] if item.check not in self.general)
        return self.failing_variants <= {variant.id for item in items for variant in item.variants}


def _where(outcome: Outcome) -> Exchange | None:
    """Return the exchange that a failed check named, None if it named none."""
    failure = outcome.failure
    if failure is None:
        return None
    index = next(index for index, one in enumerate(failure.recording.exchanges) if one is failure.exchange)
    return failure.recording.variant, index


def _first_in_the_same_exchange(id: str, earlier: Sequence[str], session: _Session) -> str | None:
    return next((one for one in earlier if session.exchanges[one] & session.exchanges[id]), None)
