"""The golden recordings: those of the official Python server, to test checks and faults without a server.

They are one archive, which is read without unpacking.  `python -m tests.generate recordings` makes them again.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from conformance import catalogue, suite
from conformance.authoring.registry import Registry
from conformance.authoring.views import SessionRecordings
from conformance.evidence.archive import ARCHIVE, pack_folder
from conformance.evidence.json_lines import parse_recording
from conformance.evidence.recording import Recording
from conformance.evidence.source import SUFFIX, ArchiveSource, read_recordings, session_description
from conformance.judging.items import Item, items_of
from conformance.judging.judge import judge
from conformance.judging.outcomes import Outcome
from conformance.session.scenarios import scenario_digests
from conformance.settings import DEFAULT_PROFILE
from conformance.suite.any_run.scenarios import any_run

SOURCE = ArchiveSource(Path(__file__).with_name(ARCHIVE))
"""The files of the golden recordings."""


@cache
def good() -> SessionRecordings:
    """Return all golden recordings."""
    return SessionRecordings(read_recordings(SOURCE))


def single(name: str) -> Recording:
    """Return one of the golden recordings by its variant's file name, as a new object."""
    return parse_recording(f"{name}{SUFFIX}", SOURCE.read(f"{name}{SUFFIX}"))


def written(folder: Path, *names: str) -> Path:
    """Write files of the golden recordings, all by default, to a new folder; return the folder."""
    folder.mkdir(parents=True)
    for name in names or SOURCE.names():
        (folder / name).write_bytes(SOURCE.read(name))
    return folder


def registry() -> Registry:
    """Return everything that the suite declares."""
    return suite.load()


@cache
def items() -> dict[str, Item]:
    """Return every item of the suite by id."""
    return {item.id: item for check in registry().checks for item in items_of(check)}


@cache
def table() -> SessionRecordings:
    """Return the golden recordings that the fault table rewrites: all but those of `any_run`."""
    return SessionRecordings(one for one in good().recordings.values() if one.scenario != any_run.name)


@cache
def table_items() -> dict[str, Item]:
    """Return the items that the fault table judges: all but those of `any_run`, which `test_any_run.py` proves.

    Each of those looks at a third of all recordings, so judging them for every fault would take an hour.
    """
    return {id: item for id, item in items().items() if any_run not in item.check.scenarios}


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
        SOURCE.path.write_bytes(pack_folder(collected))
    made = ArchiveSource(SOURCE.path)
    target = session_description(made)["target"]
    print(f"{len(recorded_files(made))} recordings of {target['name']} {target['version']}")
    return 0


def recorded_files(source: ArchiveSource = SOURCE) -> set[str]:
    """Return the names of the files that are recordings."""
    return {name for name in source.names() if name.endswith(SUFFIX)}


def is_current() -> bool:
    """Return whether the recordings are those of the present scenarios."""
    recorded = session_description(SOURCE)["scenarios"]
    looked_at = {variant.file for item in items().values() for variant in item.variants}
    return recorded == scenario_digests() and looked_at <= recorded_files()
