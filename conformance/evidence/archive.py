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


MAX_MEMORY_BYTES = 128 << 20
"""The largest accepted need of memory for decompressing; a dictionary of 64 MiB, that of `pack`, needs 65 MiB."""

READ_BYTES = 1 << 20


class ArchiveError(ValueError):
    """A file that cannot be read as an archive of recordings; the message names it and the reason."""


def pack(files: Mapping[str, bytes], preset: int = 9 | lzma.PRESET_EXTREME) -> bytes:
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
    return lzma.compress(buffer.getvalue(), preset=preset)


def pack_folder(folder: Path) -> bytes:
    """Return an archive of the files of a folder `recordings/`."""
    return pack({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})


def unpack(archive: Path) -> dict[str, bytes]:
    """Return the files of an archive by name; raises ArchiveError, also if it holds more than MAX_UNPACKED_BYTES."""
    try:
        return dict(_members(_decompressed(archive)))
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError, MemoryError) as problem:
        raise ArchiveError(f"{archive}: cannot be read as an archive of recordings ({problem})") from None


def _decompressed(archive: Path) -> bytes:
    """Return the tar archive; raises LZMAError if the file is damaged or incomplete."""
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY_BYTES)
    parts: list[bytes] = []
    size = 0
    with archive.open("rb") as file:
        while not decompressor.eof:
            data = file.read(READ_BYTES) if decompressor.needs_input else b""
            if decompressor.needs_input and not data:
                raise lzma.LZMAError("the file is incomplete")
            parts.append(decompressor.decompress(data, READ_BYTES))
            size += len(parts[-1])
            if size > MAX_UNPACKED_BYTES:
                raise ArchiveError(f"{archive}: holds more than {MAX_UNPACKED_BYTES:,} bytes; the rest was not read")
    return b"".join(parts)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for member in tar:
            # Recordings are plain files without a folder; nothing in an archive is ever written to disk.  A link or a
            # sparse file could stand for more bytes than the archive has.
            plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and member.sparse is None
            content = tar.extractfile(member) if plain and "/" not in member.name else None
            if content is not None:
                yield member.name, content.read()
