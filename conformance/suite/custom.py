"""The mode `custom`: what a node writes, as it is."""

import json
from typing import Any

from conformance.authoring import (
    RecordingView,
    expect,
    fault,
    inconclusive,
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
"""JSON values of every kind but null; among them lists that look like a pair of mode and chunk."""

LONG = " ".join(str(number) for number in range(40_000))[:200_000]
"""Text of 200 kB in which every part is different."""

NUMBERED = [{"number": number} for number in range(1000)]


@scenario(graph="echo")
async def writes_each_kind(server):
    """A node writes JSON values of every kind but null."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": KINDS}, stream_mode=["custom"])


@scenario(graph="echo")
async def writes_null(server):
    """A node writes null: alone, so that a server that gets nothing else wrong fails nothing else."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": [None]}, stream_mode=["custom"])


@scenario(graph="echo")
async def writes_long_text(server):
    """A node writes a text of 200 kB."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": [LONG]}, stream_mode=["custom"])


@scenario(graph="echo", long=True)
async def writes_many(server):
    """A node writes a thousand numbered objects at once."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": NUMBERED}, stream_mode=["custom"])


def expect_written(view: RecordingView, payloads: list[Any], what: str) -> None:
    """The stream must show exactly these writes, each as the data of an event that is named custom and nothing more."""
    stream = view["stream"]
    same_sequence(stream["custom"], payloads, what, stream.exchange)
    for event in stream["custom"]:
        expect(event.name == "custom", f"data of the root graph came under the name `{event.name}`", event)


def kinds_that_arrive(written: RecordingView) -> set[type]:
    """The kinds of value of which any write arrives at all: that each does is the matter of custom.any-json alone."""
    return {type(event.value) for event in written["stream"]["custom"]}


@verifies("custom.any-json", on=writes_each_kind)
def test_every_kind_of_value_arrives_unchanged(recording: RecordingView) -> None:
    """Objects, lists, text, numbers, true and false, also where they look like something else or are empty."""
    expect_written(recording, KINDS, "custom data of every kind")


@verifies("custom.any-json", on=(writes_null, writes_each_kind))
def test_null_arrives(writes_null: RecordingView, writes_each_kind: RecordingView) -> None:
    """A write of null is an event whose data is null; nothing else judges whether it is JSON."""
    if all(event.text.strip() == "null" for event in writes_each_kind["stream"]["custom"]):
        inconclusive("no other write arrives as anything but null, so null proves nothing")
    for event in writes_null["stream"]["custom"]:
        expect(event.text.strip() == "null", f"a write of null came as the data {shown(event.text)}", event)
    expect_written(writes_null, [None], "a write of null")


@verifies("custom.any-json", on=writes_long_text)
def test_long_text_arrives_unchanged(recording: RecordingView) -> None:
    """A text of 200 kB is the data of one event."""
    expect_written(recording, [LONG], "a write of 200 kB")


@fault("custom.any-json")
def wraps_custom_data(events, exchange):
    """Puts what was written under a key."""
    yield from rewritten(events, "custom", lambda value: {"custom": value})


@fault("custom.any-json")
def sends_custom_data_as_json_in_text(events, exchange):
    """Encodes what was written twice."""
    yield from rewritten(events, "custom", json.dumps)


@fault("custom.any-json")
def drops_scalars(events, exchange):
    """Sends objects and lists only."""
    yield from without(events, "custom", lambda value: not isinstance(value, (dict, list)))


@fault("custom.any-json")
def drops_what_counts_as_false(events, exchange):
    """Takes an empty or false value for no value."""
    yield from without(events, "custom", lambda value: not value)


@fault("custom.any-json")
def sends_null_as_an_empty_line(events, exchange):
    """Has an empty data line for null."""
    for event in events:
        yield event.saying("") if event.base == "custom" and event.value is None else event


@fault("custom.any-json")
def sends_null_as_an_empty_object(events, exchange):
    """Knows no data but objects where there is none."""
    yield from rewritten(events, "custom", lambda value: {} if value is None else value)


@fault("custom.any-json")
def drops_null(events, exchange):
    """Takes null for no write."""
    yield from without(events, "custom", lambda value: value is None)


@fault("custom.any-json")
def takes_a_pair_for_mode_and_chunk(events, exchange):
    """Unpacks a list of two whose first is text."""
    for event in events:
        match event.value if event.base == "custom" else None:
            case [str() as mode, chunk]:
                yield event.named(mode).holding(chunk)
            case _:
                yield event


@fault("custom.any-json")
def takes_the_data_key_for_an_envelope(events, exchange):
    """Sends what stands under the key data of an object that has one."""

    def unwrapped(value):
        return value["data"] if isinstance(value, dict) and "data" in value else value

    yield from rewritten(events, "custom", unwrapped)


@fault("custom.any-json")
def parses_text_that_is_json(events, exchange):
    """Sends the JSON value that a text spells in place of the text."""

    def parsed(value):
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value

    yield from rewritten(events, "custom", parsed)


@fault("custom.any-json")
def cuts_long_text(events, exchange):
    """Keeps the first 64 KiB of a text."""
    yield from rewritten(events, "custom", lambda value: value[:65536] if isinstance(value, str) else value)


@verifies("custom.all-in-order", on=writes_many)
def test_a_thousand_writes_arrive_in_order(recording: RecordingView) -> None:
    """A thousand numbered writes have a thousand events, in the order of the numbers."""
    expect_written(recording, NUMBERED, "a thousand writes")


@fault("custom.all-in-order")
def drops_every_hundredth_write(events, exchange):
    """Loses one write of a hundred."""
    number = 0
    for event in events:
        number += event.base == "custom"
        if event.base != "custom" or number % 100:
            yield event


@fault("custom.all-in-order")
def sends_every_hundredth_write_twice(events, exchange):
    """Repeats one write of a hundred."""
    number = 0
    for event in events:
        number += event.base == "custom"
        yield event
        if event.base == "custom" and number % 100 == 0:
            yield event


@fault("custom.all-in-order", where=lambda x: x.graph == "echo")
def keeps_the_last_write_of_a_burst(events, exchange):
    """Sends of writes that follow each other directly the last one."""
    held = None
    for event in events:
        if held is not None and event.base != "custom":
            yield held
        held = event if event.base == "custom" else None
        if held is None:
            yield event
    if held is not None:
        yield held


@fault("custom.all-in-order")
def swaps_neighbouring_writes(events, exchange):
    """Sends the second of two writes that follow each other before the first, in places."""
    held, number = None, 0
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
