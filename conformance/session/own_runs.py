"""The runs that a session performs instead of the suite's scenarios, and the checks that judge any run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance.authoring.registry import Check, Variant
from conformance.judging.items import Item
from conformance.settings import OwnRuns, UsageError
from conformance.suite.any_run.scenarios import any_run
from conformance.suite.generated.case import Case, case_from
from conformance.suite.generated.drawing import GRAPH as REFERENCE
from conformance.suite.generated.drawing import drawn
from conformance.suite.generated.laws import LAWS, UNFIT
from conformance.suite.generated.own_graphs import cases_of
from conformance.suite.generated.performing import scenario_of

PROGRAMS, REPLAYED, GRAPHS = "generated", "replayed", "own_graph"
"""The kinds of such runs; also the names of their scenarios."""

UNFIT_FOR_PROGRAMS = ("test_a_graph_streams_the_same_each_time",)
"""Checks of all streams that a session of generated programs does not need: the library says it all."""


@dataclass(frozen=True)
class ChosenRuns:
    """The runs of a session: cases by their names, which are the rows of the checks."""

    kind: str
    cases: Mapping[str, Case]
    not_deterministic: tuple[str, ...] = ()

    @property
    def holds_user_data(self) -> bool:
        """Whether the recordings hold what belongs to the users of the server: a graph of theirs was run.

        Such runs may also cost money, so none is performed that was not announced.
        """
        return any(case.graph != REFERENCE for case in self.cases.values())

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """The scenario variants to perform, by the names of the cases."""
        graphs = dict.fromkeys(case.graph for case in self.cases.values())
        scenarios = {graph: scenario_of(self.kind, graph, self._of(graph)) for graph in graphs}
        return {name: Variant(scenarios[case.graph], {"row": name}) for name, case in self.cases.items()}

    def _of(self, graph: str) -> dict[str, Case]:
        return {name: case for name, case in self.cases.items() if case.graph == graph}

    @property
    def runs(self) -> int:
        """How many runs there are, those before the judged ones included."""
        return sum(1 + len(case.earlier) for case in self.cases.values())

    @property
    def summary(self) -> str:
        """How many runs there are, in words."""
        graphs = dict.fromkeys(case.graph for case in self.cases.values())
        what = f"of the graph{'s' * (len(graphs) > 1)} {', '.join(graphs)}"
        return f"{self.runs} run{'s' * (self.runs > 1)} {what} in {len(self.cases)} cases"

    def items(self, checks: Iterable[Check]) -> Iterator[Item]:
        """Yield an item for each check that can judge such runs."""
        unfit = UNFIT if self.holds_user_data else UNFIT_FOR_PROGRAMS
        own = LAWS if self.holds_user_data else ()
        for check in [*checks, *own]:
            if check.name in unfit:
                continue
            if check.scope is not None:
                yield Item(check, (), {})
            elif check in own or check.scenarios == (any_run,):
                yield Item(check, (self.variants,), {})

    @property
    def data(self) -> dict[str, Any]:
        """The runs as the session describes them beside its recordings."""
        cases = {name: case.data for name, case in self.cases.items()}
        return {"kind": self.kind, "cases": cases, "not_deterministic": list(self.not_deterministic)}


def chosen_runs(given: OwnRuns) -> ChosenRuns | None:
    """Return the runs that the options choose, None if they choose none; raises UsageError for an unusable case."""
    if given.programs is not None:
        return ChosenRuns(PROGRAMS, drawn(given.programs, given.seed))
    if given.replay_case is not None:
        return ChosenRuns(REPLAYED, {"1": _stored_case(given.replay_case)})
    if given.graphs:
        rows = {name: case for graph, value in given.graphs.items() for name, case in cases_of(graph, value).items()}
        return ChosenRuns(GRAPHS, rows, given.not_deterministic)
    return None


def described_runs(session: Mapping[str, Any]) -> ChosenRuns | None:
    """Return the runs that stored recordings were made of, None if those are the suite's scenarios."""
    if (data := session.get("own_runs")) is None:
        return None
    cases = {name: case_from(case) for name, case in data["cases"].items()}
    return ChosenRuns(data["kind"], cases, tuple(data["not_deterministic"]))


def _stored_case(file: Path) -> Case:
    try:
        return case_from(json.loads(file.read_text("utf-8"))["case"])
    except OSError as problem:
        raise UsageError(f"--replay-case {file}: the file cannot be read ({problem.strerror})") from None
    except (KeyError, TypeError, ValueError) as problem:
        why = f"it lacks {problem}" if isinstance(problem, KeyError) else problem
        raise UsageError(f"--replay-case {file}: the file does not hold a case ({why})") from None
