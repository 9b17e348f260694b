"""The command `lg-conformance clients`: real clients read recorded streams, and the report gets the results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conformance.clients.examine import examine, merged
from conformance.clients.readers import READERS, named
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import SUFFIX, report_folder_of, source_of
from conformance.judging.outcomes import FAILED, INCONCLUSIVE
from conformance.judging.verdict import BROKEN_MUST, OK, UNSURE
from conformance.replay.replay import recordings_at
from conformance.report.summary import client_line
from conformance.report.write import read_report, write_all
from conformance.session.reproduction import require_recordings


def main(arguments: Sequence[str]) -> int:
    """Let the clients read the streams; return the exit status.  Raises UsageError."""
    chosen = _parser().parse_args(arguments)
    readers = named(chosen.client)
    recordings = recordings_at(chosen.recordings)
    report = _report_beside(chosen.recordings)
    document = read_report(report) if report else None
    if report and document is not None:
        require_recordings(report.parent, document, source_of(chosen.recordings), "move report.json away")
    found = examine(recordings, readers, lambda text: print(text, file=sys.stderr))
    for one in found:
        print(client_line(one))
        for difference in one["evidence"]:
            print(f"         {difference['recording']}, {difference['exchange']}: {difference['message']}")
    if report and document is not None:
        document["clients"] = merged(document.get("clients", []), found)
        write_all(report.parent, document, Redactor())
    words = {one["outcome"] for one in found}
    return BROKEN_MUST if FAILED in words else UNSURE if INCONCLUSIVE in words else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lg-conformance clients",
        description="Play recorded streams to real client libraries, and compare the events that they yield with those "
        "that the suite read. A report beside the recordings is updated with the results.",
        epilog="exit status: 0 all yield the same events · 1 one does not · 2 one cannot be run · 4 wrong usage",
    )
    where = "a report folder, its recordings/ or recordings.tar.xz, or a .jsonl file"
    parser.add_argument("recordings", metavar="RECORDINGS", type=Path, help=where)
    names = ", ".join(one.id for one in READERS)
    parser.add_argument(
        "--client", action="append", default=[], metavar="NAME", help=f"use only this client; known are {names}"
    )
    return parser


def _report_beside(given: Path) -> Path | None:
    """Return the report.json of these recordings, None if there is none or a single recording is given."""
    file = report_folder_of(given.resolve()) / "report.json"
    return file if file.is_file() and given.suffix != SUFFIX else None
