"""The table requirement × fault × checks that turned red: the proof that every check can fail, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import suites
from .declare import REGISTRY, Fault
from .faults import apply
from .judge import FAILED, Item, Outcome, SuiteError, items_of, judge
from .transcript import Recording
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


def rows(recordings: Sequence[Recording], faults: Iterable[Fault] | None = None) -> list[Row]:
    """Apply each fault to the recordings of a good server and judge what it changed."""
    good = Run(recordings)
    before = {item: judge(item, good) for item in _items()}
    passing = [item for item, outcome in before.items() if outcome.word != FAILED]
    return [_row(fault, good, passing) for fault in (REGISTRY.faults if faults is None else faults)]


def changes(recordings: Sequence[Recording], oddity: Fault) -> list[tuple[str, Outcome, Outcome]]:
    """Which items have another outcome on an odd server, with the outcome before and after; there must be none."""
    good = Run(recordings)
    odd, touched = _rewritten(oddity, good)
    pairs = ((item, judge(item, good), judge(item, odd)) for item in _items() if _looks_at(item, touched))
    return [(item.id, before, after) for item, before, after in pairs if before.word != after.word]


def _items() -> list[Item]:
    suites.load()
    return [item for check in REGISTRY.checks for item in items_of(check)]


def _rewritten(fault: Fault, good: Run) -> tuple[Run, set[str]]:
    changed = {name: faulty for name, one in good.recordings.items() if (faulty := apply(fault, one)) is not None}
    return Run([changed.get(name, one) for name, one in good.recordings.items()]), set(changed)


def _looks_at(item: Item, touched: set[str]) -> bool:
    return bool(touched) and (item.check.every_stream or any(variant.id in touched for variant in item.variants))


def _row(fault: Fault, good: Run, items: Sequence[Item]) -> Row:
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
