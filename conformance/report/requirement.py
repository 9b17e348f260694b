"""One requirement in full, for `lg-conformance explain`: what it says, why, who breaks, how it looks on the wire.

It knows the catalogue, the declared checks and faults, and the examples in examples.json; of outcomes it knows nothing.
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
from conformance.report.failure_details import command
from conformance.settings import DEFAULT_PROFILE

EXAMPLES = Path(__file__).parents[1] / "requirements" / "examples.json"
OBSERVED = Path(__file__).parents[1] / "requirements" / "observed.json"


def described(requirement: Requirement) -> dict[str, Any]:
    """All that is known of a requirement, as data; the suite must have been loaded."""
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
                "says": _line(one.doc),
            }
            for one in checks
        ],
        "faults": [{"name": one.name, "does": _line(one.doc)} for one in faults],
        "run": command(() if DEFAULT_PROFILE in profiles else ("--profile", *profiles[:1]), requirement.id),
    }


@cache
def examples() -> Mapping[str, Mapping[str, Any]]:
    """A good and a bad answer for each requirement that has a fault, by its id."""
    return dict(json.loads(EXAMPLES.read_text("utf-8")))


@cache
def observed() -> Sequence[Mapping[str, str]]:
    """What real clients were seen to do with the streams of a server that has a fault."""
    return list(json.loads(OBSERVED.read_text("utf-8")))


def markdown(full: Mapping[str, Any]) -> str:
    """The same as Markdown that reads well on a terminal."""
    profiles = ", ".join(full["profiles"]) or "no profile"
    parts = [
        f"# {full['id']} ({full['level']}; {profiles})",
        full["statement"],
        f"Why {full['level']}: {full['why']}",
        f"Who breaks without it: {full['breaks']}",
        *([f"Note: {full['note']}"] if full["note"] else []),
        _list("## Sources", full["sources"]),
        *([_list("## The specification, in short", _gists(full["spec"]))] if full["spec"] else []),
        *(_example(full["example"]) if full["example"] else []),
        *([_list("## Seen with real clients", _seen(full["observed"]))] if full["observed"] else []),
        _list("## Checks", [f"{one['name']} ({', '.join(one['looks_at'])}): {one['says']}" for one in full["checks"]]),
        _list("## Faults that turn it red", [f"{one['name']}: {one['does']}" for one in full["faults"]]),
        *(_serving(full["faults"][0]["name"]) if full["faults"] else []),
        f"## Run just this\n\n    {full['run']} --url URL",
    ]
    return "\n\n".join(parts)


def _gists(statements: list[Mapping[str, str]]) -> list[str]:
    return [f"{one['lines']}: {one['gist']}" for one in statements]


def _seen(observed: Iterable[Mapping[str, str]]) -> list[str]:
    return [f"{one['client']} {one['version']}, fault {one['fault']}: {one['observed']}" for one in observed]


def _example(example: Mapping[str, Any]) -> Iterator[str]:
    yield "## On the wire"
    yield _block([example["request"], *example["headers"], *([example["body"]] if example["body"] else [])])
    yield "A good server answers:"
    yield _block(example["good"])
    yield f"One with the fault {example['fault']}:"
    yield _block(example["bad"])
    yield f"Of this the check says: {example['message']}"


def _serving(fault: str) -> Iterator[str]:
    yield "To see one, put it in front of a good server, and judge what it serves:"
    yield _block([f"lg-conformance fault {fault} --upstream URL --port 8200"])


def _block(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _list(head: str, lines: list[str]) -> str:
    return "\n".join([head, "", *(f"- {line}" for line in lines)])


def _line(doc: str) -> str:
    return " ".join(doc.split())
