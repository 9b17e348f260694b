"""Reads the table `launch` of a target file: how the server is started, and what it needs for that."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.files import folder
from conformance.launch.process import Recipe
from conformance.launch.startup import KINDS, SERVICES, Plan
from conformance.targets.target import TargetError

PLACEHOLDERS = ("port", "workdir", "nonce", "python", "config", "graphs", "here", "version", "database_url")
"""What command and environment may use; see `Recipe` and `Plan`."""

_KEYS: dict[str, type] = {
    "command": list, "ready": str, "kind": str, "graphs": str, "graph_path": str, "requires_python": str,
    "requires_node": str, "packages": list, "modules": list, "install": str, "needs": list, "nonce_at": list,
    "version_at": list, "environment": dict,
}  # fmt: skip


def check_types(table: Mapping[str, Any], keys: Mapping[str, type], place: str) -> None:
    """Raise TargetError for a key that is not among `keys` or whose value, or a member of it, has another type."""
    for key, value in table.items():
        if key not in keys:
            raise TargetError(f"{place}: unknown key {key!r}; known are {', '.join(keys)}")
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if type(value) is not keys[key] or not all(isinstance(member, str) for member in members):
            raise TargetError(f"{place}: {key} has the wrong type")


def read_plan(name: str, version: str, table: Mapping[str, Any], path: Path, asked: str = "") -> Plan:
    """The table [launch] of the target file `path`, for the version that is asked for; raises TargetError."""
    place = f"{path}, launch"
    check_types(table, _KEYS, place)
    _check_launch(table, place)
    kind, templates = table.get("kind", "none"), table.get("packages", [])
    if asked and not _release(templates, asked):
        raise TargetError(f"{name} is started in the version that its graphs ask for; leave out =={asked}")
    chosen = asked or version
    if _release(templates, "any") and not (chosen or table.get("modules")):
        raise TargetError(f"{path}: launch.packages use {{version}}; give the version that is meant")
    recipe = Recipe(
        name=name,
        command=tuple(table["command"]),
        ready=table["ready"],
        environment=table.get("environment", {}),
        nonce_at=tuple(table.get("nonce_at", ())),
        nonce_may_lack=bool(asked),
        version_at=tuple(table.get("version_at", ("version",))),
    )
    return Plan(
        recipe,
        path.parent.resolve(),
        graphs=_graph_folder(table.get("graphs"), path),
        kind=kind,
        version=chosen,
        requires=_at_least(table, kind, place),
        packages=tuple(package.replace("{version}", chosen) for package in templates),
        modules=() if asked else tuple(table.get("modules", ())),
        install=table.get("install", ""),
        needs=tuple(table.get("needs", ())),
        release=_release(templates, asked),
        graph_path=table.get("graph_path", ""),
    )


def _release(packages: Sequence[str], version: str) -> str | None:
    """The first of the packages that has the version of the server, None if none has or no version is asked for."""
    having = (package.replace("{version}", version) for package in packages if "{version}" in package)
    return next(having, None) if version else None


def _check_launch(table: Mapping[str, Any], place: str) -> None:
    for key in ("command", "ready"):
        if not table.get(key):
            raise TargetError(f"{place}: has no {key}")
    if not table["ready"].startswith("/"):
        raise TargetError(f"{place}: ready must be a path that answers 200 when the server is ready, such as /ok")
    if table.get("kind", "none") not in KINDS:
        raise TargetError(f"{place}: kind {table['kind']!r} is none of {', '.join(KINDS)}")
    for need in table.get("needs", ()):
        if need not in SERVICES:
            raise TargetError(f"{place}: needs {need!r} is none of {', '.join(SERVICES)}")
    if table.get("kind") == "node" and "graphs" not in table:
        raise TargetError(f"{place}: kind node needs graphs, a folder with a package.json")
    if table.get("kind") == "python" and not table.get("packages"):
        raise TargetError(f"{place}: kind python needs packages")
    usable = [one for one in PLACEHOLDERS if _is_usable(one, table)]
    for text in (*table["command"], *table.get("environment", {}).values()):
        _check_placeholders(text, usable, place)
    _check_placeholders(table.get("graph_path", ""), ["graph"], place)


def _is_usable(placeholder: str, table: Mapping[str, Any]) -> bool:
    if placeholder in ("config", "graphs"):
        return "graphs" in table
    return placeholder != "database_url" or "postgresql" in table.get("needs", ())


def _check_placeholders(text: str, usable: list[str], place: str) -> None:
    try:
        names = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    except ValueError as problem:
        raise TargetError(f"{place}: {text!r}: {problem}; write {{{{ and }}}} for braces that are meant") from None
    for name in names:
        if name not in usable:
            shown = ", ".join(f"{{{one}}}" for one in usable)
            raise TargetError(f"{place}: {{{name}}} in {text!r} stands for nothing here; there are {shown}")


def _graph_folder(given: str | None, path: Path) -> Path | None:
    if given is None:
        return None
    # As in langgraph.json, what begins with a dot is a path; the others are the suite's own.
    return (path.parent / given).resolve() if given.startswith((".", "/")) else folder("fixtures_graphs") / given


def _at_least(table: Mapping[str, Any], kind: str, place: str) -> tuple[int, ...]:
    key, usual = ("requires_node", ">=20") if kind == "node" else ("requires_python", ">=3.11")
    found = re.fullmatch(r">=(\d+)(?:\.(\d+))?", table.get(key, usual))
    if found is None:
        raise TargetError(f"{place}: {key} must be the oldest version that will do, such as '{usual}'")
    return tuple(int(number) for number in found.groups() if number)
