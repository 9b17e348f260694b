"""`badge.json`: the verdict as a badge, in the endpoint format of shields.io (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

import json

from conformance.judging.verdict import CONFORMANT, NOT_CONFORMANT, PARTIAL, VERDICT_INCONCLUSIVE
from conformance.report.words import TITLE, Document, next_stage, ratio, stage_reached, stages

COLOURS = {CONFORMANT: "brightgreen", NOT_CONFORMANT: "red", VERDICT_INCONCLUSIVE: "lightgrey", PARTIAL: "yellow"}


def badge(document: Document) -> str:
    """Return the JSON text of the badge of a report."""
    content = {
        "schemaVersion": 1,
        "label": TITLE,
        "message": f"{document['verdict']} · MUST {ratio(document, 'MUST')}{_stage(document)}",
        "color": COLOURS[document["verdict"]],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _stage(document: Document) -> str:
    """Return the stage that is reached and what is left to the next one; empty if no stage was judged as a whole."""
    if not stages(document):
        return ""
    following = next_stage(document)
    left = f", {len(following['left'])} left to stage {following['number']}" if following is not None else ""
    return f" · stage {stage_reached(document)}{left}"
