"""Capabilities: what a server can lack, and the requirements that govern it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from conformance.catalogue.tables import CatalogueError, Table, read


@dataclass(frozen=True)
class Capability:
    """Something that many checks look through at something else.

    `governed_by` holds the areas and requirements that fail if a server lacks it, `because` the one to name first
    (empty if it is implementation-defined).  `graphs` are the reference graphs whose runs must show it, empty if all;
    `nodes` the names that its events may carry.  A server that lacks one of `needs` is not also said to lack this one.
    """

    id: str
    name: str
    governed_by: tuple[str, ...] = ()
    because: str = ""
    graphs: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def is_governed_by(self, requirement: str) -> bool:
        """Return whether lacking the capability is a failure of this requirement."""
        return requirement in self.governed_by or requirement.partition(".")[0] in self.governed_by


def read_capabilities(path: Path, known: Collection[str]) -> dict[str, Capability]:
    """Read capabilities.toml; `known` are the areas and requirement ids.  Raises CatalogueError."""
    tables = {table.name: table for table in _tables(path)}
    found = {name: _capability(table, known, tables) for name, table in tables.items()}
    try:
        TopologicalSorter({name: capability.needs for name, capability in found.items()}).prepare()
    except CycleError as circle:
        raise CatalogueError(f"{path}: `needs` forms a circle: {' -> '.join(circle.args[1])}; remove one") from None
    return found


def _tables(path: Path) -> Iterator[Table]:
    for group, members in read(path).items():
        if not isinstance(members, dict):
            raise CatalogueError(f"{path}: [{group}]: tables here are named [group.name]; rename it")
        for name, body in members.items():
            yield Table(path, f"{group}.{name}", body if isinstance(body, dict) else {})


def _capability(table: Table, known: Collection[str], ids: Collection[str]) -> Capability:
    table.only("name", "governed_by", "because", "graphs", "nodes", "needs")
    governed_by = table.known("governed_by", known, "the catalogue")
    graphs, nodes = (table.texts(key) if key in table.body else () for key in ("graphs", "nodes"))
    needs = table.known("needs", ids, "this file") if "needs" in table.body else ()
    because = table.text("because")
    capability = Capability(table.name, table.required("name"), governed_by, because, graphs, nodes, needs)
    if capability.because and not capability.is_governed_by(capability.because):
        raise table.error(f"because is {capability.because!r}, which governed_by does not cover; add it there")
    return capability
