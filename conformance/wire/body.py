"""Decodes the body of an answer while it arrives, as the header Content-Encoding declares or in spite of it."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterator, Sequence

from conformance.wire.codings import DAMAGED, ENGINES, STEP_BYTES, Engine
from conformance.wire.text import shortened

SHOWN_BYTES = 4
"""How many bytes of a body that cannot be decoded are kept: enough to see what it is, too few to hold a secret."""

DECIDING_BYTES = 8
"""After how many bytes a body that is not encoded as declared, and looks like text, is taken for text."""

MARKS = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
"""The first bytes of every body with this coding; deflate and br have no mark."""

SHOWN_CHARACTERS = 60
"""How many characters of the header a message shows."""

MAX_CODINGS = 3
"""More codings of one body are not undone; no server needs two."""


class CodingError(ValueError):
    """A compressed body is damaged; the message says how."""


class BodyDecoder:
    """Undoes the codings that the header Content-Encoding of one body declares.

    `coding` is what it undoes, empty for a body that is passed on as it arrived; `problem` says why it does not undo
    what the header declares, or that the body is compressed although the header does not say so.  Bytes that cannot be
    decoded may hold a secret that nobody can see, so all but the first of them are replaced by asterisks.
    """

    def __init__(self, declared: str | None) -> None:
        names = [name.strip().lower().removeprefix("x-") for name in (declared or "").split(",")]
        self._names = [name for name in names if name not in ("", "identity")]
        self._start: bytes | None = b""
        """What has arrived until it is decided how the body is read, None afterwards."""
        self._engines: list[Engine] = []
        self._shown = -1
        """How many more bytes of a body that cannot be decoded are kept, negative for any other body."""
        self.coding = ""
        self.problem = ""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes in bounded steps; raises CodingError for a damaged body."""
        if self._start is not None:
            self._start += data
            if not self._decided(self._start, final=False):
                return
            data, self._start = self._start, None
        yield from self._passed(data)

    def close(self) -> Iterator[bytes]:
        """Yield what was held back; nothing follows."""
        if self._start:
            self._decided(self._start, final=True)
            data, self._start = self._start, None
            yield from self._passed(data)

    def _passed(self, data: bytes) -> Iterator[bytes]:
        if self._shown >= 0:
            kept, self._shown = data[: self._shown], max(0, self._shown - len(data))
            yield kept + b"*" * (len(data) - len(kept))
            return
        try:
            yield from _undone(self._engines, data)
        except DAMAGED as problem:
            raise CodingError(f"the body is not valid {self.coding}: {problem}") from None

    def _decided(self, start: bytes, *, final: bool) -> bool:
        """Decide by its first bytes how the body is read; return False if more of them are needed."""
        expected = {self._names[-1]: MARKS.get(self._names[-1])} if self._names else MARKS
        marks = [mark for mark in expected.values() if mark]
        if not final and any(len(start) < len(mark) and mark.startswith(start) for mark in marks):
            return False
        marked = any(start.startswith(mark) for mark in marks)
        if marked and not self._names:
            self._hide("is compressed, but no header says so")
        elif not self._names:
            pass
        elif not marked and _is_text(start):
            if not final and len(start) < DECIDING_BYTES:
                return False
            self.problem = f"Content-Encoding declares {self._declared}, but the body is not encoded"
        elif (marks and not marked) or not self._names_known():
            self._hide(f"cannot be decoded as {self._declared}")
        else:
            self._engines = [ENGINES[name]() for name in reversed(self._names)]
            self.coding = self._declared
        return True

    def _names_known(self) -> bool:
        return len(self._names) <= MAX_CODINGS and all(name in ENGINES for name in self._names)

    @property
    def _declared(self) -> str:
        return shortened(", ".join(self._names), SHOWN_CHARACTERS)

    def _hide(self, why: str) -> None:
        self.problem = f"the body {why}; all but its first {SHOWN_BYTES} bytes are replaced by asterisks"
        self._shown = SHOWN_BYTES


def _undone(engines: Sequence[Engine], data: bytes) -> Iterator[bytes]:
    """Yield the data after all engines, each fed with the steps of the one before."""
    if not engines:
        yield data
        return
    for part in engines[0].feed(data):
        yield from _undone(engines[1:], part)


def _is_text(start: bytes) -> bool:
    """Return whether the first bytes of a body are text."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start[:STEP_BYTES])
    except UnicodeDecodeError:
        return False
    return not any(unicodedata.category(char) == "Cc" and char not in "\t\n\r" for char in text)
