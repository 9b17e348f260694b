"""Archives of recordings: reproducible, read without unpacking, and limited in size."""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.evidence import archive
from conformance.evidence.archive import ARCHIVE, ArchiveError, pack, pack_folder, unpack
from conformance.evidence.source import source_of
from conformance.judging.verdict import USAGE

from . import golden

FILES = {"run.json": b"{}", "a.jsonl": b"x" * 100, "b.jsonl": b""}


def stored(folder: Path, content: bytes) -> Path:
    path = folder / ARCHIVE
    path.write_bytes(content)
    return path


def tarred(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return lzma.compress(buffer.getvalue())


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    return info, content


def test_what_is_packed_is_read_back(tmp_path: Path) -> None:
    assert unpack(stored(tmp_path, pack(FILES))) == FILES
    source = source_of(tmp_path)
    assert (source.path.name, source.names()) == (ARCHIVE, sorted(FILES))


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for order in (FILES, dict(reversed(FILES.items()))):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, content in order.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        assert pack_folder(folder) == pack(FILES)


def test_the_golden_recordings_are_an_archive_as_the_suite_makes_it() -> None:
    files = {name: golden.SOURCE.read(name) for name in golden.SOURCE.names()}
    unpacked = lzma.decompress(golden.SOURCE.path.read_bytes())
    assert unpacked == lzma.decompress(pack(files, preset=0))


def test_links_and_folders_in_an_archive_are_ignored(tmp_path: Path) -> None:
    link = member("link.jsonl", kind=tarfile.SYMTYPE)
    link[0].linkname = "a.jsonl"
    hard = member("hard.jsonl", kind=tarfile.LNKTYPE)
    hard[0].linkname = "a.jsonl"
    others = [member("../x.jsonl", b"x"), member("/x.jsonl", b"x"), member("pipe", kind=tarfile.FIFOTYPE)]
    assert unpack(stored(tmp_path, tarred(member("a.jsonl", b"1"), link, hard, *others))) == {"a.jsonl": b"1"}


def test_a_sparse_file_cannot_stand_for_more_than_the_archive_holds(tmp_path: Path) -> None:
    info, _ = member("a.jsonl")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,0",
                        "GNU.sparse.size": str(1 << 50), "GNU.sparse.realsize": str(1 << 50)}  # fmt: skip
    assert unpack(stored(tmp_path, tarred((info, b""), form=tarfile.PAX_FORMAT))) == {}


def bomb() -> bytes:
    """Return an archive that unpacks to more than is accepted."""
    compressor, zeros = lzma.LZMACompressor(preset=0), bytes(1 << 20)
    parts = [compressor.compress(zeros) for _ in range((archive.MAX_UNPACKED_BYTES >> 20) + 1)]
    return b"".join([*parts, compressor.flush()])


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 8 << 20)


@pytest.mark.usefixtures("small_limit")
def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    content = bomb()
    assert len(content) < 100_000
    with pytest.raises(ArchiveError, match=r"recordings\.tar\.xz: holds more than 8,388,608 bytes"):
        unpack(stored(tmp_path, content))


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("command", [["judge"], ["replay"], ["clients"]])
def test_each_command_refuses_a_bomb_with_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    stored(tmp_path, bomb())
    assert main([*command, str(tmp_path)]) == USAGE
    assert "holds more than 8,388,608 bytes" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [ARCHIVE]


DAMAGE: dict[str, Callable[[], bytes]] = {
    "is empty": lambda: b"",
    "is cut off": lambda: pack(FILES)[:-20],
    "is not xz": lambda: b"PK" + bytes(100),
    "is not tar": lambda: lzma.compress(b"no tar archive" * 100),
    "needs much memory": lambda: lzma.compress(b"", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_error_for_what_is_not_an_archive_names_it(tmp_path: Path, damage: str) -> None:
    with pytest.raises(ArchiveError, match=r"recordings\.tar\.xz: cannot be read as an archive"):
        unpack(stored(tmp_path, DAMAGE[damage]()))
