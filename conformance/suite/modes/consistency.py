"""Over the whole run: the same graph with the same input streams the same, whenever it is asked, in whatever list.

The reference graphs are deterministic, so a server that loses or changes an event now and then contradicts itself.
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
    Recording,
    SessionRecordings,
    fault,
    inconclusive,
    memoized,
    projected,
    requested_modes,
    same_values,
    thread_in,
    verifies,
    wire_name,
)
from conformance.suite.graphs import CONCURRENT

NO_ERROR = "error"
"""Compared like a mode: that a run fails, or does not, is no accident either."""

FAILING = ("fails", "fails_inside")
"""The graphs whose runs may fail; of the others none does."""


@verifies("modes.each-unchanged", on=WHOLE_SESSION)
def test_a_graph_streams_the_same_each_time(session: SessionRecordings) -> None:
    """Streams of one graph with one input and one past of its thread hold the same sequence in each mode."""
    compared = 0
    for (graph, mode, *_), streams in _alike(session).items():
        if len(streams) < 2:
            continue
        must_succeed = mode == NO_ERROR and graph not in FAILING
        expected = [] if must_succeed else [value for _, value in _sequence(streams[0], graph, mode)]
        for stream in streams if must_succeed else streams[1:]:
            compared += bool(expected)
            what = f"{mode} of two runs of {graph} with the same input"
            same_values(_sequence(stream, graph, mode), expected, what, stream)
    if not compared:
        inconclusive("no two complete streams of one graph with the same input were recorded")


def _alike(session: SessionRecordings) -> dict[tuple[Any, ...], list[Exchange]]:
    """Group complete POST streams by graph, mode, subgraph flag, input and earlier inputs of the thread."""
    groups: dict[tuple[Any, ...], list[Exchange]] = defaultdict(list)
    for recording in session.recordings.values():
        for stream, past in _runs(recording):
            if stream.is_stream and stream.valid and stream.ending == "complete":
                for key in _keys(stream):
                    groups[*key, past].append(stream)
    return groups


@memoized
def _runs(recording: Recording) -> list[tuple[Exchange, tuple[str, ...]]]:
    """Return the POST stream of each run on a thread whose past is known, with the inputs of that past."""
    runs = []
    given: dict[str, tuple[str, ...] | None] = {}
    for exchange in recording.exchanges:
        if exchange.starts_run:
            thread = thread_in(exchange.path)
            past = given.get(thread, ()) if thread else ()
            if exchange.kind == "stream" and past is not None:
                runs.append((exchange, past))
            if thread and past is not None:
                given[thread] = (*past, _input(exchange)) if exchange.kind == "stream" else None
    return runs


def _input(exchange: Exchange) -> str:
    body = exchange.request
    return json.dumps([exchange.graph, body.get("input") if isinstance(body, dict) else body], sort_keys=True)


@memoized
def _keys(stream: Exchange) -> list[tuple[Any, ...]]:
    """Return, for each requested mode, what all streams have in common that must show the same in it."""
    body, requested = stream.request, requested_modes(stream.request)
    flag = isinstance(body, dict) and body.get("stream_subgraphs") is True
    # Without a thread there are no checkpoints to show, so debug is compared with its own kind.
    stateless = thread_in(stream.path) is None
    kinds = {mode: mode == "debug" and stateless for mode in MODES if wire_name(mode) in requested}
    return [(stream.graph, mode, flag, _input(stream), kind) for mode, kind in [*kinds.items(), (NO_ERROR, False)]]


@memoized
def _sequence(stream: Exchange, graph: str, mode: str) -> list[tuple[Event, Any]]:
    """Return the comparable part of each event of a mode; sorted if the graph's nodes run at the same time."""
    events = Events(event for event in stream.events if event.base == wire_name(mode))
    sequence = [(event, event.name) for event in events] if mode == NO_ERROR else projected(mode, events)
    return sorted(sequence, key=_written) if graph in CONCURRENT else sequence


def _written(found: tuple[Event, Any]) -> str:
    return json.dumps(found[1])


@fault("modes.each-unchanged", where=lambda x: x.stateless)
def reports_an_error_that_did_not_happen(events, exchange):
    """Ends every run without a thread with an error event."""
    yield from events
    yield b'event: error\ndata: {"error":"Timeout","message":"too late"}\n\n'


@fault("modes.each-unchanged")
def loses_an_event_now_and_then(events, exchange):
    """Loses the last event of every second run."""
    held = None
    for event in events:
        if held is not None:
            yield held
        held = event
    if held is not None and sum(one.kind == "stream" for one in exchange.earlier) % 2 == 0:
        yield held
