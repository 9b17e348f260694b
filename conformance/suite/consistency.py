"""Over the whole run: the same graph with the same input streams the same, whenever it is asked, in whatever list.

The reference graphs are deterministic, so a server that loses or changes an event now and then contradicts itself.
"""

import json
from collections import defaultdict

from conformance import (
    MODES,
    WHOLE_RUN,
    Events,
    Exchange,
    cannot_tell,
    fault,
    projected,
    requested,
    same_values,
    verifies,
    wire,
)

from .graphs import CONCURRENT

NO_ERROR = "error"
"""Compared like a mode: that a run fails, or does not, is no accident either."""

FAILING = ("fails", "fails_inside")
"""The graphs whose runs may fail; of the others none does."""


@verifies("modes.each-unchanged", over=WHOLE_RUN)
def test_a_graph_streams_the_same_each_time(run):
    """Streams of one graph with one input and one past of its thread hold the same sequence in each mode."""
    compared = 0
    for (graph, mode, *_), streams in _alike(run).items():
        well = mode == NO_ERROR and graph not in FAILING
        if len(streams) < 2:
            continue
        first, *others = streams if not well else [None, *streams]
        expected = [] if first is None else [value for _, value in _sequence(graph, mode, first)]
        for other in others:
            compared += bool(expected)
            what = f"{mode} of two runs of {graph} with the same input"
            same_values(_sequence(graph, mode, other), expected, what, other)
    if not compared:
        cannot_tell("no two complete streams of one graph with the same input were recorded")


def _alike(run):
    """Complete POST streams by graph, mode, subgraph flag, input and what the thread had been given before."""
    groups = defaultdict(list)
    for stream, past in _runs(run):
        if stream.is_stream and stream.valid and stream.how == "complete":
            for key in _keys(stream):
                groups[*key, past].append(stream)
    return groups


def _runs(run):
    """The POST stream of each run whose thread's past is known, with the inputs of that past."""
    for recording in run.recordings.values():
        given: dict[str, tuple[str, ...] | None] = {}
        for exchange in recording.exchanges:
            if exchange.method != "POST" or not exchange.url.endswith(("/runs", "/runs/stream")):
                continue
            thread = _thread(exchange)
            past = given.get(thread, ()) if thread else ()
            if exchange.kind == "stream" and past is not None:
                yield exchange, past
            if thread and past is not None:
                given[thread] = (*past, _input(exchange)) if exchange.kind == "stream" else None


def _thread(exchange: Exchange):
    """The thread of the path, None for a run without one."""
    before = exchange.url.rpartition("/runs")[0]
    return before.rpartition("/")[2] if "/threads/" in before else None


def _input(exchange: Exchange):
    body = exchange.request
    return json.dumps([exchange.graph, body.get("input") if isinstance(body, dict) else body], sort_keys=True)


def _keys(stream: Exchange):
    """For each mode that was asked for, what all streams have in common that must show the same in it."""
    if "keys" not in stream.memo:
        body, asked = stream.request, requested(stream)
        flag = isinstance(body, dict) and body.get("stream_subgraphs") is True
        # Without a thread there are no checkpoints to show, so debug is compared with its own kind.
        kinds = {mode: mode == "debug" and _thread(stream) is None for mode in MODES if wire(mode) in asked}
        kinds[NO_ERROR] = False
        stream.memo["keys"] = [(stream.graph, mode, flag, _input(stream), kind) for mode, kind in kinds.items()]
    return stream.memo["keys"]


def _sequence(graph: str, mode: str, stream: Exchange):
    if ("sequence", mode) not in stream.memo:
        events = Events(event for event in stream.events if event.base == wire(mode))
        sequence = [(event, event.name) for event in events] if mode == NO_ERROR else projected(mode, events)
        stream.memo["sequence", mode] = sorted(sequence, key=_written) if graph in CONCURRENT else sequence
    return stream.memo["sequence", mode]


def _written(found) -> str:
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
