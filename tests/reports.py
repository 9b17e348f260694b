"""Reports to render: the result of judging the golden recordings, as they are and with faults."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY
from conformance.authoring.views import SessionRecordings
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import recording_digests, source_of
from conformance.faults.apply import apply
from conformance.judging.applicability import missing_for_item
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import INAPPLICABLE, Outcome
from conformance.judging.verdict import Result, requirement_results
from conformance.report.attribution import suite_facts
from conformance.report.document import document
from conformance.report.failure_details import failure_details
from conformance.report.judged import checks
from conformance.report.recordings import StoredRecordings
from conformance.report.write import write_all
from conformance.settings import DEFAULT_PROFILE
from conformance.targets.target import Target

from . import golden
from .written import write_recording

FAULTS = ("replays_from_the_start", "sends_values_unasked", "leaves_out_content_location")
"""Faults of joins and of modes, and one that breaks only a SHOULD."""


def faulty(names: Sequence[str]) -> list[Recording]:
    """Return the golden recordings as a server with these faults would have made them."""
    suite.load()
    assert set(names) <= {fault.name for fault in REGISTRY.faults}
    recordings = list(golden.good().recordings.values())
    for fault in (fault for fault in REGISTRY.faults if fault.name in names):
        recordings = [apply(fault, one) or one for one in recordings]
    return recordings


SESSION: dict[str, Any] = {
    "started": "2026-01-02T03:04:05+00:00",
    "duration_s": 12.5,
    "stopped": None,
    "command": "lg-conformance run --url http://127.0.0.1:8123",
    "answered_at_end": True,
    "nonce": "00d1ceb0a7f00d00",
    "platform": {"python": "3.11.2", "system": "Linux", "machine": "x86_64", "packages": []},
}
"""What a session writes about itself beside its recordings."""


@cache
def report(
    name: str = "good", version: str | None = "1.2.3", faults: tuple[str, ...] = (), lacks: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the content of report.json for a server with these faults.  It is cached: copy it before changing it."""
    target = Target(name=name, version=version or "", url="http://127.0.0.1:8123", lacks=lacks)
    profile = catalogue.profile(DEFAULT_PROFILE)
    items = {id: item for id, item in golden.items().items() if item.check.requirement in profile.requirements}
    outcomes = requirement_results(
        [catalogue.find(id) for id in profile.requirements],
        _results(items.values(), SessionRecordings(faulty(faults)), lacks),
    )
    made = document(
        outcomes,
        suite=suite_facts(),
        session={**SESSION, "target": target.described(), "profile": profile.name},
        suite_errors=[],
        missing_graphs={},
        recordings=recording_digests(source_of(golden.FOLDER)),
        failure_details=failure_details(outcomes, {id: item.check for id, item in items.items()}),
        observations={"framing.line-endings": ["CRLF"], "framing.comments": {"most": 1, "texts": ["heartbeat"]}},
        disputed=[],
        baseline=None,
    )
    return dict(json.loads(json.dumps(made)))


def _results(items: Iterable[Item], session: SessionRecordings, lacks: tuple[str, ...]) -> list[Result]:
    return [Result(one.id, one.check.requirement, _outcome(one, session, lacks)) for one in items]


def _outcome(item: Item, session: SessionRecordings, lacks: tuple[str, ...]) -> Outcome:
    absent = missing_for_item(item, lacks)
    return Outcome(INAPPLICABLE, f"the target declares that it lacks `{absent}`") if absent else judge(item, session)


def written(folder: Path, content: dict[str, Any], recorded: Iterable[Recording] = ()) -> Path:
    """Write a report folder as a session does; a recording that evidence names but `recorded` lacks is empty."""
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    for one in recorded:
        write_recording(one, recordings / one.file)
    for name in {evidence["recording"] for evidence in all_evidence(content)}:
        if Path(name).name == name:
            (recordings / name).touch()
    write_all(folder, content, Redactor(), {})
    return folder


def unfolded(content: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a report in which checks that passed are written like the others, to be changed."""
    rows = [{key: value for key, value in row.items() if key != "passed"} for row in content["requirements"]]
    for row, old in zip(rows, content["requirements"], strict=True):
        row["checks"] = checks(old)
    return copy.deepcopy({**content, "requirements": rows})


def all_evidence(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all the evidence in a report."""
    return [one for row in content["requirements"] for check in checks(row) for one in check.get("evidence", ())]


def client_result(text: str) -> dict[str, Any]:
    """Return the result of a client that read something else; every string in it is this text."""
    evidence = [{"recording": text, "exchange": text, "message": text}]
    result = {"name": text, "version": text, "message": text, "known": [text], "evidence": evidence}
    return {**result, "outcome": "failed", "streams": 3}


def golden_recordings() -> StoredRecordings:
    """Return the golden recordings as files beside a report."""
    return StoredRecordings({one.file: one for one in golden.good().recordings.values()})
