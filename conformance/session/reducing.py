"""Reduces the failures of a session against the live server, and keeps each as a case that can be performed again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance import catalogue
from conformance.evidence.recording import Recording
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED
from conformance.session.bench import Bench
from conformance.session.judgement import Judgement
from conformance.suite.generated.case import Case
from conformance.suite.generated.reducing import reduced
from conformance.suite.generated.smaller import weight

LONGEST_S = 60.0
"""How long the failures of a session are reduced, all together."""
TRIED = 4
"""How many failing cases of a check are performed again, to find one that fails again."""
MOST = 4
"""How many failures are kept: more are hardly different ones."""

ABOUT_TIME = tuple(f"conformance.suite.any_run.{name}" for name in ("pace", "readers", "started"))
"""The modules whose checks depend on when things happen, which the load of a session can change."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class KeptCase:
    """A failure as a case.

    `reproduced` says whether it failed again each time it was performed alone; None if it was not performed again.
    """

    case: Case
    recording: Recording
    item: Item
    reproduced: bool | None

    @property
    def is_suspected(self) -> bool:
        """Whether it is only a suspicion: it is about time, was seen under load, and was not seen again."""
        return self.reproduced is False and self.item.check.module in ABOUT_TIME

    def data(self, bench: Bench) -> dict[str, Any]:
        """The case as it is kept in a file."""
        outcome = bench.outcome(self.item, self.recording)
        requirement = catalogue.find(self.item.check.requirement)
        return {
            "requirement": requirement.id,
            "level": requirement.level,
            "check": self.item.check.name,
            "message": outcome.message,
            "reproduced": self.reproduced,
            "repeat": outcome.evidence[0].curl.split("\n") if outcome.evidence else [],
            "case": self.case.data,
        }


def kept_cases(bench: Bench, judgement: Judgement, say: Say) -> Iterator[KeptCase]:
    """Yield the failures of a judged session, those with the smallest cases first, each reduced within the time.

    A failure whose check also fails in a case that was yielded before is not yielded.  Runs of own graphs are not
    performed again, because each may cost money.
    """
    end = time.monotonic() + LONGEST_S
    failed = [(item, found) for item in _failed(judgement) if (found := _failing(bench, item, judgement))]
    failed.sort(key=lambda one: weight(bench.case_of(one[1][0])))
    for _ in range(MOST):
        if not failed:
            return
        item, recordings = failed.pop(0)
        if (left := end - time.monotonic()) > 0 and not bench.runs.holds_user_data:
            say(f"reducing a failure of {item.check.requirement}, for {left:.0f} s at most")
        kept = _reduced(bench, item, recordings, end)
        if kept.reproduced is not False:
            failed = [other for other in failed if bench.outcome(other[0], kept.recording).word != FAILED]
        yield kept


def _failed(judgement: Judgement) -> Iterator[Item]:
    """Yield the items that failed."""
    for id, item in judgement.plan.items.items():
        result = judgement.results.get(id)
        if result is not None and result.outcome.word == FAILED:
            yield item


def _failing(bench: Bench, item: Item, judgement: Judgement) -> list[Recording]:
    """Return the recordings of the smallest cases that fail a check alone."""
    failing = [one for one in judgement.session.recordings.values() if bench.outcome(item, one).word == FAILED]
    return sorted(failing, key=lambda one: weight(bench.case_of(one)))[:TRIED]


def _reduced(bench: Bench, item: Item, recordings: Sequence[Recording], end: float) -> KeptCase:
    """Return the smallest case that was found, beginning with the smallest one that fails again."""
    cases = [bench.case_of(one) for one in recordings]
    if bench.runs.holds_user_data:
        return KeptCase(cases[0], recordings[0], item, reproduced=None)
    repeated = zip(cases, bench.failing(item, cases), strict=True)
    case, again = next(((one, bad) for one, bad in repeated if bad is not None), (cases[0], None))
    if again is None:
        return KeptCase(case, recordings[0], item, reproduced=False)
    shown = {_key(case): again}

    def fails(cases: Sequence[Case]) -> list[bool]:
        found = bench.failing(item, cases)
        shown.update({_key(one): bad for one, bad in zip(cases, found, strict=True) if bad is not None})
        return [bad is not None for bad in found]

    small = reduced(case, fails, lambda: time.monotonic() >= end)
    return KeptCase(small, shown[_key(small)], item, reproduced=True)


def _key(case: Case) -> str:
    return json.dumps(case.data)
