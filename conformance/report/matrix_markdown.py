"""`matrix.md`: requirement × server in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.report import words
from conformance.report.markdown import absent, outcome
from conformance.report.markdown_text import code, md, table
from conformance.report.matrix import NOTICE, Column, Group, groups
from conformance.report.words import LEVELS, NOT_PASSED, SYMBOLS, VERDICTS


def matrix_md(servers: Sequence[Column]) -> str:
    """Return the comparison of servers, with a table for each group of comparable servers."""
    found = groups(servers)
    notice = [f"> **Note:** {NOTICE.format(len(found))}"] if len(found) > 1 else []
    parts = [f"# {words.TITLE}: compatibility", *notice, *(part for one in found for part in _group(one))]
    return "\n\n".join(parts) + "\n"


def _group(group: Group) -> Iterator[str]:
    yield f"## Profile {md(group.profile)}"
    yield f"Catalogue {code(group.sha256)}"
    yield table(
        ("server", "version", "verdict", *LEVELS, "declared absent", "judged", "suite"), map(_server, group.servers)
    )
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
