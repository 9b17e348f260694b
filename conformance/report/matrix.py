"""Requirement × product from several reports, as data and as one static page.

Only products that were judged by the same requirements of the same catalogue stand in one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance import catalogue
from conformance.catalogue import Stage
from conformance.judging.stages import stage_of_requirement
from conformance.report import judged, words
from conformance.report.anchors import Anchors
from conformance.report.page import rendered
from conformance.report.products import Column, newest, products
from conformance.report.words import Document

NOTICE = (
    "These servers were judged by different catalogues or profiles and therefore stand in {} tables. "
    "Outcomes in different tables cannot be compared."
)


@dataclass(frozen=True)
class Group:
    """The newest releases of products that were judged by the same requirements."""

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
    def description(self) -> str:
        """What the profile is; empty if this suite does not know it."""
        known = catalogue.profiles().get(self.profile)
        return known.description if known else ""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of the profile; empty if it has none, or if this suite does not know it."""
        known = catalogue.profiles().get(self.profile)
        return known.stages if known else ()

    def stage(self, id: str) -> int:
        """Return the number of the stage that lists a requirement, 0 if the profile has no stages."""
        return stage_of_requirement(id, self.stages)

    @property
    def titles(self) -> list[str]:
        """Name and version of every server."""
        return [one.title for one in self.servers]

    @property
    def areas(self) -> dict[str, list[Document]]:
        """The requirements by area."""
        return words.areas(self.first["requirements"])

    @cached_property
    def outcomes(self) -> dict[str, list[str]]:
        """The outcomes of every requirement, by its id, in the order of the servers."""
        lists = [[one["outcome"] for one in server.document["requirements"]] for server in self.servers]
        ids = [one["id"] for one in self.first["requirements"]]
        return dict(zip(ids, map(list, zip(*lists, strict=True)), strict=True))

    def passed_of(self, requirements: Sequence[Document]) -> list[tuple[int, int]]:
        """Return how many of these requirements passed on each server, and how many there are."""
        rows = [self.outcomes[one["id"]] for one in requirements]
        return [(outcomes.count("passed"), len(outcomes)) for outcomes in zip(*rows, strict=True)]

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


@dataclass(frozen=True)
class Table:
    """A group with the anchors of its table, of its areas, and of its requirements, by their names."""

    group: Group
    anchor: str
    areas: Mapping[str, str]
    rows: Mapping[str, str]


def matrix_html(reports: Sequence[Column]) -> str:
    """Return the page that compares the products of these reports."""
    shown = products(reports)
    found = groups(newest(shown))
    anchors = Anchors()
    tables = [_table(group, anchors) for group in found]
    spec = _specification(found)
    lines = [one["lines"] for statements in spec.values() for one in statements]
    return rendered(
        "matrix.html",
        products=shown,
        tables=tables,
        spec=spec,
        spec_anchors={one: anchors.new(f"spec-{one}") for one in lines},
        anchors={one.name: anchors.new(one.name) for one in shown},
        areas=list(dict.fromkeys(area for group in found for area in group.areas)),
        stages=next((group.stages for group in found if group.stages), ()),
        notice=NOTICE.format(len(found)) if several(found) else "",
    )


def _table(group: Group, anchors: Anchors) -> Table:
    """Return a table; an area or a requirement that an earlier table has is named after the profile too."""
    return Table(
        group,
        anchors.new(f"profile-{group.profile}"),
        {area: anchors.new(f"area-{area}", f"{group.profile}.{area}") for area in group.areas},
        {id: anchors.new(id, f"{group.profile}.{id}") for id in group.outcomes},
    )


def _specification(found: Iterable[Group]) -> dict[tuple[str, str], list[dict[str, str]]]:
    """Return the statements of the specification that the requirements cover, by title and address of their section."""
    rows = {row["lines"]: row for group in found for one in group.first["requirements"] for row in judged.spec(one)}
    sections: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in sorted(rows.values(), key=lambda one: int(one["lines"].partition("-")[0])):
        sections.setdefault((row["section"], row["url"]), []).append(row)
    return sections


def several(found: Iterable[Group]) -> bool:
    """Return whether products that were judged by one profile stand in several tables."""
    profiles = [group.profile for group in found]
    return len(set(profiles)) < len(profiles)
