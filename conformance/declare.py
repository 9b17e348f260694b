"""How scenarios, checks and faults are declared, and the registries that hold them.

It is imported into every pytest of its environment, so it imports the standard library alone, and performs nothing.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

EVERY_STREAM = "every stream"
"""A check over every event stream of the run: one outcome, and the message names the first stream at fault."""

WHOLE_RUN = "the whole run"
"""A check over everything that was recorded: one outcome."""

Function = Callable[..., Any]


@dataclass(frozen=True)
class Variant:
    """A scenario with one value for each of its axes."""

    scenario: Scenario
    axes: Mapping[str, Any]

    @property
    def id(self) -> str:
        """`scenario` or `scenario[value-value]`, unique and readable."""
        return f"{self.scenario.name}[{axes_id(self.axes)}]" if self.axes else self.scenario.name

    @property
    def file(self) -> str:
        """The name of its recording."""
        return re.sub(r"[^\w.+-]+", "-", self.id).strip("-") + ".jsonl"

    @property
    def paced(self) -> bool:
        return self.scenario.paced

    @property
    def graph(self) -> str:
        """The reference graph it runs."""
        return self.scenario.graph or str(self.axes["graph"])


@dataclass(frozen=True)
class Scenario:
    """An async function that performs exchanges against a server with one reference graph.

    `graph` is empty where the graph is one of the axes.
    """

    name: str
    area: str
    graph: str
    axes: Mapping[str, tuple[Any, ...]]
    function: Function
    doc: str
    paced: bool = False
    long: bool = False

    def variants(self) -> Iterator[Variant]:
        for values in itertools.product(*self.axes.values()):
            yield Variant(self, dict(zip(self.axes, values, strict=True)))


@dataclass(frozen=True)
class Check:
    """A test over recordings that verifies one requirement.

    Its parameters are names of scenarios; an axis named in `over` is not expanded, the check is handed a mapping from
    the axis' values to recordings instead.  With a scope its one parameter is a stream, EVERY_STREAM in turn, or the
    WHOLE_RUN.
    """

    requirement: str
    function: Function
    over: tuple[str, ...] = ()
    scope: str = ""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def module(self) -> str:
        return self.function.__module__

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or self.name.removeprefix("test_").replace("_", " ")


@dataclass(frozen=True)
class Fault:
    """A rewrite that makes a good server bad in one specific way.

    `part` says what the function is handed: the `events` of one exchange, its `bytes`, or its whole `answer`.
    A lawful oddity has no `requirement`; `unsafe` are those of the area `clients` that it breaks nevertheless.
    """

    requirement: str
    name: str
    function: Function
    part: str
    where: Callable[[Any], bool]
    unsafe: tuple[str, ...] = ()

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or self.name.replace("_", " ")


@dataclass(frozen=True)
class Observation:
    """What tells how a server uses a freedom; `scenarios` are those that no check looks at and it needs."""

    function: Function
    scenarios: tuple[str, ...]


@dataclass
class Registry:
    """Everything the suite's modules declare."""

    scenarios: dict[str, Scenario] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    oddities: list[Fault] = field(default_factory=list)
    disputed: list[Check] = field(default_factory=list)
    observations: dict[str, Observation] = field(default_factory=dict)


REGISTRY = Registry()


def scenario(
    *, graph: str | Sequence[str], paced: bool = False, long: bool = False, **axes: Sequence[Any]
) -> Callable[[Function], Function]:
    """Declare a scenario; several graphs are an axis of their own.

    A `paced` one must react while a run goes on, so it is performed before the bulk of the others, undisturbed by
    their load.  A `long` one takes its time whatever the load, or keeps the server busy for long: it begins together
    with these, while they wait.
    """
    expanded = {name: tuple(values) for name, values in axes.items()}
    if not isinstance(graph, str):
        expanded = {"graph": tuple(graph), **expanded}
        graph = ""

    def register(function: Function) -> Function:
        name = function.__name__
        _once(name, REGISTRY.scenarios)
        doc = inspect.getdoc(function) or ""
        REGISTRY.scenarios[name] = Scenario(name, _area(function), graph, expanded, function, doc, paced, long)
        return function

    return register


def verifies(requirement: str, *, over: str | Sequence[str] = ()) -> Callable[[Function], Function]:
    """Declare a check of one requirement."""
    scope = over if over in (EVERY_STREAM, WHOLE_RUN) else ""
    axes = () if scope else (over,) if isinstance(over, str) else tuple(over)

    def register(function: Function) -> Function:
        _once(function.__name__, [check.name for check in REGISTRY.checks])
        REGISTRY.checks.append(Check(requirement, function, axes, str(scope)))
        return function

    return register


def disputes(statement: str, *, over: str | Sequence[str] = ()) -> Callable[[Function], Function]:
    """Declare what tells whether a server does as a disputed statement says; it is reported apart, never counted."""
    axes = (over,) if isinstance(over, str) else tuple(over)

    def register(function: Function) -> Function:
        REGISTRY.disputed.append(Check(statement, function, axes))
        return function

    return register


def observes(freedom: str, *, scenarios: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Declare what a report says of a freedom: a function from all recordings to a JSON value, never judged.

    `scenarios` are performed for it when the whole profile is.
    """

    def register(function: Function) -> Function:
        _once(freedom, REGISTRY.observations)
        REGISTRY.observations[freedom] = Observation(function, tuple(scenarios))
        return function

    return register


def fault(
    requirement: str, *, part: str = "events", where: Callable[[Any], bool] = lambda exchange: True
) -> Callable[[Function], Function]:
    """Declare a fault that must turn `requirement` red; `where` picks the exchanges it touches."""
    assert part in ("events", "bytes", "answer"), part

    def register(function: Function) -> Function:
        name = function.__name__
        _once(name, [fault.name for fault in REGISTRY.faults])
        REGISTRY.faults.append(Fault(requirement, name, function, part, where))
        return function

    return register


def lawful(
    *, part: str = "bytes", where: Callable[[Any], bool] = lambda exchange: True, unsafe: Sequence[str] = ()
) -> Callable[[Function], Function]:
    """Declare a rewrite that makes a server odd, but not wrong: no outcome may change on it.

    `unsafe` are the requirements that it breaks all the same, for it is lawful by the norm and upsets some client.
    """

    def register(function: Function) -> Function:
        REGISTRY.oddities.append(Fault("", function.__name__, function, part, where, tuple(unsafe)))
        return function

    return register


def axes_id(axes: Mapping[str, Any]) -> str:
    """The axes' values joined by hyphens; the members of a sequence by plus signs."""
    return "-".join(
        "+".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value) for value in axes.values()
    )


def _area(function: Function) -> str:
    return function.__module__.rpartition(".")[2]


def _once(name: str, known: Mapping[str, Any] | Sequence[str]) -> None:
    if name in known:
        raise ValueError(f"{name} is declared twice; names of scenarios, checks and faults are unique")
