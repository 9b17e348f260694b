"""The fault table: the checks that each fault turns red, which proves that every check can fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.authoring.registry import Fault
from conformance.authoring.views import SessionRecordings
from conformance.catalogue import requirements
from conformance.faults.apply import apply
from conformance.faults.normalize import normalize
from conformance.judging.items import Item
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import FAILED, Outcome

Entry = Mapping[str, Any]
"""A fault in faults.json: name, requirement, doc, checks{name: message}, requirements[id]."""

LONGEST_MESSAGE = 200
"""How many characters of a check's message faults.json keeps."""

MAX_NAMED = 12
"""How many other requirements a line of the page names; if there are more, it only counts them."""


@dataclass(frozen=True)
class Row:
    """What a fault did: how many recordings it changed, the items that failed, and errors of the suite."""

    fault: Fault
    touched: int
    red: Mapping[Item, Outcome]
    errors: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether a check of the fault's requirement failed."""
        return self.fault.requirement in self.requirements

    @property
    def requirements(self) -> list[str]:
        """The ids of the requirements that turned red, in the order of the catalogue."""
        red = {item.check.requirement for item in self.red}
        return [id for id in requirements() if id in red]

    @property
    def checks(self) -> dict[str, str]:
        """The checks of the fault's requirement that turned red, each with its first message."""
        messages: dict[str, str] = {}
        for item, outcome in self.red.items():
            if item.check.requirement == self.fault.requirement:
                messages.setdefault(item.check.name, normalize(outcome.message)[:LONGEST_MESSAGE])
        return messages


def row(fault: Fault, good: SessionRecordings, items: Iterable[Item]) -> Row:
    """Apply a fault to the recordings of a good server, and judge the items that look at a changed recording."""
    session, touched = rewritten(fault, good)
    red: dict[Item, Outcome] = {}
    errors = []
    for item in items:
        if looks_at(item, touched):
            try:
                outcome = judge(item, session)
            except SuiteError as problem:
                errors.append(str(problem))
            else:
                red |= {item: outcome} if outcome.word == FAILED else {}
    return Row(fault, len(touched), red, tuple(errors))


def changes(good: SessionRecordings, variation: Fault, items: Iterable[Item]) -> list[tuple[str, Outcome, Outcome]]:
    """Return the items whose outcome a conforming variation changes, with the outcome before and after."""
    varied, touched = rewritten(variation, good)
    pairs = ((item, judge(item, good), judge(item, varied)) for item in items if looks_at(item, touched))
    return [(item.id, before, after) for item, before, after in pairs if before.word != after.word]


def rewritten(fault: Fault, good: SessionRecordings) -> tuple[SessionRecordings, set[str]]:
    """Return the recordings of a server with this fault, and the variants whose recordings differ."""
    changed = {name: faulty for name, one in good.recordings.items() if (faulty := apply(fault, one)) is not None}
    return SessionRecordings([changed.get(name, one) for name, one in good.recordings.items()]), set(changed)


def looks_at(item: Item, touched: set[str]) -> bool:
    return bool(touched) and (bool(item.check.scope) or any(variant.id in touched for variant in item.variants))


def entry(row: Row) -> dict[str, Any]:
    """Return the entry of a fault in faults.json."""
    return {
        "name": row.fault.name,
        "requirement": row.fault.requirement,
        "doc": " ".join(row.fault.doc.split()),
        "checks": row.checks,
        "requirements": row.requirements,
    }


def entries(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the content of faults.json, in the order of the catalogue."""
    order = list(requirements())
    return [entry(one) for one in sorted(rows, key=lambda one: (order.index(one.fault.requirement), one.fault.name))]


def page(entries: Iterable[Entry]) -> str:
    """Return the table as a Markdown page."""
    return _HEAD + "".join(f"{line(one)}\n" for one in entries)


def line(entry: Entry) -> str:
    """Return the line of a fault in the page."""
    doc = entry["doc"].replace("|", "\\|")
    checks = ", ".join(f"`{name}`" for name in entry["checks"])
    others = [id for id in entry["requirements"] if id != entry["requirement"]]
    shown = ", ".join(others) if len(others) <= MAX_NAMED else f"[{len(others)} others](faults.json)"
    return f"| {entry['requirement']} | `{entry['name']}` | {doc} | {checks} | {shown} |"


_HEAD = """# Faults: the proof that every check can fail

Each fault rewrites what a good server sends, and turns checks of its requirement red.  The last column lists other
requirements that the fault breaks too.  `lg-conformance fault NAME --upstream URL` serves it live.
[faults.json](faults.json) holds the same as data, with the messages of the checks.

| requirement | fault | what the server does | checks that turn red | other requirements that turn red |
|---|---|---|---|---|
"""
