"""The table requirement × fault × checks that turned red: the proof that every check can fail, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .catalogue import requirements
from .declare import Fault
from .faults import apply
from .judge import FAILED, Item, Outcome, SuiteError, judge
from .views import Run


@dataclass(frozen=True)
class Row:
    """What one fault did: the items that failed, and the errors of the suite, of which there must be none."""

    fault: Fault
    touched: int
    red: tuple[Item, ...]
    errors: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether a check of the fault's own requirement failed."""
        return self.fault.requirement in self.requirements

    @property
    def requirements(self) -> list[str]:
        """The requirements that turned red, each once, in order."""
        return list(dict.fromkeys(item.check.requirement for item in self.red))


def row(fault: Fault, good: Run, items: Iterable[Item]) -> Row:
    """Apply a fault to the recordings of a good server, and judge those of the items that look at what it changed."""
    run, touched = _rewritten(fault, good)
    red, errors = [], []
    for item in items:
        if _looks_at(item, touched):
            try:
                if judge(item, run).word == FAILED:
                    red.append(item)
            except SuiteError as problem:
                errors.append(str(problem))
    return Row(fault, len(touched), tuple(red), tuple(errors))


def changes(good: Run, oddity: Fault, items: Iterable[Item]) -> list[tuple[str, Outcome, Outcome]]:
    """Which items have another outcome on an odd server, with the outcome before and after; there must be none."""
    odd, touched = _rewritten(oddity, good)
    pairs = ((item, judge(item, good), judge(item, odd)) for item in items if _looks_at(item, touched))
    return [(item.id, before, after) for item, before, after in pairs if before.word != after.word]


def _rewritten(fault: Fault, good: Run) -> tuple[Run, set[str]]:
    changed = {name: faulty for name, one in good.recordings.items() if (faulty := apply(fault, one)) is not None}
    return Run([changed.get(name, one) for name, one in good.recordings.items()]), set(changed)


def _looks_at(item: Item, touched: set[str]) -> bool:
    return bool(touched) and (bool(item.check.scope) or any(variant.id in touched for variant in item.variants))


def page(rows: Iterable[Row]) -> str:
    """The table as a Markdown page, in the catalogue's order."""
    order = list(requirements())
    lines = sorted(rows, key=lambda one: (order.index(one.fault.requirement), one.fault.name))
    return _HEAD + "".join(f"{line(one)}\n" for one in lines)


def line(row: Row) -> str:
    """One fault's line of the page."""
    doc = " ".join(row.fault.doc.split()).replace("|", "\\|")
    own = dict.fromkeys(item.check.name for item in row.red if item.check.requirement == row.fault.requirement)
    checks = ", ".join(f"`{name}`" for name in own)
    others = [id for id in requirements() if id in row.requirements and id != row.fault.requirement]
    return f"| {row.fault.requirement} | `{row.fault.name}` | {doc} | {checks} | {', '.join(others)} |"


_HEAD = """# Faults: the proof that every check can fail

Each fault is a rewrite of what a good server sends, and turns checks of its requirement red.  What else turns red,
because it lies in the fault's nature, is stated beside it.  `lg-conformance fault NAME --upstream URL` serves it live.

| requirement | fault | what that server does | checks that turn red | other requirements that turn red |
|---|---|---|---|---|
"""
