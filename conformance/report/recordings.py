"""The recordings beside a report, as its pages draw and link them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.evidence.json_lines import parse_recording
from conformance.evidence.recording import Recording
from conformance.evidence.source import SUFFIX, ArchiveSource, RecordingSource, source_of


@dataclass(frozen=True)
class StoredRecordings:
    """The recordings of one report by file name; None for a recording that cannot be read.

    `archive` is the name of the archive that holds them; it is empty if they are files in the folder `recordings/`.
    """

    by_file: Mapping[str, Recording | None] = field(default_factory=dict)
    archive: str = ""

    def __contains__(self, file: str) -> bool:
        return file in self.by_file


NO_RECORDINGS = StoredRecordings()


def stored_recordings(folder: Path, read: Mapping[str, Recording] | None = None) -> StoredRecordings:
    """Return the recordings in a report folder; `read` are their contents if the caller has already read them."""
    source = source_of(folder)
    by_file = _read(source) if read is None else read
    return StoredRecordings(by_file, source.path.name if isinstance(source, ArchiveSource) else "")


def _read(source: RecordingSource) -> dict[str, Recording | None]:
    try:
        names = source.names()
    except ValueError:  # a damaged archive does not prevent a report
        return {}
    return {name: _read_one(source, name) for name in names if name.endswith(SUFFIX)}


def _read_one(source: RecordingSource, name: str) -> Recording | None:
    try:
        return parse_recording(name, source.read(name))
    except (ValueError, OSError):  # nor does a damaged recording
        return None
