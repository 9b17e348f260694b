"""Over the whole session: the same graph with the same input gives the same events, whatever else was requested.

The reference graphs are deterministic, so a server that sometimes loses or changes an event contradicts itself.
"""

import json
from collections import defaultdict
from typing import Any

from conformance.authoring import (
    MODES,
    WHOLE_SESSION,
    Event,
    Events,
    Exchange,
    FaultContext,
    FaultOutput,
    Recording,
    SentEvent,
    SentEvents,
    SessionRecordings,
    fault,
    inconclusive,
    is_stateless,
    memoized,
    projected,
    requested_modes,
    same_values,
    thread_in,
    verifies,
    wire_name,
)
from conformance.suite.errors.failing import FAILING
from conformance.suite.graphs import CONCURRENT
from conformance.suite.modes.single import joke_in_mode
from conformance.suite.updates.nodes import joke_updates

ERROR = "error"
"""Compared like a mode, because whether a run fails must not vary either."""


@verifies("modes.each-unchanged", on=WHOLE_SESSION, alone=[joke_in_mode, joke_updates])
def test_a_graph_streams_the_same_each_time(session: SessionRecordings) -> None:
    """Streams of one graph with the same input, on threads with the same history, have the same events in each mode."""
    compared = 0
    for (graph, mode, *_), streams in comparable_streams(session).items():
        if len(streams) < 2 or (mode == ERROR and graph not in FAILING):
            continue
        expected = [value for _, value in _sequence(streams[0], graph, mode)]
        for stream in streams[1:]:
            compared += bool(expected)
            what = f"{mode} of two runs of {graph} with the same input"
            same_values(_sequence(stream, graph, mode), expected, what, stream)
    if not compared:
        inconclusive("no two complete streams of one graph with the same input were recorded")


def comparable_streams(session: SessionRecordings) -> dict[tuple[Any, ...], list[Exchange]]:
    """Group complete POST streams by graph, mode, subgraph flag, input and earlier inputs of the thread."""
    groups: dict[tuple[Any, ...], list[Exchange]] = defaultdict(list)
    for recording in session.recordings.values():
        for stream, past in _runs(recording):
            judgeable = session.relies_on_nothing_lacking(recording, stream)
            if judgeable and stream.is_stream and stream.valid and stream.ending == "complete":
                for key in _keys(stream):
                    groups[*key, past].append(stream)
    return groups


@memoized
def _runs(recording: Recording) -> list[tuple[Exchange, tuple[str, ...]]]:
    """Return each POST stream with the earlier inputs of its thread.

    Streams on a thread that also had a background run are left out, because such a run may not have ended before; so
    are those after a stream that did not end properly, because its run may not have started.
    """
    runs = []
    given: dict[str, tuple[str, ...] | None] = {}
    for exchange in recording.exchanges:
        if exchange.starts_run:
            thread = thread_in(exchange.path)
            past = given.get(thread, ()) if thread else ()
            if exchange.kind == "stream" and past is not None:
                runs.append((exchange, past))
            if thread and past is not None:
                known = exchange.kind == "stream" and exchange.ending == "complete"
                given[thread] = (*past, _input(exchange)) if known else None
    return runs


def _input(exchange: Exchange) -> str:
    """Return the graph and the input of a run as text, which is equal for equal inputs."""
    body = exchange.request
    return json.dumps([exchange.graph, body.get("input") if isinstance(body, dict) else body], sort_keys=True)


@memoized
def _keys(stream: Exchange) -> list[tuple[Any, ...]]:
    """Return a key for each requested mode; streams with the same key must have the same events in it."""
    body, requested = stream.request, requested_modes(stream.request)
    flag = isinstance(body, dict) and body.get("stream_subgraphs") is True
    # A run without a thread has no checkpoints, so its debug events are compared only with those of such runs.
    stateless = thread_in(stream.path) is None
    kinds = {mode: mode == "debug" and stateless for mode in MODES if wire_name(mode) in requested}
    if any(event.base == ERROR for event in (stream.events if stream.is_stream else ())):
        kinds.pop("debug", None)  # the error may overtake the result of the failed task
    return [(stream.graph, mode, flag, _input(stream), kind) for mode, kind in [*kinds.items(), (ERROR, False)]]


@memoized
def _sequence(stream: Exchange, graph: str, mode: str) -> list[tuple[Event, Any]]:
    """Return the comparable part of each event of a mode; sorted if the graph's nodes run at the same time."""
    events = Events(event for event in stream.events if event.base == wire_name(mode))
    sequence = [(event, event.name) for event in events] if mode == ERROR else projected(mode, events)
    return sorted(sequence, key=_as_text) if graph in CONCURRENT else sequence


def _as_text(found: tuple[Event, Any]) -> str:
    return json.dumps(found[1])


@fault("modes.each-unchanged", where=is_stateless)
def reports_an_error_that_did_not_happen(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends every run without a thread with an error event."""
    yield from events
    yield b'event: error\ndata: {"error":"Timeout","message":"too late"}\n\n'


@fault("modes.each-unchanged")
def loses_an_event_now_and_then(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Loses the last event of every second run."""
    held: SentEvent | None = None
    for event in events:
        if held is not None:
            yield held
        held = event
    if held is not None and sum(one.kind == "stream" for one in exchange.earlier) % 2 == 0:
        yield held
