"""The products that reports are about: the newest release of each, and what was otherwise in its older releases."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from conformance.report import words
from conformance.report.words import Document

_VERSION = re.compile(r"v?(\d{1,9}(?:\.\d{1,9})*)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """One report as a column: its content, and the URLs of its pages relative to the matrix."""

    document: Document
    html: str
    markdown: str

    @property
    def title(self) -> str:
        """Name and version of the server."""
        return f"{words.name(self.document)} {words.version(self.document)}"

    @property
    def folder(self) -> str:
        """The path of the report folder, relative to the matrix."""
        return posixpath.dirname(unquote(self.html)) or "."


@dataclass(frozen=True)
class OlderRelease:
    """Releases of a product that share a report, the newest first.

    `changed` holds the requirements of that report whose outcome is another one in the newest release.  `comparable`
    says whether both were judged by the same catalogue; if not, only the requirements that both have are compared.
    """

    releases: tuple[Column, ...]
    changed: tuple[Document, ...]
    comparable: bool

    @property
    def column(self) -> Column:
        return self.releases[0]


@dataclass(frozen=True)
class Judged:
    """The newest release of a product by one profile, and its older releases, the newest first."""

    column: Column
    older: tuple[OlderRelease, ...]


@dataclass(frozen=True)
class Product:
    """A server in all its releases, judged by one or more profiles."""

    name: str
    profiles: tuple[Judged, ...]


def products(columns: Iterable[Column]) -> list[Product]:
    """Return the products by name, in the order in which they first appear."""
    found: dict[str, dict[str, list[Column]]] = {}
    for one in columns:
        by_profile = found.setdefault(words.name(one.document), {})
        by_profile.setdefault(one.document["profile"], []).append(one)
    return [Product(name, tuple(map(_judged, profiles.values()))) for name, profiles in found.items()]


def newest(all: Iterable[Product]) -> list[Column]:
    """Return the newest release of each product by each profile."""
    return [judged.column for product in all for judged in product.profiles]


def age(document: Document) -> tuple[list[int], bool, str]:
    """Return by what releases of one product are sorted, the oldest first: its version, then when it was judged.

    A version with something after its numbers (`1.0rc1`) comes before the one without.
    """
    if not (match := _VERSION.match(document["target"]["version"] or "")):
        return [], False, document["started"]
    return [int(part) for part in match[1].split(".")], not match[2], document["started"]


def _judged(columns: Sequence[Column]) -> Judged:
    first, *rest = sorted(columns, key=lambda one: age(one.document), reverse=True)
    by_report: dict[str, list[Column]] = {}
    for one in rest:
        by_report.setdefault(one.html, []).append(one)
    return Judged(first, tuple(_older(releases, first) for releases in by_report.values()))


def _older(releases: Sequence[Column], first: Column) -> OlderRelease:
    old, new = releases[0].document, first.document
    outcomes = {one["id"]: one["outcome"] for one in new["requirements"]}
    changed = [one for one in old["requirements"] if outcomes.get(one["id"], one["outcome"]) != one["outcome"]]
    same = old["suite"]["catalogue_sha256"] == new["suite"]["catalogue_sha256"]
    return OlderRelease(tuple(releases), tuple(changed), same)
