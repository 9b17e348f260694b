"""What has changed between two reports: pure functions from the contents of two report.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from conformance.judging.outcomes import FAILED, PASSED, UNTESTED
from conformance.judging.verdict import worst
from conformance.report import words
from conformance.report.words import NAMES, Document
from conformance.wire.text import printable

BROKEN, FIXED, CHANGED, NEW, GONE = "broken", "fixed", "changed", "new", "gone"
KINDS = {
    BROKEN: "a check failed that did not fail before",
    FIXED: "a check that failed passes, and so does all else that differs",
    CHANGED: "another outcome, but nothing broke and nothing is fixed",
    NEW: "only the new report knows it",
    GONE: "only the old report knows it",
}


@dataclass(frozen=True)
class Change:
    """One requirement that is not as it was: its outcome in both reports, and the checks that differ.

    An outcome is empty where a report does not know the requirement; a requirement with new checks only compares by
    the others.
    """

    kind: str
    id: str
    level: str
    old: str
    new: str
    checks: tuple[str, ...] = ()


def changes(old: Document, new: Document) -> list[Change]:
    """Every requirement that differs, the broken ones first, in the order of the reports."""
    before, after = _by_id(old), _by_id(new)
    found = [change for id in [*after, *(id for id in before if id not in after)] if (change := _of(id, before, after))]
    return sorted(found, key=lambda one: list(KINDS).index(one.kind))


def _by_id(document: Document) -> dict[str, Document]:
    return {one["id"]: one for one in document["requirements"]}


def _of(id: str, before: Mapping[str, Document], after: Mapping[str, Document]) -> Change | None:
    if id not in before:
        return Change(NEW, id, after[id]["level"], "", after[id]["outcome"])
    if id not in after:
        return Change(GONE, id, before[id]["level"], before[id]["outcome"], "")
    was, now = _checks(before[id]), _checks(after[id])
    both = [check for check in now if check in was]
    differ = tuple(check for check in both if was[check] != now[check])
    if any(now[check] == FAILED for check in differ):
        kind = BROKEN
    elif any(was[check] == FAILED for check in differ) and all(now[check] == PASSED for check in differ):
        kind = FIXED
    else:
        kind = CHANGED
    if not was or not now or (not differ and was.keys() == now.keys()):
        return None  # what was not selected is not compared
    level = after[id]["level"]
    if differ:
        return Change(kind, id, level, worst(was[one] for one in both), worst(now[one] for one in both), differ)
    only_new = tuple(check for check in now if check not in was)
    return Change(NEW if only_new else GONE, id, level, before[id]["outcome"], after[id]["outcome"], only_new)


def _checks(requirement: Document) -> dict[str, str]:
    """The outcomes of what was judged; of what was not selected a report knows nothing."""
    return {check["id"]: check["outcome"] for check in requirement["checks"] if check["outcome"] != UNTESTED}


def differences_of_kind(old: Document, new: Document) -> list[str]:
    """Why an outcome may differ for another reason than the server: what judged, or what was judged by."""
    pairs = {
        "suite": [one["suite"]["version"] for one in (old, new)],
        "catalogue": [one["suite"]["catalogue_sha256"][:12] for one in (old, new)],
        "schemas": [one["suite"]["schemas_sha256"][:12] for one in (old, new)],
        "profile": [one["profile"] for one in (old, new)],
    }
    return [f"{name} {was} → {now}" for name, (was, now) in pairs.items() if was != now]


def lines(old: Document, new: Document, found: Sequence[Change]) -> Iterator[str]:
    """The comparison for a terminal."""
    yield f"old: {_titled(old)}"
    yield f"new: {_titled(new)}"
    if different := differences_of_kind(old, new):
        yield f"judged otherwise: {', '.join(map(printable, different))}"
    for one in found:
        yield f"{one.kind:<8} {one.level:<6} {one.id}: {_arrow(one)}"
        yield from (f"           {printable(check)}" for check in one.checks)
    yield _counted(found)


def markdown(old: Document, new: Document, found: Sequence[Change]) -> str:
    """The comparison for a pull request."""
    from conformance.report.markdown import md, table

    parts = [f"## {_counted(found)}", f"Old: {md(_titled(old))}. New: {md(_titled(new))}."]
    if different := differences_of_kind(old, new):
        parts.append(f"Judged otherwise: {md(', '.join(different))}.")
    if found:
        rows = [(one.kind, one.level, md(one.id), _arrow(one), md(", ".join(one.checks))) for one in found]
        parts.append(table(("change", "level", "requirement", "outcome", "checks"), rows))
    return "\n\n".join(parts) + "\n"


def as_json(old: Document, new: Document, found: Sequence[Change]) -> str:
    """The comparison for a program."""
    ends = {
        name: {
            "target": one["target"]["name"], "version": one["target"]["version"], "verdict": one["verdict"],
            "verdict_digest": one["verdict_digest"],
        }
        for name, one in (("old", old), ("new", new))
    }  # fmt: skip
    return json.dumps({**ends, "changes": [asdict(one) for one in found]}, indent=1)


def _titled(document: Document) -> str:
    said = f"{words.name(document)} {words.version(document)}, {words.moment(document)}: {document['verdict']}"
    return printable(f"{said}, verdict digest {document['verdict_digest'][:12]}")


def _arrow(one: Change) -> str:
    return f"{NAMES.get(one.old, '(not in it)')} → {NAMES.get(one.new, '(not in it)')}"


def _counted(found: Sequence[Change]) -> str:
    counts = {kind: sum(one.kind == kind for one in found) for kind in KINDS}
    return ", ".join(f"{number} {kind}" for kind, number in counts.items() if number) or "nothing changed"
