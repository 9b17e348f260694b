"""Text of all kinds, and that it arrives as the graph produced it, whatever it looks like to the server in between."""

import unicodedata
from dataclasses import replace
from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    Events,
    Exchange,
    ExchangeView,
    RecordingView,
    expect,
    fail,
    fault,
    inconclusive,
    same_sequence,
    scenario,
    verifies,
)
from conformance.suite.custom import kinds_that_arrive, writes_each_kind

UNICODE = (
    "한국어 텍스트, 日本語, naïve café, \U0001d518\U0001d52b\U0001d526",
    "\u1112\u1161\u11ab\u1100\u116e\u11a8 and e\u0301, decomposed",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f44d\U0001f3fd",
    "next line \u0085, line separator \u2028, paragraph separator \u2029, no-break space \u00a0, end",
    "\ufeffa byte order mark in front and \ufeff inside",
)

FORGED = "forged"
FORGERY = f'"}}\n\nevent: {FORGED}\ndata: {{"{FORGED}": true}}\n\nevent: updates\ndata: {{"{FORGED}": {{}}}}\n\n'
"""Two complete events, for a server that writes text as it is."""

HOSTILE = (
    *(FORGERY.replace("\n", ending) for ending in ("\n", "\r", "\r\n")),
    *("a\nb\r\nc\rd", "\n\n", "\r\r", "\r\n\r\n", "\n", " spaces at both ends "),
    *("data: a\ndata:b\ndata\n", f"event: {FORGED}", "id: 7", "retry: 1", ": a comment", "::colons:", "data"),
    *("\"double\" and 'single' and `back` quotes", '"', "'", "[DONE]", "null", "{}"),
)

ESCAPES = (
    *(r"caf\u00e9", r"a\nb", r"\r\n", r"\t", r"\\", r"\\n", r"\\u00e9", r"\ud83d\ude00", r"\ud83d", r"\x41 \101 \0"),
    *(r"C:\new\table\users", r"\"quoted\"", r"<\/b>", "ends with \\", r'{"key": "line\nline"}', "%0A &#10;"),
)


async def say(server, texts):
    """Let the graph produce the texts: joke all of them in one topic, echo each as a write of its own."""
    thread = await server.threads.create()
    if server.graph == "joke":
        await server.runs.streamed(thread, input={"topic": " ".join(texts)}, stream_mode=["updates"])
    else:
        await server.runs.streamed(thread, input={"payloads": payloads(texts)}, stream_mode=["custom"])


def payloads(texts):
    """Each text, and an object that has them as its keys."""
    return [*texts, {text: [text] for text in texts}]


@scenario(graph=("joke", "echo"))
async def unicode_text(server):
    """Text outside ASCII, as an update and as custom data."""
    await say(server, UNICODE)


@scenario(graph=("joke", "echo"))
async def text_that_looks_like_framing(server):
    """Line endings, field names and whole events inside text."""
    await say(server, HOSTILE)


@scenario(graph=("joke", "echo"))
async def text_that_spells_escapes(server):
    """Backslashes, and what follows them in escape sequences, as characters of their own."""
    await say(server, ESCAPES)


LARGE = " ".join(f"{number:09d}" for number in range(100_000)) + "."
"""1,000,000 characters; no two parts of it are the same, so that any loss or exchange shows."""


@scenario(graph="joke")
async def text_of_a_megabyte(server):
    """One topic of a million characters."""
    await say(server, [LARGE])


def unchanged(view: RecordingView, texts: tuple[str, ...], written: RecordingView) -> None:
    """Each text must have come as it was said, in one event of its own and no others.

    Where no write of mere text arrives, which is the matter of custom.any-json, the object with the texts is looked at.
    """
    stream = view["stream"]
    if view.recording.graph == "joke":
        same_text(stream["updates"], told_of(" ".join(texts)), stream.exchange)
    else:
        known = kinds_that_arrive(written)
        expected = [payload for payload in payloads(texts) if type(payload) in known]
        if not expected:
            inconclusive("no custom data arrives, as custom.any-json tells")
        same_text(stream["custom"], expected, stream.exchange)


def told_of(topic: str) -> list[dict[str, dict[str, str]]]:
    """The two updates of the joke graph."""
    refined = f"{topic} and cats"
    return [{"refine_topic": {"topic": refined}}, {"generate_joke": {"joke": f"This is a joke about {refined}"}}]


def same_text(events: Events, expected: list[Any], exchange: Exchange) -> None:
    """Text that spoils the JSON around it has not arrived; that is a failure and no doubt."""
    for event in events:
        try:
            _ = event.value
        except ValueError as problem:
            fail(f"the text did not arrive: {problem}", event)
    same_sequence(events, expected, "the text", exchange)


# --- framing.utf8 ---


@verifies("framing.utf8", on=EVERY_STREAM)
def test_every_body_is_utf8(stream: ExchangeView) -> None:
    """All bytes of the body, comments included; a body that the suite did not read to its end may stop anywhere."""
    exchange = stream.exchange
    if not exchange.is_stream:
        return
    tail = [exchange.tail] if exchange.tail and exchange.ending == "complete" else []
    for block in [*exchange.blocks, *tail]:
        if not block.valid_utf8:
            event = next((event for event in exchange.events if event.block.offset == block.offset), None)
            fail(f"the body is no UTF-8 from byte {block.offset} on", event or exchange)


@verifies("framing.utf8", on=(unicode_text, writes_each_kind))
def test_text_outside_ascii_arrives_unchanged(unicode_text: RecordingView, writes_each_kind: RecordingView) -> None:
    """Code point by code point."""
    unchanged(unicode_text, UNICODE, writes_each_kind)


@fault("framing.utf8", part="bytes")
def sends_latin_1(portions, exchange):
    """Encodes the body as ISO-8859-1, with question marks for all that it lacks."""
    for portion in portions:
        yield portion.decode("utf-8", "replace").encode("latin-1", "replace")


@fault("framing.utf8")
def tears_characters(events, exchange):
    """Decodes buffer by buffer: a character that lies across two buffers is replaced."""
    for event in events:
        torn = next((char for char in event.text if ord(char) > 127), None)
        yield event.saying(event.text.replace(torn, "\ufffd\ufffd", 1)) if torn else event


@fault("framing.utf8")
def writes_half_an_emoji(events, exchange):
    """Writes the first half of a surrogate pair alone."""
    for event in events:
        yield event.saying("".join("\\ud83d" if ord(char) > 0xFFFF else char for char in event.text))


@fault("framing.utf8")
def composes_characters(events, exchange):
    """Normalises text to NFC."""
    for event in events:
        yield event.saying(unicodedata.normalize("NFC", event.text))


@fault("framing.utf8")
def breaks_lines_at_separators(events, exchange):
    """Takes U+0085, U+2028 and U+2029 for line endings and begins a data line after each."""
    for event in events:
        yield event.saying("\n".join(event.text.splitlines()))


@fault("framing.utf8")
def strips_every_mark(events, exchange):
    """Drops U+FEFF wherever it stands."""
    for event in events:
        yield event.saying(event.text.replace("\ufeff", ""))


# --- framing.hostile-text ---


@verifies("framing.hostile-text", on=(text_that_looks_like_framing, writes_each_kind))
def test_text_is_never_taken_for_framing(
    text_that_looks_like_framing: RecordingView, writes_each_kind: RecordingView
) -> None:
    """Every text arrives unchanged, and no event is made of it."""
    stream = text_that_looks_like_framing["stream"]
    for event in stream.events:
        expect(event.base != FORGED, "text of the graph has become an event", event)
    unchanged(text_that_looks_like_framing, HOSTILE, writes_each_kind)


@fault("framing.hostile-text")
def writes_text_unescaped(events, exchange):
    """Writes data by hand: line feeds and quotes of the text go to the wire as they are."""
    for event in events:
        text = event.text.replace("\\n", "\n").replace('\\"', '"')
        yield replace(event, raw=f"event: {event.name}\ndata: {text}\n\n".encode()) if text != event.text else event


@fault("framing.hostile-text")
def strips_carriage_returns(events, exchange):
    """Drops every carriage return of the text."""
    for event in events:
        yield event.saying(event.text.replace("\\r", ""))


@fault("framing.hostile-text")
def trims_text(events, exchange):
    """Trims the blanks around text."""
    for event in events:
        text = event.text.strip('"')
        yield event.saying(f'"{text.strip()}"') if event.base == "custom" and text.strip() != text else event


@fault("framing.hostile-text")
def makes_text_safe_for_html(events, exchange):
    """Replaces quotes by HTML entities."""
    for event in events:
        yield event.saying(event.text.replace('\\"', "&quot;").replace("'", "&#39;"))


# --- framing.escapes-stay ---


@verifies("framing.escapes-stay", on=(text_that_spells_escapes, writes_each_kind))
def test_spelled_escapes_stay_as_they_are(
    text_that_spells_escapes: RecordingView, writes_each_kind: RecordingView
) -> None:
    """A backslash is a backslash."""
    unchanged(text_that_spells_escapes, ESCAPES, writes_each_kind)


@fault("framing.escapes-stay")
def unescapes_the_serialised_text(events, exchange):
    """Replaces what looks like an escape sequence in the JSON text by the character, escaped backslashes too."""
    for event in events:
        yield event.saying(event.text.replace("\\\\u00e9", "é"))


@fault("framing.escapes-stay")
def turns_a_spelled_n_into_a_line_feed(events, exchange):
    """Un-escapes the text twice."""
    for event in events:
        yield event.saying(event.text.replace("\\\\n", "\\n"))


@fault("framing.escapes-stay")
def escapes_twice(events, exchange):
    """Doubles every backslash of the text."""
    for event in events:
        yield event.saying(event.text.replace("\\\\", "\\\\\\\\"))


# --- framing.large-event ---


@verifies("framing.large-event", on=text_of_a_megabyte)
def test_a_megabyte_arrives_in_one_event(recording: RecordingView) -> None:
    """Both updates hold the whole topic; of a run that fails, whatever for, those that came before."""
    stream = recording["stream"]
    expected = told_of(LARGE)
    if stream["updates"] and stream["error"]:
        expected = expected[: len(stream["updates"])]
    same_text(stream["updates"], expected, stream.exchange)


@fault("framing.large-event")
def cuts_at_64_kib(events, exchange):
    """Sends no more of an event than fits its buffer."""
    for event in events:
        yield event.saying(event.text[: 64 << 10])


@fault("framing.large-event")
def splits_a_large_value(events, exchange):
    """Spreads one value over two events."""
    for event in events:
        yield from (event.saying(part) for part in (event.text[: 512 << 10], event.text[512 << 10 :]) if part)
