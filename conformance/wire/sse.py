"""Reads an event stream exactly as the WHATWG standard says, and forgets nothing.

Bytes go in, in any portions; blocks come out, each with the bytes it was made of, also the blocks that the
standard tells a reader to discard.  It does no I/O and knows nothing of LangGraph.

Specification: https://html.spec.whatwg.org/multipage/server-sent-events.html, sections 9.2.5 and 9.2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"

# An atomic group keeps CRLF together: it is one line ending, never two.
_END_OF_LINE = re.compile(rb"(?>\r\n?|\n)")
_BLANK_LINES = (b"\n", b"\r\n", b"\r")


class Block(NamedTuple):
    """What stands between two blank lines of the stream, as it came and as the standard reads it.

    `raw` includes the closing blank line, and leads with blank lines beyond that one, which mean nothing; the raws of
    all blocks, joined, are the stream without its byte order mark and without blank lines left over at its end.
    `event` is the name as sent (None: no such field); `data` is None when the block has no data line, and the
    standard then dispatches nothing.  `id` is this block's own id field, `last_id` the one in force after it.
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
        """The event type a reader dispatches: `message` when the block names none."""
        return self.event or "message"

    @property
    def dispatched(self) -> bool:
        """Whether a reader sees an event: there is data, and a blank line closed the block."""
        return self.data is not None and self.terminated

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty, comments and unknown fields included, without their endings."""
        return [line.decode("utf-8", "replace") for line in self.raw.splitlines() if line]

    @property
    def comments(self) -> list[str]:
        """The text after the colon of each line that a reader ignores as a comment."""
        return [line[1:] for line in self.lines if line.startswith(":")]

    @property
    def retry(self) -> str | None:
        """The reconnection time as sent; the standard heeds it only if it is all ASCII digits."""
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
        """Which of CRLF, LF and CR end its lines."""
        names = {b"\r\n": "CRLF", b"\n": "LF", b"\r": "CR"}
        return frozenset(names[ending] for ending in _END_OF_LINE.findall(self.raw))


class Decoder:
    """Turns portions of bytes into blocks; its cost is linear in the size of the stream."""

    def __init__(self) -> None:
        self.bom = False
        self._start = True
        self._parts: list[bytes] = []  # of a line whose end has not come
        self._lines: list[bytes] = []  # of a block whose blank line has not come, with their endings
        self._offset = 0  # of the first of these lines within the stream
        self._after_cr = False  # the last line ended in a CR, which may be the first half of CRLF
        self._last_id = ""

    def feed(self, data: bytes) -> list[Block]:
        """Take the next bytes; return the blocks that they complete, in order."""
        if self._start:
            data = self._without_bom(data)
        if self._after_cr and data:
            data = self._without_lf(data)
        self._parts.append(data)
        if b"\n" not in data and b"\r" not in data:
            return []
        blocks: list[Block] = []
        lines = b"".join(self._parts).splitlines(True)  # of bytes: at CRLF, LF and CR alone, as the standard does
        last = lines[-1]
        self._parts = [] if last[-1:] in _BLANK_LINES else [lines.pop()]
        self._after_cr = last[-1:] == b"\r"
        for line in lines:
            self._lines.append(line)
            if line in _BLANK_LINES:
                blocks.append(self._block(True))
        return blocks

    def close(self) -> Block | None:
        """The stream is over: return the unfinished block at its end, which the standard discards, if there is one."""
        self._lines.append(b"".join(self._parts))
        self._parts = []
        return self._block(False) if any(line.strip(b"\r\n") for line in self._lines) else None

    def _without_bom(self, data: bytes) -> bytes:
        """One byte order mark may lead the stream; nothing is given back while too few bytes came to know."""
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
        """The LF of a CRLF whose CR already ended its line ends no line of its own; it stays in the raw bytes."""
        self._after_cr = False
        if not data.startswith(b"\n"):
            return data
        if self._lines:
            self._lines[-1] += b"\n"
        else:
            self._lines.append(b"\n")
        return data[1:]

    def _block(self, terminated: bool) -> Block:
        event = own_id = None
        data: list[str] = []
        for line in self._lines:
            name, _, field = line.rstrip(b"\r\n").partition(b":")
            if name == b"data":
                data.append(field.decode("utf-8", "replace").removeprefix(" "))
            elif name == b"event":
                event = field.decode("utf-8", "replace").removeprefix(" ")
            elif name == b"id" and b"\0" not in field:
                own_id = self._last_id = field.decode("utf-8", "replace").removeprefix(" ")
        raw = b"".join(self._lines)
        offset, self._offset = self._offset, self._offset + len(raw)
        self._lines = []
        return Block(offset, raw, event, "\n".join(data) if data else None, own_id, self._last_id, terminated)


def decode(portions: Iterable[bytes]) -> list[Block]:
    """Read a whole stream; an unfinished block at its end comes last, not `terminated`."""
    decoder = Decoder()
    blocks = [block for portion in portions for block in decoder.feed(portion)]
    tail = decoder.close()
    return [*blocks, tail] if tail else blocks
