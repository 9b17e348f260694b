"""`report.html`: one report as a static page, with the evidence for everything that did not pass.

It arranges the content of report.json and of the recordings beside it; the templates decide how that looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.rows import last_rows
from conformance.report import words
from conformance.report.axis import NotDrawn
from conformance.report.page import rendered
from conformance.report.recordings import StoredRecordings
from conformance.report.timeline import Drawing, drawing
from conformance.report.words import NOT_PASSED, Document

ONE_LINE_CHARACTERS = 120
"""A request body that is not longer is shown as it was sent, a longer one indented."""

NO_AREA = "not used by a check"
"""The heading for timelines of scenarios that no check of the report names."""


@dataclass(frozen=True)
class ShownEvidence:
    """A piece of evidence with what its recording adds: the request, the last rows of the response, and the timeline.

    `drawing` is None unless this is the first evidence from its recording; the others link to the drawing there.
    """

    evidence: Document
    sent: Exchange | None
    body: str
    last_rows: tuple[str, ...]
    drawing: Drawing | None


def report_html(document: Document, recordings: StoredRecordings) -> str:
    """Return the page of one report."""
    drawings = dict(_drawings(recordings))
    readable = {file: recordings.by_file[file] for file in drawings}
    shown = _shown(document, readable, drawings)
    return rendered(
        "report.html",
        document=document,
        shown=lambda evidence: shown[id(evidence)],
        known=words.known(document),
        recordings=recordings,
        drawings=drawings,
        drawn={one.evidence["recording"] for one in shown.values() if one.drawing},
        timelines=_by_area(document, drawings),
        observations={name: _lines(value) for name, value in document["observations"].items()},
    )


def _drawings(recordings: StoredRecordings) -> Iterator[tuple[str, Drawing]]:
    """Yield the drawing of every recording that can be read and drawn, with its file name."""
    for file, recording in recordings.by_file.items():
        try:
            if recording is not None:
                yield file, drawing(recording)
        except NotDrawn:
            continue


def _shown(
    document: Document, recordings: Mapping[str, Recording | None], drawings: Mapping[str, Drawing]
) -> dict[int, ShownEvidence]:
    """Return what is shown for each piece of evidence, by its identity, because two pieces may be equal."""
    found: dict[int, ShownEvidence] = {}
    drawn: set[str] = set()
    for evidence in _evidence(document):
        file = evidence["recording"]
        sent = _exchange(recordings.get(file), evidence["exchange"])
        first = drawings.get(file) if file not in drawn else None
        drawn.add(file)
        found[id(evidence)] = ShownEvidence(evidence, sent, _body(sent), _last_rows(sent, evidence["rows"]), first)
    return found


def _evidence(document: Document) -> Iterable[Document]:
    for requirement in document["requirements"]:
        for check in requirement["checks"]:
            if check["outcome"] in NOT_PASSED:
                yield from check["evidence"]


def _exchange(recording: Recording | None, name: str) -> Exchange | None:
    """Return the exchange that evidence names, None if several have that name."""
    found = recording.all(name) if recording is not None else []
    return found[0] if len(found) == 1 else None


def _body(sent: Exchange | None) -> str:
    """Return the body of a request; JSON is indented if it is long."""
    if sent is None or not sent.body:
        return ""
    if sent.request is None or len(sent.body) <= ONE_LINE_CHARACTERS:
        return str(sent.body)
    return json.dumps(sent.request, indent=2, ensure_ascii=False)


def _last_rows(sent: Exchange | None, rows: list[str]) -> tuple[str, ...]:
    """Return the last rows of an exchange that the evidence does not already contain."""
    return tuple(row for row in last_rows(sent) if row not in rows) if sent is not None else ()


def _by_area(document: Document, drawings: Mapping[str, Drawing]) -> dict[str, list[Drawing]]:
    """Return every drawing, in the area of the first check that looks at its recording."""
    areas: dict[str, str] = {}
    for requirement in document["requirements"]:
        for check in requirement["checks"]:
            for variant in check["scenario"].split(", "):
                areas.setdefault(variant, requirement["id"].partition(".")[0])
    found: dict[str, list[Drawing]] = {area: [] for area in [*words.areas(document["requirements"]), NO_AREA]}
    for one in drawings.values():
        found[areas.get(one.name, NO_AREA)].append(one)
    return {area: members for area, members in found.items() if members}


def _lines(value: Any) -> list[tuple[str, list[str]]]:
    """Return an observed value as pairs of a key (empty for a value without keys) and texts; deeper levels as JSON."""
    if isinstance(value, dict) and value:
        return [(str(key), _flat(inner)) for key, inner in value.items()]
    return [("", _flat(value))]


def _flat(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return [str(one) for one in value]
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
