"""Reports to render: what the suite itself says of the golden recordings, as they are and under faults."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from conformance import catalogue, suites
from conformance.attribution import recording_digests
from conformance.declare import REGISTRY
from conformance.faults import apply
from conformance.judge import Item, Outcome, judge
from conformance.redaction import Redactor
from conformance.report.document import document
from conformance.report.story import stories
from conformance.report.write import write_all
from conformance.session import suite_facts
from conformance.settings import DEFAULT_PROFILE
from conformance.target import Target
from conformance.transcript import Recording
from conformance.verdict import Result, verified
from conformance.views import Run

from . import golden

FAULTS = ("replays_from_the_start", "sends_values_unasked", "leaves_out_content_location")
"""A few: on joins, on modes, and one that only a SHOULD forbids."""


def faulty(names: Sequence[str]) -> list[Recording]:
    """The golden recordings as a server with these faults would have made them."""
    suites.load()
    assert set(names) <= {fault.name for fault in REGISTRY.faults}
    recordings = list(golden.good().recordings.values())
    for fault in (fault for fault in REGISTRY.faults if fault.name in names):
        recordings = [apply(fault, one) or one for one in recordings]
    return recordings


@cache
def report(
    name: str = "good", version: str | None = "1.2.3", faults: tuple[str, ...] = (), lacks: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The content of report.json for a server with these faults; do not change it."""
    target = Target(name=name, version=version or "", url="http://127.0.0.1:8123", lacks=lacks)
    run = Run(faulty(faults), None)

    def outcome(item: Item) -> Outcome:
        absent = target.declares_absent(item)
        return Outcome("inapplicable", f"the target declares that it lacks `{absent}`") if absent else judge(item, run)

    profile = catalogue.profile(DEFAULT_PROFILE)
    items = [item for item in golden.items().values() if item.check.requirement in profile.requirements]
    results = [Result(item.id, item.check.requirement, item.scenario, outcome(item)) for item in items]
    outcomes = verified([catalogue.find(id) for id in profile.requirements], results)
    made = document(
        outcomes,
        suite=suite_facts(),
        run={
            "target": target.described(),
            "profile": profile.name,
            "started": "2026-01-02T03:04:05+00:00",
            "duration_s": 12.5,
            "stopped": None,
            "command": "lg-conformance run --url http://127.0.0.1:8123",
            "seed": "00d1ceb0a7f00d00",
            "platform": {"python": "3.11.2", "system": "Linux 6.1", "machine": "x86_64", "packages": []},
        },
        recordings=recording_digests(golden.FOLDER),
        stories=stories(outcomes, {id: item.check for id, item in golden.items().items()}, ["--url", target.url]),
        observations={"framing.line-endings": ["CRLF"], "framing.comments": {"most": 1, "texts": ["heartbeat"]}},
        disputed=[],
        baseline=None,
    )
    return dict(json.loads(json.dumps(made)))


def written(folder: Path, content: dict[str, Any]) -> Path:
    """A report folder as a run leaves it, with an empty file for each recording whose name can be one."""
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    for name in {evidence["recording"] for evidence in all_evidence(content)}:
        if Path(name).name == name:
            (recordings / name).touch()
    write_all(folder, content, Redactor(), {})
    return folder


def all_evidence(content: dict[str, Any]) -> list[dict[str, Any]]:
    """All the evidence in a report."""
    return [one for row in content["requirements"] for check in row["checks"] for one in check["evidence"]]
