"""What a report says about one requirement and its checks, with what the catalogue adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from conformance import catalogue
from conformance.catalogue import Requirement
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, NOT_SELECTED, PASSED, UNTESTED
from conformance.report.specification import spec_rows

Entry = Mapping[str, Any]
"""An entry of `requirements` in report.json, of its `checks`, or of their `evidence`."""

DETAILS = ("acceptable", "cause")


def checks(requirement: Entry) -> list[Entry]:
    """Return every item of a requirement's checks: those that did not pass as the report holds them, then others."""
    passed = [{"id": id, "outcome": PASSED} for id in _ids(requirement.get("passed", {}))]
    left_out = [{"id": id, "outcome": UNTESTED, "message": NOT_SELECTED} for id in not_selected(requirement)]
    return [*requirement.get("checks", ()), *passed, *left_out]


def not_selected(requirement: Entry) -> list[str]:
    """Return the ids of the items that were not selected."""
    return _ids(requirement.get("not_selected", {}))


def by_name(ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the axes of items, as their ids have them in brackets, by the name of the check; empty without axes."""
    found: dict[str, list[str]] = {}
    for id in ids:
        found.setdefault(check_name(id), []).append(id[len(check_name(id)) + 1 : -1])
    return found


def _ids(names: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the ids of items, given what `by_name` returned for them."""
    pairs = ((name, axes) for name, each in names.items() for axes in each)
    return [f"{name}[{axes}]" if axes else name for name, axes in pairs]


def is_short(requirements: Iterable[Entry]) -> bool:
    """Return whether a published report left the evidence for some requirements out."""
    return any(failing(one) and "details" not in one for one in requirements)


def kinds(requirements: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """Return requirements by level and outcome."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for one in requirements:
        found.setdefault((one["level"], one["outcome"]), []).append(one)
    return found


def failing(requirement: Entry) -> dict[str, list[Entry]]:
    """Return the items that failed or are inconclusive, by the name of their check."""
    found: dict[str, list[Entry]] = {}
    for one in requirement.get("checks", ()):
        if one["outcome"] in (FAILED, INCONCLUSIVE):
            found.setdefault(check_name(one["id"]), []).append(one)
    return found


def check_name(id: str) -> str:
    """Return the name of the check that an item belongs to, given the id of the item."""
    return id.partition("[")[0]


def message(check: Entry) -> str:
    """Return the reason for the outcome of an item; empty if there is none."""
    return str(check.get("message", ""))


def evidence(check: Entry) -> list[Entry]:
    """Return the evidence that the report holds for an item."""
    return list(check.get("evidence", ()))


def all_evidence(requirements: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the evidence for every item that failed or is inconclusive, in the order in which a report shows it."""
    for requirement in requirements:
        for items in failing(requirement).values():
            for item in items:
                yield from evidence(item)


def details(requirement: Entry, name: str) -> Entry:
    """Return what the report says about a check that did not pass, by the keys of DETAILS; empty what is not known."""
    found = requirement.get("details", {}).get(name, {})
    return {key: str(found.get(key, "")) for key in DETAILS}


def statement(requirement: Entry) -> str:
    """Return the sentence of a requirement; empty if the catalogue of this suite does not contain it."""
    known = _described(requirement)
    return known.statement if known else ""


def sources(requirement: Entry) -> tuple[str, ...]:
    """Return the sources of a requirement; empty if the catalogue of this suite does not contain it."""
    known = _described(requirement)
    return known.sources if known else ()


def spec(requirement: Entry) -> list[dict[str, str]]:
    """Return the statements of the specification that a requirement covers, as `spec_rows` describes them."""
    known = _described(requirement)
    return spec_rows(known.spec) if known else []


def _described(requirement: Entry) -> Requirement | None:
    return catalogue.requirements().get(requirement["id"])


@dataclass(frozen=True)
class Reason:
    """Items of one check with the same outcome for the same reason; `evidence` is what the report holds for them."""

    outcome: str
    message: str
    ids: tuple[str, ...]
    evidence: tuple[Entry, ...]


def reasons(items: Iterable[Entry]) -> list[Reason]:
    """Return items by outcome and message, in the order of their first item."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for one in items:
        found.setdefault((one["outcome"], message(one)), []).append(one)
    return [
        Reason(*key, tuple(one["id"] for one in same), tuple(each for one in same for each in evidence(one)))
        for key, same in found.items()
    ]


def listed(reason: Reason, known: Mapping[str, str]) -> list[str]:
    """Return the reasons for which a baseline lists these items, given its reasons by the id of an item."""
    return list(dict.fromkeys(known[id] for id in reason.ids if id in known))


def counts(requirement: Entry) -> dict[str, int]:
    """Return how many items of a requirement have each outcome that the report shows without evidence.

    A requirement whose items all passed has nothing to count.
    """
    outcomes = [one["outcome"] for one in checks(requirement) if one["outcome"] not in (FAILED, INCONCLUSIVE)]
    return {} if requirement["outcome"] == PASSED else {word: outcomes.count(word) for word in dict.fromkeys(outcomes)}


def runs(requirements: Iterable[Entry]) -> list[tuple[str, str, int]]:
    """Return outcome and level of requirements, with how many in a row have both."""
    pairs = groupby((one["outcome"], one["level"]) for one in requirements)
    return [(outcome, level, len(list(same))) for (outcome, level), same in pairs]
