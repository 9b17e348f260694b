"""What a session prints at its end, made from the report: what was found, likely causes, verdict, and what to do."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, UNTESTED
from conformance.judging.verdict import CONFORMANT
from conformance.report import judged
from conformance.report.findings import findings, next_command
from conformance.report.words import (
    NAMES,
    SYMBOLS,
    USER_DATA,
    Document,
    areas,
    because,
    below,
    client_title,
    clients,
    concurrency,
    consequences,
    holds_user_data,
    insecure,
    known,
    lacks,
    long_runs,
    missing_graphs,
    on_their_own,
    own_runs,
    selection,
    session_problems,
    stage,
    unasked_compression,
    why,
    wrong_address,
)
from conformance.wire.text import printable

_MARKS = SYMBOLS | {PASSED: "■"}
_COLOURS = {FAILED: "red", INCONCLUSIVE: "yellow", PASSED: "green"}
CAUSES = 10
"""How many likely causes the summary begins with; the others follow the outcomes by area."""
LINE_CHARACTERS = 120
"""A line about a requirement may be this long on every terminal; on a wider one it may be as long as that is wide."""
_MISSING_GRAPH = re.compile(r"no request for the reference graph `(\w+)` was accepted")
_LACKING = re.compile(r"the server lacks [^:]* \(see [^)]*\)")
_REFUSED = re.compile(r"HTTP [45]\d\d .*")
"""An answer in a row of evidence that refuses a request."""
LABEL_CHARACTERS = 13

Line = tuple[str, dict[str, bool]]
"""A line of the summary with its markup."""


def summarise(
    reporter: Any, document: Document, folder: Path | None, notes: Sequence[str] = (), exit_reason: str = ""
) -> None:
    """Print the summary; `folder` holds the report, if any, `exit_reason` says why the exit status is what it is."""
    reporter.section("conformance", "=")
    width = reporter._tw.fullwidth
    _print(reporter, [*_problems(document), *_found(document, width), *_likely_causes(document, width)])
    for area, members in areas(document["requirements"]).items():
        if any(one["outcome"] != UNTESTED for one in members):
            _print_area(reporter, area, members)
    _print(reporter, [*_others(document, width), *_facts(document), *_verdict(document)])
    for note in notes:
        reporter.write_line(f"  {note}")
    if exit_reason:
        reporter.write_line(f"  {exit_reason}")
    if following := next_command(document):
        reporter.write_line(f"  next {printable(following)}")
    if folder is not None:
        reporter.write_line(f"  report {os.path.relpath(folder)}{os.sep}report.html")


def _print(reporter: Any, lines: Iterator[Line] | Sequence[Line]) -> None:
    for text, markup in lines:
        reporter.write_line(f"  {text}", **markup)


def _found(document: Document, width: int) -> Iterator[Line]:
    indent = " " * LABEL_CHARACTERS
    for label, text in findings(document):
        line = printable(f"{label:<{LABEL_CHARACTERS}}{text}")
        for one in textwrap.wrap(line, _limit(width), subsequent_indent=indent, break_on_hyphens=False):
            yield one, {}


def _print_area(reporter: Any, area: str, members: Sequence[Document]) -> None:
    reporter.write(f"  {area:<12}")
    for one in members:
        reporter.write(_MARKS[one["outcome"]], **{_COLOURS.get(one["outcome"], "white"): True})
    passed = sum(one["outcome"] == PASSED for one in members)
    reporter.write_line(f"  {passed}/{len(members)}")


def _is_shown(document: Document) -> bool:
    """Return whether the outcomes say more than that the server was not reached."""
    judged_any = any(one["outcome"] in (PASSED, FAILED) for one in document["requirements"])
    return judged_any or not (document["stopped"] or wrong_address(document))


def _causes(document: Document) -> list[Document]:
    """Return the failed requirements that the summary begins with: the likely root causes."""
    roots = [one for one in on_their_own(document) if one["outcome"] == FAILED and not below(one)]
    return roots[:CAUSES] if _is_shown(document) else []


def _likely_causes(document: Document, width: int) -> Iterator[Line]:
    """Yield the root causes, each with what the recording shows of its cause, such as the server's own words."""
    for one in _causes(document):
        yield _requirement(one, known(document), width)
        if cause := _cause(one):
            yield _cut(printable(f"{'':<{LABEL_CHARACTERS}}{cause}"), max(width, 2 * LINE_CHARACTERS)), {}


def _cause(requirement: Document) -> str:
    """Return the likely cause of a failure, otherwise the answer that refused a request; empty if there is neither."""
    failing = judged.failing(requirement)
    causes = (judged.details(requirement, name)["cause"] for name in failing)
    rows = (row for items in failing.values() for item in items for one in judged.evidence(item) for row in one["rows"])
    refused = (f"The server answered {found[0]}" for row in rows if (found := _REFUSED.search(row)))
    return next(filter(None, causes), "") or next(refused, "")


def _others(document: Document, width: int) -> Iterator[Line]:
    """Yield a line for each other requirement that did not pass, the likely root cause first.

    Those that are inconclusive for the same reason share a line: a failed requirement, or missing reference graphs.
    """
    explained = {id for ids in document["missing_graphs"].values() for id in ids}
    shown = _is_shown(document)
    others = [one for one in on_their_own(document) if one["id"] not in explained and one not in _causes(document)]
    for members in _by_reason(others) if shown else ():
        if len(members) == 1:
            yield _requirement(members[0], known(document), width)
        else:
            yield _together(members, width)
    for governing, members in consequences(document).items() if shown else ():
        ids = ", ".join(one["id"] for one in members)
        yield _cut(f"{because(governing, members)}: {ids}", width), {"yellow": True}
    if missing := missing_graphs(document):
        yield missing, {"yellow": True}


def _by_reason(requirements: Sequence[Document]) -> list[list[Document]]:
    """Return the requirements in their order; those that are inconclusive for the same reason are together."""
    found: dict[tuple[str, ...], list[Document]] = {}
    for one in requirements:
        alone = one["outcome"] != INCONCLUSIVE
        found.setdefault((one["id"],) if alone else (one["level"], _reason(one)), []).append(one)
    return list(found.values())


def _together(members: Sequence[Document], width: int) -> Line:
    """Return requirements that are inconclusive for the same reason, on one line."""
    ids = ", ".join(one["id"] for one in members)
    line = f"{NAMES[INCONCLUSIVE]:<12} {members[0]['level']:<6} {len(members)} because {_reason(members[0])}: {ids}"
    return _cut(line, width), {"yellow": True}


def _reason(requirement: Document) -> str:
    """Return why a requirement did not pass, without what only its own requests show."""
    text = why(requirement)
    if missing := _MISSING_GRAPH.search(text):
        return f"the reference graph `{missing[1]}` is not deployed"
    lacking = _LACKING.match(text)
    return printable(lacking[0] if lacking and requirement["outcome"] == INCONCLUSIVE else text)


def _requirement(one: Document, listed: Mapping[str, str], width: int) -> Line:
    """Return one requirement with the first reason why it did not pass."""
    same = [check["id"] for check in one["checks"] if check["outcome"] == one["outcome"]]
    expected = " (known)" if same and all(check in listed for check in same) else ""
    outcome = f"{'  ' if below(one) else ''}{NAMES[one['outcome']]}"
    reason = _reason(one) if _MISSING_GRAPH.search(why(one)) else printable(why(one))
    line = f"{outcome:<12} {one['level']:<6} {one['id']}{below(one)}{expected}: {reason}"
    markup = {"red": one["level"] == "MUST" and one["outcome"] == FAILED, "yellow": one["outcome"] == INCONCLUSIVE}
    return _cut(line, width), markup


def _limit(width: int) -> int:
    return max(LINE_CHARACTERS, width) - 2


def _cut(line: str, width: int) -> str:
    limit = _limit(width)
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


def _facts(document: Document) -> Iterator[Line]:
    """Yield what else the verdict depends on, and what was observed because a user asked for it."""
    if (document.get("concurrency") or {}).get("performed_again"):
        yield concurrency(document), {}
    for run in long_runs(document):
        yield printable(run), {}
    if compressed := unasked_compression(document):
        yield printable(compressed), {"yellow": True}
    if runs := own_runs(document):
        yield printable(f"performed {runs}"), {}
    if holds_user_data(document):
        yield USER_DATA, {"yellow": True}
    if insecure(document):
        yield "the certificate of the server was not verified (--insecure)", {"yellow": True}
    if absent := lacks(document):
        yield f"declared absent: {', '.join(absent)}", {}
    if selected := selection(document):
        yield f"selected {selected}", {}


def _verdict(document: Document) -> Iterator[Line]:
    good = document["verdict"] == CONFORMANT
    yield f"{document['verdict'].upper()}: {_totals(document)}", {"bold": True, "green": good, "red": not good}
    for found in clients(document):
        yield client_line(found), {"red": found["outcome"] == FAILED}
    if reached := stage(document):
        yield reached, {}
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
