"""The commands that compare reports: two reports of one server, or several servers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from conformance.judging.verdict import BROKEN_MUST, OK
from conformance.settings import UsageError


def matrix(arguments: Sequence[str]) -> int:
    """Write the pages that compare servers; return the exit status; raises UsageError."""
    from conformance.report.write import write_matrix

    parser = argparse.ArgumentParser(
        "lg-conformance matrix",
        description="Compare servers by their reports: write matrix.html and matrix.md, requirements × servers. Of "
        "several releases of a server the newest is compared, and the older ones are folded under it.",
    )
    parser.add_argument(
        "reports",
        nargs="+",
        type=Path,
        metavar="REPORT",
        help="a report folder or its report.json",
    )
    parser.add_argument(
        "--output", type=Path, default=Path(), metavar="DIR", help="folder of the pages (default: the current folder)"
    )
    chosen = parser.parse_args(arguments)
    for page in write_matrix(chosen.reports, chosen.output):
        print(page)
    return OK


def diff(arguments: Sequence[str]) -> int:
    """Print what changed between two reports; return the exit status; raises UsageError."""
    from conformance.report import compare
    from conformance.report.write import read_report, report_file

    parser = argparse.ArgumentParser(
        "lg-conformance diff",
        description="Compare two reports of one server: which requirements are fixed, broken, changed or new. "
        "A check that passed and was selected again is broken if it failed, is inconclusive or was not judged.",
        epilog="exit status: 0 nothing broke · 1 something broke · 4 wrong usage, or no check is in both reports",
    )
    parser.add_argument("old", type=Path, metavar="OLD", help="a report folder or its report.json")
    parser.add_argument("new", type=Path, metavar="NEW", help="the same of a later session")
    parser.add_argument(
        "--format", default="text", choices=("text", "md", "json"), help="text, Markdown or JSON (default: text)"
    )
    chosen = parser.parse_args(arguments)
    old, new = (read_report(report_file(path)) for path in (chosen.old, chosen.new))
    if not compare.compared(old, new):
        raise UsageError(f"{chosen.old} and {chosen.new} have no selected check in common, so nothing can be compared")
    found = compare.changes(old, new)
    if chosen.format == "text":
        print("\n".join(compare.lines(old, new, found)))
    else:
        print((compare.markdown if chosen.format == "md" else compare.as_json)(old, new, found).rstrip())
    return BROKEN_MUST if any(one.kind == compare.BROKEN for one in found) else OK
