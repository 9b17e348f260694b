"""Measures how often the root cause comes first in a report, over the faults: `python -m tests.roots`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.authoring.registry import Fault
from conformance.faults.proof import looks_at, rewritten
from conformance.judging.judge import judge
from conformance.judging.ranking import Rank, ranking

from . import golden

FIRST = 0.9
"""The least share of faults whose own requirement comes first."""
AMONG = 3
"""The own requirement of every fault is among so many, unless UNAVOIDABLE says why it cannot be."""

UNAVOIDABLE = {
    "loses_an_event_now_and_then": "It loses events at random, so every check that needs a lost event fails, and which "
    "checks those are says nothing.",
    "sends_null_before_the_first_state": "A null is not a state, so the requirements of the mode values are broken as "
    "well, and each of them alone would explain the failures.",
    "counts_its_runs": "A run id that is only replaced in the metadata event contradicts every other place that names "
    "the run, so those MUSTs are broken as well; its own requirement is a SHOULD.",
}
"""Why the own requirement of a fault is not among the first three."""


@dataclass(frozen=True)
class Standing:
    """A fault and the failed requirements in the order of the report; `place` is that of its own, from 0."""

    fault: Fault
    ranks: tuple[Rank, ...]

    @property
    def order(self) -> list[str]:
        return [one.requirement for one in self.ranks]

    @property
    def place(self) -> int:
        return self.order.index(self.fault.requirement)


def standing(fault: Fault) -> Standing | None:
    """Return how the report of a server with this fault is ordered; None if its own requirement did not fail."""
    session, touched = rewritten(fault, golden.table())
    known = golden.outcomes()
    judged = [
        (item, judge(item, session) if looks_at(item, touched) else known[id])
        for id, item in golden.table_items().items()
    ]
    found = Standing(fault, tuple(ranking(judged)))
    return found if fault.requirement in found.order else None


def standings(faults: Iterable[Fault]) -> Iterator[Standing]:
    """Yield the standing of each fault whose own requirement failed."""
    return (found for fault in faults if (found := standing(fault)) is not None)


def shares(found: Iterable[Standing]) -> tuple[float, float]:
    """Return the share of faults whose own requirement comes first, and the share where it is among the first three."""
    places = [one.place for one in found]
    return sum(place == 0 for place in places) / len(places), sum(place < AMONG for place in places) / len(places)


def unexplained(found: Iterable[Standing]) -> list[Standing]:
    """Return the faults whose own requirement is not among the first three, without a reason in UNAVOIDABLE."""
    return [one for one in found if one.place >= AMONG and one.fault.name not in UNAVOIDABLE]


def main() -> int:
    """Print what is measured, and every fault whose own requirement does not come first."""
    found = list(standings(golden.registry().faults))
    first, among = shares(found)
    print(f"{len(found)} faults: the own requirement first in {first:.1%}, among the first {AMONG} in {among:.1%}")
    for one in sorted((one for one in found if one.place), key=lambda one: -one.place):
        before = ", ".join(one.order[: min(one.place, AMONG)])
        print(f"  {one.place + 1:>2}. {one.fault.requirement} ({one.fault.name}), after {before}")
        if one.place >= AMONG:
            print(f"      {UNAVOIDABLE.get(one.fault.name, 'no reason is written down')}")
    return 0 if first >= FIRST and not unexplained(found) else 1


if __name__ == "__main__":
    sys.exit(main())
