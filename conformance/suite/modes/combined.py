"""Several modes at once: each has the same events as when it is requested alone."""

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    asks_for,
    fault,
    same_output,
    verifies,
    without,
)
from conformance.suite.modes.lists import BACKWARD, listed, one_mode, several_modes, with_several_modes


@verifies("modes.each-unchanged", on=(one_mode, several_modes), over=("mode", "subgraphs"))
def test_each_mode_is_as_it_is_alone(alone: dict[tuple[str, bool], RecordingView], together: RecordingView) -> None:
    """Each of several modes has the same events as when it is requested alone: none is lost, doubled or changed."""
    stream, modes = together["stream"], together.axes["modes"]
    for mode in sorted(modes, key=stream.lacks):
        expected = alone[mode, tuple(modes) in BACKWARD]["stream"]
        same_output(mode, stream[mode], expected[mode], f"{mode} among several modes", stream)


@fault("modes.each-unchanged", where=with_several_modes)
def serves_the_first_mode_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Streams only the first mode of the list."""
    yield from (event for event in events if event.base not in listed(exchange)[1:])


@fault("modes.each-unchanged", where=with_several_modes)
def serves_the_last_mode_only(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Streams only the last mode of the list."""
    yield from (event for event in events if event.base not in listed(exchange)[:-1])


@fault("modes.each-unchanged", where=asks_for("messages-tuple", "values"))
def loses_tokens_beside_values(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no messages if the run also asks for values."""
    yield from without(events, "messages")


@fault("modes.each-unchanged", where=asks_for("custom", "events"))
def loses_custom_data_beside_events(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no custom events if the run also asks for events."""
    yield from without(events, "custom")


@fault("modes.each-unchanged", where=with_several_modes)
def doubles_updates_beside_others(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each update twice if there are several modes."""
    for event in events:
        yield event
        if event.base == "updates":
            yield event


@fault("modes.each-unchanged", where=asks_for("messages-tuple", "updates"))
def joins_the_tokens_beside_updates(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the accumulated text instead of single tokens if the run also asks for updates."""
    said = ""
    for event in events:
        if event.base == "messages" and isinstance(event.value[0]["content"], str):
            chunk, metadata = event.value
            said += chunk["content"]
            event = event.holding([{**chunk, "content": said}, metadata])
        yield event


@fault("modes.each-unchanged", where=asks_for("debug", "values"))
def leaves_the_state_out_of_debug_beside_values(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no checkpoint entries in debug if the run also asks for values."""
    yield from without(events, "debug", lambda value: value["type"] == "checkpoint")
