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


def check_names(target: Target, registry: Registry) -> None:
    """Raise UsageError for the first name that the suite does not define."""
    listing = json.loads((folder("fixtures_graphs") / "python" / "langgraph.json").read_text("utf-8"))
    graphs = list(listing["graphs"])
    for name in (*target.assistants, *target.urls):
        _check(name, graphs, "reference graph")
    values = {value for one in registry.scenarios.values() for some in one.axes.values() for value in _strings(some)}
    capabilities = [*catalogue.AREAS, *graphs, *catalogue.requirements(), *sorted(values)]
    for name in target.lacks:
        _check(name, capabilities, "area, mode, graph or requirement (`lacks`)")


def _check(name: str, known: list[str], kind: str) -> None:
    if name not in known:
        raise UsageError(f"no {kind} {name!r}{catalogue.nearest(name, known)}")


def _strings(values: Iterable[Any]) -> Iterator[str]:
    """Yield every string in nested sequences."""
    for value in values:
        yield from _strings(value) if isinstance(value, (list, tuple)) else [value] if isinstance(value, str) else []
