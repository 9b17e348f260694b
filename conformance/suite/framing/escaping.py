"""That text which looks like framing or like an escape sequence arrives as it is."""

from dataclasses import replace

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    expect,
    fault,
    scenario,
    verifies,
)
from conformance.suite.custom import writes_each_kind
from conformance.suite.framing.text import expect_unchanged, say

FORGED = "forged"
FORGERY = f'"}}\n\nevent: {FORGED}\ndata: {{"{FORGED}": true}}\n\nevent: updates\ndata: {{"{FORGED}": {{}}}}\n\n'
"""Two complete events, which a server forges if it writes text unescaped."""

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


@scenario(graph=("joke", "echo"))
async def text_that_looks_like_framing(server: Server) -> None:
    """Stream runs that produce line endings, field names and whole events as text."""
    await say(server, HOSTILE)


@scenario(graph=("joke", "echo"))
async def text_that_spells_escapes(server: Server) -> None:
    """Stream runs that produce backslashes and the rest of escape sequences as separate characters."""
    await say(server, ESCAPES)


# --- framing.hostile-text ---


@verifies("framing.hostile-text", on=(text_that_looks_like_framing, writes_each_kind))
def test_text_is_never_taken_for_framing(recording: RecordingView, writes: RecordingView) -> None:
    """Text that looks like framing arrives unchanged, and no event is made of it."""
    for event in recording["stream"].events:
        expect(event.base != FORGED, "text of the graph must not become an event; this event was sent as text", event)
    expect_unchanged(recording, HOSTILE, writes)


@fault("framing.hostile-text")
def writes_text_unescaped(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Writes line feeds and quotes of the text to the wire unescaped."""
    for event in events:
        text = event.text.replace("\\n", "\n").replace('\\"', '"')
        yield replace(event, raw=f"event: {event.name}\ndata: {text}\n\n".encode()) if text != event.text else event


@fault("framing.hostile-text")
def strips_carriage_returns(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops every carriage return of the text."""
    for event in events:
        yield event.saying(event.text.replace("\\r", ""))


@fault("framing.hostile-text")
def trims_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Trims the spaces around text."""
    for event in events:
        text = event.text.strip('"')
        yield event.saying(f'"{text.strip()}"') if event.base == "custom" and text.strip() != text else event


@fault("framing.hostile-text")
def makes_text_safe_for_html(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Replaces quotes by HTML entities."""
    for event in events:
        yield event.saying(event.text.replace('\\"', "&quot;").replace("'", "&#39;"))


# --- framing.escapes-stay ---


@verifies("framing.escapes-stay", on=(text_that_spells_escapes, writes_each_kind))
def test_spelled_escapes_stay_as_they_are(recording: RecordingView, writes: RecordingView) -> None:
    """Text that spells an escape sequence arrives unchanged: a backslash stays a backslash."""
    expect_unchanged(recording, ESCAPES, writes)


@fault("framing.escapes-stay")
def unescapes_the_serialised_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Unescapes whatever looks like an escape sequence in the JSON text, even after an escaped backslash."""
    for event in events:
        yield event.saying(event.text.replace("\\\\u00e9", "é"))


@fault("framing.escapes-stay")
def turns_a_spelled_n_into_a_line_feed(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Unescapes the text twice."""
    for event in events:
        yield event.saying(event.text.replace("\\\\n", "\\n"))


@fault("framing.escapes-stay")
def escapes_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Doubles every backslash of the text."""
    for event in events:
        yield event.saying(event.text.replace("\\\\", "\\\\\\\\"))
