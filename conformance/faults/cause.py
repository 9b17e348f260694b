"""Suggests the likely cause of a failure: the known fault that resembles the failures of a session most.

It compares with faults.json, the proof that every check can fail.  It knows neither server nor recordings, so a cause
is a resemblance, never a finding.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.faults.normalize import normalize

FAULTS = Path(__file__).parents[1] / "requirements" / "faults.json"
LONGEST_MESSAGE = 200
"""How many characters of a check's message faults.json keeps, and are compared."""

SHOWN_EQUALS = 2
"""How many faults that fit equally well the text names."""

GOOD_FIT, WEAK_FIT = 0.45, 0.375
"""The fits from which a cause is named, and named with reserve; calibrated on servers whose causes were known."""
LEAST_SHARE = 0.6
"""The share of a fault's requirements that must have failed; a server with the fault fails them all."""
UNKNOWN_MESSAGE = 0.35
"""The similarity assumed if faults.json has no message of this check, because the fault is another requirement's."""


@dataclass(frozen=True)
class KnownFault:
    """A fault in faults.json: what it does, the requirements that it turns red, and the messages of its own checks."""

    name: str
    requirement: str
    doc: str
    checks: Mapping[str, str]
    requirements: frozenset[str]


@dataclass(frozen=True)
class Cause:
    """The fault that fits best, how well it fits (0 to 1), and the names of others that fit equally well."""

    fault: KnownFault
    fit: float
    equals: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The cause in a sentence."""
        resemble = "resemble" if self.fit >= GOOD_FIT else "slightly resemble"
        doc = self.fault.doc[0].lower() + self.fault.doc[1:].rstrip(".")
        names = ", ".join(f"`{name}`" for name in self.equals[:SHOWN_EQUALS])
        equals = f"; equally similar: {names}" if names else ""
        return f"The failures {resemble} those of a server that {doc} (fault `{self.fault.name}`{equals})."


@cache
def known_faults(path: Path = FAULTS) -> tuple[KnownFault, ...]:
    """Return every fault in faults.json."""
    return tuple(
        KnownFault(one["name"], one["requirement"], one["doc"], one["checks"], frozenset(one["requirements"]))
        for one in json.loads(path.read_text("utf-8"))
    )


def likely_cause(
    requirement: str, check: str, message: str, *, failed: Collection[str], judged: Collection[str],
    faults: Iterable[KnownFault],
) -> Cause | None:  # fmt: skip
    """Return the known fault that resembles a failed check most; None if none fits.

    `check` is its name, with or without axes, and `message` its message.  `failed` are the ids of the requirements
    that failed in the session, `judged` those that passed or failed.
    """
    name = check.partition("[")[0]
    fitting = [
        Cause(fault, (_overlap(fault, set(failed), set(judged)) + _similarity(fault, name, message)) / 2)
        for fault in faults
        if requirement in fault.requirements and (fault.requirement != requirement or name in fault.checks)
    ]
    best = max((cause.fit for cause in fitting), default=0.0)
    if best < WEAK_FIT:
        return None
    first, *others = [cause.fault for cause in fitting if cause.fit == best]
    return Cause(first, best, tuple(other.name for other in others))


def proof(check: str, faults: Iterable[KnownFault]) -> str:
    """Return the name of the first fault that turns a check red; empty if none does."""
    name = check.partition("[")[0]
    return next((fault.name for fault in faults if name in fault.checks), "")


def _overlap(fault: KnownFault, failed: set[str], judged: set[str]) -> float:
    """Return the Jaccard index of the requirements that failed and those that the fault turns red.

    Only judged requirements count.  -1 excludes the fault, because too many of its requirements passed.
    """
    red = fault.requirements & judged
    common = len(red & failed)
    return common / len(red | failed) if common >= LEAST_SHARE * len(red) else -1.0


def _similarity(fault: KnownFault, check: str, message: str) -> float:
    """Return the similarity, 0 to 1, of a message and the message of the same check in faults.json."""
    if check not in fault.checks:
        return UNKNOWN_MESSAGE
    one, other = _words(fault.checks[check]), _words(normalize(message)[:LONGEST_MESSAGE])
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\W", text)
