"""Requirement × server from several reports, as data and as one static page.

Servers are put side by side only where they were held to the same requirements of the same catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..judge import PASSED
from . import words
from .page import (
    EYEBROW,
    FOOTER,
    NOTHING_SHOWN,
    absent,
    code,
    digest,
    filters,
    group_tokens,
    legend,
    level,
    outcome,
    page,
    table,
    text,
    tokens,
    verdict,
)
from .words import NOT_PASSED, VERDICTS, Document

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

    @property
    def outcomes(self) -> dict[str, list[str]]:
        lists = [[one["outcome"] for one in server.document["requirements"]] for server in self.servers]
        ids = [one["id"] for one in self.first["requirements"]]
        return dict(zip(ids, map(list, zip(*lists, strict=True)), strict=True))


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
    notice = f'<p class="notice" role="note">{NOTICE.format(len(tables))}</p>' if len(tables) > 1 else ""
    header = (
        f"{EYEBROW}\n<h1>Compatibility of {len(servers)} server{'s' * (len(servers) != 1)}</h1>\n"
        "<p>Every requirement, and what came of it on each server. A failed cell leads to its evidence: the request as "
        f"a curl line, the first divergence on the wire, and the recording.</p>\n{notice}"
    )
    main = "\n".join([
        '<section aria-labelledby="servers">\n<h2 id="servers">Servers</h2>',
        *(_judged(one) + _servers(one) for one in tables),
        '</section>\n<section aria-labelledby="requirements">\n<h2 id="requirements">Requirements</h2>',
        filters(),
        legend(),
        *(_table(one, number) for number, one in enumerate(tables, 1)),
        "</section>",
    ])  # fmt: skip
    return page(f"Compatibility · {words.TITLE}", header, main, FOOTER)


def _judged(group: Group) -> str:
    return f"<p>Profile {code(group.profile)}, catalogue with SHA-256 {digest(group.sha256)}</p>\n"


def _servers(group: Group) -> str:
    rows = [
        (
            f'<a href="{text(server.html)}">{text(words.name(server.document))}</a> '
            f'<span class="version">{text(words.version(server.document))}</span>',
            verdict(server.document),
            words.ratio(server.document, "MUST"),
            words.ratio(server.document, "SHOULD"),
            absent(words.lacks(server.document)),
            f'<time datetime="{text(server.document["started"])}">{words.date(server.document)}</time>',
            text(server.document["suite"]["version"]),
        )
        for server in group.servers
    ]
    head = ("server", "verdict", "MUST", "SHOULD", "declared absent", "judged", "suite")
    return table("Servers", head, rows)


def _table(group: Group, number: int) -> str:
    outcomes = group.outcomes
    bodies, classes = [], []
    for area, members in words.areas(group.first["requirements"]).items():
        rows = [tokens(one, outcomes[one["id"]]) for one in members]
        classes += rows
        counts = "".join(f"<td>{column.count(PASSED)}/{len(column)}</td>" for column in _columns(members, outcomes))
        lines = [
            f'<tr class="area"><th scope="rowgroup">{text(area)}</th>{counts}</tr>',
            *(_row(group, one, outcomes[one["id"]]) for one in members),
        ]
        bodies.append(f'<tbody class="{group_tokens(rows)}">\n' + "\n".join(lines) + "\n</tbody>\n")
    top = "".join(_column(server.document) for server in group.servers)
    return (
        f'<h3 id="table-{number}">Profile {text(group.profile)}, catalogue {text(group.sha256[:12])}</h3>\n'
        f'<div class="whole"><div class="box matrix {group_tokens(classes)}" role="region" tabindex="0" '
        f'aria-labelledby="table-{number}"><table aria-labelledby="table-{number}">\n<thead><tr>'
        f'<th scope="col">Requirement</th>{top}</tr></thead>\n{"".join(bodies)}</table></div>{NOTHING_SHOWN}</div>'
    )


def _columns(members: Sequence[Document], outcomes: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    return zip(*(outcomes[one["id"]] for one in members), strict=True)


def _column(document: Document) -> str:
    word = VERDICTS[document["verdict"]]
    counts = [f"{one} {words.ratio(document, one)}" for one in words.LEVELS]
    plain = [text(words.version(document)), words.date(document), *counts]
    symbol = f'<span aria-hidden="true">{words.SYMBOLS[word]}</span>'
    return (
        f'<th scope="col"><span class="server">{text(words.name(document))}</span>'
        f'<span class="fact verdict {word}">{symbol} {text(document["verdict"])}</span>'
        + "".join(f'<span class="fact">{one}</span>' for one in plain)
        + "</th>"
    )


def _row(group: Group, one: Document, outcomes: Sequence[str]) -> str:
    cells = "".join(_cell(server, one, word) for server, word in zip(group.servers, outcomes, strict=True))
    head = (
        f'<th scope="row">{level(one["level"])} {text(one["id"])}'
        f'<span class="statement">{text(one["statement"])}</span></th>'
    )
    return f'<tr class="{tokens(one, outcomes)}">{head}{cells}</tr>'


def _cell(server: Server, one: Document, word: str) -> str:
    shown = outcome(word, quiet=word == PASSED)
    if word in NOT_PASSED:
        about = f'<span class="unseen">: evidence on {text(words.name(server.document))}</span>'
        shown = f'<a href="{text(server.html)}#{text(one["id"])}">{shown}{about}</a>'
    return f'<td class="{word} {one["level"].lower()}">{shown}</td>'
