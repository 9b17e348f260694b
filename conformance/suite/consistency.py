"""Over the whole run: the same graph with the same input streams the same, whenever it is asked, in whatever list.

The reference graphs are deterministic, so a server that loses or changes an event now and then contradicts itself.
"""

import json
from collections import defaultdict

from conformance import MODES, WHOLE_RUN, Events, Exchange, cannot_tell, fault, projected, same_values, verifies, wire

from .graphs import CONCURRENT


@verifies("modes.each-unchanged", over=WHOLE_RUN)
def test_a_graph_streams_the_same_each_time(run):
    """Streams of one graph with one input, each the first of its thread, hold the same sequence in each mode."""
    compared = 0
    for (graph, mode, *_), streams in _alike(run).items():
        first, *others = streams
        expected = [value for _, value in _sequence(graph, mode, first)] if others else []
        for other in others:
            compared += 1
            what = f"{mode} of two runs of {graph} with the same input"
            same_values(_sequence(graph, mode, other), expected, what, other)
    if not compared:
        cannot_tell("no two complete streams of one graph with the same input were recorded")


def _alike(run):
    """Complete POST streams by graph, mode, input and subgraph flag."""
    groups = defaultdict(list)
    for stream in _first_runs(run):
        if stream.kind == "stream" and stream.valid and stream.how == "complete" and run.carried(stream):
            for key in _keys(stream):
                groups[key].append(stream)
    return groups


def _first_runs(run):
    """The request of the first run of each thread, and that of each run without a thread."""
    used = set()
    for recording in run.recordings.values():
        for exchange in recording.exchanges:
            if exchange.method == "POST" and exchange.url.endswith(("/runs", "/runs/stream")):
                thread = _thread(exchange)
                if thread is None or thread not in used:
                    yield exchange
                used.add(thread)


def _thread(exchange: Exchange):
    """The thread of the path, None for a run without one."""
    before = exchange.url.rpartition("/runs")[0]
    return before.rpartition("/")[2] if "/threads/" in before else None


def _keys(stream: Exchange):
    """For each mode in the stream, what all streams have in common that must show the same in it."""
    if "keys" not in stream.memo:
        body, bases = stream.request, {event.base for event in stream.events}
        given = (json.dumps(body.get("input"), sort_keys=True), body.get("stream_subgraphs") is True)
        # Without a thread there are no checkpoints to show, so debug is compared with its own kind.
        kinds = {mode: mode == "debug" and _thread(stream) is None for mode in MODES if wire(mode) in bases}
        stream.memo["keys"] = [(stream.graph, mode, *given, kind) for mode, kind in kinds.items()]
    return stream.memo["keys"]


def _sequence(graph: str, mode: str, stream: Exchange):
    if ("sequence", mode) not in stream.memo:
        sequence = projected(mode, Events(event for event in stream.events if event.base == wire(mode)))
        stream.memo["sequence", mode] = sorted(sequence, key=_written) if graph in CONCURRENT else sequence
    return stream.memo["sequence", mode]


def _written(found) -> str:
    return json.dumps(found[1])


@fault("modes.each-unchanged")
def loses_an_event_now_and_then(events, exchange):
    """Loses the last event before the end of every second run."""
    held = None
    for event in events:
        if held is not None:
            yield held
        held = event
    if held is not None and sum(map(ord, exchange.path)) % 2:
        yield held
