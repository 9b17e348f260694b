"""`report.md`: one report in GitHub's Markdown, with the evidence for what did not pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from conformance.judging.outcomes import INCONCLUSIVE, OUTCOMES
from conformance.report import judged, words
from conformance.report.client_results import same_results
from conformance.report.findings import findings
from conformance.report.judged import Reason
from conformance.report.markdown_text import code, fenced, md, table
from conformance.report.recordings import NO_RECORDINGS, StoredRecordings
from conformance.report.timeline import drawing_or_none
from conformance.report.words import LEVELS, NAMES, SYMBOLS, Document
from conformance.wire.text import cut

MESSAGE_CHARACTERS = 400
"""How many characters of a message are shown."""


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
    yield from ((label.capitalize(), md(text)) for label, text in findings(document))
    if stage := words.stage(document):
        yield "Stage", md(stage)
    if runs := words.own_runs(document):
        yield "Runs", md(runs)
    if words.holds_user_data(document):
        yield "Data", md(words.USER_DATA)
    if words.insecure(document):
        yield "Certificate", "not verified (--insecure)"
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
    found = words.on_their_own(document)
    groups = [_consequences(*group, evidence) for group in words.consequences(document).items()]
    if not evidence:
        return ["\n".join([*(f"- {_heading(one)}" for one in found), *groups])] if found or groups else []
    known = words.known(document)
    parts = [part for one in found for part in _requirement(one, recordings, known)]
    return [_advice(document, recordings), *parts, *groups] if found or groups else []


def _advice(document: Document, recordings: StoredRecordings) -> str:
    evidence = judged.all_evidence(document["requirements"])
    drawn = any(drawing_or_none(recordings.by_file.get(one["recording"])) for one in evidence)
    draws = "`report.html` also draws what happened when. " if drawn else ""
    again = code(words.check_command(document, "CHECK"))
    short = f" {words.REST_OF_EVIDENCE}" if judged.is_short(document["requirements"]) else ""
    return f"{draws}Run one check again: {again}.{short}"


def _consequences(governing: str, members: list[Document], anchors: bool) -> str:
    """Return the requirements that are inconclusive because of another one, as one item of a list or a paragraph."""
    ids = [(f'<a id="{md(one["id"])}"></a>' if anchors else "") + md(one["id"]) for one in members]
    return f"{'' if anchors else '- '}{SYMBOLS[INCONCLUSIVE]} {words.because(md(governing), members)}: {', '.join(ids)}"


def _heading(requirement: Document) -> str:
    below = f" · below {md(requirement['below'])}" if requirement.get("below") else ""
    return f"{outcome(requirement['outcome'])} · {requirement['level']} · {md(requirement['id'])}{below}"


def _requirement(one: Document, recordings: StoredRecordings, known: Mapping[str, str]) -> Iterator[str]:
    """Yield the parts of a requirement, with one piece of evidence if the report holds any for it."""
    yield f'<a id="{md(one["id"])}"></a>'
    yield f"### {_heading(one)}"
    found = [(name, reason) for name, items in judged.failing(one).items() for reason in judged.reasons(items)]
    pieces = [piece for _, reason in found for piece in reason.evidence]
    if pieces:
        yield md(judged.statement(one))
        yield "Source: " + "; ".join(map(md, judged.sources(one)))
    yield "\n".join(_reason(name, reason, judged.details(one, name), known) for name, reason in found)
    if pieces:
        yield from _evidence(pieces[0], recordings)


def _reason(name: str, reason: Reason, details: Document, known: Mapping[str, str]) -> str:
    """Return a list item: the check with the reason why it did not pass, and what is known about that."""
    times = f" ({len(reason.ids)} variants)" if len(reason.ids) > 1 else ""
    lines = [f"- {md(name)}{times}: **{NAMES[reason.outcome]}:** {md(cut(reason.message, MESSAGE_CHARACTERS))}"]
    lines += [f"Listed in the baseline: {md(text)}" for text in judged.listed(reason, known)]
    if reason.evidence and details["acceptable"]:
        lines.append(f"Expected: {md(details['acceptable'])}")
    if reason.evidence and details["cause"]:
        lines.append(f"Likely cause: {md(details['cause'])}")
    return "\\\n  ".join(lines)


def _evidence(one: Document, recordings: StoredRecordings) -> Iterator[str]:
    yield fenced(one["curl"].split("\n"), "sh")
    yield fenced(one["rows"])
    yield f"Recording: {_recording(one['recording'], recordings)}, exchange {md(one['exchange'])}"


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
            ", ".join(map(md, same.titles)),
            outcome(same.result["outcome"]),
            str(same.result["streams"]),
            md(same.result["message"] or "same events as the suite"),
            "; ".join(map(md, same.result["known"])),
        )
        for same in same_results(found)
    ]
    yield table(("client", "outcome", "streams", "result", "known client bugs seen"), rows)
