"""Measures how often a likely cause is named, and whether a good server contradicts it: `python -m tests.causes`.

With report folders as arguments it measures those; otherwise the faults, and the published reports of the servers
that are not the official Python one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance import catalogue
from conformance.authoring.registry import Fault
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Exchange
from conformance.evidence.source import read_recordings, session_description, source_of
from conformance.faults.proof import looks_at, rewritten
from conformance.judging.causes import likely_cause
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED, Failure, Outcome

from . import golden

REPORTS = Path(__file__).parents[1] / "reports"
OFFICIAL = "langgraph-dev-"
"""How the folders of the official Python server begin."""
RIGHT = 0.9
"""The least share of faults whose report is silent, or names only what a good server contradicts."""
NAMED = 0.6
"""The least share of the failures of other servers whose cause is named."""


@dataclass(frozen=True)
class Cause:
    """A failed check of a server, and the name and text of its likely cause; both empty if none is named."""

    server: str
    item: str
    message: str
    name: str = ""
    text: str = ""
    true: bool = True
    """Whether the same does not hold of the good server as well; unknown, and so true, without that server."""


def of_a_fault(fault: Fault, items: Iterable[Item], good: SessionRecordings) -> Iterator[Cause]:
    """Yield the causes of the failures of a fault's own requirement, found without knowledge of any fault."""
    session, touched = rewritten(fault, good)
    for item in items:
        if item.check.requirement == fault.requirement and looks_at(item, touched):
            outcome = judge(item, session)
            if outcome.word == FAILED:
                found = _cause(fault.name, item, outcome, session)
                yield replace(found, true=not found.name or not _holds_of(good, found, item, outcome))


def of_a_report(folder: Path) -> Iterator[Cause]:
    """Yield the causes of the failures in a report folder, judged again."""
    source = source_of(folder)
    description = session_description(source)
    session = SessionRecordings(read_recordings(source), description.get("stopped"))
    profile = catalogue.profile(description["profile"])
    for item in golden.table_items().values():
        if item.check.requirement in profile.requirements and (outcome := judge(item, session)).word == FAILED:
            yield _cause(folder.name, item, outcome, session)


def _cause(server: str, item: Item, outcome: Outcome, session: SessionRecordings) -> Cause:
    found = likely_cause(item.check.requirement, outcome, session)
    name, text = (found[0].name, found[1]) if found is not None else ("", "")
    return Cause(server, item.id, outcome.message, name, text)


def _holds_of(good: SessionRecordings, cause: Cause, item: Item, outcome: Outcome) -> bool:
    """Return whether the good server's exchange has the same cause as the faulty one's.

    What differs from the expected value is the faulty server's alone, and is left out.
    """
    assert outcome.failure is not None
    recording = good.recordings[outcome.failure.recording.variant]
    index = outcome.failure.recording.exchanges.index(outcome.failure.exchange)
    exchange: Exchange = recording.exchanges[index]
    event = outcome.failure.event
    same = next((one for one in exchange.events if event is not None and one.position == event.position), None)
    failure = Failure(recording, exchange, same)
    found = likely_cause(item.check.requirement, replace(outcome, failure=failure), good)
    return found is not None and found[1] == cause.text


def of_the_faults() -> dict[str, list[Cause]]:
    """Return the causes of every fault's own failures, by its name."""
    good, outcomes = golden.table(), golden.outcomes()
    items = [item for id, item in golden.table_items().items() if outcomes[id].word == "passed"]
    return {fault.name: list(of_a_fault(fault, items, good)) for fault in golden.registry().faults}


def others() -> list[Path]:
    """Return the published reports of the servers that are not the official Python one."""
    return sorted(one.parent for one in REPORTS.glob("*/report.json") if not one.parent.name.startswith(OFFICIAL))


def main(folders: Sequence[str]) -> int:
    """Print what is measured; return 1 if too little is named or too much is contradicted."""
    enough = True
    if not folders:
        faults = of_the_faults()
        right = sum(all(cause.true for cause in causes) for causes in faults.values())
        silent = sum(not any(cause.name for cause in causes) for causes in faults.values())
        print(f"{len(faults)} faults: {right} silent or not contradicted by the good server, {silent} of them silent")
        for name, causes in faults.items():
            for cause in causes:
                if not cause.true:
                    print(f"  contradicted: {name}, {cause.item}: {cause.text}")
        enough = right >= RIGHT * len(faults)
    measured = [list(of_a_report(folder)) for folder in ([Path(one) for one in folders] or others())]
    for causes in filter(None, measured):
        _print_server(causes, in_full=bool(folders))
    total = [cause for causes in measured for cause in causes]
    named = sum(bool(cause.name) for cause in total)
    print(f"other servers: the causes of {named} of {len(total)} failures are named")
    return 0 if enough and named >= NAMED * len(total) else 1


def _print_server(causes: list[Cause], in_full: bool) -> None:
    named = [cause for cause in causes if cause.name]
    print(f"{causes[0].server}: {len(named)} of {len(causes)} failures")
    for cause in causes if in_full else ():
        print(f"  {cause.item}: {cause.message}\n    {cause.text or '(nothing is named)'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
