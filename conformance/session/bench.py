"""Performs single cases on the live server, and judges each by one check."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.authoring.registry import Variant
from conformance.authoring.views import SessionRecordings
from conformance.catalogue import Capability
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, source_of
from conformance.judging.items import Item
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, Outcome
from conformance.session.own_runs import ChosenRuns
from conformance.session.predicting import Predict, prepare
from conformance.suite.generated.case import Case
from conformance.suite.generated.performing import scenario_of

REPEATS = 2
"""How often a case is performed; it fails if it fails every time."""

Record = Callable[[Sequence[Variant], Path], object]
"""Performs scenario variants on the server and writes their recordings into a folder."""


@dataclass(frozen=True)
class Bench:
    """A live server on which cases can be performed, with what predicts their runs."""

    runs: ChosenRuns
    record: Record
    predict: Predict
    lacks: tuple[str, ...]
    lacking: frozenset[Capability]
    """What the server lacks according to the whole session."""

    def case_of(self, recording: Recording) -> Case:
        """Return the case of a recording of the session."""
        return self.runs.cases[recording.axes["row"]]

    def performed(self, cases: Mapping[str, Case]) -> dict[str, Recording]:
        """Perform cases, all at once; return their recordings by the names of the cases."""
        runs = replace(self.runs, cases=cases)
        with tempfile.TemporaryDirectory() as folder:
            self.record(list(runs.variants.values()), Path(folder))
            found = read_recordings(source_of(Path(folder)))
        prepare(found, runs, self.predict(found))
        return {one.axes["row"]: one for one in found}

    def failing(self, item: Item, cases: Sequence[Case]) -> list[Recording | None]:
        """Return for each case a recording that fails the check of an item; None unless it fails every time."""
        turns = range(REPEATS)
        done = self.performed({f"{place}.{turn}": case for place, case in enumerate(cases) for turn in turns})
        found: list[Recording | None] = []
        for place in range(len(cases)):
            recordings = [done.get(f"{place}.{turn}") for turn in turns]
            bad = all(one is not None and self.outcome(item, one).word == FAILED for one in recordings)
            found.append(recordings[0] if bad else None)
        return found

    def outcome(self, item: Item, recording: Recording) -> Outcome:
        """Return the outcome of a check on one recording alone."""
        row = recording.axes["row"]
        variant = Variant(scenario_of(self.runs.kind, recording.graph, {}), {"row": row})
        alone = Item(item.check, ({row: variant},) if item.arguments else (), {})
        try:
            return judge(alone, SessionRecordings([recording], None, self.lacks, self.lacking))
        except SuiteError as problem:
            return Outcome(INCONCLUSIVE, str(problem))
