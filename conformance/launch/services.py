"""The services that a server can need beside it: each is private to the server, on loopback, and deleted afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

from conformance.launch import postgres, redis
from conformance.launch.process import Service


@dataclass(frozen=True)
class Kind:
    """A kind of service.  `missing` returns what the machine lacks to run it, `start` runs one until exit."""

    title: str
    missing: Callable[[], str]
    start: Callable[[], AbstractContextManager[Service]]
    placeholders: tuple[str, ...]
    """What the command and the environment of a server may use if it needs the service."""


_POSTGRESQL = Kind("PostgreSQL", postgres.missing, postgres.postgresql, postgres.PLACEHOLDERS)

SERVICES = {
    "postgresql": _POSTGRESQL,
    "postgresql-trust": replace(_POSTGRESQL, start=partial(postgres.postgresql, "trust")),
    "redis": Kind("Redis", redis.missing, redis.redis, redis.PLACEHOLDERS),
}
"""The kinds of services, by the names that `needs` in a target file gives them."""
