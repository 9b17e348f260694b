"""What a session found on the server, in words: graphs, modes, forms of requests and paths; and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import catalogue
from conformance.judging.outcomes import FAILED
from conformance.judging.verdict import CONFORMANT
from conformance.report.words import (
    Document,
    check_command,
    missing_graphs,
    not_passed,
    on_their_own,
    selection,
    session_command,
    stage_reached,
    wrong_address,
)
from conformance.settings import DEFAULT_PROFILE
from conformance.wire.text import shortened

SERVER = ("--url", "--target", "--assistant", "--ca-file", "--insecure")
"""The options that name the server, which the command `check` takes too."""
NAMED = 5
"""How many graphs are named if none is missing."""
REASON_CHARACTERS = 200
"""How many characters of a server's reason for refusing something are shown."""


def findings(document: Document) -> Iterator[tuple[str, str]]:
    """Yield what was found, as pairs of a label and a text; nothing for a report that does not say it."""
    found = document.get("found")
    if not found or wrong_address(document) or not any(found["graphs"].values()):
        return
    yield "graphs", _graphs(found["graphs"])
    if found["contract"] is not None:
        yield "contract", f"version {found['contract']} of the reference graphs"
    for label in ("modes", "forms", "paths"):
        if any(found[label].values()):
            yield label, _offer(found[label], found["refused"])
    if found["declare"]:
        words = " ".join(f"--lacks {one}" for one in found["declare"])
        yield "declare", f"{words}, if that is not implemented: all requests for it were refused with the same answer"


def _graphs(graphs: Document) -> str:
    """Return how many graphs are deployed, and which."""
    served, missing = graphs["served"], graphs["missing"]
    total = len(served) + len(missing)
    if not missing:
        return f"all that the checks need are deployed: {', '.join(served) if total <= NAMED else total}"
    here = ", ".join(served) or "none"
    return f"{len(served)} of the {total} that the checks need: {here}; missing: {', '.join(missing)}"


def _offer(capabilities: Document, refused: Document) -> str:
    """Return what is served, and what is not, by the answer that refused it."""
    served = ", ".join(map(_name, capabilities["served"])) or "none"
    reasons: dict[str, list[str]] = {}
    for id in capabilities["missing"]:
        reason = f"refused {shortened(refused[id], REASON_CHARACTERS)}" if id in refused else "not shown"
        reasons.setdefault(reason, []).append(_name(id))
    return "; ".join([f"{served} served", *(f"{', '.join(names)} {reason}" for reason, names in reasons.items())])


def _name(id: str) -> str:
    """Return the name of a capability as the catalogue has it, without the word that all of its group have."""
    known = catalogue.capabilities().get(id)
    return (known.name if known else id).removeprefix("the mode ")


def next_command(document: Document) -> str:
    """Return the one command to run next; empty if nothing is left to do."""
    if wrong_address(document) or document["stopped"]:
        return session_command(document, only=SERVER).replace("lg-conformance run", "lg-conformance check")
    failed = [one for one in on_their_own(document) if one["outcome"] == FAILED]
    if failed:
        return check_command(document, next((one for one in failed if one["level"] == "MUST"), failed[0])["id"])
    if missing_graphs(document):
        return "lg-conformance graphs DIR"
    if inconclusive := not_passed(document):
        return check_command(document, inconclusive[0]["id"])
    return _more(document)


def _more(document: Document) -> str:
    """Return the command that judges more than a session in which nothing failed."""
    known = catalogue.profiles().get(document["profile"])
    reached = stage_reached(document)
    if selection(document):
        whole = not known or not reached or reached >= len(known.stages)
        return session_command(document, *(() if whole else ("--stage", str(reached + 1))))
    if document["verdict"] == CONFORMANT and document["profile"] == DEFAULT_PROFILE:
        return session_command(document, "--profile", "client-safety")
    return ""
