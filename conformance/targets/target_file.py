"""Finds the target that the options name, and reads target files: those shipped with the suite and the user's alike."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.evidence.source import SESSION_FILE, session_description, source_of
from conformance.launch.environments import Say
from conformance.launch.startup import own_urls, started
from conformance.settings import Settings
from conformance.targets.launch_table import check_types, read_plan
from conformance.targets.target import Target, TargetError, checked_url

SHIPPED = Path(__file__).parent
EMBEDDED = "langgraph-dev"
"""The target of a run that names none."""

_KEYS: dict[str, type] = {
    "name": str, "url": str, "assistants": dict, "urls": dict, "lacks": list, "concurrency": int, "baseline": str,
    "version": str, "launch": dict,
}  # fmt: skip


def find_target(settings: Settings) -> Target:
    """The target that the settings name: a URL, a shipped one or a file; without any the embedded official server."""
    if settings.judge is not None:
        recorded = _target(recorded_session(settings.judge))
        shipped = recorded.name in shipped_targets()
        known = read_target(SHIPPED / f"{recorded.name}.toml", recorded.version).baseline if shipped else None
        return replace(recorded, baseline=known)
    if settings.url is not None:
        url = checked_url(settings.url, "--url")
        found = Target(urlsplit(url).netloc, url)
    else:
        found = named_target(settings.target or EMBEDDED)
    named = replace(found, assistants={**found.assistants, **settings.assistants})
    sent = replace(named, headers={**named.headers, **settings.sent_headers})
    return replace(sent, concurrency=settings.concurrency or sent.concurrency)


def recorded_session(given: Path) -> dict[str, Any]:
    """Return what the session says about itself that made stored recordings; raises TargetError."""
    try:
        source = source_of(given)
        content = session_description(source)
        _target(content)
        return content
    except (FileNotFoundError, NotADirectoryError):
        raise TargetError(f"{given} is not a report folder: there is no {SESSION_FILE} in {source.path}") from None
    except (OSError, ValueError, KeyError, TypeError) as problem:
        place = source.path / SESSION_FILE
        raise TargetError(f"{place} does not tell what was recorded ({problem!r}); give a report folder") from None


def _target(run: Mapping[str, Any]) -> Target:
    described = run["target"]
    return Target(**{**described, "lacks": tuple(described["lacks"])})


def shipped_targets() -> list[str]:
    """The names of the targets that are shipped with the suite."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml") if "." not in path.stem)


def named_target(given: str) -> Target:
    """The shipped target NAME or NAME==VERSION, or that of a file; raises TargetError."""
    name, equals, version = given.partition("==")
    if name in shipped_targets():
        if equals and not re.fullmatch(r"\d[\w.!+-]*", version):
            raise TargetError(f"--target {given}: {version!r} is no version; give one such as {name}==1.2.3")
        return read_target(SHIPPED / f"{name}.toml", version)
    if given.endswith(".toml") or len(Path(given).parts) > 1 or Path(given).exists():
        return read_target(Path(given))
    near = difflib.get_close_matches(name, shipped_targets(), 1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise TargetError(
        f"--target {given}: {meant}shipped are {', '.join(shipped_targets())}; a file is given by its path or as *.toml"
    )


def read_target(path: Path, version: str = "") -> Target:
    """Read a target file, for another version than the one it names; raises TargetError naming the file and the key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise TargetError(f"--target {path}: no shipped target and no readable file ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise TargetError(f"--target {path}: no TOML ({problem})") from None
    launch = table.pop("launch", None) if isinstance(table.get("launch"), dict) else None
    check_types(table, _KEYS, str(path))
    if table.get("concurrency", 1) < 1:
        raise TargetError(f"{path}: concurrency must be a number above 0")
    if "url" not in table and launch is None:
        raise TargetError(f"{path}: has no url; give one, or a table [launch] that starts the server")
    if "url" in table and launch is not None:
        raise TargetError(f"{path}: has a url and a table [launch]; leave one of them out")
    urls = {graph: checked_url(url, f"{path}, urls.{graph}") for graph, url in table.get("urls", {}).items()}
    given = {key: table[key] for key in ("assistants", "concurrency", "version") if key in table}
    # A baseline speaks of the release that the file names; of another one other failures are known.
    same = not version or version == table.get("version")
    baseline = path.parent / table["baseline"] if "baseline" in table and same else None
    url = checked_url(table["url"], f"{path}, url") if launch is None else ""
    target = Target(
        table.get("name", path.stem), url, urls=urls, lacks=tuple(table.get("lacks", ())), baseline=baseline, **given
    )
    return target if launch is None else _launchable(target, launch, path, version)


def _launchable(target: Target, table: Mapping[str, Any], path: Path, version: str) -> Target:
    plan = read_plan(target.name, target.version, table, path, version)

    @contextmanager
    def launch(say: Say) -> Iterator[Target]:
        with started(plan, say) as running:
            urls = {**own_urls(plan, running.url), **target.urls}
            yield replace(target, url=running.url, urls=urls, version=running.version, launch=None)

    return replace(target, version=plan.version, launch=launch)
