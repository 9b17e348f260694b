"""`report.html`: one report as a static page, with the whole story of everything that did not pass.

It arranges what report.json and the recordings beside it say; how that looks is the templates' business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.rows import ROWS_BEFORE, end_row, event_row
from conformance.report import words
from conformance.report.page import rendered
from conformance.report.timeline import Drawing, NotDrawn, drawing
from conformance.report.words import NOT_PASSED, Document

Recordings = Mapping[str, Recording | None]
"""The recordings in `recordings/` beside a page, by file; None for one that cannot be read."""

ONE_LINE = 120
"""Characters of a body that are read as well without indentation."""

NO_AREA = "beside the requirements"
"""Where the timelines of scenarios stand that no check of the report names."""


@dataclass(frozen=True)
class Shown:
    """A piece of evidence, with what its recording adds to it: the request, how it went on, and the timeline.

    The drawing of a recording stands where it is named first; from anywhere else it is linked.
    """

    evidence: Document
    sent: Exchange | None
    body: str
    after: tuple[str, ...]
    drawing: Drawing | None


def report_html(document: Document, recordings: Recordings) -> str:
    """The page of one report."""
    drawings = {file: made for file, one in recordings.items() if (made := _drawn(one)) is not None}
    readable = {file: recordings[file] for file in drawings}
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


def _drawn(recording: Recording | None) -> Drawing | None:
    """The drawing; none where there is no recording, or it was tampered with."""
    try:
        return drawing(recording) if recording is not None else None
    except NotDrawn:
        return None


def _shown(document: Document, recordings: Recordings, drawings: Mapping[str, Drawing]) -> dict[int, Shown]:
    """What is shown of each piece of evidence, by its identity, for two may well be equal."""
    found: dict[int, Shown] = {}
    drawn: set[str] = set()
    for evidence in _evidence(document):
        file = evidence["recording"]
        sent = _exchange(recordings.get(file), evidence["exchange"])
        first = drawings.get(file) if file not in drawn else None
        drawn.add(file)
        found[id(evidence)] = Shown(evidence, sent, _body(sent), _after(sent, evidence["rows"]), first)
    return found


def _evidence(document: Document) -> Iterable[Document]:
    for requirement in document["requirements"]:
        for check in requirement["checks"]:
            if check["outcome"] in NOT_PASSED:
                yield from check["evidence"]


def _exchange(recording: Recording | None, name: str) -> Exchange | None:
    """The exchange that evidence speaks of, unless there are several of the name."""
    found = recording.all(name) if recording is not None else []
    return found[0] if len(found) == 1 else None


def _body(sent: Exchange | None) -> str:
    """The body of a request as people read JSON."""
    if sent is None or not sent.body:
        return ""
    if sent.request is None or len(sent.body) <= ONE_LINE:
        return str(sent.body)
    return json.dumps(sent.request, indent=2, ensure_ascii=False)


def _after(sent: Exchange | None, rows: list[str]) -> tuple[str, ...]:
    """The last rows of an exchange that the evidence does not hold already."""
    if sent is None:
        return ()
    events = sent.events[-ROWS_BEFORE - 1 :] if sent.is_stream else []
    last = [*(event_row(event) for event in events), end_row(sent)]
    return tuple(row for row in last if row not in rows)


def _by_area(document: Document, drawings: Mapping[str, Drawing]) -> dict[str, list[Drawing]]:
    """Every drawing, in the area of the first check that looks at its recording."""
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
    """A value in words, one level deep: names, which may be empty, with what was seen; what lies deeper as JSON."""
    if isinstance(value, dict) and value:
        return [(str(key), _flat(inner)) for key, inner in value.items()]
    return [("", _flat(value))]


def _flat(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return [str(one) for one in value]
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
