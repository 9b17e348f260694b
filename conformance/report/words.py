"""What all reports say in the same words: symbols and names of outcomes, counts, the server and what it lacks.

It knows the content of report.json and no output format.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, OUTCOMES, PASSED, UNTESTED
from conformance.judging.verdict import CONFORMANT, NOT_CONFORMANT, PARTIAL, VERDICT_INCONCLUSIVE
from conformance.report import judged

Document = Mapping[str, Any]
"""The content of a report.json, as schemas/report.schema.json describes it."""

TITLE = "LangGraph streaming API"
LEVELS = ("MUST", "SHOULD")
NOT_PASSED = (FAILED, INCONCLUSIVE)

SYMBOLS = {PASSED: "✓", FAILED: "✗", INCONCLUSIVE: "?", INAPPLICABLE: "–", UNTESTED: "□"}
NAMES = {word: word for word in OUTCOMES} | {INCONCLUSIVE: "inconclusive"}
MEANINGS = {
    PASSED: "every check passed",
    FAILED: "a check failed",
    INCONCLUSIVE: "nothing could be judged, because a prerequisite was missing",
    INAPPLICABLE: "the target declares that it lacks this",
    UNTESTED: "not selected, or not judged",
}
VERDICTS = {CONFORMANT: PASSED, NOT_CONFORMANT: FAILED, VERDICT_INCONCLUSIVE: INCONCLUSIVE, PARTIAL: INAPPLICABLE}
"""The outcome whose symbol and colour a verdict has."""

KINDS = {
    "values": "values", "updates": "updates", "messages": "messages", "debug": "debug", "custom": "custom",
    "events": "events", "metadata": "metadata", "error": "error", "comment": "comment (heartbeat)",
    "other": "any other event name",
}  # fmt: skip
"""The marks of a timeline for what a stream carries: the wire name of the mode, and how the legend names it."""

MARKS = {
    "sent": "request sent",
    "answered": "response headers received",
    "complete": "stream complete",
    "broken": "connection broken or refused",
    "left": "closed by the reader",
    "limit": "closed by a limit of the suite",
    "repeated": "repeats an event that another reader received before this reader joined",
}
"""The other marks of a timeline."""

NAME_CHARACTERS = 100
"""How many characters of the name and of the version of a server are shown."""


def name(document: Document) -> str:
    """Return the target's name."""
    return cut(str(document["target"]["name"]), NAME_CHARACTERS)


def version(document: Document) -> str:
    """Return the server's version, or `version unknown`."""
    return cut(str(document["target"]["version"] or "version unknown"), NAME_CHARACTERS)


def ratio(document: Document, level: str) -> str:
    """Return how many of the requirements of a level passed: `79/82`."""
    counts = document["summary"][level]
    return f"{counts[PASSED]}/{sum(counts[word] for word in OUTCOMES)}"


def date(document: Document) -> str:
    """Return the day of the session: `2026-01-02`."""
    return str(document["started"][:10])


def moment(document: Document) -> str:
    """Return day and time of the session: `2026-01-02 03:04:05 UTC`."""
    started = str(document["started"]).replace("T", " ")
    return started.removesuffix("+00:00") + " UTC" * started.endswith("+00:00")


def lacks(document: Document) -> list[str]:
    """Return what the target declares to lack."""
    return list(document["target"].get("lacks", ()))


def selection(document: Document) -> str:
    """Return which part of the profile was selected: `3 of 310 checks`; empty if all of it was."""
    chosen, of = document["selection"]["checks"], document["selection"]["of"]
    return f"{chosen} of {of} checks" if chosen < of else ""


def is_partial(document: Document) -> bool:
    """Return whether anything was deselected or declared absent."""
    return bool(lacks(document) or selection(document))


def known(document: Document) -> dict[str, str]:
    """Return the reasons of the failures that the baseline lists, by the id of the check."""
    groups = (document.get("baseline") or {}).get("known", ())
    return {check: one["reason"] for one in groups for check in one["checks"]}


def session_problems(document: Document) -> list[str]:
    """Return what went wrong in the session: errors of the suite, an early end, a server that stopped responding."""
    found = [f"suite error: {error}" for error in document["suite_errors"]]
    if document["stopped"]:
        found.append(str(document["stopped"]))
    elif not document["answered_at_end"]:
        found.append("The server stopped responding; see its log. Everything recorded so far is kept.")
    return found


def missing_graphs(document: Document) -> str:
    """Return which reference graphs are not deployed, and what to do; empty if all are."""
    graphs = document["missing_graphs"]
    if not graphs:
        return ""
    affected = len({id for ids in graphs.values() for id in ids})
    named = f"graph {next(iter(graphs))} is" if len(graphs) == 1 else f"graphs {', '.join(graphs)} are"
    because = f"because the reference {named} not deployed (no request for them was accepted)"
    fix = "deploy them (`lg-conformance graphs DIR`), or give their names with `--assistant GRAPH=NAME`"
    return f"{affected} requirements are inconclusive {because}; {fix}"


def notes(document: Document) -> list[str]:
    """Return what a reader must know before the outcomes: problems of the session, and missing reference graphs."""
    return [note for note in (*session_problems(document), missing_graphs(document)) if note]


REST_OF_EVIDENCE = (
    "To keep this report small, it shows evidence only for the first requirements. The recordings are complete: "
    "`lg-conformance judge FOLDER --report-dir OTHER` writes the rest into another folder."
)
"""What a page says where a published report left evidence out."""


def not_passed(document: Document) -> list[Document]:
    """Return the requirements that failed or are inconclusive; MUST comes before SHOULD."""
    found = [one for one in document["requirements"] if one["outcome"] in NOT_PASSED]
    return sorted(found, key=lambda one: (LEVELS.index(one["level"]), NOT_PASSED.index(one["outcome"])))


def why(requirement: Document) -> str:
    """Return the message of the first check that has the outcome of its requirement."""
    messages = (judged.message(one) for one in judged.checks(requirement) if one["outcome"] == requirement["outcome"])
    return next(messages, "")


def command(options: Sequence[str], selection: str = "") -> str:
    """Return a session as one shell command; the options must not contain a secret."""
    return shlex.join(["lg-conformance", "run", *options, *(["-k", selection] if selection else [])])


def check_command(document: Document, selection: str) -> str:
    """Return the command that runs one check again, with the options of the session."""
    try:
        given = shlex.split(document["command"] or "lg-conformance run")
    except ValueError:  # a report from elsewhere
        return command((), selection)
    return shlex.join([*(given[: given.index("-k")] if "-k" in given else given), "-k", selection])


def areas(requirements: Iterable[Document]) -> dict[str, list[Document]]:
    """Return requirements by area, both in the order of the report."""
    found: dict[str, list[Document]] = {}
    for one in requirements:
        found.setdefault(one["id"].partition(".")[0], []).append(one)
    return found


def passed_of(requirements: Iterable[Document]) -> str:
    """Return how many of the requirements passed: `14/17`."""
    outcomes = [one["outcome"] for one in requirements]
    return f"{outcomes.count(PASSED)}/{len(outcomes)}"


def as_stated(disputed: Document) -> str:
    """Return whether the server does what a disputed statement says: yes, no or inconclusive."""
    follows = disputed.get("as_stated")
    return NAMES[INCONCLUSIVE] if follows is None else "yes" if follows else "no"


def cut(text: str, limit: int) -> str:
    """Return the text cut to `limit` characters; a cut text says how long it was."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def clients(document: Document) -> list[Document]:
    """Return the result of each real client that read the recorded streams; empty if none was asked for."""
    return list(document.get("clients", []))


def client_title(client: Document) -> str:
    """Return name and version of a client library."""
    return f"{client['name']} {client['version']}"


def works_with(document: Document) -> str:
    """Return the clients that read the same events as the suite."""
    passed = [client_title(one) for one in clients(document) if one["outcome"] == PASSED]
    return ", ".join(passed) or "none of the clients that were tried"
