"""Capabilities: what a request can ask for beyond running a graph, and the requirements that govern it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from conformance.catalogue.tables import CatalogueError, Table, read


@dataclass(frozen=True)
class Capability:
    """Something that a request can ask for; `governed_by` holds the areas and requirements that demand it."""

    id: str
    name: str
    governed_by: tuple[str, ...]

    def is_governed_by(self, requirement: str) -> bool:
        """Return whether a refusal of the capability is a failure of this requirement."""
        return requirement in self.governed_by or requirement.partition(".")[0] in self.governed_by


def read_capabilities(path: Path, known: Collection[str]) -> dict[str, Capability]:
    """Read capabilities.toml; `known` are the areas and requirement ids.  Raises CatalogueError."""
    found: dict[str, Capability] = {}
    for group, members in read(path).items():
        if not isinstance(members, dict):
            raise CatalogueError(f"{path}: [{group}]: tables here are named [group.name]; rename it")
        for name, body in members.items():
            table = Table(path, f"{group}.{name}", body if isinstance(body, dict) else {})
            table.only("name", "governed_by")
            governed_by = table.known("governed_by", known, "the catalogue")
            found[table.name] = Capability(table.name, table.required("name"), governed_by)
    return found
