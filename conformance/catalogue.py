"""The catalogue: requirements, freedoms, disputed statements, the norm and profiles, loaded and cross-checked.

It knows the TOML files and their rules; of scenarios, checks, servers and reports it knows nothing.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

from conformance.catalogue_tables import CatalogueError as CatalogueError
from conformance.catalogue_tables import Table, nearest, read

Level = Literal["MUST", "SHOULD"]
Kind = Literal[
    "heading", "lead-in", "sentence", "remark", "note", "warning", "link", "code", "output",
    "table head", "table row", "list item",
]  # fmt: skip

AREAS = (
    "transport", "framing", "threads", "metadata", "updates", "values", "messages", "debug", "custom", "events",
    "modes", "subgraphs", "stateless", "state", "join", "filtering", "delivery", "errors", "auth", "clients",
)  # fmt: skip
ROOT = Path(__file__).parent
LEVELS: tuple[Level, ...] = get_args(Level)
KINDS: tuple[Kind, ...] = get_args(Kind)
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RANGE = re.compile(r"[1-9][0-9]*(-[1-9][0-9]*)?")

T = TypeVar("T")


class UnknownName(ValueError):
    """Somebody asked for a requirement or profile that does not exist; the message suggests the nearest."""


@dataclass(frozen=True)
class Requirement:
    """One sentence a server is held to; `norm` holds the line ranges of the statements it covers.

    `why` says in a sentence what gives it its level, `breaks` who breaks without it, and how.
    """

    id: str
    area: str
    level: Level
    statement: str
    sources: tuple[str, ...]
    norm: tuple[str, ...]
    why: str
    breaks: str
    note: str = ""


@dataclass(frozen=True)
class Freedom:
    """What a server may do as it likes: listed, never judged; observations are keyed by its id."""

    id: str
    statement: str
    sources: tuple[str, ...]
    norm: tuple[str, ...]


@dataclass(frozen=True)
class Disputed:
    """What the norm says while every official server does another thing: outside requirements and summary."""

    id: str
    statement: str
    sources: tuple[str, ...]
    norm: tuple[str, ...]


@dataclass(frozen=True)
class Norm:
    """Which document the line ranges refer to: its file's SHA-256 and number of lines, its original and date."""

    name: str
    title: str
    file: str
    original: str
    url: str
    date: str
    sha256: str
    lines: int


@dataclass(frozen=True)
class NormStatement:
    """One element of the norm in our own words; `excluded` is empty, or says why nothing covers it."""

    lines: str
    kind: Kind
    gist: str
    excluded: str = ""


@dataclass(frozen=True)
class Profile:
    """A frozen set of requirement ids: those of a revision of the norm, or what releases of clients need.

    Either `norm` names the revision, and `clients` is empty, or `clients` names the releases, and `norm` is empty.
    """

    name: str
    norm: str
    clients: tuple[str, ...]
    description: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All that the files under one directory say, in the order of `AREAS` and then of the files."""

    norm: Norm
    statements: tuple[NormStatement, ...]
    requirements: tuple[Requirement, ...]
    freedoms: tuple[Freedom, ...]
    disputed: tuple[Disputed, ...]
    profiles: tuple[Profile, ...]


def requirements(root: Path = ROOT) -> dict[str, Requirement]:
    """Return every requirement by id, in catalogue order; raise CatalogueError if a file is broken."""
    return {one.id: one for one in load(root).requirements}


def freedoms(root: Path = ROOT) -> dict[str, Freedom]:
    """Return every freedom by id."""
    return {one.id: one for one in load(root).freedoms}


def disputed(root: Path = ROOT) -> dict[str, Disputed]:
    """Return every disputed statement by id."""
    return {one.id: one for one in load(root).disputed}


def norm(root: Path = ROOT) -> Norm:
    """Return which document the catalogue's line ranges refer to."""
    return load(root).norm


def norm_statements(root: Path = ROOT) -> tuple[NormStatement, ...]:
    """Return the statements of the norm in the order of its lines."""
    return load(root).statements


def profiles(root: Path = ROOT) -> dict[str, Profile]:
    """Return every profile by name, in alphabetical order."""
    return {one.name: one for one in load(root).profiles}


def profile(name: str, root: Path = ROOT) -> Profile:
    """Return the profile of that name; raise UnknownName with the nearest name and the list."""
    known = profiles(root)
    if name not in known:
        raise UnknownName(f"no profile {name!r}{nearest(name, known)}; profiles: {', '.join(known)}")
    return known[name]


def find(id: str, root: Path = ROOT) -> Requirement:
    """Return the requirement of that id; raise UnknownName with the nearest id, or why that id is none."""
    known = requirements(root)
    if id in freedoms(root) or id in disputed(root):
        raise UnknownName(f"{id!r} is free or disputed; see freedoms.toml, disputed.toml")
    if id not in known:
        raise UnknownName(f"no requirement {id!r}{nearest(id, known)}; `lg-conformance list` shows all {len(known)}")
    return known[id]


def digest(root: Path = ROOT) -> str:
    """Return the SHA-256, in hexadecimal, of what the catalogue says; how its files are laid out does not matter."""
    canonical = json.dumps(asdict(load(root)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def load(root: Path = ROOT) -> Catalogue:
    """Read `root/requirements/*.toml` and `root/profiles/*.toml`, once; raise CatalogueError on the first defect."""
    folder = root / "requirements"
    _no_stray_files(folder)
    head, statements = _norm(folder / "norm.toml")
    required = [table for area in AREAS for table in _tables(folder / f"{area}.toml", (area,))]
    free = list(_tables(folder / "freedoms.toml", AREAS))
    contested = list(_tables(folder / "disputed.toml", AREAS))
    _unique([*required, *free, *contested])
    lines = {one.lines for one in statements}
    known = {table.name for table in required}
    return Catalogue(
        norm=head,
        statements=statements,
        requirements=tuple(_requirement(table, lines) for table in required),
        freedoms=tuple(_unjudged(Freedom, table, lines) for table in free),
        disputed=tuple(_unjudged(Disputed, table, lines) for table in contested),
        profiles=tuple(_profile(path, head, known) for path in sorted((root / "profiles").glob("*.toml"))),
    )


def _requirement(table: Table, lines: Collection[str]) -> Requirement:
    table.only("level", "statement", "why", "breaks", "sources", "norm", "note")
    return Requirement(
        id=table.name,
        area=table.name.partition(".")[0],
        level=table.among("level", LEVELS),
        statement=table.required("statement"),
        sources=_sources(table),
        norm=table.known("norm", lines, "norm.toml"),
        why=table.required("why"),
        breaks=table.required("breaks"),
        note=table.text("note"),
    )


def _unjudged(
    kind: Callable[[str, str, tuple[str, ...], tuple[str, ...]], T], table: Table, lines: Collection[str]
) -> T:
    table.only("statement", "sources", "norm")
    return kind(table.name, table.required("statement"), _sources(table), table.known("norm", lines, "norm.toml"))


def _sources(table: Table) -> tuple[str, ...]:
    sources = table.texts("sources")
    if not sources:
        raise table.error('sources is empty; name at least one, such as "norm 218"')
    return sources


def _norm(path: Path) -> tuple[Norm, tuple[NormStatement, ...]]:
    document = read(path)
    head, statements = document.get("norm"), document.get("statement")
    tables = isinstance(statements, list) and all(isinstance(one, dict) for one in statements)
    if not isinstance(head, dict) or not isinstance(statements, list) or not tables:
        raise CatalogueError(f"{path}: [norm], [[statement]]: a table is missing; write one [norm] and [[statement]]s")
    table = Table(path, "norm", head)
    table.only("name", "title", "file", "original", "url", "date", "sha256", "lines")
    return (
        Norm(
            name=table.required("name"),
            title=table.required("title"),
            file=table.required("file"),
            original=table.required("original"),
            url=table.required("url"),
            date=table.required("date"),
            sha256=table.required("sha256"),
            lines=table.number("lines"),
        ),
        tuple(_statement(path, body) for body in statements),
    )


def _statement(path: Path, body: dict[str, object]) -> NormStatement:
    table = Table(path, f"statement {body.get('lines')}", body)
    table.only("lines", "kind", "gist", "excluded")
    lines = table.required("lines")
    if not RANGE.fullmatch(lines):
        raise table.error('lines must be a line or a range of lines; write lines = "13" or lines = "13-35"')
    return NormStatement(lines, table.among("kind", KINDS), table.required("gist"), table.text("excluded"))


def _profile(path: Path, head: Norm, known: Collection[str]) -> Profile:
    table = Table(path, "top level", read(path))
    table.only("name", "norm", "clients", "description", "requirements")
    clients = table.texts("clients") if "clients" in table.body else ()
    if bool(clients) == ("norm" in table.body):
        raise table.error(f'a profile has either norm = "{head.name}" or clients = ["NAME RELEASE"]; write one of them')
    return Profile(
        name=table.among("name", (path.stem,)),
        norm="" if clients else table.among("norm", (head.name,)),
        clients=clients,
        description=table.required("description"),
        requirements=table.known("requirements", known, "the catalogue"),
    )


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
    # A misspelt file name would otherwise drop a whole area without a word.
    for path in sorted(folder.glob("*.toml")):
        if path.stem not in (*AREAS, "freedoms", "disputed", "norm"):
            raise CatalogueError(f"{path}: no area is called {path.stem!r}{nearest(path.stem, AREAS)}; rename the file")


def _unique(tables: Iterable[Table]) -> None:
    first: dict[str, Path] = {}
    for table in tables:
        if table.name in first:
            raise table.error(f"this id is taken in {first[table.name]}; choose another, or remove one")
        first[table.name] = table.path
