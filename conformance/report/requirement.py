"""One requirement in full, for `lg-conformance explain`: statement, reasons, sources, examples, checks and faults.

It knows the catalogue, the registry of checks and faults, and the generated examples; it knows no outcomes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from conformance import catalogue
from conformance.authoring.registry import REGISTRY
from conformance.catalogue import Requirement
from conformance.report.words import command
from conformance.settings import DEFAULT_PROFILE

REQUIREMENTS = Path(__file__).parents[1] / "requirements"


def described(requirement: Requirement) -> dict[str, Any]:
    """Return everything about a requirement as data; the suite must be loaded."""
    gists = {one.lines: one.gist for one in catalogue.statements()}
    checks = [check for check in REGISTRY.checks if check.requirement == requirement.id]
    faults = [fault for fault in REGISTRY.faults if fault.requirement == requirement.id]
    profiles = [name for name, one in catalogue.profiles().items() if requirement.id in one.requirements]
    return {
        "id": requirement.id,
        "level": requirement.level,
        "profiles": profiles,
        "statement": requirement.statement,
        "why": requirement.why,
        "breaks": requirement.breaks,
        "note": requirement.note,
        "sources": list(requirement.sources),
        "spec": [{"lines": lines, "gist": gists[lines]} for lines in requirement.spec],
        "example": examples().get(requirement.id),
        "observed": [one for one in observed() if one["requirement"] == requirement.id],
        "checks": [
            {
                "name": one.name,
                "looks_at": [one.scope.value] if one.scope else [scenario.name for scenario in one.scenarios],
                "says": _one_line(one.doc),
            }
            for one in checks
        ],
        "faults": [{"name": one.name, "does": _one_line(one.doc)} for one in faults],
        "run": command(() if DEFAULT_PROFILE in profiles else ("--profile", *profiles[:1]), requirement.id),
    }


@cache
def examples() -> Mapping[str, Mapping[str, Any]]:
    """Return a good and a bad answer for each requirement that has a fault, by its id."""
    return dict(json.loads((REQUIREMENTS / "examples.json").read_text("utf-8")))


@cache
def observed() -> Sequence[Mapping[str, str]]:
    """Return what real clients do with the streams of faulty servers: one row for each client, version and fault."""
    return list(json.loads((REQUIREMENTS / "observed.json").read_text("utf-8")))


def markdown(full: Mapping[str, Any]) -> str:
    """Return the data of `described` as Markdown that is readable on a terminal."""
    profiles = ", ".join(full["profiles"]) or "no profile"
    parts = [
        f"# {full['id']} ({full['level']}; {profiles})",
        full["statement"],
        f"Why {full['level']}: {full['why']}",
        f"Who breaks without it: {full['breaks']}",
        *([f"Note: {full['note']}"] if full["note"] else []),
        _list("## Sources", full["sources"]),
        *([_list("## Specification, summarised", _gists(full["spec"]))] if full["spec"] else []),
        *(_example(full["example"]) if full["example"] else []),
        *([_list("## Observed with real clients", _observed(full["observed"]))] if full["observed"] else []),
        _list("## Checks", [f"{one['name']} ({', '.join(one['looks_at'])}): {one['says']}" for one in full["checks"]]),
        _list("## Faults that make it fail", [f"{one['name']}: {one['does']}" for one in full["faults"]]),
        *(_serving(full["faults"][0]["name"]) if full["faults"] else []),
        f"## Run only this\n\n    {full['run']} --url URL",
    ]
    return "\n\n".join(parts)


def _gists(statements: list[Mapping[str, str]]) -> list[str]:
    return [f"{one['lines']}: {one['gist']}" for one in statements]


def _observed(rows: Iterable[Mapping[str, str]]) -> list[str]:
    return [f"{one['client']} {one['version']}, fault {one['fault']}: {one['observed']}" for one in rows]


def _example(example: Mapping[str, Any]) -> Iterator[str]:
    yield "## On the wire"
    yield _block([example["request"], *example["headers"], *([example["body"]] if example["body"] else [])])
    yield "A good server sends:"
    yield _block(example["good"])
    yield f"A server with the fault {example['fault']} sends:"
    yield _block(example["bad"])
    yield f"The check then fails with: {example['message']}"


def _serving(fault: str) -> Iterator[str]:
    yield "To see it fail, put the fault in front of a good server and judge that:"
    yield _block([f"lg-conformance fault {fault} --upstream URL --port 8200"])


def _block(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _list(head: str, lines: list[str]) -> str:
    return "\n".join([head, "", *(f"- {line}" for line in lines)])


def _one_line(doc: str) -> str:
    return " ".join(doc.split())
