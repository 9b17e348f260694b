"""The differences between two reports; pure functions of the content of two report.json files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from conformance.judging.outcomes import FAILED, PASSED, UNTESTED
from conformance.judging.verdict import worst
from conformance.report import judged, words
from conformance.report.markdown_text import md, table
from conformance.report.words import NAMES, Document
from conformance.wire.text import printable

BROKEN, FIXED, CHANGED, NEW, GONE = "broken", "fixed", "changed", "new", "gone"
KINDS = {
    BROKEN: "a check fails that did not fail before",
    FIXED: "a check that failed now passes, and every other changed check passes too",
    CHANGED: "an outcome changed, but nothing broke and nothing was fixed",
    NEW: "only the new report contains it",
    GONE: "only the old report contains it",
}
"""What a change means, the worst first."""


@dataclass(frozen=True)
class Change:
    """A requirement that changed: its outcome in both reports (empty if a report does not contain it), and its checks.

    The outcomes are those of the checks that both reports contain; `checks` are the checks that differ or are new.
    """

    kind: str
    id: str
    level: str
    old: str
    new: str
    checks: tuple[str, ...] = ()


def changes(old: Document, new: Document) -> list[Change]:
    """Return every requirement that changed, in the order of KINDS and then of the reports."""
    before, after = _by_id(old), _by_id(new)
    found = [change for id in {**after, **before} if (change := _change(id, before, after))]
    return sorted(found, key=lambda one: list(KINDS).index(one.kind))


def _by_id(document: Document) -> dict[str, Document]:
    return {one["id"]: one for one in document["requirements"]}


def _change(id: str, before: Mapping[str, Document], after: Mapping[str, Document]) -> Change | None:
    if id not in before:
        return Change(NEW, id, after[id]["level"], "", after[id]["outcome"])
    if id not in after:
        return Change(GONE, id, before[id]["level"], before[id]["outcome"], "")
    was, now = _checks(before[id]), _checks(after[id])
    both = [check for check in now if check in was]
    differing = tuple(check for check in both if was[check] != now[check])
    if not was or not now or (not differing and was.keys() == now.keys()):
        return None  # only checks that both sessions selected are compared
    level = after[id]["level"]
    if differing:
        kind = _kind([(was[check], now[check]) for check in differing])
        return Change(kind, id, level, worst(was[one] for one in both), worst(now[one] for one in both), differing)
    only_new = tuple(check for check in now if check not in was)
    return Change(NEW if only_new else GONE, id, level, before[id]["outcome"], after[id]["outcome"], only_new)


def _kind(pairs: Sequence[tuple[str, str]]) -> str:
    """Return what a change of these outcomes, each before and after, means for a requirement."""
    if any(now == FAILED for _, now in pairs):
        return BROKEN
    fixed = any(was == FAILED for was, _ in pairs) and all(now == PASSED for _, now in pairs)
    return FIXED if fixed else CHANGED


def _checks(requirement: Document) -> dict[str, str]:
    """Return the outcomes of the checks that were judged, by id; the others have nothing to compare."""
    outcomes = {check["id"]: check["outcome"] for check in judged.checks(requirement)}
    return {id: word for id, word in outcomes.items() if word != UNTESTED}


def suite_differences(old: Document, new: Document) -> list[str]:
    """Return in what the suites or profiles of two reports differ, which may change outcomes on the same server."""
    pairs = {
        "suite": [one["suite"]["version"] for one in (old, new)],
        "catalogue": [one["suite"]["catalogue_sha256"][:12] for one in (old, new)],
        "schemas": [one["suite"]["schemas_sha256"][:12] for one in (old, new)],
        "profile": [one["profile"] for one in (old, new)],
    }
    return [f"{name} {was} → {now}" for name, (was, now) in pairs.items() if was != now]


def lines(old: Document, new: Document, found: Sequence[Change]) -> Iterator[str]:
    """Yield the comparison, line by line, for a terminal."""
    yield f"old: {_titled(old)}"
    yield f"new: {_titled(new)}"
    if different := suite_differences(old, new):
        yield f"suite or profile changed, which may change outcomes: {', '.join(map(printable, different))}"
    for one in found:
        yield f"{one.kind:<8} {one.level:<6} {one.id}: {_arrow(one)}"
        yield from (f"           {printable(check)}" for check in one.checks)
    yield _counted(found)


def markdown(old: Document, new: Document, found: Sequence[Change]) -> str:
    """Return the comparison as Markdown for a pull request."""
    parts = [f"## {_counted(found)}", f"Old: {md(_titled(old))}. New: {md(_titled(new))}."]
    if different := suite_differences(old, new):
        parts.append(f"Suite or profile changed, which may change outcomes: {md(', '.join(different))}.")
    if found:
        rows = [(one.kind, one.level, md(one.id), _arrow(one), md(", ".join(one.checks))) for one in found]
        parts.append(table(("change", "level", "requirement", "outcome", "checks"), rows))
    return "\n\n".join(parts) + "\n"


def as_json(old: Document, new: Document, found: Sequence[Change]) -> str:
    """Return the comparison as JSON for a program."""
    reports = {
        name: {
            "target": one["target"]["name"], "version": one["target"]["version"], "verdict": one["verdict"],
            "verdict_digest": one["verdict_digest"],
        }
        for name, one in (("old", old), ("new", new))
    }  # fmt: skip
    return json.dumps({**reports, "changes": [asdict(one) for one in found]}, indent=1)


def _titled(document: Document) -> str:
    title = f"{words.name(document)} {words.version(document)}, {words.moment(document)}: {document['verdict']}"
    return printable(f"{title}, verdict digest {document['verdict_digest'][:12]}")


def _arrow(one: Change) -> str:
    return f"{NAMES.get(one.old, '(absent)')} → {NAMES.get(one.new, '(absent)')}"


def _counted(found: Sequence[Change]) -> str:
    counts = {kind: sum(one.kind == kind for one in found) for kind in KINDS}
    return ", ".join(f"{number} {kind}" for kind, number in counts.items() if number) or "nothing changed"
