"""What each incomplete server breaks, as `expected.toml` says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("expected.toml")


@dataclass(frozen=True)
class Expected:
    """What an incomplete server does, and the requirements that fail on it: MUST, SHOULD, and those named first."""

    server: str
    failed: tuple[str, ...]
    should: tuple[str, ...]
    roots: tuple[str, ...]
    reasons: Mapping[str, str] = field(default_factory=dict)


@cache
def expected() -> dict[str, Expected]:
    """Return the expectations by the name of the server."""
    content = tomllib.loads(FILE.read_text("utf-8"))
    return {name: _read(entry) for name, entry in content.items()}


def _read(entry: Mapping[str, object]) -> Expected:
    return Expected(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})  # type: ignore[arg-type]
