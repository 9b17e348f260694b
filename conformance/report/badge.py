"""`badge.json`: the verdict as a badge, in the endpoint format of shields.io (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

import json

from conformance.judging.verdict import CONFORMANT, NOT_CONFORMANT, PARTIAL, VERDICT_INCONCLUSIVE
from conformance.report.words import TITLE, Document, ratio

COLOURS = {CONFORMANT: "brightgreen", NOT_CONFORMANT: "red", VERDICT_INCONCLUSIVE: "lightgrey", PARTIAL: "yellow"}


def badge(document: Document) -> str:
    """Return the JSON text of the badge of a report."""
    content = {
        "schemaVersion": 1,
        "label": TITLE,
        "message": f"{document['verdict']} · MUST {ratio(document, 'MUST')}",
        "color": COLOURS[document["verdict"]],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
