"""Says what a failure looks like: which of the known faults fits best what fails in a run.

It knows faults.json, the proof that every check can fail; of servers and recordings it knows nothing, so it only ever
says what something looks like.
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
"""Characters of what a check says that faults.json keeps, and that are compared."""

MOST_EQUALS = 2
"""How many faults that fit equally well the text names."""

LIKE, A_LITTLE_LIKE = 0.45, 0.375
"""From which fit on a cause is named, and named with reserve; found by naming those of servers that were examined."""
SPREAD = 0.6
"""What share of all that a fault turns red must have failed, for a server with this fault would fail it all."""
UNHEARD = 0.35
"""The likeness of two messages of which one is not known, because the fault is another requirement's."""


@dataclass(frozen=True)
class KnownFault:
    """A fault as faults.json has it: what it does, the requirements that it turns red, and what its own checks say."""

    name: str
    requirement: str
    doc: str
    checks: Mapping[str, str]
    requirements: frozenset[str]


@dataclass(frozen=True)
class Cause:
    """The fault that fits best, how well from 0 to 1, and which others fit equally well."""

    fault: KnownFault
    fit: float
    equals: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The cause in a sentence, with reserve."""
        like = "looks like" if self.fit >= LIKE else "looks a little like"
        doc = self.fault.doc[0].lower() + self.fault.doc[1:].rstrip(".")
        named = ", ".join(f"`{name}`" for name in self.equals[:MOST_EQUALS])
        equals = f"; as well like {named}" if named else ""
        return f"What fails {like} a server that {doc} (fault `{self.fault.name}`{equals})."


@cache
def known_faults(path: Path = FAULTS) -> tuple[KnownFault, ...]:
    """Every fault in faults.json."""
    return tuple(
        KnownFault(one["name"], one["requirement"], one["doc"], one["checks"], frozenset(one["requirements"]))
        for one in json.loads(path.read_text("utf-8"))
    )


def likely_cause(
    requirement: str, check: str, message: str, *, failed: Collection[str], judged: Collection[str],
    faults: Iterable[KnownFault],
) -> Cause | None:  # fmt: skip
    """The known fault that one failed check looks like; None if none fits.

    `check` is its name, with or without axes, and `message` what it said; `failed` and `judged` are the ids of the
    requirements that failed, and that passed or failed, in the same run.
    """
    name = check.partition("[")[0]
    fitting = [
        Cause(fault, (_overlap(fault, set(failed), set(judged)) + _likeness(fault, name, message)) / 2)
        for fault in faults
        if requirement in fault.requirements and (fault.requirement != requirement or name in fault.checks)
    ]
    best = max((cause.fit for cause in fitting), default=0.0)
    if best < A_LITTLE_LIKE:
        return None
    first, *others = [cause.fault for cause in fitting if cause.fit == best]
    return Cause(first, best, tuple(other.name for other in others))


def proof(check: str, faults: Iterable[KnownFault]) -> str:
    """The name of the first fault that turns a check red, given by its name with or without axes; "" if none does."""
    name = check.partition("[")[0]
    return next((fault.name for fault in faults if name in fault.checks), "")


def _overlap(fault: KnownFault, failed: set[str], judged: set[str]) -> float:
    """The Jaccard index of what failed and what the fault turns red, of what was judged; 0 if much of that passed."""
    red = fault.requirements & judged
    common = len(red & failed)
    return common / len(red | failed) if common >= SPREAD * len(red) else -1.0


def _likeness(fault: KnownFault, check: str, message: str) -> float:
    if check not in fault.checks:
        return UNHEARD
    one, other = _words(fault.checks[check]), _words(normalize(message)[:LONGEST_MESSAGE])
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\W", text)
