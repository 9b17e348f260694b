"""Explains an outcome as text: the message, the requirement with its sources, and the evidence."""

from __future__ import annotations

from conformance.catalogue import Requirement
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED, Evidence, Outcome
from conformance.report.words import NAMES
from conformance.wire.text import printable


def explained(requirement: Requirement, item: Item, outcome: Outcome) -> str:
    """Return the text to show for an item that did not pass; nothing in it can control a terminal."""
    if outcome.word != FAILED:
        return f"{NAMES[outcome.word]}: {printable(outcome.message)}\n{requirement.id} ({requirement.level})"
    lines = [
        f"{NAMES[outcome.word]}: {printable(outcome.message)}",
        f"{requirement.id} ({requirement.level}): {requirement.statement}",
        *(f"source: {source}" for source in requirement.sources),
        f"scenario: {item.scenario}",
    ]
    for evidence in outcome.evidence:
        lines += _shown(evidence)
    return "\n".join(lines)


def _shown(evidence: Evidence) -> list[str]:
    where = f"recording: recordings/{evidence.recording}, exchange `{evidence.exchange}`"
    return [where, "to repeat the request:", *evidence.curl.split("\n"), *(f"  {row}" for row in evidence.rows)]
