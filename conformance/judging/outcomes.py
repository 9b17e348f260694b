"""Outcomes of checks, in the words of EARL, and the evidence for them."""

from __future__ import annotations

from dataclasses import dataclass

PASSED, FAILED, INCONCLUSIVE = "passed", "failed", "cantTell"
INAPPLICABLE, UNTESTED = "inapplicable", "untested"
OUTCOMES = (PASSED, FAILED, INCONCLUSIVE, INAPPLICABLE, UNTESTED)
"""The outcome values of EARL, https://www.w3.org/TR/EARL10-Schema/#OutcomeValue."""


@dataclass(frozen=True)
class Evidence:
    """Where an outcome shows: recording and exchange, the request as a curl line, and rows with what was received.

    `marked` is the index of the row with the first difference, None if no single row shows it.
    """

    recording: str
    exchange: str
    curl: str
    rows: tuple[str, ...]
    marked: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a check: a word of EARL, the reason and the evidence.

    `because` is the requirement that governs what an inconclusive check looked through in vain, or empty.
    """

    word: str
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    because: str = ""
