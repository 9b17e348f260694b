"""`releases.json` beside report folders: releases of a server with the same outcomes as one that has a report there.

Their recordings are not kept, because they show nothing that those of the other release do not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.settings import UsageError
from conformance.wire.text import printable

RELEASES = "releases.json"
KEYS = ("report", "version", "started", "verdict_digest")
"""The keys of a release: the folder with the same outcomes, and what differs from its report."""


def releases(folder: Path) -> list[dict[str, str]]:
    """Return the releases in the table of a folder, empty if it has none; raises UsageError if it cannot be used."""
    file = folder / RELEASES
    if not file.is_file():
        return []
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise UsageError(f"{printable(str(file))} cannot be read as JSON") from None
    if not (isinstance(found, list) and all(map(_is_release, found))):
        raise UsageError(f"{printable(str(file))} is not a list of objects with the texts {', '.join(KEYS)}")
    return found


def _is_release(value: object) -> bool:
    return isinstance(value, dict) and set(value) == set(KEYS) and all(isinstance(one, str) for one in value.values())


def same_as(report: Path, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the report of each release that has the outcomes of this one; raises UsageError if one has not."""
    found = [one for one in releases(report.parent) if one["report"] == report.name]
    for one in found:
        if one["verdict_digest"] != document["verdict_digest"]:
            raise UsageError(
                f"{printable(str(report.parent / RELEASES))}: version {printable(one['version'])} has another verdict "
                f"digest than {printable(report.name)}; publish its own report"
            )
    return [_released(document, one) for one in found]


def _released(document: Mapping[str, Any], release: Mapping[str, str]) -> dict[str, Any]:
    """Return the report of a release, as far as it is known: real clients read only what is recorded."""
    kept = {key: value for key, value in document.items() if key != "clients"}
    target = {**document["target"], "version": release["version"]}
    return {**kept, "target": target, "started": release["started"]}


def releases_text(rows: Iterable[Mapping[str, str]]) -> str:
    """Return the text of a table of releases, one in each line."""
    return "[\n" + ",\n".join(json.dumps({key: one[key] for key in KEYS}) for one in rows) + "\n]\n"
