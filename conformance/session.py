"""One run from start to end: finds or starts the target, records, loads what was recorded, writes the report.

It knows no pytest; the plugin tells it which variants are wanted and what came of each item.
"""

from __future__ import annotations

import datetime
import difflib
import hashlib
import inspect
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import catalogue, suites
from ._files import folder
from .attribution import platform_facts, recording_digests, schemas_digest, suite_version
from .baseline import Baseline, Entry, baseline_text, read_baseline
from .declare import REGISTRY, Variant
from .expect import shown
from .judge import CANNOT_TELL, FAILED, INAPPLICABLE, PASSED, UNTESTED, Item, Outcome, SuiteError, items_of, judge
from .redaction import Redactor
from .report.compare import GONE, changes, lines
from .report.document import document
from .report.story import command, stories
from .report.words import is_partial
from .report.write import read_report, write_all
from .settings import DEFAULT_PROFILE, Settings, UsageProblem, report_folder
from .target import Target
from .target_file import find_target, recorded_run
from .transcript import read_folder
from .verdict import Result, Verified, exit_status, verified
from .views import Run
from .writer import write_json

if TYPE_CHECKING:
    from .recorder import Performance


class Session:
    """The state of one run, held by the process that records and reports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        recorded = recorded_run(settings.judge) if settings.judge else {}
        self.profile = catalogue.profile(settings.profile or recorded.get("profile") or DEFAULT_PROFILE)
        self.target = find_target(settings)
        if settings.judge is None:
            _check_names(self.target)
        chosen = settings.baseline or self.target.baseline
        if chosen and settings.write_baseline and chosen.absolute() == settings.write_baseline.absolute():
            chosen = chosen if chosen.exists() else None  # the run that makes it
        self.baseline = read_baseline(chosen, datetime.date.today()) if chosen else Baseline()
        self.redactor = Redactor([*settings.secrets, *self.target.headers.values()])
        self.keyword = ""
        self.seed = secrets.token_hex(8)
        self.started = datetime.datetime.now(datetime.UTC)
        self.folder = self._choose_folder()
        self.results: dict[str, Result] = {}
        self.selected: set[str] = set()
        self.suite_errors: list[str] = []
        self.answered = True
        self.ready_s = 0.0
        self.performance: Performance | None = None
        self.report: dict[str, Any] = {}
        self.compared: list[str] = []
        self._clock = time.monotonic()

    @cached_property
    def run(self) -> Run:
        """All that was recorded, read when the first item is judged."""
        return Run(read_folder(self.recordings), self.run_json["stopped"])

    @property
    def run_json(self) -> dict[str, Any]:
        """What run.json says of the recording as a whole."""
        content: dict[str, Any] = json.loads((self.recordings / "run.json").read_text("utf-8"))
        return content

    def judge(self, item: Item) -> Outcome:
        """The outcome of one item; raises SuiteError where the suite is at fault."""
        if (absent := self.target.declares_absent(item)) is not None:
            return Outcome(INAPPLICABLE, f"the target declares that it lacks `{absent}`")
        return judge(item, self.run)

    def expected(self, item: Item, outcome: Outcome) -> str | None:
        """Why the failure of an item does not break a gate, None if it does."""
        requirement = catalogue.find(item.check.requirement)
        entry = self.baseline.find(Result(item.id, requirement.id, item.scenario, outcome))
        if entry is not None:
            return f"listed in the baseline: {entry.reason}"
        counted = requirement.level in ("MUST", self.settings.fail_on)
        return None if counted else "a SHOULD does not break this gate; --fail-on should makes it"

    def _choose_folder(self) -> Path:
        if self.settings.judge is not None:
            given = self.settings.judge
            return given.parent if given.name == "recordings" else given
        return report_folder(self.settings.report_dir, self.target.name, datetime.datetime.now()).absolute()

    @property
    def recordings(self) -> Path:
        """The folder that holds the recordings."""
        return self.folder / "recordings"

    @property
    def report_folder(self) -> Path:
        """The folder that the report goes to."""
        return self.settings.report_dir or self.folder

    @property
    def offered(self) -> list[Item]:
        """The items that can be selected: all, or of stored recordings those that they were made for."""
        made_for = self.run_json.get("selected") if self.settings.judge else None
        return [item for item in self.items.values() if made_for is None or item.id in made_for]

    @cached_property
    def items(self) -> dict[str, Item]:
        """Every item of the profile, by id."""
        suites.load()
        checks = [check for check in REGISTRY.checks if check.requirement in self.profile.requirements]
        return {item.id: item for check in checks for item in items_of(check)}

    def variants(self, ids: Iterable[str]) -> list[Variant]:
        """The scenario variants that these items look at, each once; all of the profile's for one over every stream.

        What is reported and not judged is performed with the whole profile only.
        """
        items = [self.items[id] for id in ids]
        whole = len({item.id for item in items}) == len(self.items)
        if any(item.check.scope for item in items):
            items = list(self.items.values())
        wanted = [variant for item in items for variant in item.variants]
        return list({variant.id: variant for variant in [*wanted, *(_unjudged() if whole else ())]}.values())

    def record(
        self,
        ids: Sequence[str],
        progress: Callable[[int, int, Sequence[str]], None],
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Perform the scenarios that the selected items look at; raises LaunchError if the target cannot be started."""
        from .live import Limits
        from .recorder import record

        self.selected.update(ids)
        if self.settings.judge is not None:
            return
        self.recordings.mkdir(parents=True, exist_ok=True)
        for old in self.recordings.glob("*.jsonl"):
            old.unlink()
        limits = Limits()
        limits = replace(limits, silence_s=self.settings.silence_s or limits.silence_s)
        limits = replace(limits, length_s=self.settings.length_s or limits.length_s)
        variants = [variant for variant in self.variants(ids) if not self.target.misses(variant)]
        mortal = self.target.launch is not None  # the server ends with the run, and its threads with it
        with ExitStack() as stack:
            if self.target.launch is not None:
                starting = time.monotonic()
                self.target = stack.enter_context(self.target.launch(say))
                self.ready_s = time.monotonic() - starting
            self._write_run(None)
            if self.settings.max_seconds:
                limits = replace(limits, run_s=self.settings.max_seconds - (time.monotonic() - self._clock))
            self.performance = done = record(
                self.target, variants, self.recordings, self.redactor, nonce=self.seed,
                limits=limits, keep_threads=self.settings.keep_threads or mortal, progress=progress,
            )  # fmt: skip
        self.answered = done.answered_at_end
        self.suite_errors += done.errors
        self._write_run(done.stopped)

    def _write_run(self, stopped: str | None) -> None:
        run = {
            "target": self.target.described(),
            "profile": self.profile.name,
            "catalogue_sha256": catalogue.digest(),
            "started": self.started.isoformat(timespec="seconds"),
            "duration_s": round(time.monotonic() - self._clock, 3),
            "stopped": stopped,
            "answered_at_end": self.answered,
            "selected": sorted(self.selected) if len(self.selected) < len(self.items) else None,
            "options": list(self.settings.words),
            "command": command(self.settings.words, self.keyword),
            "seed": self.seed,
            "platform": platform_facts(),
            "scenarios": scenario_digests(),
            "limits": {name: getattr(self.settings, name) for name in ("silence_s", "length_s", "max_seconds")},
        }
        write_json(self.recordings / "run.json", run, self.redactor)

    def add(self, id: str, outcome: Outcome) -> None:
        """Take the outcome of an item."""
        item = self.items[id]
        self.results[id] = Result(id, item.check.requirement, item.scenario, outcome, id in self.selected)

    def finish(self) -> int:
        """Write the report and, where asked for, a baseline; return the exit status."""
        run, outcomes = self.run_json, self.outcomes
        self.answered = run["answered_at_end"]
        checks = {id: item.check for id, item in self.items.items()}
        self.report = document(
            outcomes,
            suite=suite_facts(),
            run={**run, "profile": self.profile.name},
            recordings=recording_digests(self.recordings),
            stories=stories(outcomes, checks, run.get("options", ())),
            observations=observations(self.run),
            disputed=disputed(self.run),
            baseline=self._baseline_report(),
        )
        self.report_folder.mkdir(parents=True, exist_ok=True)
        self.compared = self._compared()
        write_all(self.report_folder, self.report, self.redactor)
        if self.settings.write_baseline is not None:
            self.settings.write_baseline.write_text(baseline_text(self.all_results), "utf-8")
        return exit_status(
            self.outcomes,
            known=[result.id for result in self.all_results if self.baseline.find(result)],
            stale=self.stale,
            suite_errors=len(self.suite_errors),
            answered=self.answered,
            fail_on=self.settings.fail_on,
        )

    def _compared(self) -> list[str]:
        """How this verdict stands to the report that lay beside the recordings, where these were judged again."""
        file = self.folder / "report.json"
        if self.settings.judge is None or not file.exists():
            return []
        try:
            old = read_report(file)
        except UsageProblem as problem:
            return [f"the report that was there cannot be compared: {problem}"]
        if old["verdict_digest"] == self.report["verdict_digest"]:
            return [f"the same verdict digest as the report that was there, {old['verdict_digest'][:12]}"]
        found = changes(old, self.report)
        if is_partial(self.report):  # what was left out this time has not gone
            found = [one for one in found if one.kind != GONE]
        return [*lines(old, self.report, found)]

    @property
    def not_deployed(self) -> tuple[list[str], set[str]]:
        """The graphs of which no request was accepted, and the requirements not told for want of them alone."""
        if self.run.stopped:
            return [], set()
        graphs: dict[str, None] = {}
        explained = set()
        for one in self.outcomes:
            untold = [self.items[result.id] for result in one.results if result.outcome.word == CANNOT_TELL]
            absent = [[v.graph for v in item.variants if not self.run.accepted(v.graph)] for item in untold]
            graphs.update(dict.fromkeys(graph for some in absent for graph in some if graph))
            if one.outcome == CANNOT_TELL and all(absent):
                explained.add(one.requirement.id)
        return list(graphs), explained

    @property
    def all_results(self) -> list[Result]:
        """A result for every item of the profile; those that were not run are untested."""
        for id, item in self.items.items():
            if id not in self.results:
                why = "it was selected, but not run" if id in self.selected else "it was not selected"
                self.results[id] = Result(
                    id, item.check.requirement, item.scenario, Outcome(UNTESTED, why), id in self.selected
                )
        return [self.results[id] for id in self.items]

    @property
    def outcomes(self) -> list[Verified]:
        """Every requirement of the profile with what came of its checks."""
        return verified([catalogue.find(id) for id in self.profile.requirements], self.all_results)

    @property
    def stale(self) -> list[Entry]:
        """Entries of the baseline that must go."""
        return [*self.baseline.stale(self.all_results), *self.baseline.unknown(self.all_results)]

    def _baseline_report(self) -> dict[str, Any]:
        listed = [
            (result, self.baseline.find(result)) for result in self.all_results if result.outcome.word == "failed"
        ]
        return {
            "known": [
                {"check": result.id, "reason": entry.reason, "flaky": entry.flaky} for result, entry in listed if entry
            ],
            "stale": [entry.subject for entry in self.stale],
            "expired": [entry.subject for entry in self.baseline.expired],
        }


def _check_names(target: Target) -> None:
    """Raise UsageProblem for a graph or a capability of the target that there is not: it would be ignored."""
    suites.load()
    listing = (folder("fixtures_graphs") / "python" / "langgraph.json").read_text("utf-8")
    graphs = list(json.loads(listing)["graphs"])
    places = [(name, graphs, "reference graph") for name in (*target.assistants, *target.urls)]
    values = {value for one in REGISTRY.scenarios.values() for some in one.axes.values() for value in _flat(some)}
    lacking = [*catalogue.AREAS, *graphs, *catalogue.requirements(), *sorted(values)]
    places += [(name, lacking, "area, mode, graph or requirement (`lacks`)") for name in target.lacks]
    for name, known, kind in places:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise UsageProblem(f"no {kind} {name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))


def _flat(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _flat(value) if isinstance(value, (list, tuple)) else [value] if isinstance(value, str) else []


def suite_facts() -> dict[str, str]:
    """What judged: the suite's version, and the digests of its catalogue and schemas."""
    return {
        "version": suite_version(),
        "catalogue_sha256": catalogue.digest(),
        "schemas_sha256": schemas_digest(),
    }


def scenario_digests() -> dict[str, str]:
    """What tells that a scenario is no more the one that was recorded: a digest of each scenario's source."""
    suites.load()
    sources = {name: inspect.getsource(one.function) for name, one in REGISTRY.scenarios.items()}
    return {name: hashlib.sha256(source.encode()).hexdigest()[:16] for name, source in sources.items()}


def observations(run: Run) -> dict[str, Any]:
    """What was seen of the freedoms; a recording that defies an observation is left out of it."""
    suites.load()
    seen: dict[str, Any] = {}
    for name, look in REGISTRY.observations.items():
        try:
            seen[name] = look.function(run)
        except (LookupError, TypeError, AttributeError, ValueError) as problem:
            seen[name] = f"not to be told: {shown(str(problem))}"
    return seen


def disputed(run: Run) -> list[dict[str, Any]]:
    """What the server does where the norm says one thing and every official server another.

    `as_stated` is true if it does as the statement says, false if not, null if that cannot be told.
    """
    suites.load()
    known = catalogue.disputed()
    rows = []
    for check in REGISTRY.disputed:
        for item in items_of(check):
            outcome = _disputed_outcome(item, run)
            rows.append({
                "id": check.requirement,
                "statement": known[check.requirement].statement,
                "as_stated": {PASSED: True, FAILED: False}.get(outcome.word),
                "check": item.id,
                "scenario": item.scenario,
                "outcome": outcome.word,
                "message": outcome.message,
            })  # fmt: skip
    return rows


def _disputed_outcome(item: Item, run: Run) -> Outcome:
    try:
        outcome = judge(item, run)
    except SuiteError as problem:
        return Outcome(CANNOT_TELL, str(problem))
    if outcome.word == UNTESTED:
        return Outcome(CANNOT_TELL, f"{outcome.message}; it is made when the whole profile is run")
    return outcome


def _unjudged() -> Iterator[Variant]:
    """The variants that only disputed statements and observations look at."""
    for check in REGISTRY.disputed:
        for item in items_of(check):
            yield from item.variants
    for observation in REGISTRY.observations.values():
        for name in observation.scenarios:
            yield from REGISTRY.scenarios[name].variants()
