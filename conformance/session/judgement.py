"""Judges the items of a session and collects their outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from conformance import catalogue, suite
from conformance.authoring.views import SessionRecordings
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, session_description
from conformance.judging.applicability import missing_for_item
from conformance.judging.baseline import Entry
from conformance.judging.items import Item, items_of
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, UNTESTED, Outcome
from conformance.judging.verdict import RequirementResult, Result, requirement_results
from conformance.session.plan import Plan

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
        """Everything that was recorded, read when the first item is judged.

        A recording that breaks off is left out: the suite was interrupted or killed, so it shows nothing of the server.
        """
        source = self.plan.source
        recordings = [one for one in read_recordings(source) if one.stopped != BREAKS_OFF]
        return SessionRecordings(recordings, session_description(source)["stopped"])

    def outcome(self, item: Item) -> Outcome:
        """Return the outcome of an item; raises SuiteError if the suite is at fault."""
        if (absent := missing_for_item(item, self.plan.target.lacks)) is not None:
            return Outcome(INAPPLICABLE, f"the target declares that it lacks `{absent}`")
        return judge(item, self.session)

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
        """Return why the failure of an item does not change the exit status, None if it does."""
        entry = self.plan.baseline.find(self._result(item, outcome))
        if entry is not None:
            return f"listed in the baseline: {entry.reason}"
        counted = catalogue.find(item.check.requirement).level in ("MUST", self.plan.settings.fail_on)
        return None if counted else "a failed SHOULD does not change the exit status without --fail-on should"

    @property
    def all_results(self) -> list[Result]:
        """A result for every item of the profile; items without an outcome are untested."""
        return [self.results.get(id) or self._untested(item) for id, item in self.plan.items.items()]

    @property
    def requirements(self) -> list[RequirementResult]:
        """Every requirement of the profile with the results of its checks."""
        return requirement_results([catalogue.find(id) for id in self.plan.profile.requirements], self.all_results)

    @property
    def stale(self) -> list[Entry]:
        """Entries of the baseline that no longer fail, or that name nothing in the suite; they must be removed."""
        baseline = self.plan.baseline
        return [*baseline.stale(self.all_results), *baseline.unknown(_results_of_every_profile())]

    @property
    def missing_graphs(self) -> dict[str, list[str]]:
        """Reference graphs that are not deployed, each with the requirements that are only therefore inconclusive."""
        facts = self.session.facts
        missing: dict[str, list[str]] = {}
        for one in self.requirements if not facts.stopped else ():
            items = [self.plan.items[result.id] for result in one.results if result.outcome.word == INCONCLUSIVE]
            absent = [{variant.graph for variant in item.variants} - facts.deployed for item in items]
            for graph in dict.fromkeys(graph for graphs in absent for graph in sorted(graphs)):
                missing.setdefault(graph, [])
                if one.outcome == INCONCLUSIVE and all(absent):
                    missing[graph].append(one.requirement.id)
        return missing

    def known_failures(self) -> list[tuple[Result, Entry]]:
        """Return each failure that the baseline lists, with its entry."""
        failed = [result for result in self.all_results if result.outcome.word == FAILED]
        return [(result, entry) for result in failed if (entry := self.plan.baseline.find(result))]

    def _result(self, item: Item, outcome: Outcome) -> Result:
        return Result(item.id, item.check.requirement, outcome, item.id in self.selected)

    def _untested(self, item: Item) -> Result:
        why = "it was selected, but not judged" if item.id in self.selected else "it was not selected"
        return self._result(item, Outcome(UNTESTED, why))


def _results_of_every_profile() -> list[Result]:
    """Return a result for every item of the suite, because a baseline may list failures of several profiles."""
    items = (item for check in suite.load().checks for item in items_of(check))
    return [Result(item.id, item.check.requirement, Outcome(UNTESTED), False) for item in items]
