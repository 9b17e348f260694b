"""The golden recordings: what the official Python server said, kept to try checks and faults on without a server.

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
    """All golden recordings."""
    return SessionRecordings(read_recordings(source_of(FOLDER)))


def registry() -> Registry:
    """Everything that the suite declares."""
    return suite.load()


@cache
def items() -> dict[str, Item]:
    """Every item of the suite, by id."""
    return {item.id: item for check in registry().checks for item in items_of(check)}


@cache
def outcomes() -> dict[str, Outcome]:
    """What came of every item on the golden recordings."""
    return {id: judge(item, good()) for id, item in items().items()}


def make(arguments: list[str]) -> int:
    """Record the embedded official server by every profile; keep the recordings if it is conformant to all.

    What several profiles look at is kept as the default one, which is run last, has seen it.
    """
    from conformance.cli import main

    others = [name for name in catalogue.profiles() if name != DEFAULT_PROFILE]
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "made"
        for profile in (*others, DEFAULT_PROFILE):
            folder = Path(name) / profile
            status = main(["run", "--profile", profile, "--report-dir", str(folder), "-q", *arguments])
            if status:
                return status
            shutil.copytree(folder / "recordings", made, dirs_exist_ok=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(made, FOLDER)
    run = json.loads((FOLDER / "run.json").read_text("utf-8"))
    print(f"{len(list(FOLDER.glob('*.jsonl')))} recordings of {run['target']['name']} {run['target']['version']}")
    return 0


def is_current() -> bool:
    """Return whether the recordings are those that today's scenarios would make."""
    recorded = json.loads((FOLDER / "run.json").read_text("utf-8"))["scenarios"]
    looked_at = {variant.file for item in items().values() for variant in item.variants}
    return recorded == scenario_digests() and looked_at <= {path.name for path in FOLDER.glob("*.jsonl")}
