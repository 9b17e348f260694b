"""Checks the names of graphs and capabilities in a target, because a misspelt name would be ignored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from conformance import catalogue
from conformance.authoring.registry import Registry
from conformance.files import folder
from conformance.settings import UsageError
from conformance.targets.target import Target

CONTRACT_VERSION = 2
"""The version of the contract of the reference graphs that the suite is written for."""


def reference_graphs() -> list[str]:
    """Return the names of the reference graphs, in the order of their contract."""
    listing = json.loads((folder("fixtures_graphs") / "python" / "langgraph.json").read_text("utf-8"))
    return list(listing["graphs"])


def check_names(target: Target, registry: Registry) -> None:
    """Raise UsageError for the first name that the suite does not define."""
    graphs = reference_graphs()
    for name in (*target.assistants, *target.urls):
        _check(name, graphs, "reference graph")
    values = {value for one in registry.scenarios.values() for some in one.axes.values() for value in _strings(some)}
    known = [*catalogue.AREAS, *graphs, *catalogue.requirements(), *sorted(values), *catalogue.capabilities()]
    for name in target.lacks:
        _check(name, known, "area, mode, graph, requirement or capability (`lacks`)")


def _check(name: str, known: list[str], kind: str) -> None:
    if name not in known:
        raise UsageError(f"no {kind} {name!r}{catalogue.nearest(name, known)}")


def _strings(values: Iterable[Any]) -> Iterator[str]:
    """Yield every string in nested sequences."""
    for value in values:
        yield from _strings(value) if isinstance(value, (list, tuple)) else [value] if isinstance(value, str) else []
