"""The content codings gzip, deflate, br and zstd, undone while the bytes arrive.

A few compressed bytes can stand for gigabytes, so an engine yields bounded steps, and the caller can stop.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP_BYTES = 65_536
"""About how many bytes one step yields at most."""

ZSTD_WINDOW_LOG = 23
"""The largest window of zstd as a power of two: 8 MiB, the limit of RFC 9659 for this content coding."""


class Engine(Protocol):
    """Undoes one coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data decodes to, in bounded steps; raises what the library raises."""


class _Zlib:
    """gzip, which may consist of several members, and deflate with a header of zlib or without one."""

    def __init__(self, window: int = 0) -> None:
        """`window` is that of zlib, 0 to recognise deflate by its first two bytes."""
        self._window = window
        self._held = b""
        self._decoder = zlib.decompressobj(window or zlib.MAX_WBITS)

    def feed(self, data: bytes) -> Iterator[bytes]:
        data, self._held = self._held + data, b""
        if not self._window and len(data) < 2:
            self._held = data
            return
        if not self._window:
            has_header = data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._window = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
            self._decoder = zlib.decompressobj(self._window)
        yield from self._decoded(data)

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._decoder.eof and data:
                self._decoder = zlib.decompressobj(self._window)
            decoded = self._decoder.decompress(data, STEP_BYTES)
            if decoded:
                yield decoded
            data = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail
            # After a full step it is asked again without data, because zlib can hold output back.
            if not data and (self._decoder.eof or len(decoded) < STEP_BYTES):
                return


class _Zstd:
    """zstd, which may consist of several frames."""

    def __init__(self) -> None:
        self._decoder = self._new()

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._decoder.eof or self._decoder.needs_input):
            if self._decoder.eof:
                self._decoder = self._new()
            if decoded := self._decoder.decompress(data, STEP_BYTES):
                yield decoded
            data = self._decoder.unused_data if self._decoder.eof else b""


class _Brotli:
    """br."""

    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            decoded: bytes = self._decoder.process(data, output_buffer_limit=STEP_BYTES)
            if decoded:
                yield decoded
            data = b""
            if not decoded and self._decoder.can_accept_more_data():
                return


ENGINES: dict[str, Callable[[], Engine]] = {
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "deflate": _Zlib,
    "br": _Brotli,
    "zstd": _Zstd,
}
"""The codings that are undone."""

DAMAGED = (zlib.error, zstd.ZstdError, brotli.error, EOFError, MemoryError)
"""What an engine raises for a body that is damaged."""
