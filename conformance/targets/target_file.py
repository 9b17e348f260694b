"""Finds the target that the options name, and reads target files: the shipped ones and the user's alike."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.evidence.archive import ArchiveError
from conformance.evidence.source import SESSION_FILE, session_description, source_of
from conformance.launch.cache import Say
from conformance.launch.startup import own_urls, started
from conformance.settings import Settings
from conformance.settings.credentials import split_query
from conformance.targets.launch_table import check_types, read_plan
from conformance.targets.target import Target, TargetError, checked_url
from conformance.targets.tls import Tls

SHIPPED = Path(__file__).parent
EMBEDDED = "langgraph-dev"
"""The default target."""

_KEYS: dict[str, type] = {
    "name": str, "url": str, "assistants": dict, "urls": dict, "lacks": list, "concurrency": int, "baseline": str,
    "version": str, "launch": dict, "ca_file": str,
}  # fmt: skip


def find_target(settings: Settings) -> Target:
    """Return the target that the settings name by URL, name or file, EMBEDDED by default; raises TargetError.

    To judge stored recordings, the target is the one that they describe.
    """
    if settings.judge is not None:
        recorded = _recorded_target(settings.judge)
        return replace(recorded, lacks=_united(recorded.lacks, settings.lacks))
    if settings.url is not None:
        url = checked_url(settings.url, "--url")
        found = Target(urlsplit(url).netloc, url)
    else:
        found = named_target(settings.target or EMBEDDED)
    return replace(
        found,
        assistants={**found.assistants, **settings.assistants},
        headers={**found.headers, **settings.sent_headers},
        query=settings.query or found.query,
        concurrency=settings.concurrency or found.concurrency,
        lacks=_united(found.lacks, settings.lacks),
        tls=Tls(settings.ca_file or found.tls.ca_file, settings.insecure),
    )


def _united(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _recorded_target(given: Path) -> Target:
    """Return the target of stored recordings, with the baseline of the shipped target of the same name and version."""
    recorded = _target(recorded_session(given))
    if recorded.name not in shipped_targets():
        return recorded
    shipped = read_target(SHIPPED / f"{recorded.name}.toml")
    return replace(recorded, baseline=shipped.baseline if shipped.version == recorded.version else None)


def recorded_session(given: Path) -> dict[str, Any]:
    """Return the description of the session that made stored recordings; raises TargetError."""
    try:
        source = source_of(given)
        content = session_description(source)
        _target(content)
        return content
    except (FileNotFoundError, NotADirectoryError):
        raise TargetError(f"{given} is not a report folder: there is no {SESSION_FILE} in {source.path}") from None
    except ArchiveError as problem:
        raise TargetError(str(problem)) from None
    except (OSError, ValueError, KeyError, TypeError) as problem:
        place = source.path / SESSION_FILE
        raise TargetError(f"{place} does not describe a session ({problem!r}); give a report folder") from None


def _target(session: Mapping[str, Any]) -> Target:
    described = dict(session["target"])
    tls = Tls(insecure=described.pop("insecure", False))
    return Target(**{**described, "lacks": tuple(described["lacks"]), "tls": tls})


def shipped_targets() -> list[str]:
    """Return the names of the targets that are shipped with the suite."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml") if "." not in path.stem)


def named_target(given: str) -> Target:
    """Return the shipped target NAME or NAME==VERSION[@DAY], or the target of a file; raises TargetError."""
    name, equals, release = given.partition("==")
    version, at, day = release.partition("@")
    if name in shipped_targets():
        if equals and not re.fullmatch(r"\d[\w.!+-]*", version):
            raise TargetError(f"--target {given}: {version!r} is not a version; give one such as {name}==1.2.3")
        if at and not day:
            raise TargetError(f"--target {given}: there is no day after @; give one such as {name}==1.2.3@2025-06-20")
        return read_target(SHIPPED / f"{name}.toml", version, day)
    if given.endswith(".toml") or len(Path(given).parts) > 1 or Path(given).exists():
        return read_target(Path(given))
    near = difflib.get_close_matches(name, shipped_targets(), 1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    valid = f"shipped targets: {', '.join(shipped_targets())}; give a file by its path or as *.toml"
    raise TargetError(f"--target {given}: no shipped target has this name{meant}; {valid}")


def read_target(path: Path, version: str = "", day: str = "") -> Target:
    """Read a target file; raises TargetError naming the file and the key.

    `version` replaces the version that the file names; `day` is when that version was released.
    """
    table = _read_table(path)
    launch = table.pop("launch", None) if isinstance(table.get("launch"), dict) else None
    _check_table(table, launch is not None, path)
    urls = {graph: checked_url(url, f"{path}, urls.{graph}") for graph, url in table.get("urls", {}).items()}
    given = {key: table[key] for key in ("assistants", "concurrency", "version") if key in table}
    # A baseline lists the failures of the release that the file names; another release has others.
    same = not version or version == table.get("version")
    baseline = path.parent / table["baseline"] if "baseline" in table and same else None
    ca_file = path.parent / table["ca_file"] if "ca_file" in table else None
    url, query = split_query(table["url"], f"{path}, url") if launch is None else ("", "")
    url = checked_url(url, f"{path}, url") if launch is None else ""
    target = Target(
        table.get("name", path.stem), url, urls=urls, lacks=tuple(table.get("lacks", ())), baseline=baseline,
        query=query, tls=Tls(ca_file), **given,
    )  # fmt: skip
    return target if launch is None else _launchable(target, launch, path, version, day)


def _read_table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise TargetError(f"--target {path}: the file cannot be read ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise TargetError(f"--target {path}: the file is not valid TOML ({problem})") from None


def _check_table(table: Mapping[str, Any], has_launch: bool, path: Path) -> None:
    check_types(table, _KEYS, str(path))
    if table.get("concurrency", 1) < 1:
        raise TargetError(f"{path}: concurrency must be at least 1")
    if "url" not in table and not has_launch:
        raise TargetError(f"{path}: there is no url; add one, or a table [launch] that starts the server")
    if "url" in table and has_launch:
        raise TargetError(f"{path}: there are both a url and a table [launch]; remove one of them")


def _launchable(target: Target, table: Mapping[str, Any], path: Path, version: str, day: str) -> Target:
    """Return the target with a function that starts it."""
    plan = read_plan(target.name, target.version, table, path, version, day)

    @contextmanager
    def launch(say: Say) -> Iterator[Target]:
        with started(plan, say) as running:
            urls = {**own_urls(plan, running.url), **target.urls}
            yield replace(target, url=running.url, urls=urls, version=running.version, launch=None)

    return replace(target, version=plan.version, launch=launch)
