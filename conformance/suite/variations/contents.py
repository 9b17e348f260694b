"""Conforming variations of the events: how their JSON is written, a closing event, and the order of modes."""

import json
from collections.abc import Iterator
from typing import Any

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    SentEvent,
    SentEvents,
    asks_for,
    of_graph,
    variation,
)
from conformance.suite.graphs import CONCURRENT

# --- JSON


@variation(part="events")
def splits_data_over_lines(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Pretty-prints JSON, with one data line for each of its lines."""
    for event in events:
        yield event.saying(json.dumps(event.value, indent=2, ensure_ascii=False))


@variation(part="events")
def escapes_all_but_ascii(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Escapes text outside ASCII in JSON."""
    for event in events:
        yield event.saying(json.dumps(event.value, ensure_ascii=True))


@variation(part="events")
def reverses_the_order_of_keys(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Reverses the order of the keys in every object."""
    for event in events:
        yield event.holding(_reversed(event.value))


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


@variation(part="events")
def adds_keys_of_its_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Adds unspecified keys to the objects that the server defines."""
    for event in events:
        value = event.value
        if event.base in ("metadata", "debug", "events", "error") and isinstance(value, dict):
            value = {**value, "x_server": {"zone": 7}}
            if isinstance(value.get("payload"), dict):
                value["payload"] = {**value["payload"], "x_server": None}
        if event.base == "messages" and isinstance(value, list):
            value = [{**part, "x_server": [1]} for part in value]
        yield event.holding(value)


# --- the closing event


@variation(part="events")
def closes_with_an_end_event(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Closes the stream with an event named end that holds the status."""
    yield from events
    yield b'event: end\ndata: {"status": "done", "run_id": "r1"}\n\n'


@variation(part="events")
def closes_with_an_end_event_of_null(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Closes the stream with an event named end that holds null, as older platforms do."""
    yield from events
    yield b"event: end\ndata: null\n\n"


# --- the order of different modes within a super-step
#
# Graphs whose nodes run at the same time are excluded: there each update must be sent when its own node finishes.


@variation(part="events", where=asks_for("updates", "values") & ~of_graph(*CONCURRENT))
def sends_updates_after_values(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the values of a step before its updates."""
    yield from _swapped(events, "updates", "values")


@variation(part="events", where=asks_for("updates", "custom") & ~of_graph("counter", *CONCURRENT))
def sends_custom_data_after_the_update(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the custom data of a step after the node's update."""
    yield from _swapped(events, "custom", "updates")


def _swapped(events: SentEvents, first: str, second: str) -> Iterator[SentEvent]:
    """Yield the events of the root graph with every `first` that directly precedes a `second` after it."""
    held = None
    for event in events:
        if held is not None:
            yield from (event, held) if event.name == second else (held, event)
            held = None
        elif event.name == first:
            held = event
        else:
            yield event
    if held is not None:
        yield held


@variation(part="events")
def sends_the_events_mode_late(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the events of the mode events two places later than the others."""
    held: list[SentEvent] = []
    for event in events:
        if event.name in ("error", "end"):
            yield from held
            held = []
        if event.name == "events":
            held.append(event)
        if event.name != "events" or len(held) > 2:
            yield held.pop(0) if event.name == "events" else event
    yield from held
