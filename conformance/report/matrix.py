"""Requirement × server from several reports, as data and as one static page.

Only servers that were judged by the same requirements of the same catalogue stand in one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.report import words
from conformance.report.page import rendered, row_classes
from conformance.report.words import Document

NOTICE = (
    "These servers were judged by different catalogues or profiles and therefore stand in {} tables. "
    "Outcomes in different tables cannot be compared."
)


@dataclass(frozen=True)
class Column:
    """One report as a column: its content, and the URLs of its pages relative to the matrix."""

    document: Document
    html: str
    markdown: str


@dataclass(frozen=True)
class Group:
    """Servers that were judged by the same requirements."""

    servers: tuple[Column, ...]

    @property
    def first(self) -> Document:
        return self.servers[0].document

    @property
    def sha256(self) -> str:
        """The digest of their catalogue."""
        return str(self.first["suite"]["catalogue_sha256"])

    @property
    def profile(self) -> str:
        return str(self.first["profile"])

    @property
    def titles(self) -> list[str]:
        """Name and version of every server."""
        return [f"{words.name(one.document)} {words.version(one.document)}" for one in self.servers]

    @cached_property
    def outcomes(self) -> dict[str, list[str]]:
        """The outcomes of every requirement, by its id, in the order of the servers."""
        lists = [[one["outcome"] for one in server.document["requirements"]] for server in self.servers]
        ids = [one["id"] for one in self.first["requirements"]]
        return dict(zip(ids, map(list, zip(*lists, strict=True)), strict=True))

    @property
    def rows(self) -> list[str]:
        """The CSS classes of every row."""
        return self.rows_of(self.first["requirements"])

    def rows_of(self, requirements: Iterable[Document]) -> list[str]:
        """Return the CSS classes of the rows of these requirements."""
        outcomes = self.outcomes
        return [row_classes(one, outcomes[one["id"]]) for one in requirements]

    def passed_of(self, requirements: Sequence[Document]) -> list[str]:
        """Return how many of these requirements passed on each server: `14/17`."""
        ids = {one["id"] for one in requirements}
        lists = ([one for one in server.document["requirements"] if one["id"] in ids] for server in self.servers)
        return [words.passed_of(members) for members in lists]

    @property
    def clients(self) -> dict[str, list[str]]:
        """The outcomes of every real client by its title, one for each server; empty where it was not tried."""
        tried = [
            {words.client_title(client): str(client["outcome"]) for client in words.clients(server.document)}
            for server in self.servers
        ]
        titles = dict.fromkeys(title for outcomes in tried for title in outcomes)
        return {title: [outcomes.get(title, "") for outcomes in tried] for title in titles}


def groups(servers: Sequence[Column]) -> list[Group]:
    """Return the servers by catalogue, profile and requirements, in the order in which they were given."""
    found: dict[object, list[Column]] = {}
    for server in servers:
        document = server.document
        judged_by = tuple((one["id"], one["level"]) for one in document["requirements"])
        key = (document["suite"]["catalogue_sha256"], document["profile"], judged_by)
        found.setdefault(key, []).append(server)
    return [Group(tuple(members)) for members in found.values()]


def matrix_html(servers: Sequence[Column]) -> str:
    """Return the page that compares these servers."""
    found = groups(servers)
    return rendered("matrix.html", count=len(servers), groups=found, notice=NOTICE.format(len(found)))
