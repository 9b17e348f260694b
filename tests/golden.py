"""The golden recordings: what the official Python server said, kept to try checks and faults on without a server.

`python -m tests.golden` makes them again (`tox -e recordings`).
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from conformance import catalogue, suites
from conformance.declare import REGISTRY
from conformance.jsonl import read_folder
from conformance.judge import Item, Outcome, items_of, judge
from conformance.settings import DEFAULT_PROFILE
from conformance.views import Run

FOLDER = Path(__file__).parent / "recordings"


@cache
def good() -> Run:
    """All golden recordings."""
    return Run(read_folder(FOLDER))


@cache
def items() -> dict[str, Item]:
    """Every item of the suite, by id."""
    suites.load()
    return {item.id: item for check in REGISTRY.checks for item in items_of(check)}


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


if __name__ == "__main__":
    sys.exit(make(sys.argv[1:]))
