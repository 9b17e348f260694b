"""Modes in a list, one or several: each event is named by its mode, and a repeated mode changes nothing.

`combined.py` judges whether each mode has the same events as alone, the areas of the modes what each holds.
"""

import itertools
from typing import Any

from conformance.authoring import (
    MODES,
    Answer,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    condition,
    equal,
    expect,
    fault,
    inconclusive,
    is_stream,
    same_output,
    same_sequence,
    scenario,
    shown,
    verifies,
    wire_name,
)
from conformance.suite.custom import kinds_that_arrive, writes_each_kind
from conformance.suite.graphs import TOPIC
from conformance.suite.modes.single import mode_as_string

FORWARD = (*itertools.combinations(MODES, 2), MODES)
BACKWARD = tuple(modes[::-1] for modes in FORWARD)
"""Together with `FORWARD`: every ordered pair of modes, and all six modes in two orders; streamed with subgraphs."""

PAYLOADS: list[Any] = [{"text": "hi"}, "text", 7, ["custom", {"a": 1}], ["updates", "custom"]]
"""The last two look like the library's pair of mode and chunk, but are data."""

ECHOED = [{"echo": {"echoed": PAYLOADS}}]


@scenario(graph="sub_model", mode=MODES, subgraphs=(False, True))
async def one_mode(server: Server, mode: str, subgraphs: bool) -> None:
    """A run that produces output in every mode is streamed in one mode, which is given in a list."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=[mode], stream_subgraphs=subgraphs)


@scenario(graph="sub_model", modes=(*FORWARD, *BACKWARD))
async def several_modes(server: Server, modes: tuple[str, ...]) -> None:
    """The same run is streamed in several modes at once."""
    thread = await server.threads.create()
    subgraphs = modes in BACKWARD
    await server.runs.streamed(thread, input=TOPIC, stream_mode=list(modes), stream_subgraphs=subgraphs)


@scenario(graph="echo")
async def updates_and_custom(server: Server) -> None:
    """A run is streamed in updates and custom, as in the specification's example, lines 231-273."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": PAYLOADS}, stream_mode=["updates", "custom"])


@scenario(
    graph="joke",
    exchanges=("thread for once", "once", "thread for twice", "twice"),
    modes=(("updates", "updates"), ("updates", "values", "updates")),
)
async def repeated_mode(server: Server, modes: tuple[str, ...]) -> None:
    """The same input is run with a list that names each mode once, and with one that names a mode twice."""
    for name, asked in (("once", sorted(set(modes))), ("twice", list(modes))):
        thread = await server.threads.create(name=f"thread for {name}")
        await server.runs.streamed(thread, name=name, input=TOPIC, stream_mode=asked)


def listed(exchange: FaultContext) -> list[str]:
    """Return the wire names of the modes in the order of the request's list; empty if there is no list."""
    modes = exchange.body.get("stream_mode")
    return [wire_name(mode) for mode in modes] if isinstance(modes, list) else []


@condition
def with_a_list(exchange: FaultContext) -> bool:
    """Runs that give their modes as a list."""
    return bool(listed(exchange))


@condition
def with_several_modes(exchange: FaultContext) -> bool:
    """Runs that name more than one mode."""
    return len(listed(exchange)) > 1


def names_a_mode(item: Any) -> bool:
    """Return whether an item of a list is the name of a mode."""
    return isinstance(item, str) and item in {*MODES, *map(wire_name, MODES)}


# --- modes.list-of-one


@verifies("modes.list-of-one", on=(one_mode, mode_as_string), over="subgraphs")
def test_a_list_of_one_mode_is_that_mode(in_list: dict[bool, RecordingView], as_string: RecordingView) -> None:
    """A mode in a list of one gives the same stream as the mode as a string."""
    mode = as_string.axes["mode"]
    stream, expected = in_list[False]["stream"], as_string["stream"]
    same_output(mode, stream[mode], expected[mode], f"{mode} in a list of one", stream)
    names = sorted({event.base for event in expected.events})
    equal(sorted({event.base for event in stream.events}), names, "the event names", stream)


@fault("modes.list-of-one", part="answer", where=is_stream & with_a_list)
def refuses_a_list(answer: Answer, exchange: FaultContext) -> None:
    """Refuses a list of modes, because it accepts only a string."""
    answer.refuse(422)


@fault("modes.list-of-one", where=with_a_list & ~with_several_modes)
def wraps_what_a_list_asked_for(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Wraps the data of each event in a list if the mode is given in a list."""
    for event in events:
        yield event.holding([event.value]) if event.base in exchange.modes else event


# --- modes.named-by-mode


@verifies("modes.named-by-mode", on=(updates_and_custom, writes_each_kind))
def test_the_pair_is_event_name_and_data(recording: RecordingView, written: RecordingView) -> None:
    """With updates and custom, the name of each event is its mode, and its data is the chunk itself."""
    stream = recording["stream"]
    known = kinds_that_arrive(written)
    expected = [payload for payload in PAYLOADS if type(payload) in known]
    if not expected:
        inconclusive("custom data does not arrive at all, see custom.any-json")
    same_sequence(stream["custom"], expected, "the custom data", stream)
    same_sequence(stream["updates"], ECHOED, "the updates of the graph `echo`", stream)


@verifies("modes.named-by-mode", on=several_modes, over="modes")
def test_all_six_are_named_by_their_modes(recordings: dict[tuple[str, ...], RecordingView]) -> None:
    """With all six modes, each has events under its name, and no data pairs the name of a mode with a chunk."""
    streams = recordings[MODES]["stream"], recordings[MODES[::-1]]["stream"]
    for stream, mode in itertools.product(streams, MODES):
        expect(stream[mode], f"the run asked for {mode}, but the stream has no event `{wire_name(mode)}`", stream)
        for event in stream[mode]:
            pair = isinstance(event.value, list) and any(map(names_a_mode, event.value))
            expect(not pair, f"data must be the chunk itself, not a pair with its mode: {shown(event.value)}", event)


@fault("modes.named-by-mode", where=with_several_modes)
def sends_pairs_of_mode_and_chunk(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the library's pairs of mode and chunk as data."""
    for event in events:
        yield event.holding([event.base, event.value]) if event.base in exchange.modes else event


@fault("modes.named-by-mode", where=with_several_modes)
def names_every_event_message(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends events without names if there are several modes, so that clients take them for `message`."""
    for event in events:
        yield event.named("message") if event.base in exchange.modes else event


@fault("modes.named-by-mode")
def takes_a_payload_for_a_pair(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Unpacks custom data that looks like a pair of mode and chunk."""
    for event in events:
        match event.value if event.base == "custom" else None:
            case [str(mode), chunk] if names_a_mode(mode):
                yield event.named(mode).holding(chunk)
            case _:
                yield event


# --- modes.duplicates


@verifies("modes.duplicates", on=repeated_mode)
def test_a_mode_named_twice_is_streamed_once(recording: RecordingView) -> None:
    """A list that names a mode twice gives the same stream as a list that names it once."""
    once, twice = recording["once"], recording["twice"]
    for mode in sorted(set(recording.axes["modes"])):
        same_output(mode, twice[mode], once[mode], f"{mode} of a list that names a mode twice", twice)


@condition
def with_a_repeated_mode(exchange: FaultContext) -> bool:
    """Runs whose list names a mode twice."""
    return len(listed(exchange)) > len(set(listed(exchange)))


@fault("modes.duplicates", where=with_a_repeated_mode)
def streams_a_mode_as_often_as_it_is_named(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each event once for each time that the list names its mode."""
    for event in events:
        for _ in range(max(1, listed(exchange).count(event.base))):
            yield event


@fault("modes.duplicates", part="answer", where=is_stream & with_a_repeated_mode)
def refuses_a_mode_named_twice(answer: Answer, exchange: FaultContext) -> None:
    """Refuses a list that names a mode twice."""
    answer.refuse(422)
