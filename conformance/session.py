"""One run from start to end: finds or starts the target, records, loads what was recorded, writes the report.

It knows no pytest; the plugin tells it which variants are wanted and what came of each item.
"""

from __future__ import annotations

import datetime
import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import catalogue, suites
from .attribution import platform_facts, recording_digests, scenario_digests, suite_facts
from .baseline import Baseline, Entry, baseline_text, read_baseline
from .declare import REGISTRY, Variant
from .jsonl import read_folder
from .judge import CANNOT_TELL, INAPPLICABLE, UNTESTED, Item, Outcome, items_of, judge
from .redaction import Redactor
from .report.compare import changes, lines
from .report.document import document
from .report.story import command, stories
from .report.write import read_report, write_all
from .settings import DEFAULT_PROFILE, Settings, UsageProblem, report_folder
from .target_file import find_target, recorded_run
from .target_names import check_names
from .unjudged import disputed, observations, unjudged_variants
from .verdict import Result, Verified, exit_status, verified
from .views import Run
from .writer import write_json

if TYPE_CHECKING:
    from .clients.performed import Difference
    from .clients.readers import Reader
    from .recorder import Performance


class Session:
    """The state of one run, held by the process that records and reports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        recorded = recorded_run(settings.judge) if settings.judge else {}
        self.profile = catalogue.profile(settings.profile or recorded.get("profile") or DEFAULT_PROFILE)
        self.target = find_target(settings)
        if settings.judge is None:
            check_names(self.target)
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
        self._clients = self._chosen_clients()
        self._performed: dict[str, list[Difference]] = {}
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
        return list({variant.id: variant for variant in [*wanted, *(unjudged_variants() if whole else ())]}.values())

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
            if self._clients and done.answered_at_end:
                from .clients.performed import perform

                self._performed = perform(self.target, read_folder(self.recordings), self._clients, self.redactor, say)
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
            clients=self._examined(),
        )
        self.report_folder.mkdir(parents=True, exist_ok=True)
        self.compared = self._compared()
        beside = self.report_folder == self.folder
        read = {one.file: one for one in self.run.recordings.values()} if beside else None
        write_all(self.report_folder, self.report, self.redactor, recordings=read)
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

    def _chosen_clients(self) -> list[Reader]:
        """The real clients that were asked for; raises UsageProblem."""
        if self.settings.clients is None:
            return []
        from .clients.readers import named

        return named(self.settings.clients)

    def _examined(self) -> list[dict[str, Any]] | None:
        """What came of the real clients, None if none was asked for."""
        if not self._clients:
            return None
        from .clients.examine import examine

        return examine(list(self.run.recordings.values()), self._clients, lambda text: None, self._performed)

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
        return [*lines(old, self.report, changes(old, self.report))]

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
        return [*self.baseline.stale(self.all_results), *self.baseline.unknown(_every_result())]

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


def _every_result() -> list[Result]:
    """A result for every item of every profile: a baseline may speak of more profiles than the one that is run."""
    items = (item for check in REGISTRY.checks for item in items_of(check))
    return [Result(item.id, item.check.requirement, item.scenario, Outcome(UNTESTED), False) for item in items]
