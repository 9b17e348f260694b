"""What a session prints: progress while it records, and the result by area at the end, made from the report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, UNTESTED
from conformance.judging.verdict import CONFORMANT
from conformance.report.words import (
    NAMES,
    SYMBOLS,
    Document,
    areas,
    because,
    below,
    client_title,
    clients,
    concurrency,
    consequences,
    known,
    lacks,
    missing_graphs,
    on_their_own,
    selection,
    session_problems,
    why,
    wrong_address,
)
from conformance.wire.text import printable

_MARKS = SYMBOLS | {PASSED: "■"}
_COLOURS = {FAILED: "red", INCONCLUSIVE: "yellow", PASSED: "green"}
LINE_CHARACTERS = 120
"""A line about a requirement may be this long on every terminal; on a wider one it may be as long as that is wide."""

Line = tuple[str, dict[str, bool]]
"""A line of the summary with its markup."""


LINE_EVERY_S = 10.0
"""How often a line tells how far a recording is, if the output is not a terminal."""


class State(Protocol):
    """How far a recording is."""

    @property
    def done(self) -> int: ...

    @property
    def total(self) -> int: ...

    @property
    def awaited(self) -> Sequence[str]: ...

    @property
    def waits(self) -> int: ...

    @property
    def events(self) -> int: ...

    @property
    def reached(self) -> Sequence[str]: ...


class Progress:
    """How far the recording is: one line, rewritten on a terminal, otherwise a new line from time to time."""

    def __init__(self, writer: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._clock = clock
        self._tty = bool(getattr(writer, "_file", None) and writer._file.isatty())
        self._last = clock()
        self._done = self._total = self._told = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        if self._total:
            self._writer.line(f"recorded {self._done} of {self._total} scenarios")

    def _clear(self) -> None:
        """Blank the line that is rewritten."""
        if self._tty:
            self._writer.write("\r" + " " * (self._writer.fullwidth - 1) + "\r")

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._writer.line(printable(text))
        self._writer.flush()

    def __call__(self, state: State) -> None:
        """Show the state of the recording, and what ran into a limit since the last call."""
        self._done, self._total = state.done, state.total
        for text in state.reached[self._told :]:
            self._clear()
            self.say(text)
        self._told = len(state.reached)
        if self._tty:
            line = f"{_how_far(state)}{_waiting_for(state)}"
            self._writer.write("\r" + line[: self._writer.fullwidth - 1].ljust(self._writer.fullwidth - 1))
            self._writer.flush()
        elif self._clock() - self._last >= LINE_EVERY_S:
            self._last = self._clock()
            self.say(_how_far(state))


def _how_far(state: State) -> str:
    waits = f"{state.waits} waits open, {state.events:,} events received"
    return f"recording: {state.done} of {state.total} scenarios done, {waits}"


def _waiting_for(state: State) -> str:
    waiting = ", ".join(state.awaited[:3]) + (" …" if len(state.awaited) > 3 else "")
    return f" · waiting for {waiting}" if waiting else ""


def summarise(reporter: Any, document: Document, folder: Path | None, notes: Sequence[str] = ()) -> None:
    """Print the outcomes by area, what did not pass, the verdict and notes; `folder` holds the report, if any."""
    reporter.section("conformance", "=")
    for area, members in areas(document["requirements"]).items():
        if any(one["outcome"] != UNTESTED for one in members):
            _print_area(reporter, area, members)
    lines = [*_not_passed(document, reporter._tw.fullwidth), *_problems(document), *_verdict(document)]
    for text, markup in lines:
        reporter.write_line(f"  {text}", **markup)
    for note in notes:
        reporter.write_line(f"  {note}")
    if folder is not None:
        reporter.write_line(f"  report {os.path.relpath(folder)}{os.sep}report.html")


def _print_area(reporter: Any, area: str, members: Sequence[Document]) -> None:
    reporter.write(f"  {area:<12}")
    for one in members:
        reporter.write(_MARKS[one["outcome"]], **{_COLOURS.get(one["outcome"], "white"): True})
    passed = sum(one["outcome"] == PASSED for one in members)
    reporter.write_line(f"  {passed}/{len(members)}")


def _not_passed(document: Document, width: int) -> Iterator[Line]:
    """Yield a line for each requirement that did not pass, the likely root cause first.

    Those that are inconclusive for the same reason share a line: a failed requirement, or missing reference graphs.
    """
    explained = {id for ids in document["missing_graphs"].values() for id in ids}
    judged = any(one["outcome"] in (PASSED, FAILED) for one in document["requirements"])
    shown = judged or not (document["stopped"] or wrong_address(document))
    for one in on_their_own(document) if shown else ():
        if one["id"] not in explained:
            yield _requirement(one, known(document), width)
    for governing, members in consequences(document).items() if shown else ():
        ids = ", ".join(one["id"] for one in members)
        yield _cut(f"{because(governing, members)}: {ids}", width), {"yellow": True}
    if missing := missing_graphs(document):
        yield missing, {"yellow": True}


def _requirement(one: Document, listed: Mapping[str, str], width: int) -> Line:
    """Return one requirement with the first reason why it did not pass."""
    same = [check["id"] for check in one["checks"] if check["outcome"] == one["outcome"]]
    expected = " (known)" if same and all(check in listed for check in same) else ""
    outcome = f"{'  ' if below(one) else ''}{NAMES[one['outcome']]}"
    line = f"{outcome:<12} {one['level']:<6} {one['id']}{below(one)}{expected}: {printable(why(one))}"
    markup = {"red": one["level"] == "MUST" and one["outcome"] == FAILED, "yellow": one["outcome"] == INCONCLUSIVE}
    return _cut(line, width), markup


def _cut(line: str, width: int) -> str:
    limit = max(LINE_CHARACTERS, width) - 2
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _problems(document: Document) -> Iterator[Line]:
    """Yield a line for each problem of the session, the suite or the baseline."""
    red = {"red": True}
    baseline = document["baseline"] or {}
    for problem in session_problems(document):
        yield printable(problem), red
    for subject in baseline.get("stale", ()):
        yield f"stale in the baseline: {subject} (what it excuses no longer occurs; remove it)", red
    for subject in baseline.get("expired", ()):
        yield f"expired in the baseline: {subject}", {"yellow": True}
    if (document.get("concurrency") or {}).get("performed_again"):
        yield concurrency(document), {}
    if absent := lacks(document):
        yield f"declared absent: {', '.join(absent)}", {}
    if selected := selection(document):
        yield f"selected {selected}", {}


def _verdict(document: Document) -> Iterator[Line]:
    good = document["verdict"] == CONFORMANT
    yield f"{document['verdict'].upper()}: {_totals(document)}", {"bold": True, "green": good, "red": not good}
    for found in clients(document):
        yield client_line(found), {"red": found["outcome"] == FAILED}
    target = document["target"]
    yield "target " + printable(f"{target['name']} {target['version']} {target['url']}"), {}


def _totals(document: Document) -> str:
    parts = []
    for level, counts in document["summary"].items():
        others = ", ".join(f"{number} {NAMES[word]}" for word, number in counts.items() if number and word != PASSED)
        parts.append(f"{level} {counts[PASSED]}/{sum(counts.values())}" + (f" ({others})" if others else ""))
    return " · ".join(parts)


def client_line(client: Document) -> str:
    """Return the result of a real client, on one line."""
    message = f": {client['message']}" if client["message"] else ""
    return printable(f"{NAMES[client['outcome']]:<12} {client_title(client)} on {client['streams']} streams{message}")
