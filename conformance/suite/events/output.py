"""The mode `events`: the output of the whole graph, and that no event carries a chunk of another mode."""

from collections.abc import Mapping
from typing import Any

from conformance.authoring import (
    MODES,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    equal,
    expect,
    fault,
    rewritten,
    shown,
    verifies,
)
from conformance.suite.events.scenarios import end_of_graph, events_of_joke, events_of_subgraph
from conformance.suite.graphs import FINAL_STATE

CHUNK_NAMES = {*MODES, "messages", "tasks", "checkpoints"}
"""The names in the pairs of mode and chunk that the library's own stream yields."""


@verifies("events.final-state", on=events_of_joke)
def test_the_end_of_the_graph_has_the_final_state(recording: RecordingView) -> None:
    """The output of the whole graph is the full final state, not the last update."""
    ends_in(recording["stream"], FINAL_STATE)


@verifies("events.final-state", on=events_of_subgraph)
def test_the_end_of_an_inner_graph_is_not_that_of_the_whole(recording: RecordingView) -> None:
    """The output of the whole graph is the state of the root graph, without the keys of the inner graph."""
    ends_in(recording["stream"], {"foo": "hi! foobar"})


def ends_in(stream: ExchangeView, state: Mapping[str, Any]) -> None:
    """Fail unless the on_chain_end of the whole graph has this state as its output."""
    end = end_of_graph(stream)
    equal(end.value["data"].get("output"), state, "data.output at the end of the whole graph", end)


@fault("events.final-state")
def tells_no_output(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the output out of every on_chain_end."""
    yield from rewritten(
        events, "events", lambda value: value | {"data": {}} if value["event"] == "on_chain_end" else value
    )


@fault("events.final-state")
def tells_the_last_update_for_the_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the output of the last node as that of the whole graph."""
    calls: list[str] = []
    outputs: list[Any] = []

    def last(value: dict[str, Any]) -> dict[str, Any]:
        calls.append(value["run_id"])
        if value["event"] == "on_chain_end":
            outputs.append(value["data"].get("output"))
            value["data"]["output"] = outputs[-2] if value["run_id"] == calls[0] else outputs[-1]
        return value

    yield from rewritten(events, "events", last)


@verifies("events.no-other-modes", on=events_of_joke)
def test_no_event_carries_a_chunk_of_another_mode(recording: RecordingView) -> None:
    """Neither data nor data.chunk is a pair of mode and chunk, as the library's own stream yields them."""
    stream = recording["stream"]
    end_of_graph(stream)  # the stream must have reached the end of the graph
    for event in stream["events"]:
        data = event.value["data"]
        for value in (data, data.get("chunk")):
            other = f"the data must not be a chunk of another mode; received {shown(value)}"
            expect(not is_other_mode(value), other, event)


def is_other_mode(value: Any) -> bool:
    """Return whether a value is a pair of mode and chunk, with or without a namespace before it."""
    pair = isinstance(value, list) and len(value) in (2, 3)
    return pair and isinstance(value[-2], str) and value[-2] in CHUNK_NAMES


@fault("events.no-other-modes")
def passes_the_librarys_chunks_on(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the chunks of other modes as on_chain_stream of the whole graph."""
    graph: list[Any] = []
    for event in events:
        yield event
        graph += [event.value] if event.base == "events" else []
        if event.base == "events" and event.value["event"] == "on_chain_end":
            chunk = ["updates", {event.value["name"]: event.value["data"]["output"]}]
            yield event.holding(graph[0] | {"event": "on_chain_stream", "data": {"chunk": chunk}})
