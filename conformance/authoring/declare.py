"""The decorators with which scenarios, checks, faults, variations and observations are declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from conformance.authoring.conditions import everywhere
from conformance.authoring.registry import (
    REGISTRY,
    Check,
    DeclarationError,
    Fault,
    Function,
    LooksLate,
    Observation,
    Scenario,
    Scope,
    check_unused,
    place,
)

PARTS = ("events", "bytes", "answer")

F = TypeVar("F", bound=Function)


def scenario(
    *,
    graph: str | Sequence[str],
    exchanges: Sequence[str] = ("create thread", "stream"),
    paced: bool = False,
    long: bool = False,
    looks_late: LooksLate | None = None,
    **axes: Sequence[Any],
) -> Callable[[Function], Scenario]:
    """Declare a scenario; several graphs become the values of the axis `graph`.

    `exchanges` are the names of all exchanges that the function can perform.  An axis without values gets them from an
    option; without it the scenario is not performed.  A `paced` scenario has to react while a
    run is active, so it is performed before most others, undisturbed by their load.  A `long` scenario takes long
    whatever the load, or loads the server for long; it starts together with the paced ones.  A variant whose recording
    `looks_late` is performed again, alone: a server that holds back does so again, and one that was busy does not.
    """
    expanded = {name: tuple(values) for name, values in axes.items()}
    if not isinstance(graph, str):
        expanded = {"graph": tuple(graph), **expanded}
        graph = ""

    def register(function: Function) -> Scenario:
        check_unused(function.__name__, REGISTRY.scenarios, function)
        declared = Scenario(function.__name__, graph, expanded, tuple(exchanges), function, paced, long, looks_late)
        REGISTRY.scenarios[declared.name] = declared
        return declared

    return register


def verifies(
    requirement: str,
    *,
    on: Scenario | Sequence[Scenario] | Scope,
    over: str | Sequence[str] = (),
    alone: Sequence[Scenario] = (),
) -> Callable[[F], F]:
    """Declare a check of one requirement on the recordings of scenarios, or on a scope.

    The check gets one argument for each scenario, in this order.  `over` names axes whose variants it gets together,
    as a mapping from the values of the axis to recordings.  `alone` are the scenarios to perform for a check with a
    scope if no other check is selected.
    """

    def register(function: F) -> F:
        check_unused(function.__name__, [check.name for check in REGISTRY.checks], function)
        REGISTRY.checks.append(replace(_check(requirement, function, on, over), alone=tuple(alone)))
        return function

    return register


def disputes(
    statement: str, *, on: Scenario | Sequence[Scenario] | Scope, over: str | Sequence[str] = ()
) -> Callable[[F], F]:
    """Declare a check of a disputed statement; its outcome is reported separately and never counted."""

    def register(function: F) -> F:
        check_unused(function.__name__, [check.name for check in REGISTRY.disputed], function)
        REGISTRY.disputed.append(_check(statement, function, on, over))
        return function

    return register


def observes(subject: str, *, on: Sequence[Scenario] = ()) -> Callable[[F], F]:
    """Declare an observation of something implementation-defined.

    The function gets all recordings and returns a JSON value for the report, which is never judged.  The scenarios
    `on` are performed for it if the whole profile is selected.
    """

    def register(function: F) -> F:
        check_unused(subject, REGISTRY.observations, function)
        REGISTRY.observations[subject] = Observation(subject, function, tuple(on))
        return function

    return register


def fault(requirement: str, *, part: str = "events", where: Callable[[Any], bool] = everywhere) -> Callable[[F], F]:
    """Declare a fault that must turn `requirement` red; `where` selects the exchanges that it touches."""

    def register(function: F) -> F:
        check_unused(function.__name__, _names_of_faults(), function)
        REGISTRY.faults.append(Fault(requirement, function, _part(part, function), where))
        return function

    return register


def variation(
    *, part: str = "bytes", where: Callable[[Any], bool] = everywhere, unsafe: Sequence[str] = ()
) -> Callable[[F], F]:
    """Declare a conforming variation: a rewrite that must change no outcome, because a server may behave like that.

    `unsafe` names the requirements of the area `clients` that it breaks nevertheless: the specification allows it, but
    an official client cannot handle it.
    """

    def register(function: F) -> F:
        check_unused(function.__name__, _names_of_faults(), function)
        REGISTRY.variations.append(Fault("", function, _part(part, function), where, tuple(unsafe)))
        return function

    return register


def _check(
    requirement: str, function: Function, on: Scenario | Sequence[Scenario] | Scope, over: str | Sequence[str]
) -> Check:
    axes = (over,) if isinstance(over, str) else tuple(over)
    if isinstance(on, Scope):
        return Check(requirement, function, scope=on)
    scenarios = (on,) if isinstance(on, (Scenario, str)) else tuple(on)
    for one in scenarios:
        if not isinstance(one, Scenario):
            raise DeclarationError(f"{place(function)}: `on` must name scenario objects, without quotes, not {one!r}")
    return Check(requirement, function, scenarios, axes)


def _names_of_faults() -> list[str]:
    """Return the names of faults and variations, which `lg-conformance fault NAME` does not distinguish."""
    return [one.name for one in (*REGISTRY.faults, *REGISTRY.variations)]


def _part(part: str, function: Function) -> str:
    if part not in PARTS:
        raise DeclarationError(f"{place(function)}: there is no part {part!r}; the parts are {', '.join(PARTS)}")
    return part
