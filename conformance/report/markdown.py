"""`report.md` and `matrix.md`: the same as the pages, in GitHub's Markdown.

Whatever a server sent stands in it as text: it cannot end a cell or a fence, nor become HTML, a link or a formula.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from conformance.judging.outcomes import OUTCOMES
from conformance.report import words
from conformance.report.matrix import NOTICE, Group, Server, groups
from conformance.report.words import LEVELS, NAMES, NOT_PASSED, SYMBOLS, VERDICTS, Document
from conformance.wire.text import printable

_ENTITIES = {ord(char): f"&#{ord(char)};" for char in "\\|`<>&$@"}
_ESCAPES = {ord(char): f"\\{char}" for char in "*_[]#~!"}
"""An entity where a backslash would not do, in a cell or a formula; else what people read best."""

CHECKS_SHOWN = 3
"""How many checks of one requirement are shown with their evidence; the page shows all."""


def md(value: object) -> str:
    """The value as text that is only text, also in a cell of a table; on one line."""
    shown = printable(str(value)).translate(_ENTITIES | _ESCAPES)
    return shown.replace("://", "&#58;//").replace("www.", "www&#46;")


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """The lines as a block of code whose fence none of them can close."""
    content = "\n".join(printable(line) for line in lines)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", content))])
    return f"{fence}{language}\n{content}\n{fence}"


def report_md(document: Document, recordings: Collection[str] = (), *, evidence: bool = True) -> str:
    """One report; `recordings` are the files in `recordings/` beside it, without `evidence` it is short."""
    counts = document["summary"]
    outcomes = [(f"**{one}**", *(str(counts[one][word]) for word in OUTCOMES)) for one in LEVELS]
    parts = [
        f"# {md(words.name(document))} {md(words.version(document))}: {document['verdict']}",
        f"{words.TITLE}, conformance. {_counts(document)}.",
        table(("", ""), _facts(document)),
        "## Summary",
        table(("level", *(f"{SYMBOLS[word]} {NAMES[word]}" for word in OUTCOMES)), outcomes),
        "## Not passed",
        *(_not_passed(document, recordings, evidence) or ["Nothing."]),
        *_clients(document),
        *_disputed(document),
    ]
    return "\n\n".join(parts) + "\n"


def matrix_md(servers: Sequence[Server]) -> str:
    """Requirement × server, in as many tables as there are catalogues."""
    tables = groups(servers)
    notice = [f"> **Note:** {NOTICE.format(len(tables))}"] if len(tables) > 1 else []
    parts = [f"# {words.TITLE}: compatibility", *notice, *(part for one in tables for part in _group(one))]
    return "\n\n".join(parts) + "\n"


def _facts(document: Document) -> Iterator[tuple[str, str]]:
    if selection := words.selection(document):
        yield "Selected", md(selection)
    yield "Declared absent", _absent(document)
    if words.clients(document):
        yield "Works with", md(words.works_with(document))
    if document.get("stopped"):
        yield "Ended early", md(document["stopped"])
    yield "Judged", md(words.moment(document))
    yield "Profile", md(document["profile"])
    yield "Suite", md(document["suite"]["version"])
    yield "Server", md(document["target"]["url"] or "started by the suite")
    yield "Command", md(document["command"] or "not told")
    yield "Verdict digest", f"`{printable(document['verdict_digest'])}`"
    yield "Catalogue", f"`{printable(document['suite']['catalogue_sha256'])}`"
    yield "Schemas", f"`{printable(document['suite']['schemas_sha256'])}`"


def _counts(document: Document) -> str:
    return " · ".join(f"{one} {words.ratio(document, one)}" for one in LEVELS)


def _absent(document: Document) -> str:
    return ", ".join(md(one) for one in words.lacks(document)) or "nothing"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])


def _not_passed(document: Document, recordings: Collection[str], evidence: bool) -> list[str]:
    found = words.not_passed(document)
    if not evidence:
        return ["\n".join(f"- {_named(one)}" for one in found)] if found else []
    known = words.known(document)
    return [part for one in found for part in _requirement(one, recordings, known)]


def _named(one: Document) -> str:
    return f"{SYMBOLS[one['outcome']]} {NAMES[one['outcome']]} · {one['level']} · {md(one['id'])}"


def _requirement(one: Document, recordings: Collection[str], known: Mapping[str, str]) -> Iterator[str]:
    yield f'<a id="{md(one["id"])}"></a>'
    yield f"### {_named(one)}"
    yield md(one["statement"])
    yield "Source: " + "; ".join(md(source) for source in one["sources"])
    bad = [check for check in one["checks"] if check["outcome"] in NOT_PASSED]
    for check in bad[:CHECKS_SHOWN]:
        yield from _check(check, recordings, known.get(check["id"]))
    if len(bad) > CHECKS_SHOWN:
        yield f"And {len(bad) - CHECKS_SHOWN} more of its checks."


def _check(check: Document, recordings: Collection[str], reason: str | None) -> Iterator[str]:
    yield f"**{NAMES[check['outcome']]}:** {md(check['message'])}"
    yield f"Check {md(check['id'])}, scenario {md(check['scenario'])}"
    if reason is not None:
        yield f"Listed in the baseline: {md(reason)}"
    if check.get("acceptable"):
        yield f"Acceptable: {md(check['acceptable'])}"
    if check.get("cause"):
        yield f"Likely cause: {md(check['cause'])}"
    for one in check["evidence"]:
        yield fenced([one["curl"]], "sh")
        yield fenced(one["rows"])
        path = md(f"recordings/{one['recording']}")
        there = one["recording"] in recordings
        link = f"[{path}](recordings/{quote(one['recording'], safe='')})" if there else path
        yield f"Recording: {link}, exchange {md(one['exchange'])}"
    if check.get("command"):
        yield fenced([check["command"]], "sh")


def _disputed(document: Document) -> Iterator[str]:
    if not document["disputed"]:
        return
    yield "## Disputed"
    yield "Where the specification says one thing and every official server does another; outside summary and verdict."
    rows = [(md(one["id"]), md(one.get("statement", "")), words.as_stated(one)) for one in document["disputed"]]
    yield table(("statement", "says", "the server does"), rows)


def _clients(document: Document) -> Iterator[str]:
    found = words.clients(document)
    if not found:
        return
    yield "## Clients"
    yield "What real clients see in the same streams, compared with what the suite read."
    rows = [
        (
            md(words.client(one)),
            f"{SYMBOLS[one['outcome']]} {NAMES[one['outcome']]}",
            str(one["streams"]),
            md(one["message"]),
            "; ".join(map(md, one["known"])),
        )
        for one in found
    ]
    yield table(("client", "outcome", "streams", "", "known bugs of the client that were seen"), rows)


def _client_cell(word: str) -> str:
    return f"{SYMBOLS[word]} {NAMES[word]}" if word else "not tried"


def _group(group: Group) -> Iterator[str]:
    yield f"## Judged by profile {md(group.profile)}"
    yield f"Catalogue `{printable(group.sha256)}`"
    yield table(
        ("server", "version", "verdict", *LEVELS, "declared absent", "judged", "suite"),
        [
            (
                f"[{md(words.name(one.document))}]({one.markdown})",
                md(words.version(one.document)),
                f"{SYMBOLS[VERDICTS[one.document['verdict']]]} {one.document['verdict']}",
                *(words.ratio(one.document, level) for level in LEVELS),
                _absent(one.document),
                words.date(one.document),
                md(one.document["suite"]["version"]),
            )
            for one in group.servers
        ],
    )
    head = [f"{md(words.name(one.document))} {md(words.version(one.document))}" for one in group.servers]
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


def _cell(server: Server, id: str, word: str) -> str:
    shown = f"{SYMBOLS[word]} {NAMES[word]}"
    return f"[{shown}]({server.markdown}#{md(id)})" if word in NOT_PASSED else shown
