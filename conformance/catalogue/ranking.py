"""The order in which failed requirements are named: the catalogue's, with exceptions that are data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from conformance.catalogue.loading import ROOT, load
from conformance.catalogue.tables import Table, nearest, read


@cache
def places(root: Path = ROOT) -> dict[str, int]:
    """Return the place of every requirement by id, the most fundamental first; raise CatalogueError."""
    ids = [one.id for one in load(root).requirements]
    by = dict(moves(root / "requirements" / "ranking.toml", ids))
    return {id: place + by.get(id, 0) for place, id in enumerate(ids)}


def moves(path: Path, known: Collection[str]) -> Iterator[tuple[str, int]]:
    """Yield the requirements that stand elsewhere than in the catalogue, and by how many places later."""
    for area, members in read(path).items():
        for slug, body in members.items() if isinstance(members, dict) else ():
            table = Table(path, f"{area}.{slug}", body if isinstance(body, dict) else {})
            if table.name not in known:
                raise table.error(f"no requirement has this id{nearest(table.name, known)}; correct it")
            table.only("earlier", "later", "why")
            table.required("why")
            if ("earlier" in table.body) == ("later" in table.body):
                raise table.error("a requirement stands `earlier` or `later`; write one of them")
            yield table.name, _positive(table, "later") if "later" in table.body else -_positive(table, "earlier")


def _positive(table: Table, key: str) -> int:
    number = table.number(key)
    if number <= 0:
        raise table.error(f"{key} must be a positive number of places, not {number}")
    return number
