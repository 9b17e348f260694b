"""Modes in a list, one or several: that each is named by its mode and comes as it comes alone.

What each mode holds is the matter of its own area.
"""

import itertools

from conformance.authoring import (
    MODES,
    RecordingView,
    equal,
    expect,
    fault,
    inconclusive,
    same_output,
    same_sequence,
    scenario,
    shown,
    verifies,
    wire_name,
    without,
)
from conformance.suite.custom import kinds_that_arrive, writes_each_kind
from conformance.suite.graphs import TOPIC
from conformance.suite.modes.single import mode_as_string

FORWARD = (*itertools.combinations(MODES, 2), MODES)
BACKWARD = tuple(modes[::-1] for modes in FORWARD)
"""Every ordered pair of the six, and all six in both orders: half of them without subgraphs, the other half with."""

PAYLOADS = [{"text": "hi"}, "text", 7, ["custom", {"a": 1}], ["updates", "custom"]]
"""The last two look like the pair of mode and chunk, and are data all the same."""

ECHOED = [{"echo": {"echoed": PAYLOADS}}]


@scenario(graph="sub_model", mode=MODES, subgraphs=(False, True))
async def one_mode(server, mode, subgraphs):
    """A graph that produces something in each mode, streamed in one mode."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=[mode], stream_subgraphs=subgraphs)


@scenario(graph="sub_model", modes=(*FORWARD, *BACKWARD))
async def several_modes(server, modes):
    """The same graph, streamed in several modes at once."""
    thread = await server.threads.create()
    subgraphs = modes in BACKWARD
    await server.runs.streamed(thread, input=TOPIC, stream_mode=list(modes), stream_subgraphs=subgraphs)


@scenario(graph="echo")
async def updates_and_custom(server):
    """The specification's two modes at once, lines 231-273."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"payloads": PAYLOADS}, stream_mode=["updates", "custom"])


@scenario(
    graph="joke",
    exchanges=("thread for once", "once", "thread for twice", "twice"),
    modes=(("updates", "updates"), ("updates", "values", "updates")),
)
async def repeated_mode(server, modes):
    """A mode named twice, and its neighbour that names each once."""
    for name, asked in (("once", sorted(set(modes))), ("twice", list(modes))):
        thread = await server.threads.create(name=f"thread for {name}")
        await server.runs.streamed(thread, name=name, input=TOPIC, stream_mode=asked)


def asked(exchange) -> list[str]:
    """The modes that a fault's run was asked for in a list, in that order, by their wire names."""
    modes = exchange.body.get("stream_mode")
    return [wire_name(mode) for mode in modes] if isinstance(modes, list) else []


def names_a_mode(item) -> bool:
    return isinstance(item, str) and item in {*MODES, *map(wire_name, MODES)}


# --- a list of one ---


@verifies("modes.list-of-one", on=(one_mode, mode_as_string), over="subgraphs")
def test_a_list_of_one_mode_is_that_mode(one_mode, mode_as_string: RecordingView) -> None:
    """The mode in a list and the mode as a string give the same stream."""
    listed, string = one_mode[False]["stream"], mode_as_string["stream"]
    mode = mode_as_string.axes["mode"]
    same_output(mode, listed[mode], string[mode], f"{mode} in a list of one", listed.exchange)
    kinds = sorted({event.base for event in string.events})
    equal(sorted({event.base for event in listed.events}), kinds, "the kinds of events", listed.exchange)


@fault("modes.list-of-one", part="answer", where=lambda x: x.is_stream and bool(asked(x)))
def refuses_a_list(answer, exchange):
    """Wants one mode as a string."""
    answer.refuse(422)


@fault("modes.list-of-one", where=lambda x: len(asked(x)) == 1)
def wraps_what_a_list_asked_for(events, exchange):
    """Sends data as a list when the mode came in a list."""
    for event in events:
        yield event.holding([event.value]) if event.base in exchange.modes else event


# --- several modes at once ---


@verifies("modes.named-by-mode", on=(updates_and_custom, writes_each_kind))
def test_the_pair_is_event_name_and_data(updates_and_custom: RecordingView, writes_each_kind: RecordingView) -> None:
    """With updates and custom, each event is named by its mode and holds the chunk itself."""
    stream = updates_and_custom["stream"]
    known = kinds_that_arrive(writes_each_kind)
    expected = [payload for payload in PAYLOADS if type(payload) in known]
    if not expected:
        inconclusive("no custom data arrives, as custom.any-json tells")
    same_sequence(stream["custom"], expected, "the custom data written", stream.exchange)
    same_sequence(stream["updates"], ECHOED, "the updates of the echo graph", stream.exchange)


@verifies("modes.named-by-mode", on=several_modes, over="modes")
def test_all_six_are_named_by_their_modes(several_modes) -> None:
    """With all six modes each has events under its name, and none holds the name of a mode beside a chunk."""
    for stream, mode in itertools.product(
        (several_modes[MODES]["stream"], several_modes[MODES[::-1]]["stream"]), MODES
    ):
        expect(stream[mode], f"{mode} was one of six modes, and no event `{wire_name(mode)}` came", stream.exchange)
        for event in stream[mode]:
            pair = isinstance(event.value, list) and any(map(names_a_mode, event.value))
            expect(not pair, f"data is the pair of mode and chunk: {shown(event.value)}", event)


@fault("modes.named-by-mode", where=lambda x: len(asked(x)) > 1)
def sends_pairs_of_mode_and_chunk(events, exchange):
    """Puts the library's pair of mode and chunk into data."""
    for event in events:
        yield event.holding([event.base, event.value]) if event.base in exchange.modes else event


@fault("modes.named-by-mode", where=lambda x: len(asked(x)) > 1)
def names_every_event_message(events, exchange):
    """Leaves the event's name out when there are several modes, so that all are named message."""
    for event in events:
        yield event.named("message") if event.base in exchange.modes else event


@fault("modes.named-by-mode")
def takes_a_payload_for_a_pair(events, exchange):
    """Unpacks custom data that looks like a pair of mode and chunk."""
    for event in events:
        match event.value if event.base == "custom" else None:
            case [mode, chunk] if names_a_mode(mode):
                yield event.named(mode).holding(chunk)
            case _:
                yield event


@verifies("modes.each-unchanged", on=(one_mode, several_modes), over=("mode", "subgraphs"))
def test_each_mode_is_as_it_is_alone(one_mode, several_modes: RecordingView) -> None:
    """Nothing of a mode is lost, doubled or changed because others were asked for with it."""
    stream, modes = several_modes["stream"], several_modes.axes["modes"]
    for mode in modes:
        alone = one_mode[mode, tuple(modes) in BACKWARD]["stream"]
        same_output(mode, stream[mode], alone[mode], f"{mode} among several modes", stream.exchange)


@fault("modes.each-unchanged", where=lambda x: len(asked(x)) > 1)
def serves_the_first_mode_only(events, exchange):
    """Streams the first mode of the list."""
    yield from (event for event in events if event.base not in asked(exchange)[1:])


@fault("modes.each-unchanged", where=lambda x: len(asked(x)) > 1)
def serves_the_last_mode_only(events, exchange):
    """Streams the last mode of the list."""
    yield from (event for event in events if event.base not in asked(exchange)[:-1])


@fault("modes.each-unchanged", where=lambda x: {"messages", "values"} <= x.modes)
def loses_tokens_beside_values(events, exchange):
    """Sends no messages when values is asked for as well."""
    yield from without(events, "messages")


@fault("modes.each-unchanged", where=lambda x: {"custom", "events"} <= x.modes)
def loses_custom_data_beside_events(events, exchange):
    """Sends custom data as events of the library only, when these are asked for as well."""
    yield from without(events, "custom")


@fault("modes.each-unchanged", where=lambda x: len(asked(x)) > 1)
def doubles_updates_beside_others(events, exchange):
    """Sends each update twice when there are several modes."""
    for event in events:
        yield event
        if event.base == "updates":
            yield event


@fault("modes.each-unchanged", where=lambda x: {"messages", "updates"} <= x.modes)
def joins_the_tokens_beside_updates(events, exchange):
    """Sends accumulated text instead of tokens when updates is asked for as well."""
    said = ""
    for event in events:
        if event.base == "messages" and isinstance(event.value[0]["content"], str):
            piece, metadata = event.value
            said += piece["content"]
            event = event.holding([{**piece, "content": said}, metadata])
        yield event


@fault("modes.each-unchanged", where=lambda x: {"debug", "values"} <= x.modes)
def leaves_the_state_out_of_debug_beside_values(events, exchange):
    """Sends no checkpoint entries in debug when values is asked for as well."""
    yield from without(events, "debug", lambda value: value["type"] == "checkpoint")


@verifies("modes.duplicates", on=repeated_mode)
def test_a_mode_named_twice_is_streamed_once(recording: RecordingView) -> None:
    """Naming a mode twice changes nothing."""
    once, twice = recording["once"], recording["twice"]
    for mode in sorted(set(recording.axes["modes"])):
        same_output(mode, twice[mode], once[mode], f"{mode} where a mode is named twice", twice.exchange)


def names_one_twice(exchange) -> bool:
    return len(asked(exchange)) > len(set(asked(exchange)))


@fault("modes.duplicates", where=names_one_twice)
def streams_a_mode_as_often_as_it_is_named(events, exchange):
    """Sends each event once for each time its mode is named."""
    for event in events:
        for _ in range(max(1, asked(exchange).count(event.base))):
            yield event


@fault("modes.duplicates", part="answer", where=lambda x: x.is_stream and names_one_twice(x))
def refuses_a_mode_named_twice(answer, exchange):
    """Refuses a list that names a mode twice."""
    answer.refuse(422)
