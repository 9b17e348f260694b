"""`report.md`: one report in GitHub's Markdown, with the evidence for what did not pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from conformance.judging.outcomes import OUTCOMES
from conformance.report import words
from conformance.report.markdown_text import code, fenced, md, table
from conformance.report.recordings import NO_RECORDINGS, StoredRecordings
from conformance.report.words import LEVELS, NAMES, NOT_PASSED, SYMBOLS, Document

CHECKS_SHOWN = 3
"""How many checks of one requirement are shown with their evidence; report.html shows all of them."""


def report_md(document: Document, recordings: StoredRecordings = NO_RECORDINGS, *, evidence: bool = True) -> str:
    """Return one report; without `evidence` it only names what did not pass."""
    counts = document["summary"]
    outcomes = [(f"**{one}**", *(str(counts[one][word]) for word in OUTCOMES)) for one in LEVELS]
    parts = [
        f"# {md(words.name(document))} {md(words.version(document))}: {document['verdict']}",
        f"{words.TITLE}, conformance. {_counts(document)}.",
        table(("", ""), _facts(document)),
        *_notes(document),
        "## Summary",
        table(("level", *map(outcome, OUTCOMES)), outcomes),
        "## Not passed",
        *(_not_passed(document, recordings, evidence) or ["None."]),
        *_clients(document),
        *_disputed(document),
    ]
    return "\n\n".join(parts) + "\n"


def outcome(word: str) -> str:
    """Return symbol and name of an outcome."""
    return f"{SYMBOLS[word]} {NAMES[word]}"


def absent(document: Document) -> str:
    """Return what the target declares to lack."""
    return ", ".join(md(one) for one in words.lacks(document)) or "nothing"


def _facts(document: Document) -> Iterator[tuple[str, str]]:
    if selection := words.selection(document):
        yield "Selected", md(selection)
    yield "Declared absent", absent(document)
    if words.clients(document):
        yield "Works with", md(words.works_with(document))
    yield "Judged", md(words.moment(document))
    if used := words.concurrency(document):
        yield "Load", md(used)
    yield "Profile", md(document["profile"])
    yield "Suite", md(document["suite"]["version"])
    yield "Server", md(document["target"]["url"] or "started by the suite")
    yield "Command", md(document["command"] or "unknown")
    yield "Verdict digest", code(document["verdict_digest"])
    yield "Catalogue", code(document["suite"]["catalogue_sha256"])
    yield "Schemas", code(document["suite"]["schemas_sha256"])


def _counts(document: Document) -> str:
    return " · ".join(f"{one} {words.ratio(document, one)}" for one in LEVELS)


def _notes(document: Document) -> Iterator[str]:
    yield from (f"> **Note:** {md(note)}" for note in words.notes(document))


def _not_passed(document: Document, recordings: StoredRecordings, evidence: bool) -> list[str]:
    found = words.not_passed(document)
    if not evidence:
        return ["\n".join(f"- {_heading(one)}" for one in found)] if found else []
    known = words.known(document)
    return [part for one in found for part in _requirement(one, recordings, known)]


def _heading(requirement: Document) -> str:
    return f"{outcome(requirement['outcome'])} · {requirement['level']} · {md(requirement['id'])}"


def _requirement(one: Document, recordings: StoredRecordings, known: Mapping[str, str]) -> Iterator[str]:
    yield f'<a id="{md(one["id"])}"></a>'
    yield f"### {_heading(one)}"
    yield md(one["statement"])
    yield "Source: " + "; ".join(md(source) for source in one["sources"])
    bad = [check for check in one["checks"] if check["outcome"] in NOT_PASSED]
    for check in bad[:CHECKS_SHOWN]:
        yield from _check(check, recordings, known.get(check["id"]))
    if len(bad) > CHECKS_SHOWN:
        yield f"{len(bad) - CHECKS_SHOWN} more of its checks did not pass; report.html shows them."


def _check(check: Document, recordings: StoredRecordings, reason: str | None) -> Iterator[str]:
    yield f"**{NAMES[check['outcome']]}:** {md(check['message'])}"
    yield f"Check {md(check['id'])}, scenario {md(check['scenario'])}"
    if reason is not None:
        yield f"Listed in the baseline: {md(reason)}"
    if check.get("acceptable"):
        yield f"Expected: {md(check['acceptable'])}"
    if check.get("cause"):
        yield f"Likely cause: {md(check['cause'])}"
    for one in check["evidence"]:
        yield fenced([one["curl"]], "sh")
        yield fenced(one["rows"])
        yield f"Recording: {_recording(one['recording'], recordings)}, exchange {md(one['exchange'])}"
    if check.get("command"):
        yield fenced([check["command"]], "sh")


def _recording(file: str, recordings: StoredRecordings) -> str:
    """Return a link to a recording or to the archive that holds it, or its path if it is not there."""
    path = md(f"recordings/{file}")
    if file not in recordings:
        return path
    if recordings.archive:
        return f"{code(file)} in [{md(recordings.archive)}]({quote(recordings.archive, safe='')})"
    return f"[{path}](recordings/{quote(file, safe='')})"


def _disputed(document: Document) -> Iterator[str]:
    if not document["disputed"]:
        return
    yield "## Disputed"
    yield (
        "Statements of the specification that no official server follows. "
        "They count neither towards the summary nor towards the verdict."
    )
    rows = [(md(one["id"]), md(one.get("statement", "")), words.as_stated(one)) for one in document["disputed"]]
    yield table(("id", "statement", "this server follows it"), rows)


def _clients(document: Document) -> Iterator[str]:
    found = words.clients(document)
    if not found:
        return
    yield "## Clients"
    yield "The recorded streams, read by real client libraries. Each must yield the same events as the suite read."
    rows = [
        (
            md(words.client_title(one)),
            outcome(one["outcome"]),
            str(one["streams"]),
            md(one["message"] or "same events as the suite"),
            "; ".join(map(md, one["known"])),
        )
        for one in found
    ]
    yield table(("client", "outcome", "streams", "result", "known client bugs seen"), rows)
