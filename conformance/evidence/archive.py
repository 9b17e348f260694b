"""Recordings as one file: a tar archive compressed with xz, byte-reproducible and read without unpacking."""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ARCHIVE = "recordings.tar.xz"
"""The name of the archive in a report folder; it replaces the folder `recordings/`."""

MAX_UNPACKED_BYTES = 256 << 20
"""The largest accepted size of an unpacked archive; a session records at most 192 MiB."""


class ArchiveError(ValueError):
    """A file that cannot be read as an archive of recordings; the message names it and the reason."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of files by name; the same files give the same bytes on every machine.

    The smallest file comes first, which compresses better than any order by name.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (len(files[name]), name)):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(files[name]))
    return lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def pack_folder(folder: Path) -> bytes:
    """Return an archive of the files of a folder `recordings/`."""
    return pack({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})


def unpack(archive: Path) -> dict[str, bytes]:
    """Return the files of an archive by name; raises ArchiveError, also if it holds more than MAX_UNPACKED_BYTES."""
    try:
        return dict(_members(_decompressed(archive)))
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as problem:
        raise ArchiveError(f"{archive}: cannot be read as an archive of recordings ({problem})") from None


def _decompressed(archive: Path) -> bytes:
    with lzma.open(archive) as file:
        data = file.read(MAX_UNPACKED_BYTES + 1)
    if len(data) > MAX_UNPACKED_BYTES:
        raise ArchiveError(f"{archive}: holds more than {MAX_UNPACKED_BYTES:,} bytes; the rest was not read")
    return data


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for member in tar:
            content = tar.extractfile(member)
            # Recordings are plain files without a folder; nothing in an archive is ever written to disk.
            if content is not None and "/" not in member.name:
                yield member.name, content.read()
