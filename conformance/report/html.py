"""`report.html`: one report as a static page, with the evidence for everything that did not pass.

It arranges the content of report.json and of the recordings beside it; the templates decide how that looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.rows import end_row
from conformance.report import judged, words
from conformance.report.client_results import same_results
from conformance.report.findings import findings
from conformance.report.page import rendered
from conformance.report.recordings import StoredRecordings
from conformance.report.timeline import Drawing, drawing_or_none, marks_of
from conformance.report.words import Document

DRAWN_FAILURES = 40
"""How many recordings with evidence are drawn: each takes some kilobytes, and many look alike."""

DRAWN_GOOD = 2
"""How many recordings are drawn where nothing failed."""


@dataclass(frozen=True)
class ShownEvidence:
    """What its recording adds to a piece of evidence: how the exchange ended (empty if unknown), and the timeline.

    `drawing` is None unless this is the first evidence from its recording; `above` is then the drawing to link to, if
    there is one.  `damaged` says that the recording cannot be drawn.
    """

    end: str
    drawing: Drawing | None = None
    above: Drawing | None = None
    damaged: bool = False


def report_html(document: Document, recordings: StoredRecordings) -> str:
    """Return the page of one report."""
    shown = dict(_shown(document, recordings))
    timelines = [] if words.not_passed(document) else _telling(recordings)
    return rendered(
        "report.html",
        document=document,
        shown=lambda evidence: shown[id(evidence)],
        known=words.known(document),
        findings=findings,
        recordings=recordings,
        marks=marks_of([*(one.drawing for one in shown.values() if one.drawing), *timelines]),
        timelines=timelines,
        same_results=same_results,
        observations={name: _lines(value) for name, value in document["observations"].items()},
    )


def _shown(document: Document, recordings: StoredRecordings) -> Iterator[tuple[int, ShownEvidence]]:
    """Yield what is shown for each piece of evidence, with its identity, because two pieces may be equal."""
    drawn: dict[str, Drawing] = {}
    for evidence in judged.all_evidence(document["requirements"]):
        file = evidence["recording"]
        recording = recordings.by_file.get(file)
        end = _end(recording, evidence["exchange"])
        if file in drawn:
            yield id(evidence), ShownEvidence(end, above=drawn[file])
        elif len(drawn) == DRAWN_FAILURES:
            yield id(evidence), ShownEvidence(end)
        elif new := drawing_or_none(recording):
            drawn[file] = new
            yield id(evidence), ShownEvidence(end, new)
        else:
            yield id(evidence), ShownEvidence(end, damaged=file in recordings)


def _end(recording: Recording | None, name: str) -> str:
    """Return how the exchange that evidence names ended; empty if none or several have that name."""
    found: list[Exchange] = recording.all(name) if recording is not None else []
    return end_row(found[0]).strip() if len(found) == 1 else ""


def _telling(recordings: StoredRecordings) -> list[Drawing]:
    """Return the drawings that show most: half of them have the most second readers, half the most kinds of events."""
    drawings = [found for one in recordings.by_file.values() if (found := drawing_or_none(one))]
    joined = sorted(drawings, key=lambda one: -sum(lane.joins for lane in one.lanes))[: DRAWN_GOOD // 2]
    others = [one for one in drawings if one not in joined]
    varied = sorted(others, key=lambda one: -len({row.kind for lane in one.lanes for row in lane.rows}))
    return [*joined, *varied[: DRAWN_GOOD - len(joined)]]


def _lines(value: Any) -> list[tuple[str, list[str]]]:
    """Return an observed value as pairs of a key (empty for a value without keys) and texts; deeper levels as JSON."""
    if isinstance(value, Mapping) and value:
        return [(str(key), _flat(inner)) for key, inner in value.items()]
    return [("", _flat(value))]


def _flat(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return [str(one) for one in value]
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
