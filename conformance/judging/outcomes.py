"""Outcomes of checks, in the words of EARL, and the evidence for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.authoring.expectations import Difference
from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.recording import Recording

PASSED, FAILED, INCONCLUSIVE = "passed", "failed", "cantTell"
INAPPLICABLE, UNTESTED = "inapplicable", "untested"
OUTCOMES = (PASSED, FAILED, INCONCLUSIVE, INAPPLICABLE, UNTESTED)
"""The outcome values of EARL, https://www.w3.org/TR/EARL10-Schema/#OutcomeValue."""

NOT_SELECTED = "it was not selected"
"""Why a check that was not selected is untested."""


@dataclass(frozen=True)
class Evidence:
    """Where an outcome shows: recording and exchange, lines that repeat the request, and rows with what was received.

    `marked` is the index of the row with the first difference, None if no single row shows it.
    """

    recording: str
    exchange: str
    curl: str
    rows: tuple[str, ...]
    marked: int | None = None


@dataclass(frozen=True)
class Failure:
    """What a check had before it when it failed; the event and the difference are None if it named none."""

    recording: Recording
    exchange: Exchange
    event: Event | None = None
    difference: Difference | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a check: a word of EARL, the reason, the evidence, and the likely cause if it is known.

    `because` is the requirement that governs what an inconclusive check looked through in vain, or empty.  `failure` is
    what the cause is found in; it is not part of a report.
    """

    word: str
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    because: str = ""
    cause: str = ""
    failure: Failure | None = field(default=None, compare=False, repr=False)
