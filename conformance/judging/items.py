"""Items: a check with the scenario variants that it looks at.  Each item is one test of pytest and has one outcome."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.authoring.registry import Check, Variant, axes_id

Argument = Variant | Mapping[Any, Variant]
"""What a check is handed for one of its scenarios: a variant, or the variants by the value of an axis."""


@dataclass(frozen=True, eq=False)
class Item:
    """One check with the scenario variants it looks at, an argument for each of its scenarios."""

    check: Check
    arguments: tuple[Argument, ...]
    axes: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The check's name with the values of its axes; unique in the suite."""
        return f"{self.check.name}[{axes_id(self.axes)}]" if self.axes else self.check.name

    @property
    def variants(self) -> list[Variant]:
        """The scenario variants it looks at; empty for a check with a scope."""
        groups = (value.values() if isinstance(value, Mapping) else [value] for value in self.arguments)
        return list(itertools.chain(*groups))

    @property
    def scenario(self) -> str:
        """What it looks at, as a report shows it."""
        scope = self.check.scope
        return str(scope.value) if scope else ", ".join(variant.id for variant in self.variants)


def items_of(check: Check) -> Iterator[Item]:
    """Yield the check for every combination of the axes of its scenarios that it does not take together."""
    axes: dict[str, tuple[Any, ...]] = {}
    for scenario in check.scenarios:
        axes |= {axis: values for axis, values in scenario.axes.items() if axis not in check.over}
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        yield Item(
            check, tuple(_argument(scenario.variants(), check.over, chosen) for scenario in check.scenarios), chosen
        )


def _argument(variants: Iterable[Variant], over: tuple[str, ...], chosen: Mapping[str, Any]) -> Argument:
    fitting = [one for one in variants if all(chosen.get(axis, value) == value for axis, value in one.axes.items())]
    together = [axis for axis in fitting[0].axes if axis in over]
    return {_key(one, together): one for one in fitting} if together else fitting[0]


def _key(variant: Variant, axes: list[str]) -> Any:
    values = tuple(variant.axes[axis] for axis in axes)
    return values[0] if len(values) == 1 else values
