"""What makes a report attributable: digests of what judged and of what was judged, and where and how it was made.

It reads files and packages' metadata; it judges nothing and does no network I/O.
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
"""What a result may depend on beside the suite itself."""


def suite_version() -> str:
    """The version of the suite; of a checkout that is not installed it says so."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0 (checkout)"


def verdict_digest(profile: str, outcomes: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over a profile and pairs of check and outcome: equal for two runs with the same outcomes."""
    content = json.dumps([profile, sorted(outcomes)], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def schemas_digest() -> str:
    """SHA-256 over the JSON Schemas by which payloads are judged; how their files are laid out does not matter."""
    files = sorted(folder("schemas").glob("*.json"))
    content = {file.name: json.loads(file.read_text("utf-8")) for file in files}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def platform_facts() -> dict[str, Any]:
    """Python, operating system, machine and the packages that a result may depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "packages": [{"name": name, "version": metadata.version(name)} for name in PACKAGES],
    }


def suite_facts() -> dict[str, str]:
    """What judged: the suite's version, and the digests of its catalogue and schemas."""
    return {
        "version": suite_version(),
        "catalogue_sha256": catalogue.digest(),
        "schemas_sha256": schemas_digest(),
    }
