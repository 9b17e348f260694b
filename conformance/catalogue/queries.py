"""Questions to the catalogue: its entries by id or name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from conformance.catalogue.capabilities import Capability
from conformance.catalogue.entries import (
    AREAS,
    Disputed,
    ImplementationDefined,
    Profile,
    Requirement,
    Section,
    Specification,
    Statement,
)
from conformance.catalogue.loading import ROOT, load
from conformance.catalogue.tables import nearest


class UnknownName(ValueError):
    """A requirement or profile that does not exist was asked for; the message suggests the nearest."""


def requirements(root: Path = ROOT) -> dict[str, Requirement]:
    """Return every requirement by id, in catalogue order; raise CatalogueError if a file is broken."""
    return {one.id: one for one in load(root).requirements}


def implementation_defined(root: Path = ROOT) -> dict[str, ImplementationDefined]:
    """Return everything that is implementation-defined, by id."""
    return {one.id: one for one in load(root).implementation_defined}


def disputed(root: Path = ROOT) -> dict[str, Disputed]:
    """Return every disputed statement by id."""
    return {one.id: one for one in load(root).disputed}


def capabilities(root: Path = ROOT) -> dict[str, Capability]:
    """Return every capability by id."""
    return {one.id: one for one in load(root).capabilities}


def specification(root: Path = ROOT) -> Specification:
    """Return the document that the catalogue's line ranges refer to."""
    return load(root).specification


def statements(root: Path = ROOT) -> tuple[Statement, ...]:
    """Return the statements of the specification in the order of its lines."""
    return load(root).statements


def section_of(statement: Statement, root: Path = ROOT) -> Section:
    """Return the section of the specification that a statement is in."""
    first = int(statement.lines.partition("-")[0])
    return [one for one in load(root).sections if one.line <= first][-1]


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
    """Return the requirement of that id; raise UnknownName with the nearest id, or why that id is not a requirement."""
    known = requirements(root)
    if id in implementation_defined(root) or id in disputed(root):
        file = "implementation-defined.toml" if id in implementation_defined(root) else "disputed.toml"
        raise UnknownName(f"{id!r} is not a requirement; see {file}")
    if id not in known:
        near = nearest(id, [*known, *AREAS])
        raise UnknownName(f"no requirement {id!r}{near}; `lg-conformance list` shows all {len(known)}")
    return known[id]


def digest(root: Path = ROOT) -> str:
    """Return the SHA-256, in hexadecimal, of what the catalogue says; how its files are laid out does not matter.

    Stages are left out: they change neither what is required nor how it is judged.
    """
    content = asdict(load(root))
    for one in content["profiles"]:
        del one["stages"]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
