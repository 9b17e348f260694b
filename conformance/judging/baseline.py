"""Known outcomes, each with a reason: what the exit status ignores, and which entries have become stale.

A baseline changes the exit status, never an outcome or the verdict.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, UNTESTED
from conformance.judging.verdict import Result
from conformance.settings import UsageError

UNEXPLAINED = "TODO: say why this is known, and where it is tracked"
"""The reason of an entry that was just written; it must be replaced before the baseline is used."""

EXCUSABLE = (FAILED, INCONCLUSIVE)
"""The outcomes that an entry can excuse; an entry that names none of them excuses failures only."""


class BaselineError(UsageError):
    """A baseline file that cannot be used; the message names the file and the table, and says how to correct it."""


@dataclass(frozen=True)
class Entry:
    """A known failure: a requirement, or one check or item of it, and the reason.

    `outcome` is the word of EXCUSABLE that the entry excuses.  A `flaky` entry never becomes stale, because the check
    may pass or fail.  After the day `until` the entry expires.
    """

    requirement: str
    reason: str
    check: str = ""
    flaky: bool = False
    until: datetime.date | None = None
    outcome: str = FAILED

    @property
    def subject(self) -> str:
        return self.check or self.requirement

    def covers(self, result: Result) -> bool:
        """Return whether the entry lists this result."""
        if self.check:
            return self.check in (result.id, result.id.partition("[")[0])
        return self.requirement == result.requirement

    def excuses(self, result: Result) -> bool:
        """Return whether the entry lists this result with the outcome that it has."""
        return self.outcome == result.outcome.word and self.covers(result)

    def is_stale(self, results: Sequence[Result]) -> bool:
        """Return whether all results that it lists were judged and none has its outcome; never if it is flaky."""
        words = {result.outcome.word for result in results if self.covers(result)} - {INAPPLICABLE}
        unjudged = {UNTESTED, INCONCLUSIVE, self.outcome}
        return bool(words) and not self.flaky and not words & unjudged


@dataclass(frozen=True)
class Baseline:
    """The entries that apply, and those that have expired."""

    entries: tuple[Entry, ...] = ()
    expired: tuple[Entry, ...] = ()

    def find(self, result: Result) -> Entry | None:
        """Return the entry that excuses this result, None if there is none."""
        return next((entry for entry in self.entries if entry.excuses(result)), None)

    def stale(self, results: Sequence[Result]) -> list[Entry]:
        """Return the entries that must be removed, because what they list no longer has that outcome."""
        return [entry for entry in self.entries if entry.is_stale(results)]

    def unknown(self, results: Sequence[Result]) -> list[Entry]:
        """Return the entries that list none of these results, for example because of a misspelt name."""
        return [entry for entry in self.entries if not any(entry.covers(result) for result in results)]


def read_baseline(path: Path, today: datetime.date) -> Baseline:
    """Read a baseline file that is to be applied; raises BaselineError."""
    entries = read_entries(path)
    for number, entry in enumerate(entries, 1):
        if entry.reason in ("", UNEXPLAINED):
            raise BaselineError(f"{_place(path, number)}: {entry.subject} has no reason; add it")
    over = [entry for entry in entries if entry.until is not None and entry.until < today]
    return Baseline(tuple(entry for entry in entries if entry not in over), tuple(over))


def read_entries(path: Path) -> list[Entry]:
    """Return the entries of a baseline file, also those without a reason; raises BaselineError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        hint = f"--write-baseline {path} creates it"
        raise BaselineError(f"{path}: cannot be read ({problem.strerror}); {hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BaselineError(f"{path}: is not TOML ({problem})") from None
    if set(table) - {"known"} or not isinstance(table.get("known", []), list):
        raise BaselineError(f"{path}: has {', '.join(table)}; a baseline consists of [[known]] tables only")
    return [_entry(path, number, one) for number, one in enumerate(table.get("known", []), 1)]


def _place(path: Path, number: int) -> str:
    return f"{path}, [[known]] number {number}"


_KEYS: dict[str, type] = {
    "requirement": str, "check": str, "reason": str, "flaky": bool, "until": datetime.date, "outcome": str,
}  # fmt: skip
_TYPES = {str: "a string", bool: "true or false", datetime.date: "a date such as 2027-01-31, without quotes"}


def _entry(path: Path, number: int, table: Any) -> Entry:
    place = _place(path, number)
    if not isinstance(table, dict):
        raise BaselineError(f"{place}: is not a table; write [[known]] and its keys below")
    for key, value in table.items():
        if key not in _KEYS:
            raise BaselineError(f"{place}: there is no key {key!r}; the keys are {', '.join(_KEYS)}")
        if type(value) is not _KEYS[key]:  # a date with a time is a subclass of date, but cannot be compared with one
            raise BaselineError(f"{place}: {key} must be {_TYPES[_KEYS[key]]}, not {value!r}")
    if not (table.get("requirement") or table.get("check")):
        raise BaselineError(f"{place}: names neither a requirement nor a check; add one of them")
    if (outcome := table.get("outcome", FAILED)) not in EXCUSABLE:
        words = " or ".join(f'"{word}"' for word in EXCUSABLE)
        raise BaselineError(f"{place}: outcome must be {words}, not {outcome!r}; without it the entry lists a failure")
    return Entry(**{"requirement": "", "reason": "", **table})
