"""Known failures, each with a reason: which failures the exit status ignores, and which entries have become stale.

A baseline changes the exit status, never an outcome or the verdict.
"""

from __future__ import annotations

import datetime
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.judging.outcomes import FAILED, INAPPLICABLE, PASSED
from conformance.judging.verdict import Result
from conformance.settings import UsageError

UNEXPLAINED = "TODO: say why this is known, and where it is tracked"
"""The reason in a baseline that was just written; it must be replaced before the baseline is used."""


class BaselineError(UsageError):
    """A baseline file that cannot be used; the message names the file and the table, and says how to correct it."""


@dataclass(frozen=True)
class Entry:
    """A known failure: a requirement, or one check or item of it, and the reason.

    A `flaky` entry never becomes stale, because the check may pass or fail.  After the day `until` the entry expires.
    """

    requirement: str
    reason: str
    check: str = ""
    flaky: bool = False
    until: datetime.date | None = None

    @property
    def subject(self) -> str:
        return self.check or self.requirement

    def covers(self, result: Result) -> bool:
        """Return whether the entry lists this result."""
        if self.check:
            return self.check in (result.id, result.id.partition("[")[0])
        return self.requirement == result.requirement


@dataclass(frozen=True)
class Baseline:
    """The entries that apply, and those that have expired."""

    entries: tuple[Entry, ...] = ()
    expired: tuple[Entry, ...] = ()

    def find(self, result: Result) -> Entry | None:
        """Return the entry that lists this result, None if there is none."""
        return next((entry for entry in self.entries if entry.covers(result)), None)

    def stale(self, results: Sequence[Result]) -> list[Entry]:
        """Return the entries whose checks were all judged and none failed; flaky ones are left out."""
        return [entry for entry in self.entries if not entry.flaky and _is_stale(entry, results)]

    def unknown(self, results: Sequence[Result]) -> list[Entry]:
        """Return the entries that list none of these results, for example because of a misspelt name."""
        return [entry for entry in self.entries if not any(entry.covers(result) for result in results)]


def _is_stale(entry: Entry, results: Sequence[Result]) -> bool:
    words = {result.outcome.word for result in results if entry.covers(result)}
    return PASSED in words and words <= {PASSED, INAPPLICABLE}


def read_baseline(path: Path, today: datetime.date) -> Baseline:
    """Read a baseline file; raises BaselineError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        hint = f"--write-baseline {path} creates it"
        raise BaselineError(f"{path}: cannot be read ({problem.strerror}); {hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BaselineError(f"{path}: is not TOML ({problem})") from None
    if set(table) - {"known"} or not isinstance(table.get("known", []), list):
        raise BaselineError(f"{path}: has {', '.join(table)}; a baseline consists of [[known]] tables only")
    entries = [_entry(path, number, one) for number, one in enumerate(table.get("known", []), 1)]
    over = [entry for entry in entries if entry.until is not None and entry.until < today]
    return Baseline(tuple(entry for entry in entries if entry not in over), tuple(over))


_KEYS: dict[str, type] = {"requirement": str, "check": str, "reason": str, "flaky": bool, "until": datetime.date}
_TYPES = {str: "a string", bool: "true or false", datetime.date: "a date such as 2027-01-31, without quotes"}


def _entry(path: Path, number: int, table: Any) -> Entry:
    place = f"{path}, [[known]] number {number}"
    if not isinstance(table, dict):
        raise BaselineError(f"{place}: is not a table; write [[known]] and its keys below")
    for key, value in table.items():
        if key not in _KEYS:
            raise BaselineError(f"{place}: there is no key {key!r}; the keys are {', '.join(_KEYS)}")
        if type(value) is not _KEYS[key]:  # a date with a time is a subclass of date, but cannot be compared with one
            raise BaselineError(f"{place}: {key} must be {_TYPES[_KEYS[key]]}, not {value!r}")
    if not (table.get("requirement") or table.get("check")):
        raise BaselineError(f"{place}: names neither a requirement nor a check; add one of them")
    if not table.get("reason") or table["reason"] == UNEXPLAINED:
        raise BaselineError(f"{place}: {table.get('check') or table['requirement']} has no reason; add it")
    return Entry(**{"requirement": "", **table})


def baseline_text(results: Iterable[Result]) -> str:
    """Return a baseline that lists the failures among the results, with reasons that the user must fill in."""
    failed = [result for result in results if result.outcome.word == FAILED]
    lines = ["# Known failures.  Each needs a reason; optional: `flaky = true`, `until = 2027-01-31`.", ""]
    for result in failed:
        lines += ["[[known]]", f"requirement = {json.dumps(result.requirement)}", f"check = {json.dumps(result.id)}"]
        lines += [f"reason = {json.dumps(UNEXPLAINED)}", f"# {_first_line(result.outcome.message)}", ""]
    return "\n".join(lines)


def _first_line(message: str) -> str:
    return "".join(char if char.isprintable() else " " for char in message)[:200]
