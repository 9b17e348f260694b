"""The command `lg-conformance clients`: real clients read stored streams; the report is made again with the result."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.clients.examine import examine
from conformance.clients.readers import READERS, named
from conformance.evidence.redaction import Redactor
from conformance.judging.outcomes import FAILED, INCONCLUSIVE
from conformance.judging.verdict import BROKEN_MUST, UNSURE
from conformance.replay.replay import recordings_at
from conformance.report.terminal import client_line
from conformance.report.write import read_report, write_all


def main(arguments: Sequence[str]) -> int:
    """Have the clients read; return the exit status; raises UsageError."""
    chosen = _parser().parse_args(arguments)
    readers = named(chosen.client)
    recordings = recordings_at(chosen.recordings)
    report = _report_beside(chosen.recordings)
    document = read_report(report) if report else None
    found = examine(recordings, readers, lambda text: print(text, file=sys.stderr))
    for one in found:
        print(client_line(one))
        print(
            "".join(
                f"         {line['recording']}, {line['exchange']}: {line['message']}\n" for line in one["evidence"]
            ),
            end="",
        )
    if report and document is not None:
        document["clients"] = _merged(document.get("clients", []), found)
        write_all(report.parent, document, Redactor())
    words = {one["outcome"] for one in found}
    return BROKEN_MUST if FAILED in words else UNSURE if INCONCLUSIVE in words else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lg-conformance clients",
        description="Play stored streams back to real clients and compare what they see with what the suite read. "
        "A report beside the recordings is made again, with the result.",
        epilog="exit status: 0 all see the same · 1 one does not · 2 one cannot be run · 4 wrong usage",
    )
    what = "a report folder, its recordings/, or a .jsonl file"
    parser.add_argument("recordings", metavar="RECORDINGS", type=Path, help=what)
    there = ", ".join(one.id for one in READERS)
    parser.add_argument("--client", action="append", default=[], metavar="NAME", help=f"these alone, of {there}")
    return parser


def _report_beside(path: Path) -> Path | None:
    folder = path.parent if path.resolve().name == "recordings" else path
    file = folder / "report.json"
    return file if path.is_dir() and file.is_file() else None


def _merged(old: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """The new results in the place of old ones of the same clients."""
    found = {(one["name"], one["version"]): one for one in [*old, *new]}
    return list(found.values())
