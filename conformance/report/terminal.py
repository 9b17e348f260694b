"""What a run says on the terminal: a progress line while recording, and the result by area at the end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..judge import CANNOT_TELL, FAILED, INAPPLICABLE, PASSED, UNTESTED, printable
from ..verdict import CONFORMANT, Verified, summary
from .words import Document, client, clients, known, not_passed, selection, why

if TYPE_CHECKING:
    from ..session import Session

_MARKS = {PASSED: "■", FAILED: "✗", CANNOT_TELL: "?", INAPPLICABLE: "–", UNTESTED: "□"}
_COLOURS = {FAILED: "red", CANNOT_TELL: "yellow", PASSED: "green"}
LINE = 120
"""The least that a line about a requirement is cut to."""


class Progress:
    """One line, rewritten on a terminal: how far the recording is, and what is still awaited."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._tty = bool(getattr(writer, "_file", None) and writer._file.isatty())
        self._done = self._total = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tty:
            self._writer.write("\r" + " " * (self._writer.fullwidth - 1) + "\r")
        if self._total:
            self._writer.line(f"recorded {self._done} of {self._total} scenarios")

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self._writer.line(printable(text))
        self._writer.flush()

    def __call__(self, done: int, total: int, awaited: Sequence[str]) -> None:
        """Take the state of the recording."""
        self._done, self._total = done, total
        if self._tty:
            waiting = ", ".join(awaited[:3]) + (" …" if len(awaited) > 3 else "")
            line = f"recording {done}/{total}" + (f" · waiting for {waiting}" if waiting else "")
            self._writer.write("\r" + line[: self._writer.fullwidth - 1].ljust(self._writer.fullwidth - 1))
            self._writer.flush()


def summarise(reporter: Any, session: Session, cwd: Path) -> None:
    """Write the outcomes by area, what is stale, and the verdict."""
    outcomes = session.outcomes
    counts = summary(outcomes)
    reporter.section("conformance", "=")
    areas = [list(members) for _, members in groupby(outcomes, key=lambda one: one.requirement.area)]
    for members in areas:
        if any(one.outcome != UNTESTED for one in members):
            _area(reporter, members)
    stopped = session.run_json["stopped"]
    told = {one.outcome for one in outcomes} - {CANNOT_TELL, UNTESTED, INAPPLICABLE}
    graphs, explained = session.not_deployed
    for found in not_passed(session.report) if told or not stopped else ():
        if found["id"] not in explained:
            _named(reporter, found, known(session.report))
    if graphs:
        ways = "deploy them (`lg-conformance graphs DIR`), or say their names with `--assistant GRAPH=NAME`"
        needed = f"of {len(explained)} requirements nothing can be told for want of the reference graphs"
        reporter.write_line(f"  {needed} {', '.join(graphs)}: no request for them was accepted; {ways}", yellow=True)
    for error in session.suite_errors:
        reporter.write_line(f"  suite error: {printable(error)}", red=True)
    for entry in session.stale:
        reporter.write_line(f"  stale in the baseline: {entry.subject} (it no longer fails; remove it)", red=True)
    for entry in session.baseline.expired:
        reporter.write_line(f"  expired in the baseline: {entry.subject} (until {entry.until})", yellow=True)
    if stopped:
        reporter.write_line(f"  {printable(stopped)}", red=True)
    elif not session.answered:
        gone = "when the scenarios were over the server answered no more; see its log (what was recorded is kept)"
        reporter.write_line(f"  {gone}", red=True)
    if session.target.lacks:
        reporter.write_line(f"  declared absent: {', '.join(session.target.lacks)}")
    if selected := selection(session.report):
        reporter.write_line(f"  selected {selected}")
    said = session.report["verdict"]
    reporter.write_line(
        f"  {said.upper()}: {_totals(counts)}", bold=True, green=said == CONFORMANT, red=said != CONFORMANT
    )
    for found in clients(session.report):
        reporter.write_line(f"  {client_line(found)}", red=found["outcome"] == FAILED)
    for line in session.compared:
        reporter.write_line(f"  {line}")
    target = session.run_json["target"]
    reporter.write_line("  target " + printable(f"{target['name']} {target['version']} {target['url']}"))
    reporter.write_line(f"  report {os.path.relpath(session.report_folder, cwd)}{os.sep}report.html")
    if session.settings.write_baseline is not None:
        failures = sum(result.outcome.word == FAILED for result in session.all_results)
        rest = "each needs a reason before it is accepted" if failures else "nothing failed"
        reporter.write_line(f"  baseline {session.settings.write_baseline}: {failures} entries; {rest}")


def _area(reporter: Any, members: list[Verified]) -> None:
    reporter.write(f"  {members[0].requirement.area:<12}")
    for one in members:
        reporter.write(_MARKS[one.outcome], **{_COLOURS.get(one.outcome, "white"): True})
    passed = sum(one.outcome == PASSED for one in members)
    reporter.write_line(f"  {passed}/{len(members)}")


def _named(reporter: Any, one: Document, listed: Mapping[str, str]) -> None:
    """One requirement that did not pass, and the first reason, on one line."""
    failures = [check["id"] for check in one["checks"] if check["outcome"] == FAILED]
    known_here = " (known)" if failures and all(check in listed for check in failures) else ""
    line = f"{one['outcome']:<8} {one['level']:<6} {one['id']}{known_here}: {printable(why(one))}"
    colour = {"red": one["level"] == "MUST" and one["outcome"] == FAILED, "yellow": one["outcome"] == CANNOT_TELL}
    most = max(LINE, reporter._tw.fullwidth) - 2
    reporter.write_line(f"  {line if len(line) <= most else line[: most - 1] + '…'}", **colour)


def _totals(counts: dict[str, dict[str, int]]) -> str:
    parts = []
    for level, words in counts.items():
        others = ", ".join(f"{number} {word}" for word, number in words.items() if number and word != PASSED)
        parts.append(f"{level} {words[PASSED]}/{sum(words.values())}" + (f" ({others})" if others else ""))
    return " · ".join(parts)


def client_line(one: Document) -> str:
    """What came of a real client, on one line."""
    message = f": {one['message']}" if one["message"] else ""
    return printable(f"{one['outcome']:<8} {client(one)} on {one['streams']} streams{message}")
