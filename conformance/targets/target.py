"""What is tested: where it is, under which names it serves the reference graphs, and what it declares to lack."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.settings import UsageError

Launch = Callable[[Callable[[str], None]], AbstractContextManager["Target"]]
"""Is told where to say what takes long, and what setting the server up took."""

MODEST_CONCURRENCY = 10
"""How many scenarios run at once against a server of which nothing is known."""


class TargetError(UsageError):
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
    odd = " " in url or not url.isprintable()  # urlsplit drops some of these without a word
    if odd or parts.scheme not in ("http", "https") or not parts.hostname:
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
