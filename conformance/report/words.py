"""What every report says in the same words: symbols and names of outcomes, counts, the server and what it lacks.

It knows the form of report.json and no output format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, OUTCOMES, PASSED, UNTESTED
from conformance.judging.verdict import CONFORMANT, NOT_CONFORMANT, PARTIAL, VERDICT_INCONCLUSIVE

Document = Mapping[str, Any]
"""The content of a report.json, in the form of schemas/report.schema.json."""

TITLE = "LangGraph streaming API"
LEVELS = ("MUST", "SHOULD")
NOT_PASSED = (FAILED, INCONCLUSIVE)

SYMBOLS = {PASSED: "✓", FAILED: "✗", INCONCLUSIVE: "?", INAPPLICABLE: "–", UNTESTED: "□"}
NAMES = {word: word for word in OUTCOMES} | {INCONCLUSIVE: "cannot tell"}
MEANINGS = {
    PASSED: "every check passed",
    FAILED: "a check failed",
    INCONCLUSIVE: "a prerequisite was missing, so nothing can be said",
    INAPPLICABLE: "the target declares that it lacks this",
    UNTESTED: "not selected, or not run",
}
VERDICTS = {CONFORMANT: PASSED, NOT_CONFORMANT: FAILED, VERDICT_INCONCLUSIVE: INCONCLUSIVE, PARTIAL: INAPPLICABLE}
"""The outcome whose symbol and colour a verdict has."""

KINDS = {
    "values": "values", "updates": "updates", "messages": "messages", "debug": "debug", "custom": "custom",
    "events": "events", "metadata": "metadata", "error": "error", "comment": "comment, heartbeat",
    "other": "another name",
}  # fmt: skip
"""What has a mark of its own in a timeline, by the wire name of its mode, and what it is called."""

MARKS = {
    "asked": "request sent",
    "answered": "head of the answer",
    "complete": "complete",
    "broken": "broken off, or no connection",
    "left": "left by the reader",
    "limit": "closed by a limit of the suite",
    "again": "equal to what another reader had before this one asked",
}
"""What else a timeline shows of an exchange."""

MOST_NAME = 100
"""Characters of the name and of the version that a server may give itself."""


def name(document: Document) -> str:
    """The target's name."""
    return cut(str(document["target"]["name"]), MOST_NAME)


def version(document: Document) -> str:
    """The server's version, or that it does not tell one."""
    return cut(str(document["target"]["version"] or "version not told"), MOST_NAME)


def ratio(document: Document, level: str) -> str:
    """How many requirements of a level passed, of how many: `79/82`."""
    counts = document["summary"][level]
    return f"{counts[PASSED]}/{sum(counts[word] for word in OUTCOMES)}"


def date(document: Document) -> str:
    """The day of the run, YYYY-MM-DD."""
    return str(document["started"][:10])


def moment(document: Document) -> str:
    """Day and time of the run: `2026-01-02 03:04:05 UTC`."""
    started = str(document["started"]).replace("T", " ")
    return started.removesuffix("+00:00") + " UTC" * started.endswith("+00:00")


def lacks(document: Document) -> list[str]:
    """What the target declares to lack."""
    return list(document["target"].get("lacks", ()))


def selection(document: Document) -> str:
    """What part of the profile was selected: `3 of 310 checks`; empty if all of it was."""
    chosen, of = document["selection"]["checks"], document["selection"]["of"]
    return f"{chosen} of {of} checks" if chosen < of else ""


def is_partial(document: Document) -> bool:
    """Whether anything was deselected or declared absent."""
    return bool(lacks(document) or selection(document))


def known(document: Document) -> dict[str, str]:
    """The failures that the baseline lists: id of the check, and the reason."""
    return {one["check"]: one["reason"] for one in (document.get("baseline") or {}).get("known", ())}


def not_passed(document: Document) -> list[Document]:
    """The requirements that failed or cannot be told, the MUSTs first."""
    found = [one for one in document["requirements"] if one["outcome"] in NOT_PASSED]
    return sorted(found, key=lambda one: (LEVELS.index(one["level"]), NOT_PASSED.index(one["outcome"])))


def why(requirement: Document) -> str:
    """What the first check said that made a requirement's outcome."""
    messages = (one["message"] for one in requirement["checks"] if one["outcome"] == requirement["outcome"])
    return str(next(messages, ""))


def areas(requirements: Iterable[Document]) -> dict[str, list[Document]]:
    """Requirements by area, both in the order of the report."""
    found: dict[str, list[Document]] = {}
    for one in requirements:
        found.setdefault(one["id"].partition(".")[0], []).append(one)
    return found


def passed_of(requirements: Iterable[Document]) -> str:
    """How many of these passed: `14/17`."""
    outcomes = [one["outcome"] for one in requirements]
    return f"{outcomes.count(PASSED)}/{len(outcomes)}"


def as_stated(disputed: Document) -> str:
    """Whether the server does as a disputed statement says."""
    word = disputed.get("as_stated")
    return "cannot tell" if word is None else "as stated" if word else "otherwise"


def cut(text: str, most: int) -> str:
    """The text, or its beginning and how long it is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def clients(document: Document) -> list[Document]:
    """What came of each real client that read the same streams; none where none was asked for."""
    return list(document.get("clients", []))


def client(one: Document) -> str:
    """A client's library and version."""
    return f"{one['name']} {one['version']}"


def works_with(document: Document) -> str:
    """The clients that saw in the streams what the suite read."""
    passed = [client(one) for one in clients(document) if one["outcome"] == PASSED]
    return ", ".join(passed) or "none of the clients that were tried"
