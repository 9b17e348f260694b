"""Reads the table `launch` of a target file: how to start the server, and what it needs."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from conformance.files import folder
from conformance.launch.server import Recipe
from conformance.launch.services import SERVICES
from conformance.launch.startup import KINDS, Plan
from conformance.targets.target import TargetError

PLACEHOLDERS = ("port", "workdir", "nonce", "python", "config", "graphs", "here", "version")
"""What the commands and the environment may use, beside those of services; see `Recipe` and `Plan`."""

_KEYS: dict[str, type] = {
    "command": list, "ready": str, "kind": str, "graphs": str, "graph_path": str, "requires_python": str,
    "requires_node": str, "packages": list, "modules": list, "install": str, "needs": list, "nonce_at": list,
    "version_at": list, "version_path": str, "environment": dict, "released": dict, "ready_status": int,
    "prepare": list, "workers": list, "files": str,
}  # fmt: skip


_TYPES = {str: "a string", int: "an integer", list: "a list of strings", dict: "a table of strings"}


def check_types(table: Mapping[str, Any], keys: Mapping[str, type], place: str) -> None:
    """Raise TargetError for a key that is not in `keys`, or whose value does not have the type that `keys` says.

    The members of lists and tables must be strings.
    """
    for key, value in table.items():
        if key not in keys:
            raise TargetError(f"{place}: unknown key {key!r}; valid keys: {', '.join(keys)}")
        members = _members(value)
        if type(value) is not keys[key] or not all(isinstance(member, str) for member in members):
            raise TargetError(f"{place}: {key} must be {_TYPES[keys[key]]}")


def _members(value: Any) -> list[Any]:
    """Return the members of a list, of the lists in it, or of a table."""
    if isinstance(value, dict):
        return list(value.values())
    given = value if isinstance(value, list) else []
    return [member for one in given for member in (one if isinstance(one, list) else [one])]


def read_plan(name: str, version: str, table: Mapping[str, Any], path: Path, asked: str = "", day: str = "") -> Plan:
    """Return the plan in the table [launch] of the target file `path`; raises TargetError.

    `version` is the version that the file names, `asked` the one that the user asks for instead, empty for none.
    `day` is the day of that release, if the user gives it.
    """
    place = f"{path}, launch"
    check_types(table, _KEYS, place)
    _check_launch(table, place)
    kind, templates = table.get("kind", "none"), table.get("packages", [])
    versioned = any("{version}" in template for template in templates)
    if asked and not versioned:
        raise TargetError(f"the version of {name} is fixed by its graphs; leave out =={asked}")
    chosen = asked or version
    if versioned and not (chosen or table.get("modules")):
        raise TargetError(f"{path}: launch.packages uses {{version}}, but the file has no version; add one")
    recipe = Recipe(
        name=name,
        command=tuple(table["command"]),
        ready=table["ready"],
        environment=table.get("environment", {}),
        nonce_at=tuple(table.get("nonce_at", ())),
        nonce_optional=bool(asked),
        version_at=tuple(table.get("version_at", ("version",))),
        version_path=table.get("version_path", ""),
        ready_status=table.get("ready_status", 200),
        prepare=tuple(table.get("prepare", ())),
        workers=tuple(map(tuple, table.get("workers", ()))),
    )
    return Plan(
        recipe,
        path.parent.resolve(),
        graphs=_graph_folder(table.get("graphs"), path),
        files=(path.parent / table["files"]).resolve() if "files" in table else None,
        kind=kind,
        version=chosen,
        requires=_at_least(table, kind, place),
        packages=tuple(package.replace("{version}", chosen) for package in templates),
        modules=() if asked else tuple(table.get("modules", ())),
        install=table.get("install", ""),
        needs=tuple(table.get("needs", ())),
        last_day=_last_day(asked, day, table.get("released", {}), place) if asked and asked != version else None,
        graph_path=table.get("graph_path", ""),
    )


def _last_day(version: str, day: str, released: Mapping[str, str], place: str) -> date:
    """Return the day of a release, which the user or the file gives; raises TargetError."""
    given = day or released.get(version, "")
    if not given:
        known = ", ".join(released) or "none"
        raise TargetError(
            f"{place}: released does not say on which day {version} was released (known: {known}); "
            f"add the day, as in =={version}@2025-06-20, so that no newer packages are installed"
        )
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise TargetError(f"{place}: the day of {version} must be a date such as 2025-06-20, not {given!r}") from None


def _check_launch(table: Mapping[str, Any], place: str) -> None:
    for key in ("command", "ready"):
        if not table.get(key):
            raise TargetError(f"{place}: {key} is missing or empty; add it")
    for key in ("ready", "version_path"):
        if key in table and not table[key].startswith("/"):
            raise TargetError(f"{place}: {key} must be a path that the server answers, such as /ok")
    if not all(isinstance(worker, list) and worker for worker in table.get("workers", ())):
        raise TargetError(f"{place}: workers must be a list of commands, each a list of strings")
    if table.get("kind", "none") not in KINDS:
        raise TargetError(f"{place}: unknown kind {table['kind']!r}; valid kinds: {', '.join(KINDS)}")
    for service in table.get("needs", ()):
        if service not in SERVICES:
            raise TargetError(f"{place}: unknown service {service!r} in needs; valid services: {', '.join(SERVICES)}")
    if table.get("kind") == "node" and "graphs" not in table:
        raise TargetError(f'{place}: kind = "node" needs graphs, a folder with a package.json')
    if "files" in table and table.get("kind") != "node":
        raise TargetError(f'{place}: files is for kind = "node"')
    if table.get("kind") == "python" and not table.get("packages"):
        raise TargetError(f'{place}: kind = "python" needs packages')
    usable = [one for one in PLACEHOLDERS if "graphs" in table or one not in ("config", "graphs")]
    usable += [one for name in table.get("needs", ()) for one in SERVICES[name].placeholders]
    commands = (table["command"], table.get("prepare", ()), *table.get("workers", ()))
    for text in (*(part for command in commands for part in command), *table.get("environment", {}).values()):
        _check_placeholders(text, usable, place)
    _check_placeholders(table.get("graph_path", ""), ["graph"], place)


def _check_placeholders(text: str, usable: list[str], place: str) -> None:
    try:
        names = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    except ValueError as problem:
        raise TargetError(f"{place}: {text!r}: {problem}; write {{{{ and }}}} for literal braces") from None
    for name in names:
        if name not in usable:
            valid = ", ".join(f"{{{one}}}" for one in usable)
            raise TargetError(f"{place}: unknown placeholder {{{name}}} in {text!r}; valid placeholders: {valid}")


def _graph_folder(given: str | None, path: Path) -> Path | None:
    if given is None:
        return None
    # As in langgraph.json, what begins with a dot is a path; anything else is a folder of the suite's graphs.
    return (path.parent / given).resolve() if given.startswith((".", "/")) else folder("fixtures_graphs") / given


def _at_least(table: Mapping[str, Any], kind: str, place: str) -> tuple[int, ...]:
    """Return the oldest version of Node or Python that the server runs with."""
    key, default = ("requires_node", ">=20") if kind == "node" else ("requires_python", ">=3.11")
    found = re.fullmatch(r">=(\d+)(?:\.(\d+))?", table.get(key, default))
    if found is None:
        raise TargetError(f"{place}: {key} must be the oldest version that can be used, such as '{default}'")
    return tuple(int(number) for number in found.groups() if number)
