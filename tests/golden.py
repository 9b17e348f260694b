"""The golden recordings: those of the official Python server, to test checks and faults without a server.

`python -m tests.generate recordings` makes them again.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from conformance import catalogue, suite
from conformance.authoring.registry import Registry
from conformance.authoring.views import SessionRecordings
from conformance.evidence.source import read_recordings, source_of
from conformance.judging.items import Item, items_of
from conformance.judging.judge import judge
from conformance.judging.outcomes import Outcome
from conformance.session.scenarios import scenario_digests
from conformance.settings import DEFAULT_PROFILE

FOLDER = Path(__file__).parent / "recordings"


@cache
def good() -> SessionRecordings:
    """Return all golden recordings."""
    return SessionRecordings(read_recordings(source_of(FOLDER)))


def registry() -> Registry:
    """Return everything that the suite declares."""
    return suite.load()


@cache
def items() -> dict[str, Item]:
    """Return every item of the suite by id."""
    return {item.id: item for check in registry().checks for item in items_of(check)}


@cache
def outcomes() -> dict[str, Outcome]:
    """Return the outcome of every item on the golden recordings."""
    return {id: judge(item, good()) for id, item in items().items()}


def make(arguments: list[str]) -> int:
    """Record the embedded official server with every profile; keep the recordings if it conforms to all.

    Returns the first exit status that is not 0.  A scenario of several profiles is kept as recorded with the default
    profile, which comes last.
    """
    from conformance.cli import main

    others = [name for name in catalogue.profiles() if name != DEFAULT_PROFILE]
    with tempfile.TemporaryDirectory() as name:
        collected = Path(name) / "collected"
        for profile in (*others, DEFAULT_PROFILE):
            folder = Path(name) / profile
            status = main(["run", "--profile", profile, "--report-dir", str(folder), "-q", *arguments])
            if status:
                return status
            shutil.copytree(folder / "recordings", collected, dirs_exist_ok=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(collected, FOLDER)
    target = json.loads((FOLDER / "run.json").read_text("utf-8"))["target"]
    print(f"{len(list(FOLDER.glob('*.jsonl')))} recordings of {target['name']} {target['version']}")
    return 0


def is_current() -> bool:
    """Return whether the recordings are those of the present scenarios."""
    recorded = json.loads((FOLDER / "run.json").read_text("utf-8"))["scenarios"]
    looked_at = {variant.file for item in items().values() for variant in item.variants}
    return recorded == scenario_digests() and looked_at <= {path.name for path in FOLDER.glob("*.jsonl")}
