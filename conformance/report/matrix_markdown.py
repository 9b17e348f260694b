"""`matrix.md`: requirement × product in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.judging.outcomes import PASSED
from conformance.report import words
from conformance.report.markdown import absent, outcome
from conformance.report.markdown_text import code, md, table
from conformance.report.matrix import NOTICE, Group, groups, several
from conformance.report.products import Column, Judged, OlderRelease, Product, newest, products
from conformance.report.words import LEVELS, NOT_PASSED, SYMBOLS, VERDICTS

CHANGED_SHOWN = 20
"""How many requirements with another outcome are named for an older release."""


def matrix_md(reports: Sequence[Column]) -> str:
    """Return the comparison of products, with a table for each group of comparable servers."""
    shown = products(reports)
    found = groups(newest(shown))
    notice = [f"> **Note:** {NOTICE.format(len(found))}"] if several(found) else []
    parts = [f"# {words.TITLE}: compatibility", *notice, *(part for one in found for part in _group(one))]
    return "\n\n".join([*parts, *_older_releases(shown)]) + "\n"


def area_table(group: Group) -> str:
    """Return how many requirements of each area passed on each server."""
    rows = [(area, *map(_count, group.passed_of(members))) for area, members in group.areas.items()]
    return table(("area", *(f"[{md(words.name(one.document))}]({one.markdown})" for one in group.servers)), rows)


def _count(passed: tuple[int, int]) -> str:
    mark = f"{SYMBOLS[PASSED]} " if passed[0] == passed[1] else ""
    return f"{mark}{passed[0]}/{passed[1]}"


def _group(group: Group) -> Iterator[str]:
    yield f"## Profile {md(group.profile)}"
    yield f"Catalogue {code(group.sha256)}"
    yield table(
        ("server", "version", "verdict", *LEVELS, "declared absent", "judged", "suite"), map(_server, group.servers)
    )
    yield area_table(group)
    head = [md(title) for title in group.titles]
    levels = {one["id"]: one["level"] for one in group.first["requirements"]}
    yield table(
        ("requirement", "level", *head),
        [
            (md(id), levels[id], *(_cell(one, id, word) for one, word in zip(group.servers, outcomes, strict=True)))
            for id, outcomes in group.outcomes.items()
        ],
    )
    if group.clients:
        yield "Works with:"
        yield table(("client", *head), [(md(name), *map(_client_cell, row)) for name, row in group.clients.items()])


def _server(server: Column) -> tuple[str, ...]:
    document = server.document
    return (
        f"[{md(words.name(document))}]({server.markdown})",
        md(words.version(document)),
        f"{SYMBOLS[VERDICTS[document['verdict']]]} {document['verdict']}",
        *(words.ratio(document, level) for level in LEVELS),
        absent(document),
        words.date(document),
        md(document["suite"]["version"]),
    )


def _cell(server: Column, id: str, word: str) -> str:
    return f"[{outcome(word)}]({server.markdown}#{md(id)})" if word in NOT_PASSED else outcome(word)


def _client_cell(word: str) -> str:
    return outcome(word) if word else "not tried"


def _older_releases(shown: Iterable[Product]) -> Iterator[str]:
    """Yield a table of the releases before the newest ones, if there are any."""
    rows = [row for product in shown for judged in product.profiles for row in _rows(judged)]
    if rows:
        yield "## Older releases"
        yield table(("server", "version", "profile", "verdict", *LEVELS, "judged", "other than in the newest"), rows)


def _rows(judged: Judged) -> Iterator[tuple[str, ...]]:
    for older in judged.older:
        changed = _changed(older)
        for one in older.releases:
            name, version, verdict, must, should, _, date, _ = _server(one)
            yield name, version, md(one.document["profile"]), verdict, must, should, date, changed


def _changed(older: OlderRelease) -> str:
    names = [f"{md(one['id'])} {outcome(one['outcome'])}" for one in older.changed]
    other_catalogue = "" if older.comparable else " (judged by another catalogue)"
    return (words.some(names, CHANGED_SHOWN) or "nothing") + other_catalogue
