"""What all reports say in the same words: symbols and names of outcomes, counts, the server and what it lacks.

It knows the content of report.json and no output format.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from conformance.judging.outcomes import FAILED, INAPPLICABLE, INCONCLUSIVE, OUTCOMES, PASSED, UNTESTED
from conformance.judging.verdict import CONFORMANT, NOT_CONFORMANT, PARTIAL, VERDICT_INCONCLUSIVE
from conformance.report import judged
from conformance.wire.text import cut

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


LEFT_SHOWN = 10
"""How many requirements that are left of a stage are named."""


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


def insecure(document: Document) -> bool:
    """Return whether the certificate of the server was not verified."""
    return bool(document["target"].get("insecure"))


def long_runs(document: Document) -> list[str]:
    """Return how each stream of the runs of --long went; nothing without that option."""
    found = document["observations"].get("delivery.minutes")
    return [f"{run}: {how}" for run, how in found.items()] if isinstance(found, dict) else []


def unasked_compression(document: Document) -> str:
    """Return how many answers are compressed although nobody asked for it; empty if none is."""
    found = document["observations"].get("transport.content-coding")
    counted = found.get("not accepted") if isinstance(found, dict) else None
    return f"compressed although the requests do not accept it: {counted}; curl shows the bytes" if counted else ""


def selection(document: Document) -> str:
    """Return which part of the profile was selected: `3 of 310 checks`; empty if all of it was."""
    chosen, of = document["selection"]["checks"], document["selection"]["of"]
    return f"{chosen} of {of} checks" if chosen < of else ""


def is_partial(document: Document) -> bool:
    """Return whether anything was deselected or declared absent."""
    return bool(lacks(document) or selection(document))


def known(document: Document) -> dict[str, str]:
    """Return the reasons of the outcomes that the baseline excuses, by the id of the check."""
    groups = (document.get("baseline") or {}).get("known", ())
    return {check: one["reason"] for one in groups for check in one["checks"]}


def session_problems(document: Document) -> list[str]:
    """Return what went wrong in the session: errors of the suite, a wrong URL, an early end, a server that is gone."""
    found = [f"suite error: {error}" for error in document["suite_errors"]]
    if address := wrong_address(document):
        found.append(address)
    if document["stopped"]:
        found.append(str(document["stopped"]))
    elif not document["answered_at_end"]:
        found.append("The server stopped responding; see its log. Everything recorded so far is kept.")
    return found


def wrong_address(document: Document) -> str:
    """Return what shows that the URL is wrong, and what to do; empty if nothing does."""
    return str((document.get("found") or {}).get("wrong_address", ""))


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


def concurrency(document: Document) -> str:
    """Return how many scenarios ran at the same time, and how many were performed again; empty if it is unknown."""
    used = document.get("concurrency")
    if not used:
        return ""
    widths = sorted({used["least"], used["most"]})
    again = len(used["performed_again"])
    repeated = f"; {again} performed again because the server was busy or late" if again else ""
    return f"up to {' to '.join(map(str, widths))} scenarios at the same time (--concurrency {used['given']}){repeated}"


def notes(document: Document) -> list[str]:
    """Return what a reader must know before the outcomes: problems of the session, and missing reference graphs."""
    return [note for note in (*session_problems(document), missing_graphs(document)) if note]


REST_OF_EVIDENCE = (
    "To keep this report small, it shows evidence only for the first requirements. The recordings are complete: "
    "`lg-conformance judge FOLDER --report-dir OTHER` writes the rest into another folder."
)
"""What a page says where a published report left evidence out."""


def not_passed(document: Document) -> list[Document]:
    """Return the requirements that failed, the likely root cause first, then the inconclusive ones, MUST first."""
    found = [one for one in document["requirements"] if one["outcome"] in NOT_PASSED]
    return sorted(found, key=lambda one: (NOT_PASSED.index(one["outcome"]), one.get("rank", 0), _level(one)))


def _level(requirement: Document) -> int:
    return LEVELS.index(requirement["level"])


def consequences(document: Document) -> dict[str, list[Document]]:
    """Return the requirements that are inconclusive only because of another one, by the id of that one."""
    found: dict[str, list[Document]] = {}
    for one in not_passed(document):
        if one.get("because"):
            found.setdefault(one["because"], []).append(one)
    return found


def on_their_own(document: Document) -> list[Document]:
    """Return the requirements that did not pass, without those that are inconclusive because of another one."""
    return [one for one in not_passed(document) if not one.get("because")]


def because(governing: str, members: Sequence[Document]) -> str:
    """Return how many requirements are inconclusive because of another one: `2 requirements are … because of ID`."""
    counted = "1 requirement is" if len(members) == 1 else f"{len(members)} requirements are"
    return f"{counted} inconclusive because of {governing}"


def below(requirement: Document) -> str:
    """Return below which requirement a failed one stands, as words after its id; empty for a root cause."""
    return f" (below {requirement['below']})" if requirement.get("below") else ""


def why(requirement: Document) -> str:
    """Return the message of the first check that has the outcome of its requirement."""
    messages = (judged.message(one) for one in judged.checks(requirement) if one["outcome"] == requirement["outcome"])
    return next(messages, "")


def stages(document: Document) -> list[Document]:
    """Return the stages of the profile that were judged as a whole; empty if it has none."""
    return list(document.get("stages", ()))


def stage_reached(document: Document) -> int:
    """Return the number of the last stage that is reached: nothing is left of it and of those before it; 0 if none."""
    reached = 0
    for one in stages(document):
        if one["left"]:
            break
        reached = int(one["number"])
    return reached


def next_stage(document: Document) -> Document | None:
    """Return the first stage that was judged and is not reached, None if there is none."""
    return next((one for one in stages(document) if one["left"]), None)


def stage(document: Document) -> str:
    """Return the stage that is reached, and how much is left to the next; empty if no stage was judged as a whole."""
    judged_stages = stages(document)
    if not judged_stages:
        return ""
    reached, following = stage_reached(document), next_stage(document)
    name = f"stage {reached} ({judged_stages[reached - 1]['name']}) reached" if reached else "no stage reached"
    if following is None:
        return name
    passed = f"{following['passed']} of {following['of']} MUST passed"
    left = some(following["left"], LEFT_SHOWN)
    return f"{name}; stage {following['number']} ({following['name']}): {passed}, left: {left}"


def some(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many there are beside them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def command(options: Sequence[str], selection: str = "") -> str:
    """Return a session as one shell command; the options must not contain a secret."""
    return shlex.join(["lg-conformance", "run", *options, *(["-k", selection] if selection else [])])


def check_command(document: Document, selection: str) -> str:
    """Return the command that runs one check again, with the options of the session."""
    return session_command(document, "-k", selection)


def session_command(document: Document, *more: str, only: Sequence[str] | None = None) -> str:
    """Return the command of the session without its selection, and with more arguments.

    Its options, those in `only` if that is given, have one value or none.
    """
    try:
        given = shlex.split(document["command"] or "")[2:]
    except ValueError:  # a report from elsewhere
        given = []
    starts = [index for index, word in enumerate(given) if word.startswith("-")]
    groups = [given[start:end] for start, end in pairwise([*starts, len(given)])]
    kept = [group for group in groups if group[0] not in ("-k", "--stage", *more) and (not only or group[0] in only)]
    return shlex.join(["lg-conformance", "run", *(word for group in kept for word in group), *more])


def own_runs(document: Document) -> str:
    """Return which runs were performed instead of the suite's scenarios; empty if those were."""
    found: str = document.get("own_runs", {}).get("summary", "")
    return found


def holds_user_data(document: Document) -> bool:
    """Return whether report and recordings hold what belongs to the users of the server."""
    return bool(document.get("own_runs", {}).get("user_data"))


USER_DATA = "do not publish or archive this report: it and its recordings hold the data of the server's own graphs"


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
