"""The table requirement × fault × checks that turned red: the proof that every check can fail, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.authoring.registry import Fault
from conformance.authoring.views import SessionRecordings
from conformance.catalogue import requirements
from conformance.faults.apply import apply
from conformance.faults.cause import LONGEST_MESSAGE
from conformance.faults.normalize import normalize
from conformance.judging.items import Item
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import FAILED, Outcome

Entry = Mapping[str, Any]
"""One fault as faults.json has it: name, requirement, doc, checks{name: message}, requirements[id]."""

MOST_NAMED = 12
"""How many other requirements a line of the page names; beyond that it counts them, and faults.json has them all."""


@dataclass(frozen=True)
class Row:
    """What one fault did: the items that failed and what was said of them, and errors of the suite, ideally none."""

    fault: Fault
    touched: int
    red: Mapping[Item, Outcome]
    errors: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether a check of the fault's own requirement failed."""
        return self.fault.requirement in self.requirements

    @property
    def requirements(self) -> list[str]:
        """The requirements that turned red, each once, in the catalogue's order."""
        red = {item.check.requirement for item in self.red}
        return [id for id in requirements() if id in red]

    @property
    def checks(self) -> dict[str, str]:
        """The checks of the fault's own requirement that turned red, each with what it said first."""
        said: dict[str, str] = {}
        for item, outcome in self.red.items():
            if item.check.requirement == self.fault.requirement:
                said.setdefault(item.check.name, normalize(outcome.message)[:LONGEST_MESSAGE])
        return said


def row(fault: Fault, good: SessionRecordings, items: Iterable[Item]) -> Row:
    """Apply a fault to the recordings of a good server, and judge those of the items that look at what it changed."""
    run, touched = rewritten(fault, good)
    red: dict[Item, Outcome] = {}
    errors = []
    for item in items:
        if _looks_at(item, touched):
            try:
                outcome = judge(item, run)
            except SuiteError as problem:
                errors.append(str(problem))
            else:
                red |= {item: outcome} if outcome.word == FAILED else {}
    return Row(fault, len(touched), red, tuple(errors))


def changes(good: SessionRecordings, oddity: Fault, items: Iterable[Item]) -> list[tuple[str, Outcome, Outcome]]:
    """Which items have another outcome on an odd server, with the outcome before and after; there must be none."""
    odd, touched = rewritten(oddity, good)
    pairs = ((item, judge(item, good), judge(item, odd)) for item in items if _looks_at(item, touched))
    return [(item.id, before, after) for item, before, after in pairs if before.word != after.word]


def rewritten(fault: Fault, good: SessionRecordings) -> tuple[SessionRecordings, set[str]]:
    """The run as the faulty server would have made it, and the names of the recordings that differ."""
    changed = {name: faulty for name, one in good.recordings.items() if (faulty := apply(fault, one)) is not None}
    return SessionRecordings([changed.get(name, one) for name, one in good.recordings.items()]), set(changed)


def _looks_at(item: Item, touched: set[str]) -> bool:
    return bool(touched) and (bool(item.check.scope) or any(variant.id in touched for variant in item.variants))


def entry(row: Row) -> dict[str, Any]:
    """One fault's entry of faults.json."""
    return {
        "name": row.fault.name,
        "requirement": row.fault.requirement,
        "doc": " ".join(row.fault.doc.split()),
        "checks": row.checks,
        "requirements": row.requirements,
    }


def entries(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The content of faults.json, in the catalogue's order."""
    order = list(requirements())
    return [entry(one) for one in sorted(rows, key=lambda one: (order.index(one.fault.requirement), one.fault.name))]


def page(entries: Iterable[Entry]) -> str:
    """The table as a Markdown page."""
    return _HEAD + "".join(f"{line(one)}\n" for one in entries)


def line(entry: Entry) -> str:
    """One fault's line of the page."""
    doc = entry["doc"].replace("|", "\\|")
    checks = ", ".join(f"`{name}`" for name in entry["checks"])
    others = [id for id in entry["requirements"] if id != entry["requirement"]]
    shown = ", ".join(others) if len(others) <= MOST_NAMED else f"[{len(others)} others](faults.json)"
    return f"| {entry['requirement']} | `{entry['name']}` | {doc} | {checks} | {shown} |"


_HEAD = """# Faults: the proof that every check can fail

Each fault is a rewrite of what a good server sends, and turns checks of its requirement red.  What else turns red,
because it lies in the fault's nature, is stated beside it.  `lg-conformance fault NAME --upstream URL` serves it live.
[faults.json](faults.json) holds the same as data, with what the checks say.

| requirement | fault | what that server does | checks that turn red | other requirements that turn red |
|---|---|---|---|---|
"""
