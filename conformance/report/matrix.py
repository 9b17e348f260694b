"""Requirement × server from several reports, as data and as one static page.

Servers are put side by side only where they were held to the same requirements of the same catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.report import words
from conformance.report.page import rendered, tokens
from conformance.report.words import Document

NOTICE = (
    "These servers were judged against different catalogues or profiles, and stand in {} tables: "
    "an outcome of one table does not compare with one of another."
)


@dataclass(frozen=True)
class Server:
    """One report as a column: its document, and where its own pages lie, as URLs relative to the matrix."""

    document: Document
    html: str
    markdown: str


@dataclass(frozen=True)
class Group:
    """Servers that were held to the same requirements; `outcomes` by requirement, in the order of the servers."""

    servers: tuple[Server, ...]

    @property
    def first(self) -> Document:
        return self.servers[0].document

    @property
    def sha256(self) -> str:
        return str(self.first["suite"]["catalogue_sha256"])

    @property
    def profile(self) -> str:
        return str(self.first["profile"])

    @cached_property
    def outcomes(self) -> dict[str, list[str]]:
        lists = [[one["outcome"] for one in server.document["requirements"]] for server in self.servers]
        ids = [one["id"] for one in self.first["requirements"]]
        return dict(zip(ids, map(list, zip(*lists, strict=True)), strict=True))

    @property
    def rows(self) -> list[str]:
        """The classes of every row, for the filter."""
        return self.rows_of(self.first["requirements"])

    def rows_of(self, requirements: Iterable[Document]) -> list[str]:
        """The classes of the rows of these requirements, for the filter."""
        outcomes = self.outcomes
        return [tokens(one, outcomes[one["id"]]) for one in requirements]

    def passed_of(self, requirements: Sequence[Document]) -> list[str]:
        """How many of these passed, on each server: `14/17`."""
        ids = {one["id"] for one in requirements}
        lists = ([one for one in server.document["requirements"] if one["id"] in ids] for server in self.servers)
        return [words.passed_of(members) for members in lists]

    @property
    def titles(self) -> list[str]:
        """Name and version of every server."""
        return [f"{words.name(one.document)} {words.version(one.document)}" for one in self.servers]

    @property
    def clients(self) -> dict[str, list[str]]:
        """The outcome of every real client that read streams of any, by server; empty where it was not tried."""
        tried = [{words.client(one): str(one["outcome"]) for one in words.clients(s.document)} for s in self.servers]
        return {name: [one.get(name, "") for one in tried] for name in dict.fromkeys(n for one in tried for n in one)}


def groups(servers: Sequence[Server]) -> list[Group]:
    """The servers by catalogue, profile and the requirements themselves, in the order in which they were given."""
    found: dict[object, list[Server]] = {}
    for server in servers:
        document = server.document
        held_to = tuple((one["id"], one["level"], one["statement"]) for one in document["requirements"])
        key = (document["suite"]["catalogue_sha256"], document["profile"], held_to)
        found.setdefault(key, []).append(server)
    return [Group(tuple(members)) for members in found.values()]


def matrix_html(servers: Sequence[Server]) -> str:
    """The page that compares these servers."""
    tables = groups(servers)
    return rendered("matrix.html", count=len(servers), groups=tables, notice=NOTICE.format(len(tables)))
