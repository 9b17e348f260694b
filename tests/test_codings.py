"""Bodies that a server compresses are decoded while they arrive, within limits, and nothing in them can crash."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.body import DECIDING_BYTES, SHOWN_BYTES, BodyDecoder, CodingError
from conformance.wire.codings import STEP_BYTES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = 'event: values\ndata: {"joke": "Grüße"}\n\n'.encode() * 40


def deflated(data: bytes, window: int) -> bytes:
    compressor = zlib.compressobj(wbits=window)
    return compressor.compress(data) + compressor.flush()


ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: deflated(data, 31),
    "x-gzip": lambda data: deflated(data[:9], 31) + deflated(data[9:], 31),
    "deflate": lambda data: deflated(data, 15),
    "DEFLATE": lambda data: deflated(data, -15),
    "br": lambda data: bytes(brotli.compress(data, quality=4)),
    "zstd": zstd.compress,
    "zstd, identity": lambda data: zstd.compress(data[:9]) + zstd.compress(data[9:]),
    "gzip, br": lambda data: bytes(brotli.compress(deflated(data, 31), quality=4)),
}
"""How a body with this Content-Encoding is encoded; some codings have two forms."""

CODED = pytest.mark.parametrize("declared", ENCODE)


def decoded(decoder: BodyDecoder, portions: list[bytes]) -> bytes:
    return b"".join([*(part for portion in portions for part in decoder.feed(portion)), *decoder.close()])


def one_by_one(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


@CODED
@pytest.mark.parametrize("cut", [lambda data: [data], one_by_one])
def test_a_declared_coding_is_undone_however_the_body_is_cut(
    declared: str, cut: Callable[[bytes], list[bytes]]
) -> None:
    decoder = BodyDecoder(declared)
    assert decoded(decoder, cut(ENCODE[declared](TEXT))) == TEXT
    assert decoder.problem == ""
    assert set(decoder.coding.split(", ")) <= {"gzip", "deflate", "br", "zstd"}


def flushed_by_zlib(window: int) -> Callable[[bytes], bytes]:
    compressor = zlib.compressobj(wbits=window)
    return lambda event: compressor.compress(event) + compressor.flush(zlib.Z_SYNC_FLUSH)


def flushed_by_brotli() -> Callable[[bytes], bytes]:
    compressor = brotli.Compressor()
    return lambda event: bytes(compressor.process(event) + compressor.flush())


def flushed_by_zstd() -> Callable[[bytes], bytes]:
    compressor = zstd.ZstdCompressor()
    return lambda event: compressor.compress(event, compressor.FLUSH_BLOCK)


@pytest.mark.parametrize(
    ("declared", "send"),
    [
        ("gzip", flushed_by_zlib(31)),
        ("deflate", flushed_by_zlib(15)),
        ("deflate", flushed_by_zlib(-15)),
        ("br", flushed_by_brotli()),
        ("zstd", flushed_by_zstd()),
    ],
)
def test_an_event_that_is_flushed_is_decoded_before_the_next_one_arrives(
    declared: str, send: Callable[[bytes], bytes]
) -> None:
    decoder = BodyDecoder(declared)
    for number in range(3):
        event = f"event: values\ndata: {number}\n\n".encode()
        assert b"".join(decoder.feed(send(event))) == event


@pytest.mark.parametrize(
    "declared", ["gzip", "deflate", "br", "zstd", "gzip, br", "compress", "gzip, gzip, gzip, gzip"]
)
@pytest.mark.parametrize("cut", [lambda data: [data], one_by_one])
def test_a_coding_that_is_declared_but_not_applied_leaves_the_body_as_it_is(
    declared: str, cut: Callable[[bytes], list[bytes]]
) -> None:
    for body in (TEXT, b"{}", b": \xe2\x99\xa5\n\n"):
        decoder = BodyDecoder(declared)
        assert decoded(decoder, cut(body)) == body
        assert decoder.coding == ""
        assert decoder.problem == f"Content-Encoding declares {declared}, but the body is not encoded"


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        (None, ENCODE["gzip"](TEXT)),
        ("identity", ENCODE["zstd"](TEXT)),
        ("gzip", ENCODE["zstd"](TEXT)),
        ("compress", b"\x1f\x9d" + TEXT),
        ("gzip, gzip, gzip, gzip", ENCODE["gzip"](TEXT)),
    ],
)
def test_a_body_that_cannot_be_decoded_is_masked_but_for_its_first_bytes(declared: str | None, body: bytes) -> None:
    for portions in ([body], one_by_one(body)):
        decoder = BodyDecoder(declared)
        assert decoded(decoder, portions) == body[:SHOWN_BYTES] + b"*" * (len(body) - SHOWN_BYTES)
        assert (decoder.coding, "asterisks" in decoder.problem) == ("", True)


def test_a_body_without_a_coding_is_passed_on_at_once() -> None:
    decoder = BodyDecoder(None)
    assert [list(decoder.feed(bytes([byte]))) for byte in b"data"] == [[b"d"], [b"a"], [b"t"], [b"a"]]
    assert decoded(BodyDecoder(""), [b"", b"\xff\x00"]) == b"\xff\x00"
    assert decoded(BodyDecoder("br"), []) == b""
    assert decoded(BodyDecoder("br"), [TEXT[: DECIDING_BYTES - 1]]) == TEXT[: DECIDING_BYTES - 1]


@pytest.mark.parametrize("declared", ["gzip", "deflate", "br", "zstd"])
def test_a_damaged_body_is_decoded_up_to_the_damage(declared: str) -> None:
    decoder = BodyDecoder(declared)
    assert b"".join(decoder.feed(ENCODE[declared](TEXT))) == TEXT
    with pytest.raises(CodingError, match=f"the body is not valid {declared}: "):
        list(decoder.feed(b"\xff" * 1_000))


@pytest.mark.parametrize("declared", ["gzip", "deflate", "zstd"])
def test_a_body_with_a_wrong_checksum_is_damaged(declared: str) -> None:
    body = bytearray(zstd.compress(TEXT, options={int(zstd.CompressionParameter.checksum_flag): 1}))
    body = body if declared == "zstd" else bytearray(ENCODE[declared](TEXT))
    body[-2] ^= 0xFF
    with pytest.raises(CodingError, match=f"the body is not valid {declared}: "):
        decoded(BodyDecoder(declared), [bytes(body)])


def bomb(declared: str) -> bytes:
    """Return 32 MiB of zeros in as few bytes as the coding allows."""
    return ENCODE[declared](bytes(32 << 20))


@pytest.mark.parametrize("declared", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_a_bomb_is_decoded_in_small_steps_only_as_far_as_it_is_asked_for(declared: str) -> None:
    steps = BodyDecoder(declared).feed(bomb(declared))
    taken = [len(next(steps)) for _ in range(20)]
    assert max(taken) <= 4 * STEP_BYTES


def test_a_window_that_would_need_much_memory_is_refused() -> None:
    parameters = {int(zstd.CompressionParameter.window_log): 27, int(zstd.CompressionParameter.content_size_flag): 0}
    compressor = zstd.ZstdCompressor(options=parameters)
    body = compressor.compress(b"data: 1\n\n") + compressor.flush()
    with pytest.raises(CodingError, match="zstd"):
        decoded(BodyDecoder("zstd"), [body])


@given(st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "foo", ""]), st.lists(st.binary(), max_size=4))
def test_no_bytes_crash_it(declared: str, portions: list[bytes]) -> None:
    decoder = BodyDecoder(declared)
    with suppress(CodingError):
        decoded(decoder, portions)
    assert decoder.coding in ("", declared)


@given(st.sampled_from(sorted(ENCODE)), st.binary(min_size=1, max_size=300), st.lists(st.integers(1, 40), max_size=5))
def test_any_body_survives(declared: str, body: bytes, sizes: list[int]) -> None:
    rest, portions = ENCODE[declared](body), []
    for size in sizes:
        portions.append(rest[:size])
        rest = rest[size:]
    assert decoded(BodyDecoder(declared), [*portions, rest]) == body
