"""The command `lg-conformance verify`: judges the recordings of reports again, and compares the verdicts.

It writes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import suite
from conformance.authoring.views import SessionRecordings
from conformance.evidence.recording import Recording
from conformance.evidence.source import read_recordings, recording_digests, session_description, source_of
from conformance.judging.applicability import missing_for_item
from conformance.judging.items import Item, items_of
from conformance.judging.judge import SuiteError, judge
from conformance.judging.outcomes import INAPPLICABLE, UNTESTED
from conformance.judging.verdict import BROKEN_MUST, OK
from conformance.report.attribution import verdict_digest
from conformance.report.judged import checks
from conformance.report.write import read_report, report_file
from conformance.session.scenarios import judged
from conformance.settings import UsageError
from conformance.wire.text import printable

SAME = "same"


@dataclass(frozen=True)
class Verified:
    """One report, judged again: the number of checks that were compared, their digest, and what was found."""

    name: str
    compared: int
    digest: str
    found: str


def main(arguments: Sequence[str]) -> int:
    """Print a table with a line for each report; return the exit status.  Raises UsageError."""
    chosen = _parser().parse_args(arguments)
    width = max(len(printable(path.name)) for path in chosen.reports)
    print(f"{'report':<{width}}  checks  {'verdict digest':<64}  judged again")
    words = []
    for path in chosen.reports:
        one = verified(path)
        words.append(one.found)
        print(f"{printable(one.name):<{width}}  {one.compared:>6}  {one.digest}  {one.found}", flush=True)
    same = sum(word.startswith(SAME) for word in words)
    print(f"{same} of {len(words)} reports reproduced")
    return OK if same == len(words) else BROKEN_MUST


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lg-conformance verify",
        description="Judge the recordings of reports again, and compare every outcome with the report. Nothing is "
        "written.",
        epilog="exit status: 0 every outcome is the same · 1 one is not · 4 wrong usage",
    )
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="a report folder with its recordings")
    return parser


def verified(folder: Path) -> Verified:
    """Return what judging the recordings of a report folder again gives; raises UsageError."""
    document = read_report(report_file(folder))
    published = {one["id"]: one["outcome"] for row in document["requirements"] for one in checks(row)}
    found = dict(_outcomes(folder, document, published))
    known = [id for id in published if id in found]
    digests = [verdict_digest(document["profile"], ((id, words[id]) for id in known)) for words in (published, found)]
    return Verified(folder.name, len(known), digests[1], _difference(folder, document, published, found, digests))


def _outcomes(folder: Path, document: Mapping[str, Any], published: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the outcome of every check that the report and this suite know."""
    source = source_of(folder)
    try:
        recordings = judged(one for one in read_recordings(source) if one.stopped != Recording.stopped)
        lacks = document["target"].get("lacks", ())
        session = SessionRecordings(recordings, session_description(source)["stopped"], lacks)
    except (OSError, KeyError, ValueError) as problem:
        raise UsageError(
            f"{printable(str(folder))}: its recordings cannot be read: {printable(str(problem))}"
        ) from None
    for check in suite.load().checks:
        for item in items_of(check):
            if item.id in published:
                yield item.id, UNTESTED if published[item.id] == UNTESTED else _outcome(item, session)


def _outcome(item: Item, session: SessionRecordings) -> str:
    if missing_for_item(item, session.lacks) is not None:
        return INAPPLICABLE
    try:
        return judge(item, session).word
    except SuiteError:
        return UNTESTED


def _difference(
    folder: Path, document: Mapping[str, Any], published: Mapping[str, str], found: Mapping[str, str],
    digests: Sequence[str],
) -> str:  # fmt: skip
    """Return in words whether the outcomes are those of the report, and why not if they are not."""
    recorded = recording_digests(source_of(folder))
    if (missing := document["recordings"]["files"] - recorded["files"]) > 0:
        return f"not reproduced: {missing} of {document['recordings']['files']} recordings are missing"
    if recorded != document["recordings"]:
        return "not reproduced: the recordings are not those of the report"
    if digests[0] != digests[1]:
        return f"different: {sum(published[id] != word for id, word in found.items())} checks"
    gone = len(published) - len(found)
    return f"{SAME}, but this suite does not contain {gone} of the checks" if gone else SAME
