"""Judges the items of a session and collects their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from conformance import catalogue, suite
from conformance.authoring.views import SessionRecordings
from conformance.catalogue import Capability
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, session_description
from conformance.judging.applicability import missing_for_item
from conformance.judging.baseline import Entry
from conformance.judging.causes import with_cause
from conformance.judging.items import Item, items_of
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import INAPPLICABLE, INCONCLUSIVE, NOT_SELECTED, UNTESTED, Outcome
from conformance.judging.ranking import Rank, ranking
from conformance.judging.verdict import RequirementResult, Result, requirement_results
from conformance.report.words import NAMES
from conformance.session.own_runs import REPLAYED
from conformance.session.plan import Plan
from conformance.session.predicting import computed_libraries, prepare
from conformance.session.scenarios import judged, scenario_digests

NOT_SHOWN = "no run of this session shows it"
BREAKS_OFF = Recording.stopped
"""What a recording says until its scenario has ended."""


@dataclass
class Judgement:
    """The outcomes of a session's items that are known so far."""

    plan: Plan
    selected: set[str] = field(default_factory=set)
    results: dict[str, Result] = field(default_factory=dict)
    suite_errors: list[str] = field(default_factory=list)
    """Items that the suite could not judge, each with the reason."""

    @cached_property
    def session(self) -> SessionRecordings:
        """What is judged: everything that was recorded, without the scenarios that a user may add."""
        everything = self.everything
        return SessionRecordings(judged(everything.recordings.values()), everything.stopped, everything.lacks)

    @cached_property
    def everything(self) -> SessionRecordings:
        """Everything that was recorded, read when the first item is judged.

        A recording that breaks off is left out: the suite was interrupted or killed, so it shows nothing of the server.
        """
        source = self.plan.source
        recordings = [one for one in read_recordings(source) if one.stopped != BREAKS_OFF]
        if self.plan.own_runs is not None:
            prepare(recordings, self.plan.own_runs, computed_libraries(source))
        one_run = self.plan.own_runs is not None and self.plan.own_runs.kind == REPLAYED
        lacking = frozenset[Capability]() if one_run else None
        return SessionRecordings(recordings, session_description(source)["stopped"], self.plan.target.lacks, lacking)

    def outcome(self, item: Item) -> Outcome:
        """Return the outcome of an item, with its likely cause; raises SuiteError if the suite is at fault."""
        if (known := self.results.get(item.id)) is not None:
            return known.outcome
        if (absent := missing_for_item(item, self.plan.target.lacks)) is not None:
            return Outcome(INAPPLICABLE, f"the target declares that it lacks `{absent}`")
        outcome = judge(item, self.session)
        if outcome.word in (UNTESTED, INCONCLUSIVE) and (why := self._not_recorded(item)) is not None:
            return Outcome(UNTESTED, why)
        return with_cause(item.check.requirement, outcome, self.session)

    def _not_recorded(self, item: Item) -> str | None:
        """Return why stored recordings cannot contain what an item looks at, None if they should.

        Runs of a session's own show what they show.  Others cannot if a scenario is newer than they are, or if it
        changed and they lack an exchange that it declares.
        """
        if self.plan.own_runs is not None:
            return NOT_SHOWN if self.session.facts.deployed and not self.session.stopped else None
        if not self.plan.judges_again:
            return None
        recorded = self._recorded_scenarios
        for variant in item.variants:
            name, found = variant.scenario.name, self.session.recordings.get(variant.id)
            if name not in recorded:
                return f"the scenario `{name}` did not exist when the session was recorded"
            lacking = set(variant.scenario.exchanges) - {one.name for one in (found.exchanges if found else ())}
            if lacking and recorded[name] != self._scenarios[name]:
                return f"the scenario `{name}` has changed since the session was recorded"
        return None

    @cached_property
    def _recorded_scenarios(self) -> Mapping[str, str]:
        found: dict[str, str] = session_description(self.plan.source).get("scenarios", {})
        return found

    @cached_property
    def _scenarios(self) -> Mapping[str, str]:
        return scenario_digests()

    def judge_selected(self) -> None:
        """Judge every selected item that has no outcome yet."""
        for id in sorted(self.selected - self.results.keys()):
            try:
                self.add(id, self.outcome(self.plan.items[id]))
            except SuiteError as problem:
                self.suite_errors.append(f"{id}: {problem}")

    def add(self, id: str, outcome: Outcome) -> None:
        """Add the outcome of an item."""
        self.results[id] = self._result(self.plan.items[id], outcome)

    def expected(self, item: Item, outcome: Outcome) -> str | None:
        """Return why an item that did not pass does not change the exit status, None if it does."""
        entry = self.plan.baseline.find(self._result(item, outcome))
        if entry is not None:
            return f"listed in the baseline: {entry.reason}"
        if self._is_newer(item, outcome):
            return outcome.message
        if self.counts(item.check.requirement):
            return None
        return f"a SHOULD that is {NAMES[outcome.word]} does not change the exit status without --fail-on should"

    def counts(self, requirement: str) -> bool:
        """Return whether the exit status depends on the requirement."""
        return catalogue.find(requirement).level in ("MUST", self.plan.settings.fail_on)

    @property
    def all_results(self) -> list[Result]:
        """A result for every item of the profile; items without an outcome are untested."""
        return [self.results.get(id) or self._untested(item) for id, item in self.plan.items.items()]

    @property
    def requirements(self) -> list[RequirementResult]:
        """Every requirement of the profile with the results of its checks."""
        return requirement_results([catalogue.find(id) for id in self.plan.profile.requirements], self.all_results)

    @property
    def ranks(self) -> list[Rank]:
        """The failed requirements, the likely root cause first."""
        return ranking((self.plan.items[result.id], result.outcome) for result in self.all_results)

    @property
    def stale(self) -> list[Entry]:
        """Entries of the baseline that no longer fail, or that name nothing in the suite; they must be removed."""
        baseline = self.plan.baseline
        return [*baseline.stale(self.all_results), *baseline.unknown(results_of_every_profile())]

    @property
    def missing_graphs(self) -> dict[str, list[str]]:
        """Reference graphs that are not deployed, each with the requirements that are only therefore inconclusive."""
        facts = self.session.facts
        missing: dict[str, list[str]] = {}
        for one in self.requirements if not (facts.stopped or facts.wrong_address) else ():
            items = [self.plan.items[result.id] for result in one.results if result.outcome.word == INCONCLUSIVE]
            absent = [{variant.graph for variant in item.variants} - facts.deployed for item in items]
            for graph in dict.fromkeys(graph for graphs in absent for graph in sorted(graphs)):
                missing.setdefault(graph, [])
                if one.outcome == INCONCLUSIVE and all(absent):
                    missing[graph].append(one.requirement.id)
        return missing

    def excused(self) -> list[tuple[Result, Entry]]:
        """Return each result that the baseline excuses, with its entry."""
        return [(result, entry) for result in self.all_results if (entry := self.plan.baseline.find(result))]

    def _result(self, item: Item, outcome: Outcome) -> Result:
        """Return a result; a check that stored recordings cannot contain counts as not selected."""
        selected = item.id in self.selected and not self._is_newer(item, outcome)
        return Result(item.id, item.check.requirement, outcome, selected)

    def _is_newer(self, item: Item, outcome: Outcome) -> bool:
        """Return whether an item is untested because it is newer than the recordings."""
        return outcome.word == UNTESTED and self._not_recorded(item) is not None

    def _untested(self, item: Item) -> Result:
        why = "it was selected, but not judged" if item.id in self.selected else NOT_SELECTED
        return self._result(item, Outcome(UNTESTED, why))


def items_of_every_profile() -> set[str]:
    """Return the ids of all items of the suite."""
    return {item.id for check in suite.load().checks for item in items_of(check)}


def results_of_every_profile() -> list[Result]:
    """Return a result for every item of the suite, because a baseline may list failures of several profiles."""
    items = (item for check in suite.load().checks for item in items_of(check))
    return [Result(item.id, item.check.requirement, Outcome(UNTESTED), False) for item in items]
