"""What the catalogue holds: requirements, implementation-defined behaviour, disputed statements, profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from conformance.catalogue.capabilities import Capability

Level = Literal["MUST", "SHOULD"]
Kind = Literal[
    "heading", "lead-in", "sentence", "remark", "note", "warning", "link", "code", "output",
    "table head", "table row", "list item",
]  # fmt: skip

AREAS = (
    "transport", "framing", "threads", "metadata", "updates", "values", "messages", "debug", "custom", "events",
    "modes", "subgraphs", "stateless", "state", "join", "filtering", "delivery", "errors", "auth", "clients",
)  # fmt: skip
LEVELS: tuple[Level, ...] = get_args(Level)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Requirement:
    """One sentence a server is held to; `spec` holds the line ranges of the specification that it covers.

    `why` gives the reason for its level, `breaks` says who is affected, and how, if a server does not meet it.
    """

    id: str
    area: str
    level: Level
    statement: str
    sources: tuple[str, ...]
    spec: tuple[str, ...]
    why: str
    breaks: str
    note: str = ""


@dataclass(frozen=True)
class ImplementationDefined:
    """Behaviour that each server may choose: never judged; observations in a report are keyed by its id."""

    id: str
    statement: str
    sources: tuple[str, ...]
    spec: tuple[str, ...]


@dataclass(frozen=True)
class Disputed:
    """A statement of the specification that every official server contradicts: reported, but never counted."""

    id: str
    statement: str
    sources: tuple[str, ...]
    spec: tuple[str, ...]


@dataclass(frozen=True)
class Specification:
    """The document that line ranges refer to: the SHA-256 and number of lines of its file, its original and date."""

    name: str
    title: str
    file: str
    original: str
    url: str
    date: str
    sha256: str
    lines: int


@dataclass(frozen=True)
class Statement:
    """One element of the specification in our own words; `excluded` says why nothing covers it, or is empty."""

    lines: str
    kind: Kind
    gist: str
    excluded: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the specification from a line of `file` on: its title in the original, and the address there."""

    line: int
    title: str
    url: str


@dataclass(frozen=True)
class Stage:
    """A cumulative part of a profile that a server which is not finished can reach.

    It adds to the stage before it: requirements (ids, or areas for those that no id names), reference graphs, and
    scenarios (by name or with their variant) that need what it brings.
    """

    name: str
    brings: str
    requirements: tuple[str, ...]
    graphs: tuple[str, ...]
    scenarios: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """A frozen set of requirement ids: those of a revision of the specification, or what releases of clients need.

    `specification` names the revision, or `clients` the releases; the other is empty.
    """

    name: str
    specification: str
    clients: tuple[str, ...]
    description: str
    requirements: tuple[str, ...]
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """Everything that the files say, in the order of `AREAS` and then of the files."""

    specification: Specification
    sections: tuple[Section, ...]
    statements: tuple[Statement, ...]
    requirements: tuple[Requirement, ...]
    implementation_defined: tuple[ImplementationDefined, ...]
    disputed: tuple[Disputed, ...]
    profiles: tuple[Profile, ...]
    capabilities: tuple[Capability, ...]
