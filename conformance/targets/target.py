"""Targets: where a server under test is, how it names the reference graphs, and what it declares that it lacks."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.settings import UsageError
from conformance.settings.credentials import query_secrets
from conformance.targets.tls import Tls

Launch = Callable[[Callable[[str], None]], AbstractContextManager["Target"]]
"""Starts a server; it is given a function that shows a line to the user."""

DEFAULT_CONCURRENCY = 40
"""How many scenarios run at once at most if the target does not say; the recorder starts with fewer."""


class TargetError(UsageError):
    """A target cannot be used; the message names the value, the place and the fix."""


@dataclass(frozen=True)
class Target:
    """A server under test.

    `assistants` maps a reference graph to the name under which it is deployed, `urls` to its base URL if that is not
    `url`.  `headers` and `query`, a query without its question mark, go with every request; their values are secret.
    """

    name: str
    url: str
    version: str = ""
    assistants: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: str = field(default="", repr=False)
    lacks: tuple[str, ...] = ()
    concurrency: int = DEFAULT_CONCURRENCY
    tls: Tls = field(default_factory=Tls)
    baseline: Path | None = None
    launch: Launch | None = field(default=None, compare=False)
    """Starts the server and returns the target with its URL; None for a server that is already running."""

    def assistant(self, graph: str) -> str:
        """Return the assistant name under which the reference graph is deployed."""
        return self.assistants.get(graph, graph)

    def base(self, graph: str) -> str:
        """Return the base URL that serves the reference graph, without a slash at its end."""
        return self.urls.get(graph, self.url).rstrip("/")

    @property
    def secrets(self) -> list[str]:
        """The values that no file and no message may contain."""
        return [*self.headers.values(), *query_secrets(self.query)]

    def described(self) -> dict[str, Any]:
        """Return what a report says about it; headers and query are left out, because they are secret."""
        shown: dict[str, Any] = {"name": self.name, "version": self.version, "url": self.url}
        shown |= {"assistants": dict(self.assistants), "urls": dict(self.urls), "lacks": list(self.lacks)}
        return shown | ({"insecure": True} if self.tls.insecure else {})


_EXAMPLE = "give one such as http://127.0.0.1:8000"


def checked_url(url: str, place: str) -> str:
    """Return a base URL without a slash at its end; raise TargetError if it cannot be used, without showing secrets."""
    if "@" in url:
        fix = "give user name and password with --header 'Authorization: …'"
        raise TargetError(f"{place}: the URL must not contain an @; {fix}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as problem:
        raise TargetError(f"{place}: {url!r} is not a URL ({problem}); {_EXAMPLE}") from None
    invalid = " " in url or not url.isprintable()  # urlsplit silently drops some of these
    if invalid or parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetError(f"{place}: {url!r} is not the URL of a server; {_EXAMPLE}")
    if parts.query or parts.fragment:
        raise TargetError(f"{place}: this URL must not have a query or a fragment; give it up to its path")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Return whether the URL's host is this machine, to which no proxy connects."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
