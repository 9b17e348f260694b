"""Explains an outcome in words: the requirement and its source, what was sent, where it shows, where it is recorded."""

from __future__ import annotations

from conformance.catalogue import Requirement
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED, Evidence, Outcome
from conformance.wire.text import printable


def explained(requirement: Requirement, item: Item, outcome: Outcome) -> str:
    """The text that is shown for an item that did not pass; nothing in it can act on a terminal."""
    if outcome.word != FAILED:
        return f"{outcome.word}: {printable(outcome.message)}\n{requirement.id} ({requirement.level})"
    lines = [
        f"{outcome.word}: {printable(outcome.message)}",
        f"{requirement.id} ({requirement.level}): {requirement.statement}",
        *(f"source: {source}" for source in requirement.sources),
        f"scenario: {item.scenario}",
    ]
    for evidence in outcome.evidence:
        lines += _shown(evidence)
    return "\n".join(lines)


def _shown(evidence: Evidence) -> list[str]:
    where = f"recording: recordings/{evidence.recording}, exchange `{evidence.exchange}`"
    return [where, f"sent: {evidence.curl}", *(f"  {row}" for row in evidence.rows)]
