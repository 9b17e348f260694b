"""That text arrives as the graph produced it: how it is sent and compared, and one large text.

`unicode` and `escaping` hold the checks for text outside ASCII and for text that looks like framing or escapes.
"""

from typing import Any

from conformance.authoring import (
    Events,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    fail,
    fault,
    inconclusive,
    same_sequence,
    scenario,
    verifies,
)
from conformance.suite.custom import kinds_that_arrive


async def say(server: Server, texts: list[str] | tuple[str, ...]) -> None:
    """Stream a run that produces the texts: `joke` all of them in one topic, `echo` each as its own write."""
    thread = await server.threads.create()
    if server.graph == "joke":
        await server.runs.streamed(thread, input={"topic": " ".join(texts)}, stream_mode=["updates"])
    else:
        await server.runs.streamed(thread, input={"payloads": payloads(texts)}, stream_mode=["custom"])


def payloads(texts: list[str] | tuple[str, ...]) -> list[Any]:
    """Return each text, and an object that has the texts as its keys."""
    return [*texts, {text: [text] for text in texts}]


def expect_unchanged(recording: RecordingView, texts: tuple[str, ...], writes: RecordingView) -> None:
    """Fail unless each text arrives unchanged in its own event, and there are no other events.

    `writes` shows which kinds of custom data arrive at all.  Where plain text does not, which custom.any-json judges,
    only the object with the texts is compared.
    """
    stream = recording["stream"]
    if recording.recording.graph == "joke":
        expect_same_text(stream["updates"], joke_updates(" ".join(texts)), stream)
        return
    arriving = kinds_that_arrive(writes)
    expected = [payload for payload in payloads(texts) if type(payload) in arriving]
    if not expected:
        inconclusive("no custom data arrives, so its text cannot be compared; custom.any-json judges that")
    expect_same_text(stream["custom"], expected, stream)


def joke_updates(topic: str) -> list[dict[str, dict[str, str]]]:
    """Return the two updates of the graph `joke` for this topic."""
    refined = f"{topic} and cats"
    return [{"refine_topic": {"topic": refined}}, {"generate_joke": {"joke": f"This is a joke about {refined}"}}]


def expect_same_text(events: Events, expected: list[Any], stream: ExchangeView) -> None:
    """Fail unless the data of the events are these values; text that breaks the JSON around it is a failure as well."""
    for event in events:
        try:
            _ = event.value
        except ValueError as problem:
            fail(f"the text must arrive unchanged: {problem}", event)
    same_sequence(events, expected, "the text", stream)


# --- framing.large-event ---

LARGE = " ".join(f"{number:09d}" for number in range(100_000)) + "."
"""1,000,000 characters; no two parts of it are the same, so that any loss or exchange shows."""


@scenario(graph="joke")
async def text_of_a_megabyte(server: Server) -> None:
    """Stream a run with a topic of a million characters."""
    await say(server, [LARGE])


@verifies("framing.large-event", on=text_of_a_megabyte)
def test_a_megabyte_arrives_in_one_event(recording: RecordingView) -> None:
    """Each of the two updates holds the whole topic; if the run fails, the updates before the failure do."""
    stream = recording["stream"]
    expected = joke_updates(LARGE)
    if stream["updates"] and stream["error"]:
        expected = expected[: len(stream["updates"])]
    expect_same_text(stream["updates"], expected, stream)


@fault("framing.large-event")
def cuts_at_64_kib(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the part of an event that fits its buffer."""
    for event in events:
        yield event.saying(event.text[: 64 << 10])


@fault("framing.large-event")
def splits_a_large_value(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Splits one large value over two events."""
    for event in events:
        yield from (event.saying(part) for part in (event.text[: 512 << 10], event.text[512 << 10 :]) if part)
