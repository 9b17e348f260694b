"""Reports to render: what the suite itself says of the golden recordings, as they are and under faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import recording_digests, source_of
from conformance.faults.apply import apply
from conformance.judging.applicability import missing_for_item
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import Outcome
from conformance.judging.verdict import Result, requirement_results
from conformance.report.attribution import suite_facts
from conformance.report.document import document
from conformance.report.failure_details import failure_details
from conformance.report.write import write_all
from conformance.settings import DEFAULT_PROFILE
from conformance.targets.target import Target

from . import golden
from .written import write_recording

FAULTS = ("replays_from_the_start", "sends_values_unasked", "leaves_out_content_location")
"""A few: on joins, on modes, and one that only a SHOULD forbids."""


def faulty(names: Sequence[str]) -> list[Recording]:
    """The golden recordings as a server with these faults would have made them."""
    suite.load()
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
    run = SessionRecordings(faulty(faults), None)

    def outcome(item: Item) -> Outcome:
        absent = missing_for_item(item, target.lacks)
        return Outcome("inapplicable", f"the target declares that it lacks `{absent}`") if absent else judge(item, run)

    profile = catalogue.profile(DEFAULT_PROFILE)
    items = [item for item in golden.items().values() if item.check.requirement in profile.requirements]
    results = [Result(item.id, item.check.requirement, item.scenario, outcome(item)) for item in items]
    outcomes = requirement_results([catalogue.find(id) for id in profile.requirements], results)
    made = document(
        outcomes,
        suite=suite_facts(),
        session={
            "target": target.described(),
            "profile": profile.name,
            "started": "2026-01-02T03:04:05+00:00",
            "duration_s": 12.5,
            "stopped": None,
            "command": "lg-conformance run --url http://127.0.0.1:8123",
            "answered_at_end": True,
            "nonce": "00d1ceb0a7f00d00",
            "platform": {"python": "3.11.2", "system": "Linux", "machine": "x86_64", "packages": []},
        },
        suite_errors=[],
        missing_graphs={},
        recordings=recording_digests(source_of(golden.FOLDER)),
        failure_details=failure_details(
            outcomes, {id: item.check for id, item in golden.items().items()}, ["--url", target.url]
        ),
        observations={"framing.line-endings": ["CRLF"], "framing.comments": {"most": 1, "texts": ["heartbeat"]}},
        disputed=[],
        baseline=None,
    )
    return dict(json.loads(json.dumps(made)))


def written(folder: Path, content: dict[str, Any], recorded: Iterable[Recording] = ()) -> Path:
    """A report folder as a run leaves it; a file that evidence names and that is not given is there, but empty."""
    recordings = folder / "recordings"
    recordings.mkdir(parents=True)
    for one in recorded:
        write_recording(one, recordings / one.file)
    for name in {evidence["recording"] for evidence in all_evidence(content)}:
        if Path(name).name == name:
            (recordings / name).touch()
    write_all(folder, content, Redactor(), {})
    return folder


def stream(name: str, arrivals: Iterable[tuple[float, bytes]], **more: Any) -> Exchange:
    """A POST that was answered with an event stream: what arrived, and when; numbers in the order of time."""
    given = {"kind": "stream", "method": "POST", "url": "http://h/threads/t/runs/stream", "sent_t": 0.0} | more
    chunks = [Chunk(number(t), t, data) for t, data in arrivals]
    last = chunks[-1].t if chunks else given["sent_t"]
    head = {"status": 200, "headers": [("content-type", "text/event-stream")]}
    times = {"answered": number(given["sent_t"]), "answered_t": given["sent_t"]}
    end = {"ending": "complete", "detail": "", "ended_t": last} | {key: given.pop(key) for key in END & given.keys()}
    sent = {"request_headers": [], "body": None, "valid": True, "sent": number(given["sent_t"])}
    return Exchange(name, **given, **sent, **head, **times, **end, ended=number(end["ended_t"]), chunks=chunks)


END = {"ending", "detail", "ended_t"}


def number(t: float) -> int:
    """A running number that is as good as the time."""
    return round(t * 1000)


def event(name: str, data: str = "{}") -> bytes:
    """An event as bytes."""
    return f"event: {name}\ndata: {data}\n\n".encode()


def hostile_recording(text: str) -> Recording:
    """What a server could send to do harm: this text wherever it can choose, bytes that are no text, endless lines."""
    line = text.replace("\n", " ")
    names = [
        line,
        f"updates|{line}:{line}",
        f"{line}|{line}|{line}",
        "values",
        "\x1b[2J",
        *(f"n{n}" for n in range(99)),
    ]
    bytes_ = [b"event: \xff\xfe<b>\ndata: \xff\n\n", b": \xff\n\n", event("x" * 1_000_000, "<" * 1_000_000)]
    sent = [*bytes_, *(event(name, line) for name in names), event("x" * 1_000_000, "<" * 1_000_000)]
    arrivals = [(number / 10, data) for number, data in enumerate(sent)]
    given = {"ending": "broken", "detail": text, "method": text, "url": f"http://h/{text}/runs/{text}/stream"}
    exchanges = [stream("first", arrivals, **given), stream(text, arrivals, **given | {"kind": "join", "sent_t": 3.0})]
    return Recording(text, text, {}, text, exchanges, stopped=text, file=text)


def all_evidence(content: dict[str, Any]) -> list[dict[str, Any]]:
    """All the evidence in a report."""
    return [one for row in content["requirements"] for check in row["checks"] for one in check["evidence"]]
