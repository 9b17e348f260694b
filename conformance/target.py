"""What is tested: where it is, under which names it serves the reference graphs, and what it declares to lack."""

from __future__ import annotations

import ipaddress
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ._files import folder
from .declare import Variant
from .judge import Item
from .settings import Settings, UsageProblem

Launch = Callable[[], AbstractContextManager["Target"]]

MODEST_CONCURRENCY = 10
"""How many scenarios run at once against a server of which nothing is known."""


class TargetError(UsageProblem):
    """A target that cannot be used; the message names the thing, the place and the way out."""


@dataclass(frozen=True)
class Target:
    """A server under test.

    `assistants` maps a reference graph to the name it is served under, `urls` to a base URL of its own;
    `headers` are sent with every request, and their values are secret.
    """

    name: str
    url: str
    version: str = ""
    assistants: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    concurrency: int = MODEST_CONCURRENCY
    baseline: Path | None = None
    launch: Launch | None = field(default=None, compare=False)
    """Starts the server and gives the target with its URL; None for a server that runs already."""

    def assistant(self, graph: str) -> str:
        """The assistant name under which the reference graph is deployed."""
        return self.assistants.get(graph, graph)

    def base(self, graph: str) -> str:
        """The base URL that serves the reference graph, without a slash at its end."""
        return self.urls.get(graph, self.url).rstrip("/")

    def misses(self, variant: Variant) -> str | None:
        """The capability that the target declares to lack and this scenario variant needs, None if there is none."""
        needs = [variant.graph]
        for value in variant.axes.values():
            needs += value if isinstance(value, (list, tuple)) else [value]
        return next((need for need in needs if need in self.lacks), None)

    def declares_absent(self, item: Item) -> str | None:
        """The capability that the target declares to lack and this item is about, None if there is none."""
        requirement = item.check.requirement
        about = [requirement, requirement.partition(".")[0], *(self.misses(variant) for variant in item.variants)]
        return next((name for name in about if name in self.lacks), None)

    def described(self) -> dict[str, Any]:
        """What a report says of it: no header field."""
        shown: dict[str, Any] = {"name": self.name, "version": self.version, "url": self.url}
        return shown | {"assistants": dict(self.assistants), "urls": dict(self.urls), "lacks": list(self.lacks)}


def checked_url(url: str, place: str) -> str:
    """Return a base URL that can be used; raise TargetError for one that cannot, without repeating a secret in it."""
    if "@" in url:
        raise TargetError(f"{place}: the URL holds an @; give user name and password with --header 'Authorization: …'")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as problem:
        raise TargetError(f"{place}: {url!r} is no URL ({problem}); give one such as http://127.0.0.1:8000") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetError(f"{place}: {url!r} is no URL of a server; give one such as http://127.0.0.1:8000")
    if parts.query or parts.fragment:
        raise TargetError(f"{place}: the URL of a server has no query and no fragment; give it up to its path")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine, for which no proxy is asked."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


EMBEDDED = "langgraph-dev"
EMBEDDED_WORKERS = 50
"""Runs that the embedded server executes at once: more than are ever under way together."""


def find_target(settings: Settings) -> Target:
    """The target that the settings name: a URL, a target file, or else the embedded official server."""
    if settings.judge is not None:
        return recorded_target(settings.judge)
    if settings.url is not None:
        url = checked_url(settings.url, "--url")
        found = Target(urlsplit(url).netloc, url)
    elif settings.target is not None and settings.target != EMBEDDED:
        found = read_target(Path(settings.target))
    else:
        found = embedded_target()
    named = replace(found, assistants={**found.assistants, **settings.assistants})
    sent = replace(named, headers={**named.headers, **settings.sent_headers})
    return replace(sent, concurrency=settings.concurrency or sent.concurrency)


def recorded_target(given: Path) -> Target:
    """The target whose recordings lie in a report folder or its `recordings`; raises TargetError."""
    place = (given if given.name == "recordings" else given / "recordings") / "run.json"
    try:
        target = json.loads(place.read_text("utf-8"))["target"]
        return Target(**{**target, "lacks": tuple(target["lacks"])})
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TargetError(f"{place} does not tell what was recorded ({problem!r}); give a report folder") from None


def embedded_target() -> Target:
    """The official Python server, started for this run."""
    target = Target(EMBEDDED, "", concurrency=1000)

    @contextmanager
    def launch() -> Iterator[Target]:
        from .launch import embedded

        with embedded(folder("fixtures_graphs") / "python", workers=EMBEDDED_WORKERS) as running:
            yield replace(target, url=running.url, version=running.version, launch=None)

    return replace(target, launch=launch)


_KEYS: dict[str, type] = {
    "name": str, "url": str, "assistants": dict, "urls": dict, "lacks": list, "concurrency": int, "baseline": str,
}  # fmt: skip


def read_target(path: Path) -> Target:
    """Read a target file; raises TargetError naming the file and the key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise TargetError(f"--target {path}: no shipped target and no readable file ({problem.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise TargetError(f"--target {path}: no TOML ({problem})") from None
    for key, value in table.items():
        if key not in _KEYS:
            raise TargetError(f"{path}: unknown key {key!r}; known are {', '.join(_KEYS)}")
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if type(value) is not _KEYS[key] or not all(isinstance(member, str) for member in members):
            raise TargetError(f"{path}: {key} has the wrong type")
    if table.get("concurrency", 1) < 1:
        raise TargetError(f"{path}: concurrency must be a number above 0")
    if "url" not in table:
        raise TargetError(f"{path}: has no url")
    urls = {graph: checked_url(url, f"{path}, urls.{graph}") for graph, url in table.get("urls", {}).items()}
    given = {key: table[key] for key in ("assistants", "concurrency") if key in table}
    baseline = path.parent / table["baseline"] if "baseline" in table else None
    url = checked_url(table["url"], f"{path}, url")
    return Target(
        table.get("name", path.stem), url, urls=urls, lacks=tuple(table.get("lacks", ())), baseline=baseline, **given
    )
