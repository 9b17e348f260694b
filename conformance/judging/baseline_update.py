"""The baseline that --write-baseline writes: what an earlier one says and is still true, and what is new.

It is a pure function of the earlier entries and of the results of a session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from conformance.judging.baseline import EXCUSABLE, UNEXPLAINED, Entry
from conformance.judging.outcomes import FAILED
from conformance.judging.verdict import Result

HEAD = """\
# Known failures.  Each needs a reason; optional: `flaky = true`, `until = 2027-01-31`.
# An entry excuses a failure; with `outcome = "cantTell"` it excuses an inconclusive check instead."""


@dataclass(frozen=True)
class BaselineUpdate:
    """The entries of an earlier baseline that stay, those that are dropped, and the results that are added."""

    kept: tuple[Entry, ...]
    dropped: tuple[Entry, ...]
    added: tuple[Result, ...]

    @property
    def unexplained(self) -> int:
        """How many entries have no reason yet."""
        return len(self.added) + sum(entry.reason in ("", UNEXPLAINED) for entry in self.kept)


def updated(
    entries: Sequence[Entry], results: Sequence[Result], every: Sequence[Result], adds: Callable[[Result], bool]
) -> BaselineUpdate:
    """Return what becomes of the entries of an earlier baseline after a session with these results.

    An entry stays unless it is stale or lists none of `every`, the results of all profiles.  What no entry excuses is
    added if it has an excusable outcome and `adds` accepts it.
    """
    dropped = [entry for entry in entries if entry.is_stale(results) or not any(map(entry.covers, every))]
    kept = [entry for entry in entries if entry not in dropped]
    new = [one for one in results if one.outcome.word in EXCUSABLE and not any(entry.excuses(one) for entry in kept)]
    return BaselineUpdate(tuple(kept), tuple(dropped), tuple(filter(adds, new)))


def baseline_text(update: BaselineUpdate, head: str = HEAD) -> str:
    """Return the file: the comment `head`, what stays, and what is added, with reasons that the user must fill in."""
    tables = ["\n".join(_table(entry)) for entry in update.kept]
    for result in update.added:
        entry = Entry(result.requirement, UNEXPLAINED, check=result.id, outcome=result.outcome.word)
        tables.append("\n".join([*_table(entry), f"# {_first_line(result.outcome.message)}"]))
    return "\n\n".join([head, *tables]) + "\n"


def leading_comment(text: str) -> str:
    """Return the comment at the beginning of a baseline file, or the usual one."""
    lines = text.splitlines()
    length = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:length]) or HEAD


def _table(entry: Entry) -> Iterator[str]:
    yield "[[known]]"
    for key in ("requirement", "check"):
        if value := getattr(entry, key):
            yield f"{key} = {_string(value)}"
    if entry.outcome != FAILED:
        yield f"outcome = {_string(entry.outcome)}"
    yield f"reason = {_string(entry.reason)}"
    if entry.flaky:
        yield "flaky = true"
    if entry.until is not None:
        yield f"until = {entry.until.isoformat()}"


def _string(text: str) -> str:
    """Return a basic string of TOML: one of JSON in which the character DEL is escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _first_line(message: str) -> str:
    return "".join(char if char.isprintable() else " " for char in message)[:200]
