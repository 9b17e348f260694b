"""Known failures, each with a reason: which failures a gate lets pass, and which entries have become stale.

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


class BaselineError(UsageError):
    """A baseline file that cannot be used; the message names the file, the place and the way out."""


@dataclass(frozen=True)
class Entry:
    """One known failure: a requirement, or one check or item of it, and why it is known.

    A `flaky` one may pass or fail; after `until` it counts no more.
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
        """Whether the entry speaks of this result."""
        if self.check:
            return self.check in (result.id, result.id.partition("[")[0])
        return self.requirement == result.requirement


@dataclass(frozen=True)
class Baseline:
    """The entries in force."""

    entries: tuple[Entry, ...] = ()
    expired: tuple[Entry, ...] = ()

    def find(self, result: Result) -> Entry | None:
        """The entry that lists this result's failure."""
        return next((entry for entry in self.entries if entry.covers(result)), None)

    def stale(self, results: Sequence[Result]) -> list[Entry]:
        """Entries that list a failure which no longer happens, though all that they speak of was judged."""
        return [entry for entry in self.entries if not entry.flaky and _is_stale(entry, results)]

    def unknown(self, results: Sequence[Result]) -> list[Entry]:
        """Entries that speak of nothing in these results."""
        return [entry for entry in self.entries if not any(entry.covers(result) for result in results)]


def _is_stale(entry: Entry, results: Sequence[Result]) -> bool:
    words = {result.outcome.word for result in results if entry.covers(result)}
    return PASSED in words and words <= {PASSED, INAPPLICABLE}


def read_baseline(path: Path, today: datetime.date) -> Baseline:
    """Read a baseline file; raises BaselineError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise BaselineError(f"{path}: cannot be read ({problem.strerror}); --write-baseline {path} makes one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BaselineError(f"{path}: no TOML ({problem})") from None
    if set(table) - {"known"} or not isinstance(table.get("known", []), list):
        raise BaselineError(f"{path}: holds {', '.join(table)}; a baseline holds [[known]] tables and nothing else")
    entries = [_entry(path, number, one) for number, one in enumerate(table.get("known", []), 1)]
    over = [entry for entry in entries if entry.until is not None and entry.until < today]
    return Baseline(tuple(entry for entry in entries if entry not in over), tuple(over))


_KEYS: dict[str, type] = {"requirement": str, "check": str, "reason": str, "flaky": bool, "until": datetime.date}


def _entry(path: Path, number: int, table: Any) -> Entry:
    place = f"{path}, [[known]] number {number}"
    if not isinstance(table, dict):
        raise BaselineError(f"{place}: is no table")
    for key, value in table.items():
        if key not in _KEYS:
            raise BaselineError(f"{place}: unknown key {key!r}; known are {', '.join(_KEYS)}")
        if type(value) is not _KEYS[key]:  # a date with a time is of a subclass of date, and cannot be compared
            raise BaselineError(f"{place}: {key} must be of type {_KEYS[key].__name__}")
    if not (table.get("requirement") or table.get("check")):
        raise BaselineError(f"{place}: names neither a requirement nor a check")
    if not table.get("reason") or table["reason"] == UNEXPLAINED:
        raise BaselineError(f"{place}: {table.get('check') or table['requirement']} has no reason; write it in")
    return Entry(**{"requirement": "", **table})


def baseline_text(results: Iterable[Result]) -> str:
    """A baseline that lists these failures, whose reasons have to be filled in before it is accepted."""
    failed = [result for result in results if result.outcome.word == FAILED]
    lines = ["# Known failures.  Each needs a reason; `flaky = true` and `until = 2027-01-31` are possible.", ""]
    for result in failed:
        lines += ["[[known]]", f"requirement = {json.dumps(result.requirement)}", f"check = {json.dumps(result.id)}"]
        lines += [f"reason = {json.dumps(UNEXPLAINED)}", f"# {_first_line(result.outcome.message)}", ""]
    return "\n".join(lines)


def _first_line(message: str) -> str:
    return "".join(char if char.isprintable() else " " for char in message)[:200]
