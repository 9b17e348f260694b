"""Reads an event stream exactly as the WHATWG standard says, and forgets nothing.

Bytes go in, in any portions; blocks come out, each with the bytes it was made of, also the blocks that the
standard tells a reader to discard.  It does no I/O and knows nothing of LangGraph.

Norm: https://html.spec.whatwg.org/multipage/server-sent-events.html, sections 9.2.5 and 9.2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"

# An atomic group keeps CRLF together: it is one line ending, never two.
_END_OF_LINE = re.compile(rb"(?>\r\n?|\n)")
_BLANK_LINE = re.compile(rb"(?>\r\n?|\n)(?>\r\n?|\n)")


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
        self._buffer = bytearray()
        self._offset = 0  # of the buffer's first byte within the stream
        self._searched = 0  # no blank line begins before this index
        self._start = True
        self._last_id = ""

    def feed(self, data: bytes) -> list[Block]:
        """Take the next bytes; return the blocks that they complete, in order."""
        self._buffer += data
        if self._start and not self._strip_bom():
            return []
        if not _BLANK_LINE.search(self._buffer, self._searched):
            # Both halves of a blank line may still be torn: up to two bytes of a line ending stand at the end.
            self._searched = max(0, len(self._buffer) - 2)
            return []
        # Copied only when a block is complete, and then what is left over is shorter than `data`: linear on the whole.
        portion = bytes(self._buffer)
        blocks: list[Block] = []
        start = 0
        for blank in _BLANK_LINE.finditer(portion, self._searched):
            end = blank.end()
            blocks.append(self._block(portion[start:end], self._offset + start, True))
            start = end
        del self._buffer[:start]
        self._offset += start
        self._searched = max(0, len(self._buffer) - 2)
        return blocks

    def close(self) -> Block | None:
        """The stream is over: return the unfinished block at its end, which the standard discards, if there is one."""
        tail = bytes(self._buffer)
        self._buffer.clear()
        return self._block(tail, self._offset, False) if tail.strip(b"\r\n") else None

    def _strip_bom(self) -> bool:
        """One byte order mark may lead the stream; return False while too few bytes came to know."""
        if len(self._buffer) < len(BOM) and BOM.startswith(self._buffer):
            return False
        self._start = False
        if self._buffer.startswith(BOM):
            self.bom = True
            del self._buffer[: len(BOM)]
            self._offset = len(BOM)
        return True

    def _block(self, raw: bytes, offset: int, terminated: bool) -> Block:
        event = own_id = None
        data: list[str] = []
        for line in raw.splitlines():  # of bytes: splits at CRLF, LF and CR alone, as the standard does
            if not line:
                continue
            name, _, field = line.partition(b":")
            value = field.decode("utf-8", "replace").removeprefix(" ")
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event = value
            elif name == b"id" and "\0" not in value:
                own_id = self._last_id = value
        return Block(offset, raw, event, "\n".join(data) if data else None, own_id, self._last_id, terminated)


def decode(portions: Iterable[bytes]) -> list[Block]:
    """Read a whole stream; an unfinished block at its end comes last, not `terminated`."""
    decoder = Decoder()
    blocks = [block for portion in portions for block in decoder.feed(portion)]
    tail = decoder.close()
    return [*blocks, tail] if tail else blocks
