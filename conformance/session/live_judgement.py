"""Judges a session of runs of its own while the server is still there, so that its failures can be reduced on it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.authoring.registry import Variant
from conformance.evidence.source import read_recordings, source_of
from conformance.evidence.writer import write_json
from conformance.judging.outcomes import UNTESTED, Outcome
from conformance.record.limits import Limits
from conformance.session.bench import Bench, Record
from conformance.session.judgement import Judgement
from conformance.session.plan import Plan
from conformance.session.predicting import keep, predicting
from conformance.session.reducing import kept_cases
from conformance.settings import Settings
from conformance.targets.target import Target
from conformance.wire.text import printable

FOLDER = "cases"
"""The folder of the cases in a report folder."""

HOW_FOUND = {
    True: "reduced to",
    False: "not seen again when it was performed alone, twice:",
    None: "not reduced, because runs of your graphs may cost money:",
}
"""What a session says of a kept case, by whether it was reproduced."""

SUSPECTED = "it failed once while many runs were performed, but not when its runs were performed again alone, twice"
"""Why a check about time that failed in a session says nothing."""

Say = Callable[[str], None]


def judge_live(judgement: Judgement, target: Target, limits: Limits, say: Say) -> None:
    """Predict the recorded runs, judge the selected items, and keep each failure as a case; raises UsageError.

    The predictions stand beside the recordings, the cases in the report folder.
    """
    plan = judgement.plan
    assert plan.own_runs is not None
    folder = plan.report_folder / FOLDER
    for old in folder.glob("*.json"):
        old.unlink()
    with predicting(plan.own_runs, plan.settings.own_runs.library, plan.redactor, say) as predict:
        keep(predict(read_recordings(source_of(plan.recordings))), plan.recordings)
        judgement.judge_selected()
        bench = Bench(
            plan.own_runs, _recorder(plan, target, limits), predict, target.lacks, judgement.session.facts.lacking
        )
        for number, kept in enumerate(kept_cases(bench, judgement, say), 1):
            if kept.is_suspected:
                judgement.add(kept.item.id, Outcome(UNTESTED, SUSPECTED))
                continue
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{number:02}-{kept.item.check.requirement}.json"
            write_json(folder / name, kept.data(bench), plan.redactor)


def _recorder(plan: Plan, target: Target, limits: Limits) -> Record:
    """Return the function that performs further variants on the target."""
    from conformance.record.recorder import record

    def perform(variants: Sequence[Variant], folder: Path) -> object:
        shorter = replace(limits, session_s=min(limits.session_s, limits.silence_s))
        return record(target, variants, folder, plan.redactor, nonce=plan.nonce, limits=shorter)

    return perform


def case_lines(plan: Plan) -> Iterator[str]:
    """Yield what a session prints of the cases that it kept: the failure, the run, and how to repeat it."""
    for file in sorted((plan.report_folder / FOLDER).glob("*.json")):
        content: dict[str, Any] = json.loads(file.read_text("utf-8"))
        yield printable(f"{content['level']} {content['requirement']}: {content['message']}")
        yield printable(f"{HOW_FOUND[content['reproduced']]} {json.dumps(content['case'], ensure_ascii=True)}")
        yield from (f"  {printable(line)}" for line in content["repeat"])
        yield "perform it again: " + shlex.join(
            ["lg-conformance", "run", *_server(plan.settings), "--replay-case", str(file)]
        )


def _server(settings: Settings) -> list[str]:
    """Return the options that name the server; secrets are left out."""
    given = (("--url", settings.url), ("--target", settings.target), ("--ca-file", settings.ca_file))
    library = (("--library", place) for place in settings.own_runs.library)
    return [word for name, value in (*given, *library) if value for word in (name, str(value))]
