"""An area or a stream mode in full, for `lg-conformance explain`: its requirements and what the specification says.

It knows the catalogue; it knows no outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance import catalogue
from conformance.protocol import MODES, wire_name
from conformance.report.requirement import listed
from conformance.report.specification import spec_lines, spec_rows
from conformance.report.words import command


def area_of(name: str) -> str | None:
    """Return the area that a name means: its own name, or a mode that it is about; None if it is neither."""
    area = wire_name(name)
    return area if area in catalogue.AREAS else None


def described_area(name: str) -> dict[str, Any]:
    """Return everything about an area or a mode as data."""
    area = wire_name(name)
    members = [one for one in catalogue.requirements().values() if one.area == area]
    covered = {lines for one in members for lines in one.spec}
    lines = tuple(one.lines for one in catalogue.statements() if one.lines in covered)
    return {
        "name": name,
        "area": area,
        "wire_name": area if name in MODES else None,
        "requirements": [{"id": one.id, "level": one.level, "statement": one.statement} for one in members],
        "spec": spec_rows(lines),
        "run": command((), f"{area}."),
    }


def area_markdown(full: Mapping[str, Any]) -> str:
    """Return the data of `described_area` as Markdown that is readable on a terminal."""
    levels = [one["level"] for one in full["requirements"]]
    counts = f"{levels.count('MUST')} MUST, {levels.count('SHOULD')} SHOULD"
    mode = f"stream mode, events named `{full['wire_name']}`; " if full["wire_name"] else ""
    requirements = [f"{one['level']} {one['id']}: {one['statement']}" for one in full["requirements"]]
    parts = [
        f"# {full['name']} ({mode}{counts})",
        listed("## Requirements", requirements),
        *([listed("## Specification, summarised", spec_lines(full["spec"]))] if full["spec"] else []),
        "`lg-conformance explain ID` explains one requirement.",
        f"## Run only this\n\n    {full['run']} --url URL",
    ]
    return "\n\n".join(parts)
