"""Everything the modules of the suite declare: scenarios, checks, faults, variations and observations.

It imports the standard library alone, because the pytest plugin brings it into every pytest of its environment.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Function = Callable[..., Any]
LooksLate = Callable[[Any], bool]
"""Returns whether a recording looks as if the server had held something back, or had been busy."""


class DeclarationError(Exception):
    """A module of the suite declares something wrong; the message names the place and suggests the right name."""


class Scope(Enum):
    """What a check looks at, instead of the recordings of named scenarios."""

    EVERY_STREAM = "every stream"
    """Every event stream of the session in turn; there is one outcome, and its message names the first failing one."""
    WHOLE_SESSION = "the whole session"
    """Everything that was recorded."""


EVERY_STREAM, WHOLE_SESSION = Scope.EVERY_STREAM, Scope.WHOLE_SESSION


@dataclass(frozen=True)
class Variant:
    """A scenario with one value for each of its axes."""

    scenario: Scenario
    axes: Mapping[str, Any]

    @property
    def id(self) -> str:
        """`scenario` or `scenario[value-value]`; unique in the suite."""
        return f"{self.scenario.name}[{axes_id(self.axes)}]" if self.axes else self.scenario.name

    @property
    def file(self) -> str:
        """The file name of its recording."""
        return re.sub(r"[^\w.+-]+", "-", self.id).strip("-") + ".jsonl"

    @property
    def graph(self) -> str:
        """The reference graph it runs."""
        return self.scenario.graph or str(self.axes["graph"])


@dataclass(frozen=True, eq=False)
class Scenario:
    """An async function that performs exchanges with a server that has one reference graph.

    `graph` is empty if the graph is one of the axes.  `exchanges` are the names of all exchanges it can perform.
    `looks_late` tells from a recording whether it should be performed again, alone.  An axis without values gets them
    from a user: without them there is no variant.
    """

    name: str
    graph: str
    axes: Mapping[str, tuple[Any, ...]]
    exchanges: tuple[str, ...]
    function: Function
    paced: bool = False
    long: bool = False
    looks_late: LooksLate | None = None

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def is_optional(self) -> bool:
        """Whether it is performed only if a user gives the values of an axis."""
        return not all(self.axes.values())

    def variants(self, **given: Sequence[Any]) -> Iterator[Variant]:
        """Yield the scenario with every combination of values for its axes; `given` are those of axes without any."""
        axes = {**self.axes, **given}
        for values in itertools.product(*axes.values()):
            yield Variant(self, dict(zip(axes, values, strict=True)))


@dataclass(frozen=True, eq=False)
class Check:
    """A test over recordings that verifies one requirement.

    It is handed the recordings of `scenarios` in this order.  An axis named in `over` is not expanded: instead of a
    recording the check gets a mapping from the values of the axis to recordings.  A check with a `scope` is handed
    what the scope names; if nothing else is recorded, the recordings of `alone`, or of a default if it names none.
    """

    requirement: str
    function: Function
    scenarios: tuple[Scenario, ...] = ()
    over: tuple[str, ...] = ()
    scope: Scope | None = None
    alone: tuple[Scenario, ...] = ()

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def module(self) -> str:
        return self.function.__module__

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or self.name.removeprefix("test_").replace("_", " ")


@dataclass(frozen=True, eq=False)
class Fault:
    """A rewrite that turns a good server into one specific bad one.

    `part` says what the function is handed: the `events` of one exchange, its `bytes`, or its whole `answer`; `where`
    selects the exchanges that it touches.  A conforming variation has no `requirement`; `unsafe` names the
    requirements of the area `clients` that it breaks nevertheless.  A fault of events is handed those that `chooses`
    selects, None for all; the others are sent on as they are.
    """

    requirement: str
    function: Function
    part: str
    where: Callable[[Any], bool]
    unsafe: tuple[str, ...] = ()
    chooses: Callable[[Any], bool] | None = None

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or self.name.replace("_", " ")


@dataclass(frozen=True, eq=False)
class Observation:
    """A function that describes how a server uses what is implementation-defined.

    `scenarios` are performed for it if the whole profile is selected.
    """

    subject: str
    function: Function
    scenarios: tuple[Scenario, ...]


@dataclass
class Registry:
    """Everything the modules of the suite declare, in the order in which they were imported."""

    scenarios: dict[str, Scenario] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    variations: list[Fault] = field(default_factory=list)
    disputed: list[Check] = field(default_factory=list)
    observations: dict[str, Observation] = field(default_factory=dict)


REGISTRY = Registry()


def axes_id(axes: Mapping[str, Any]) -> str:
    """Join the values of axes by hyphens, and the members of a sequence by plus signs."""
    return "-".join(
        "+".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value) for value in axes.values()
    )


def place(function: Function) -> str:
    """Return where a function is defined, for a message: `conformance/suite/join/background.py: test_name`."""
    return f"{function.__module__.replace('.', '/')}.py: {function.__name__}"


def check_unused(name: str, known: Mapping[str, Any] | Sequence[str], function: Function) -> None:
    """Raise DeclarationError if the name is declared already."""
    if name in known:
        raise DeclarationError(f"{place(function)}: the name `{name}` is declared already; choose another")
