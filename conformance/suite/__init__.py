"""Scenarios, checks and faults, one module or package for each area; a requirement fits one screen."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from conformance.authoring.registry import REGISTRY, DeclarationError, Registry, Scenario
from conformance.authoring.validation import unknown_name, validate


@cache
def load() -> Registry:
    """Import every module of the suite and return everything they declare.

    Raises DeclarationError for an unknown scenario, requirement or exchange, with a suggestion.
    """
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        try:
            importlib.import_module(module.name)
        except (NameError, ImportError) as problem:
            raise DeclarationError(unknown_name(problem, module.name, REGISTRY)) from problem
    validate(REGISTRY)
    return REGISTRY


def example() -> Scenario:
    """Return what a check over all streams looks at if nothing else is recorded: `joke` in each mode."""
    load()
    from conformance.suite.modes.single import joke_in_mode

    return joke_in_mode
