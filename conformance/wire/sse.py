"""Decodes event streams exactly as the WHATWG standard says, without losing a byte.

Bytes go in, in portions of any size; blocks come out, each with the bytes that it was decoded from, including blocks
that the standard tells a client to discard.  It does no I/O and knows nothing of LangGraph.

Specification: https://html.spec.whatwg.org/multipage/server-sent-events.html, sections 9.2.5 and 9.2.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"

_BLANK_LINES = (b"\n", b"\r\n", b"\r")


class Block(NamedTuple):
    """The lines up to a blank line, as received and as the standard decodes them.

    `raw` begins with any additional blank lines, which have no meaning, and includes the blank line that ends the
    block.  The `raw` of all blocks, joined, is the stream without its byte order mark and trailing blank lines.
    `event` is the name as sent, None without an event field.  `data` is None without a data line; a client then
    dispatches nothing.  `id` is the id field of this block, `last_id` the last event id after it.
    """

    offset: int
    raw: bytes
    event: str | None
    data: str | None
    id: str | None
    last_id: str
    terminated: bool

    @property
    def name(self) -> str:
        """The event type that a client dispatches: `message` if the block names none."""
        return self.event or "message"

    @property
    def dispatched(self) -> bool:
        """Whether a client dispatches an event: there is data, and a blank line ended the block."""
        return self.data is not None and self.terminated

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty, including comments and unknown fields, without their endings."""
        return [line.decode("utf-8", "replace") for line in self.raw.splitlines() if line]

    @property
    def comments(self) -> list[str]:
        """The text after the colon of each comment."""
        return [line[1:] for line in self.lines if line.startswith(":")]

    @property
    def retry(self) -> str | None:
        """The reconnection time as sent, in milliseconds; a client ignores it unless it is all ASCII digits."""
        values = [line.partition(":")[2].removeprefix(" ") for line in self.lines if line.partition(":")[0] == "retry"]
        return values[-1] if values else None

    @property
    def valid_utf8(self) -> bool:
        """Whether the bytes are UTF-8; the text of an invalid block holds replacement characters."""
        try:
            self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    @property
    def line_endings(self) -> frozenset[str]:
        """Which of CRLF, LF and CR end the lines."""
        both = self.raw.count(b"\r\n")
        found = {"CRLF": both, "LF": self.raw.count(b"\n") - both, "CR": self.raw.count(b"\r") - both}
        return frozenset(name for name, count in found.items() if count)


class Decoder:
    """Turns portions of bytes into blocks, in time linear in the size of the stream."""

    def __init__(self) -> None:
        self.bom = False
        self._start = True
        self._parts: list[bytes] = []  # of a line that has not ended
        self._lines: list[bytes] = []  # of a block that has not ended, with their endings
        self._offset = 0  # of the first of these lines in the stream
        self._after_cr = False  # the last line ended in a CR, which may be the first half of a CRLF
        self._last_id = ""

    def feed(self, data: bytes) -> list[Block]:
        """Decode the next bytes; return the blocks that they complete, in order."""
        if self._start:
            data = self._without_bom(data)
        if self._after_cr and data:
            data = self._without_lf(data)
        self._parts.append(data)
        if b"\n" not in data and b"\r" not in data:
            return []
        blocks: list[Block] = []
        lines = b"".join(self._parts).splitlines(True)  # bytes are split at CRLF, LF and CR alone, as in the standard
        last = lines[-1]
        self._parts = [] if last[-1:] in _BLANK_LINES else [lines.pop()]
        self._after_cr = last[-1:] == b"\r"
        for line in lines:
            self._lines.append(line)
            if line in _BLANK_LINES:
                blocks.append(self._block(True))
        return blocks

    def close(self) -> Block | None:
        """Return the unfinished block at the end of the stream, which a client discards; None if there is none."""
        self._lines.append(b"".join(self._parts))
        self._parts = []
        return self._block(False) if any(line.strip(b"\r\n") for line in self._lines) else None

    def _without_bom(self, data: bytes) -> bytes:
        """Remove the byte order mark that may lead the stream; return nothing until enough bytes have arrived."""
        data = b"".join((*self._parts, data))
        self._parts = []
        if len(data) < len(BOM) and BOM.startswith(data):
            self._parts = [data]
            return b""
        self._start = False
        if not data.startswith(BOM):
            return data
        self.bom = True
        self._offset = len(BOM)
        return data[len(BOM) :]

    def _without_lf(self, data: bytes) -> bytes:
        """Remove the LF of a CRLF whose CR already ended the line, but keep it in the raw bytes."""
        self._after_cr = False
        if not data.startswith(b"\n"):
            return data
        if self._lines:
            self._lines[-1] += b"\n"
        else:
            self._lines.append(b"\n")
        return data[1:]

    def _block(self, terminated: bool) -> Block:
        event = block_id = None
        data: list[str] = []
        for line in self._lines:
            name, _, field = line.rstrip(b"\r\n").partition(b":")
            if name == b"data":
                data.append(field.decode("utf-8", "replace").removeprefix(" "))
            elif name == b"event":
                event = field.decode("utf-8", "replace").removeprefix(" ")
            elif name == b"id" and b"\0" not in field:
                block_id = self._last_id = field.decode("utf-8", "replace").removeprefix(" ")
        raw = b"".join(self._lines)
        offset, self._offset = self._offset, self._offset + len(raw)
        self._lines = []
        return Block(offset, raw, event, "\n".join(data) if data else None, block_id, self._last_id, terminated)


def decode(portions: Iterable[bytes]) -> list[Block]:
    """Return the blocks of a whole stream; an unfinished block at its end is the last, and not `terminated`."""
    decoder = Decoder()
    blocks = [block for portion in portions for block in decoder.feed(portion)]
    tail = decoder.close()
    return [*blocks, tail] if tail else blocks
