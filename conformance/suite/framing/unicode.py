"""That the body is UTF-8 and text outside ASCII arrives code point by code point."""

import unicodedata

from conformance.authoring import (
    EVERY_STREAM,
    ExchangeView,
    FaultContext,
    FaultOutput,
    Portions,
    RecordingView,
    SentEvents,
    Server,
    fail,
    fault,
    scenario,
    verifies,
)
from conformance.suite.custom import writes_each_kind
from conformance.suite.framing.text import expect_unchanged, say

UNICODE = (
    "한국어 텍스트, 日本語, naïve café, \U0001d518\U0001d52b\U0001d526",
    "\u1112\u1161\u11ab\u1100\u116e\u11a8 and e\u0301, decomposed",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd",
    "next line \u0085, line separator \u2028, paragraph separator \u2029, no-break space \u00a0, end",
    "\ufeffa byte order mark in front and \ufeff inside",
)


@scenario(graph=("joke", "echo"))
async def unicode_text(server: Server) -> None:
    """Stream runs that produce text outside ASCII, as an update and as custom data."""
    await say(server, UNICODE)


# --- framing.utf8 ---


@verifies("framing.utf8", on=EVERY_STREAM)
def test_every_body_is_utf8(stream: ExchangeView) -> None:
    """All bytes of every body are valid UTF-8, comments included.

    A body that the suite did not read to its end may stop inside a character.
    """
    exchange = stream.exchange
    if not exchange.is_stream:
        return
    tail = [exchange.tail] if exchange.tail and exchange.ending == "complete" else []
    for block in [*exchange.blocks, *tail]:
        if not block.valid_utf8:
            event = next((event for event in exchange.events if event.block.offset == block.offset), None)
            fail(f"the body must be UTF-8; the block that starts at byte {block.offset} is not", event or stream)


@verifies("framing.utf8", on=(unicode_text, writes_each_kind))
def test_text_outside_ascii_arrives_unchanged(recording: RecordingView, writes: RecordingView) -> None:
    """Text outside ASCII arrives unchanged, code point by code point."""
    expect_unchanged(recording, UNICODE, writes)


@fault("framing.utf8", part="bytes")
def sends_latin_1(data: Portions, exchange: FaultContext) -> FaultOutput:
    """Encodes the body as ISO-8859-1, with question marks for characters outside it."""
    for portion in data:
        yield portion.decode("utf-8", "replace").encode("latin-1", "replace")


@fault("framing.utf8")
def tears_characters(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Decodes each buffer separately, so that a character that crosses two buffers is replaced."""
    for event in events:
        torn = next((char for char in event.text if ord(char) > 127), None)
        yield event.saying(event.text.replace(torn, "\ufffd\ufffd", 1)) if torn else event


@fault("framing.utf8")
def writes_half_an_emoji(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Writes only the first half of a surrogate pair."""
    for event in events:
        yield event.saying("".join("\\ud83d" if ord(char) > 0xFFFF else char for char in event.text))


@fault("framing.utf8")
def composes_characters(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Normalises text to NFC."""
    for event in events:
        yield event.saying(unicodedata.normalize("NFC", event.text))


@fault("framing.utf8")
def breaks_lines_at_separators(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Treats U+0085, U+2028 and U+2029 as line endings and starts a data line after each."""
    for event in events:
        yield event.saying("\n".join(event.text.splitlines()))


@fault("framing.utf8")
def strips_every_mark(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops U+FEFF wherever it occurs."""
    for event in events:
        yield event.saying(event.text.replace("\ufeff", ""))
