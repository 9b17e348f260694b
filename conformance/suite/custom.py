"""The mode `custom`: the data that a node writes, unchanged."""

import json
from collections.abc import Sequence
from typing import Any

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    expect,
    fault,
    inconclusive,
    of_graph,
    rewritten,
    same_sequence,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import DEEP

KINDS: list[Any] = [
    {"a": 1}, {"data": {"data": 1}}, {"event": "updates", "data": {"a": 1}}, {"custom": 1}, {}, {"a": {}}, {"a": None},
    ["updates", {"a": 1}], ["custom", 1], [], [[]], [{}], [1, "two", [3, None]], DEEP,
    "text", "", "1", "true", "null", '{"a": 1}',
    0, -1, 0.25, -0.5, 2**53 - 1, 1 - 2**53, True, False,
]  # fmt: skip
"""JSON values of every kind except null; some are lists that look like a pair of mode and chunk."""

LONG = " ".join(str(number) for number in range(40_000))[:200_000]
"""Text of 200 kB in which no part is repeated."""

NUMBERED = [{"number": number} for number in range(1000)]


@scenario(graph="echo")
async def writes_each_kind(server: Server) -> None:
    """Stream a node that writes JSON values of every kind except null."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": KINDS}, stream_mode=["custom"])


@scenario(graph="echo")
async def writes_null(server: Server) -> None:
    """Stream a node that writes only null, so that a server that cannot send null fails no other check."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": [None]}, stream_mode=["custom"])


@scenario(graph="echo")
async def writes_long_text(server: Server) -> None:
    """Stream a node that writes a text of 200 kB."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": [LONG]}, stream_mode=["custom"])


@scenario(graph="echo", long=True)
async def writes_many(server: Server) -> None:
    """Stream a node that writes a thousand numbered objects without a pause."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": NUMBERED}, stream_mode=["custom"])


def expect_written(recording: RecordingView, payloads: Sequence[Any], what: str) -> None:
    """Fail unless the stream shows exactly these writes, each as the data of an event that is named `custom`."""
    stream = recording["stream"]
    same_sequence(stream["custom"], payloads, what, stream)
    for event in stream["custom"]:
        expect(event.name == "custom", f"data of the root graph must be named `custom`, not `{event.name}`", event)


def kinds_that_arrive(written: RecordingView) -> set[type]:
    """Return the Python types of the values that arrive at all.

    Checks of other requirements use it, because only custom.any-json judges whether values of every kind arrive.
    """
    return {type(event.value) for event in written["stream"]["custom"]}


@verifies("custom.any-json", on=writes_each_kind)
def test_every_kind_of_value_arrives_unchanged(recording: RecordingView) -> None:
    """Objects, lists, text, numbers, true and false arrive unchanged, also when empty or shaped like something else."""
    expect_written(recording, KINDS, "custom data of every kind")


@verifies("custom.any-json", on=(writes_null, writes_each_kind))
def test_null_arrives(null: RecordingView, others: RecordingView) -> None:
    """A write of null arrives as one event whose data is null."""
    if all(event.text.strip() == "null" for event in others["stream"]["custom"]):
        inconclusive("every other write also arrived as null, so null for a write of null proves nothing")
    for event in null["stream"]["custom"]:
        # The text is compared, because data that is not JSON would leave the check inconclusive.
        expect(event.text.strip() == "null", f"a write of null must arrive as null, not {shown(event.text)}", event)
    expect_written(null, [None], "a write of null")


@verifies("custom.any-json", on=writes_long_text)
def test_long_text_arrives_unchanged(recording: RecordingView) -> None:
    """A text of 200 kB arrives unchanged as the data of one event."""
    expect_written(recording, [LONG], "a write of 200 kB")


@fault("custom.any-json")
def wraps_custom_data(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Wraps the written value in an object with one key."""
    yield from rewritten(events, "custom", lambda value: {"custom": value})


@fault("custom.any-json")
def sends_custom_data_as_json_in_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Encodes the written value as JSON twice."""
    yield from rewritten(events, "custom", json.dumps)


@fault("custom.any-json")
def drops_scalars(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops every written value that is not an object or a list."""
    yield from without(events, "custom", lambda value: not isinstance(value, (dict, list)))


@fault("custom.any-json")
def drops_what_counts_as_false(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops every written value that is empty, zero, false or null."""
    yield from without(events, "custom", lambda value: not value)


@fault("custom.any-json")
def sends_null_as_an_empty_line(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an empty data line in place of null."""
    for event in events:
        yield event.saying("") if event.base == "custom" and event.value is None else event


@fault("custom.any-json")
def sends_null_as_an_empty_object(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an empty object in place of null."""
    yield from rewritten(events, "custom", lambda value: {} if value is None else value)


@fault("custom.any-json")
def drops_null(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops every write of null."""
    yield from without(events, "custom", lambda value: value is None)


@fault("custom.any-json")
def takes_a_pair_for_mode_and_chunk(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Mistakes a written list of a string and a value for a pair of mode and chunk, and unpacks it."""
    for event in events:
        match event.value if event.base == "custom" else None:
            case [str() as mode, chunk]:
                yield event.named(mode).holding(chunk)
            case _:
                yield event


@fault("custom.any-json")
def takes_the_data_key_for_an_envelope(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the value under the key `data` of a written object that has this key."""

    def unwrapped(value: Any) -> Any:
        return value["data"] if isinstance(value, dict) and "data" in value else value

    yield from rewritten(events, "custom", unwrapped)


@fault("custom.any-json")
def parses_text_that_is_json(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Parses a written string that is JSON and sends the value in its place."""

    def parsed(value: Any) -> Any:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value

    yield from rewritten(events, "custom", parsed)


@fault("custom.any-json")
def cuts_long_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Cuts text off after 65,536 characters."""
    yield from rewritten(events, "custom", lambda value: value[:65536] if isinstance(value, str) else value)


@verifies("custom.all-in-order", on=writes_many)
def test_a_thousand_writes_arrive_in_order(recording: RecordingView) -> None:
    """A thousand numbered writes arrive as a thousand events, in the order of writing."""
    expect_written(recording, NUMBERED, "a thousand writes")


@fault("custom.all-in-order")
def drops_every_hundredth_write(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops every hundredth write."""
    number = 0
    for event in events:
        number += event.base == "custom"
        if event.base != "custom" or number % 100:
            yield event


@fault("custom.all-in-order")
def sends_every_hundredth_write_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every hundredth write twice."""
    number = 0
    for event in events:
        number += event.base == "custom"
        yield event
        if event.base == "custom" and number % 100 == 0:
            yield event


@fault("custom.all-in-order", where=of_graph("echo"))
def keeps_the_last_write_of_a_burst(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the last of several writes that directly follow each other."""
    held: SentEvent | None = None
    for event in events:
        if held is not None and event.base != "custom":
            yield held
        held = event if event.base == "custom" else None
        if held is None:
            yield event
    if held is not None:
        yield held


@fault("custom.all-in-order")
def swaps_neighbouring_writes(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Swaps two writes that follow each other, once in every fifty writes."""
    held: SentEvent | None = None
    number = 0
    for event in events:
        number += event.base == "custom"
        if event.base == "custom" and number % 50 == 2:
            held = event
            continue
        yield event
        if held is not None:
            yield held
            held = None
    if held is not None:
        yield held
