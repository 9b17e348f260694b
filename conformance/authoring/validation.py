"""Finds what is wrong in the declarations of the suite when it is loaded, before anything is judged.

A misspelt name in a check must never look like a mistake of the server, nor make the check vanish.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from conformance import catalogue
from conformance.authoring.registry import Check, DeclarationError, Function, Registry, Scenario, place
from conformance.catalogue import nearest


def validate(registry: Registry) -> None:
    """Raise DeclarationError for the first unknown requirement, argument or exchange that a declaration names."""
    required, free, disputed = catalogue.requirements(), catalogue.implementation_defined(), catalogue.disputed()
    for check in registry.checks:
        _known(check.requirement, required, "requirement", check.function)
    for fault in registry.faults:
        _known(fault.requirement, required, "requirement", fault.function)
    for variation in registry.variations:
        for requirement in variation.unsafe:
            _known(requirement, required, "requirement", variation.function)
    for check in registry.disputed:
        _known(check.requirement, disputed, "disputed statement", check.function)
    for observation in registry.observations.values():
        _known(observation.subject, free, "implementation-defined behaviour", observation.function)
    for check in [*registry.checks, *registry.disputed]:
        _validate_arguments(check)


def unknown_name(problem: NameError | ImportError, module: str, registry: Registry) -> str:
    """Return the message for a name that a module uses and that does not exist, with the nearest known name."""
    known = [*registry.scenarios, *_exported(), *sys.modules]
    return f"{module.replace('.', '/')}.py: {problem}{nearest(_missing(problem), known)}"


def _missing(problem: NameError | ImportError) -> str:
    # ImportError.name is the module; its `name_from`, the missing name, exists only since Python 3.12.
    found = re.match(r"cannot import name '(\w+)'", str(problem))
    return found[1] if found else problem.name or ""


def _exported() -> list[str]:
    from conformance import authoring  # at call time: that package imports this module's neighbours

    return authoring.__all__


def _known(name: str, known: Iterable[str], kind: str, function: Function) -> None:
    if name not in known:
        raise DeclarationError(f"{place(function)}: there is no {kind} `{name}`{nearest(name, known)}")


def _validate_arguments(check: Check) -> None:
    names = list(inspect.signature(check.function).parameters)
    wanted = 1 if check.scope else len(check.scenarios)
    if len(names) != wanted:
        what = "the scope" if check.scope else f"each of the {wanted} scenarios"
        raise DeclarationError(f"{place(check.function)}: must have one parameter for {what}, not {len(names)}")
    for axis in check.over:
        axes = [axis for scenario in check.scenarios for axis in scenario.axes]
        if axis not in axes:
            raise DeclarationError(f"{place(check.function)}: no scenario has the axis `{axis}`{nearest(axis, axes)}")
    recordings = dict(zip(names, check.scenarios, strict=False))
    for argument, exchange in _exchanges_asked_for(check.function):
        scenario = recordings.get(argument)
        if scenario is not None and not set(scenario.axes) & set(check.over):
            _validate_exchange(scenario, exchange, check.function)


def _validate_exchange(scenario: Scenario, exchange: str, function: Function) -> None:
    if exchange not in scenario.exchanges:
        near = nearest(exchange, scenario.exchanges)
        raise DeclarationError(f"{place(function)}: scenario {scenario.name} declares no exchange `{exchange}`{near}")


def _exchanges_asked_for(function: Function) -> Iterator[tuple[str, str]]:
    """Yield argument and name for every `argument["name"]`, `argument.all("name")` and `"name" in argument`."""
    found = _functions(Path(inspect.getfile(function))).get(function.__code__.co_name)
    for node in ast.walk(found) if found is not None else ():
        match node:
            case ast.Subscript(value=ast.Name(id=argument), slice=ast.Constant(value=str(name))):
                yield argument, name
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=argument), attr="all"), args=[ast.Constant(value=str(name))]
            ):
                yield argument, name
            case ast.Compare(
                left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=argument)]
            ):
                yield argument, name


@cache
def _functions(file: Path) -> dict[str, ast.FunctionDef]:
    """Return the functions of a module; those inside others have a scope as their only parameter."""
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
