"""What the official clients need of the data of events, beyond the specification: strict JSON, and no null."""

import json
import re
import sys
from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    Answer,
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    condition,
    expect,
    fail,
    fault,
    inconclusive,
    is_stream,
    rewritten,
    scenario,
    showing_a_run,
    shown,
    verifies,
)
from conformance.suite.errors.bad_requests import METADATA, serve
from conformance.suite.updates.nodes import quiet_updates

HALF, WHOLE = "half a pair: \ud83d", "a pair: \ud83d\ude00"
"""The first half of an emoji, which cannot be encoded in UTF-8 but can be escaped in JSON, and the whole emoji."""


@scenario(graph="echo", exchanges=("create thread for half", "half", "create thread for neighbour", "neighbour"))
async def half_a_character(server: Server) -> None:
    """A run gets text that ends in half a surrogate pair; another one, on a new thread, gets the whole pair."""
    for name, text, valid in (("half", HALF, False), ("neighbour", WHOLE, True)):
        thread = await server.threads.create(name=f"create thread for {name}")
        fields = {"assistant_id": server.assistant, "input": {"payloads": [{"text": text}]}, "stream_mode": ["custom"]}
        await server.runs.streamed(thread, name=name, body=json.dumps(fields), valid=valid)


# --- clients.strict-json

SUSPECTS = [re.compile(one) for one in (r"\\u[dD][89a-fA-F]", r"[eE]\+?\d{3,}(?![\w\"-])", r"\d{300}")]
"""Texts that a strict parser may refuse: an escaped surrogate, or a very large number."""
LARGEST = sys.float_info.max
SURROGATE = re.compile("[\ud800-\udfff]")


@verifies("clients.strict-json", on=EVERY_STREAM)
def test_a_strict_parser_reads_every_event(stream: ExchangeView) -> None:
    """No event holds half a surrogate pair, or a number beyond the range of a double."""
    expect_strict_json(stream)


@verifies("clients.strict-json", on=half_a_character)
def test_half_a_surrogate_pair_reaches_no_client(recording: RecordingView) -> None:
    """Input with half a surrogate pair is refused, or served to the end without it; a whole pair is served."""
    half, neighbour = recording["half"], showing_a_run(recording["neighbour"])
    expect(neighbour["custom"], "custom data with a whole surrogate pair must arrive; none did", neighbour)
    half.expect_answered()
    if half.is_stream:
        expect_strict_json(half)
        half.expect_complete("with the run, although the input holds half a surrogate pair")
    elif half.status in (None, 429, 503) or half.accepted:
        inconclusive(f"`{half.name}` was answered with {half.status}, which is neither a stream nor a refusal")


def expect_strict_json(stream: ExchangeView) -> None:
    """Expect that a strict JSON parser accepts every event; framing.json-events judges events that are not JSON."""
    for event in stream.exchange.events if stream.is_stream else ():
        try:
            problem = problem_of_strict_parsers(event.text, event.value)
        except ValueError:
            continue
        expect(problem is None, f"event {event.position} of `{stream.name}` must not hold {problem}", event)


def problem_of_strict_parsers(text: str, value: Any) -> str | None:
    """Return what a strict parser refuses in a value that was sent as this text; None if it accepts the value."""
    rest = [value] if any(suspect.search(text) for suspect in SUSPECTS) else []
    while rest:
        one = rest.pop()
        rest += [*one, *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else []
        if isinstance(one, (int, float)) and abs(one) > LARGEST:
            return "a number beyond the range of a double"
        if isinstance(one, str) and SURROGATE.search(one):
            return f"half a surrogate pair in {shown(one)}"
    return None


@condition
def with_half_a_pair(exchange: FaultContext) -> bool:
    """Requests whose input holds half a surrogate pair."""
    return "half a pair" in (exchange.exchange.body or "")


@fault("clients.strict-json")
def escapes_half_a_pair(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Cuts text in the middle of an emoji, and escapes the half that is left."""
    for event in events:
        yield event.saying(event.text[:-1] + ',"title":"\\ud83d"}') if event.base == "metadata" else event


@fault("clients.strict-json")
def writes_a_number_beyond_doubles(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a number beyond the range of a double."""
    for event in events:
        yield event.saying(event.text[:-1] + ',"cost":1e999}') if event.base == "metadata" else event


@fault("clients.strict-json", part="answer", where=is_stream & with_half_a_pair)
def passes_half_a_pair_on(answer: Answer, exchange: FaultContext) -> None:
    """Passes half a surrogate pair from the input on to its clients."""
    serve(answer, METADATA, ("custom", {"text": HALF}))


# --- clients.no-null-data


@verifies("clients.no-null-data", on=EVERY_STREAM)
def test_no_update_and_no_state_is_null(stream: ExchangeView) -> None:
    """The data of every updates and values event, with or without a namespace, is an object."""
    for event in stream.exchange.events if stream.is_stream else ():
        if event.base in ("updates", "values"):
            expect_object(event)


@verifies("clients.no-null-data", on=quiet_updates)
def test_a_quiet_node_has_no_null_for_its_data(recording: RecordingView) -> None:
    """The data of every updates event is an object, also if a node returned nothing."""
    stream = recording["stream"]
    events = stream["updates"]
    expect(len(events) > 1, f"at least two of three nodes must have an update; received {len(events)} updates", stream)
    for event in events:
        expect_object(event)


def expect_object(event: Event) -> None:
    """Expect that the data of an event is an object; framing.json-events judges events that are not JSON."""
    try:
        value = event.value
    except ValueError:
        return
    if not isinstance(value, dict):
        fail(f"the data of `{event.name}` must be an object; it is {shown(value)}", event)


@fault("clients.no-null-data")
def sends_null_for_the_update_of_a_quiet_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends null as the update of a node that returned nothing."""
    yield from rewritten(events, "updates", lambda update: update if any(update.values()) else None)


@fault("clients.no-null-data")
def sends_null_before_the_first_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a values event with null when the run starts."""
    for event in events:
        yield event
        if event.base == "metadata" and "values" in exchange.modes:
            yield event.named("values").holding(None)
