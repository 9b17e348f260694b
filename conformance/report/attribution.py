"""What makes a report attributable: versions and digests of the suite, a digest of the outcomes, and the platform.

It reads files and the metadata of packages; it judges nothing and does no network I/O.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from conformance import catalogue
from conformance.files import folder

DISTRIBUTION = "langgraph-stream-conformance"

PACKAGES = ("httpx", "jsonschema", "pytest")
"""The packages that a result may depend on beside the suite itself."""


def suite_version() -> str:
    """Return the version of the suite; `0 (checkout)` if it is not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0 (checkout)"


def verdict_digest(profile: str, outcomes: Iterable[tuple[str, str]]) -> str:
    """Return a SHA-256 of a profile and pairs of check and outcome: equal for sessions with the same outcomes."""
    content = json.dumps([profile, sorted(outcomes)], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def schemas_digest() -> str:
    """Return a SHA-256 of the JSON Schemas for payloads, which the layout of their files does not affect."""
    files = sorted(folder("schemas").glob("*.json"))
    content = {file.name: json.loads(file.read_text("utf-8")) for file in files}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def platform_facts() -> dict[str, Any]:
    """Return the versions of Python and of PACKAGES, the operating system and the machine type."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "packages": [{"name": name, "version": metadata.version(name)} for name in PACKAGES],
    }


def suite_facts() -> dict[str, str]:
    """Return the version of the suite and the digests of its catalogue and schemas."""
    return {
        "version": suite_version(),
        "catalogue_sha256": catalogue.digest(),
        "schemas_sha256": schemas_digest(),
    }
