"""The table requirement × fault × checks that turned red: the proof that every check can fail, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import suites
from .declare import REGISTRY, Fault
from .faults import apply
from .judge import FAILED, Item, SuiteError, items_of, judge
from .transcript import Recording
from .views import Run


@dataclass(frozen=True)
class Row:
    """What one fault did: the ids of the items that failed, and the errors of the suite, of which there must be none."""

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
    suites.load()
    good = Run(recordings)
    items = [item for check in REGISTRY.checks for item in items_of(check)]
    passing = [item for item in items if judge(item, good).word != FAILED]
    return [_row(fault, good, passing) for fault in (REGISTRY.faults if faults is None else faults)]


def _row(fault: Fault, good: Run, items: Sequence[Item]) -> Row:
    changed = {name: faulty for name, one in good.recordings.items() if (faulty := apply(fault, one)) is not None}
    run = Run([changed.get(name, one) for name, one in good.recordings.items()])
    red, errors = [], []
    for item in items:
        if changed and (item.check.every_stream or any(variant.id in changed for variant in item.variants)):
            try:
                if judge(item, run).word == FAILED:
                    red.append(item)
            except SuiteError as problem:
                errors.append(str(problem))
    return Row(fault, len(changed), tuple(red), tuple(errors))
