"""Reads and cross-checks the files of the catalogue.

It knows the TOML files and their rules; it knows nothing of scenarios, checks, servers and reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard, TypeVar

from conformance.catalogue.capabilities import read_capabilities
from conformance.catalogue.entries import (
    AREAS,
    KINDS,
    LEVELS,
    Catalogue,
    Disputed,
    ImplementationDefined,
    Profile,
    Requirement,
    Section,
    Specification,
    Stage,
    Statement,
)
from conformance.catalogue.tables import CatalogueError, Table, nearest, read

ROOT = Path(__file__).parents[1]
OTHER_FILES = ("implementation-defined", "disputed", "specification", "capabilities", "ranking")
"""The names of the files that do not belong to an area."""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RANGE = re.compile(r"[1-9][0-9]*(-[1-9][0-9]*)?")

T = TypeVar("T")


@cache
def load(root: Path = ROOT) -> Catalogue:
    """Read `root/requirements/*.toml` and `root/profiles/*.toml` once; raise CatalogueError on the first defect."""
    folder = root / "requirements"
    _no_stray_files(folder)
    head, sections, statements = _specification(folder / "specification.toml")
    required = [table for area in AREAS for table in _tables(folder / f"{area}.toml", (area,))]
    free = list(_tables(folder / "implementation-defined.toml", AREAS))
    contested = list(_tables(folder / "disputed.toml", AREAS))
    _unique([*required, *free, *contested])
    lines = {one.lines for one in statements}
    known = {table.name for table in required}
    return Catalogue(
        specification=head,
        sections=sections,
        statements=statements,
        requirements=tuple(_requirement(table, lines) for table in required),
        implementation_defined=tuple(_unjudged(ImplementationDefined, table, lines) for table in free),
        disputed=tuple(_unjudged(Disputed, table, lines) for table in contested),
        profiles=tuple(_profile(path, head, known) for path in sorted((root / "profiles").glob("*.toml"))),
        capabilities=tuple(read_capabilities(folder / "capabilities.toml", {*AREAS, *known}).values()),
    )


def _requirement(table: Table, lines: Collection[str]) -> Requirement:
    table.only("level", "statement", "why", "breaks", "sources", "spec", "note")
    return Requirement(
        id=table.name,
        area=table.name.partition(".")[0],
        level=table.among("level", LEVELS),
        statement=table.required("statement"),
        sources=_sources(table),
        spec=table.known("spec", lines, "specification.toml"),
        why=table.required("why"),
        breaks=table.required("breaks"),
        note=table.text("note"),
    )


def _unjudged(
    kind: Callable[[str, str, tuple[str, ...], tuple[str, ...]], T], table: Table, lines: Collection[str]
) -> T:
    table.only("statement", "sources", "spec")
    spec = table.known("spec", lines, "specification.toml")
    return kind(table.name, table.required("statement"), _sources(table), spec)


def _sources(table: Table) -> tuple[str, ...]:
    sources = table.texts("sources")
    if not sources:
        raise table.error('sources is empty; name at least one, such as "spec 218"')
    return sources


def _specification(path: Path) -> tuple[Specification, tuple[Section, ...], tuple[Statement, ...]]:
    document = read(path)
    head, statements, sections = (document.get(key) for key in ("specification", "statement", "section"))
    if not isinstance(head, dict) or not _are_tables(statements) or not _are_tables(sections):
        needed = "write one [specification], [[section]]s and [[statement]]s"
        raise CatalogueError(f"{path}: [specification], [[section]], [[statement]]: a table is missing; {needed}")
    table = Table(path, "specification", head)
    table.only("name", "title", "file", "original", "url", "date", "sha256", "lines")
    texts = {key: table.required(key) for key in ("name", "title", "file", "original", "url", "date", "sha256")}
    specification = Specification(**texts, lines=table.number("lines"))
    found = tuple(_section(path, body, specification.url) for body in sections)
    if not found or found[0].line != 1:
        raise CatalogueError(f"{path}: [[section]]: the first section must begin at line 1; write line = 1")
    return specification, found, tuple(_statement(path, body) for body in statements)


def _are_tables(value: object) -> TypeGuard[list[dict[str, object]]]:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _section(path: Path, body: dict[str, object], url: str) -> Section:
    table = Table(path, f"section {body.get('line')}", body)
    table.only("line", "title", "anchor")
    return Section(table.number("line"), table.required("title"), f"{url}#{table.required('anchor')}")


def _statement(path: Path, body: dict[str, object]) -> Statement:
    table = Table(path, f"statement {body.get('lines')}", body)
    table.only("lines", "kind", "gist", "excluded")
    lines = table.required("lines")
    if not RANGE.fullmatch(lines):
        raise table.error('lines must be a line or a range of lines; write lines = "13" or lines = "13-35"')
    return Statement(lines, table.among("kind", KINDS), table.required("gist"), table.text("excluded"))


def _profile(path: Path, head: Specification, known: Collection[str]) -> Profile:
    table = Table(path, "top level", read(path))
    table.only("name", "specification", "clients", "description", "requirements", "stages")
    clients = table.texts("clients") if "clients" in table.body else ()
    if bool(clients) == ("specification" in table.body):
        choice = f'specification = "{head.name}" or clients = ["NAME RELEASE"]'
        raise table.error(f"a profile has either {choice}; write one of them")
    return Profile(
        name=table.among("name", (path.stem,)),
        specification="" if clients else table.among("specification", (head.name,)),
        clients=clients,
        description=table.required("description"),
        requirements=table.known("requirements", known, "the catalogue"),
        stages=_stages(table),
    )


def _stages(profile: Table) -> tuple[Stage, ...]:
    """Return the stages of a profile; each of its requirements must belong to one of them."""
    bodies = profile.body.get("stages", [])
    if not _are_tables(bodies):
        raise profile.error("stages must be tables; write [[stages]]")
    ids = profile.texts("requirements")
    names = [*ids, *dict.fromkeys(id.partition(".")[0] for id in ids)]
    tables = [Table(profile.path, f"stages, {body.get('name')}", body) for body in bodies]
    stages = tuple(_stage(table, names) for table in tables)
    for key in ("requirements", "graphs", "scenarios"):
        named = [name for stage in stages for name in getattr(stage, key)]
        for name in sorted({name for name in named if named.count(name) > 1}):
            raise profile.error(f"{key} of two stages name {name!r}; name it in the first of them only")
    covered = {name for stage in stages for name in stage.requirements}
    for id in ids if stages else ():
        if covered.isdisjoint((id, id.partition(".")[0])):
            raise profile.error(f"no stage names {id!r} or its area; add it to one")
    return stages


def _stage(table: Table, names: Collection[str]) -> Stage:
    table.only("name", "brings", "requirements", "graphs", "scenarios")
    requirements = table.known("requirements", names, "this profile")
    texts = table.required("name"), table.required("brings")
    return Stage(*texts, requirements, table.texts("graphs"), table.texts("scenarios"))


def _tables(path: Path, areas: Collection[str]) -> Iterator[Table]:
    for area, slugs in read(path).items():
        if area not in areas or not isinstance(slugs, dict):
            raise CatalogueError(f"{path}: [{area}]: tables here are named [area.slug]; areas: {', '.join(areas)}")
        for slug, body in slugs.items():
            table = Table(path, f"{area}.{slug}", body if isinstance(body, dict) else {})
            if not SLUG.fullmatch(slug) or table.body is not body:
                raise table.error("tables here are named [area.slug]; write the slug as lower-case words with hyphens")
            yield table


def _no_stray_files(folder: Path) -> None:
    # A misspelt file name would otherwise drop a whole area silently.
    for path in sorted(folder.glob("*.toml")):
        if path.stem not in (*AREAS, *OTHER_FILES):
            raise CatalogueError(f"{path}: no area is called {path.stem!r}{nearest(path.stem, AREAS)}; rename the file")


def _unique(tables: Iterable[Table]) -> None:
    first: dict[str, Path] = {}
    for table in tables:
        if table.name in first:
            raise table.error(f"this id is taken in {first[table.name]}; choose another, or remove one")
        first[table.name] = table.path
