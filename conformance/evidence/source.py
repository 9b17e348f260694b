"""Stored recordings, read alike from a folder, from an archive or from one file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from conformance.evidence.archive import ARCHIVE, unpack
from conformance.evidence.json_lines import parse_recording
from conformance.evidence.recording import Recording

FOLDER = "recordings"
"""The folder of the recordings in a report folder."""
SESSION_FILE = "run.json"
"""Describes the session that made the recordings beside it."""
SUFFIX = ".jsonl"


class RecordingSource(Protocol):
    """The files of a session's recordings."""

    @property
    def path(self) -> Path:
        """Where they are: a folder, an archive or a file."""

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""

    def read(self, name: str) -> bytes:
        """Return the content of a file; raises KeyError or OSError if there is none."""


@dataclass(frozen=True)
class FolderSource:
    """The files of a folder."""

    path: Path

    def names(self) -> list[str]:
        return sorted(entry.name for entry in self.path.iterdir() if entry.is_file()) if self.path.is_dir() else []

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


@dataclass(frozen=True)
class ArchiveSource:
    """The files of an archive, read into memory at once; raises ArchiveError when they are first asked for."""

    path: Path

    @cached_property
    def _files(self) -> dict[str, bytes]:
        return unpack(self.path)

    def names(self) -> list[str]:
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        return self._files[name]


@dataclass(frozen=True)
class FileSource:
    """One recording."""

    path: Path

    def names(self) -> list[str]:
        return [self.path.name]

    def read(self, name: str) -> bytes:
        return self.path.read_bytes()


def source_of(given: Path) -> RecordingSource:
    """Return the recordings of a report folder, of its `recordings/`, of an archive, or of one `.jsonl` file.

    In a report folder the folder `recordings/` comes before the archive.  What is not there has no files.
    """
    if given.is_file():
        return FileSource(given) if given.suffix == SUFFIX else ArchiveSource(given)
    folder, archive = given / FOLDER, given / ARCHIVE
    if archive.is_file() and not folder.is_dir():
        return ArchiveSource(archive)
    return FolderSource(folder if folder.is_dir() else given)


def report_folder_of(given: Path) -> Path:
    """Return the folder that holds the report of these recordings."""
    return given.parent if given.is_file() or given.name == FOLDER else given


def read_recordings(source: RecordingSource) -> list[Recording]:
    """Return every recording, in the order of their file names; raises ValueError naming the file at fault."""
    return [parse_recording(name, source.read(name)) for name in source.names() if name.endswith(SUFFIX)]


def session_description(source: RecordingSource) -> dict[str, Any]:
    """Return what the session that made the recordings says about itself; raises OSError, KeyError or ValueError."""
    content: dict[str, Any] = json.loads(source.read(SESSION_FILE))
    return content


def recording_digests(source: RecordingSource) -> dict[str, Any]:
    """Return the number of recordings, and a SHA-256 over all of them.

    It is the digest of the lines that `sha256sum` prints for the recordings, sorted by file name.
    """
    names = [name for name in source.names() if name.endswith(SUFFIX)]
    lines = (f"{hashlib.sha256(source.read(name)).hexdigest()}  {name}\n" for name in names)
    return {"files": len(names), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}
