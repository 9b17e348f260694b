"""Real clients that perform runs themselves against a live server: they must see what the suite saw of the same runs.

A handful of scenarios stands for all: each mode, a subgraph, a run without a thread, a join.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from conformance.authoring.expectations import shown
from conformance.authoring.projection import projection
from conformance.clients.compare import Reading
from conformance.clients.read import Job, read
from conformance.clients.readers import Reader, lacking
from conformance.evidence.exchange import Chunk, Events, Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.launch.environments import Say
from conformance.launch.process import LaunchError
from conformance.protocol import requested_modes, wire_name
from conformance.targets.target import Target
from conformance.wire.endings import COMPLETE

PERFORMED = {
    **{
        f"joke_in_mode[{mode}]": "stream"
        for mode in ("values", "updates", "debug", "messages-tuple", "custom", "events")
    },
    "graph_inside[subgraph-updates-true]": "stream",
    "joke_without_thread": "stream",
    "joined_from_the_start[python-sdk]": "join",
}
"""Scenario variants that a client performs, and the exchange that it reads."""

Difference = tuple[str, str, str]
"""Recording, exchange, and how what the client saw differs; empty where it does not."""


def perform(
    target: Target, recordings: Sequence[Recording], readers: Sequence[Reader], redactor: Redactor, say: Say
) -> dict[str, list[Difference]]:
    """By client the runs that it performed, each with what was different; a client that cannot run performs none.

    Runs are compared that the server completed for the suite; those of a graph with a URL of its own are left out.
    """
    found = [(one, *pair) for one in recordings if (pair := _performed(one)) and not target.urls.get(one.graph)]
    jobs = [_job(number, begun, exchange) for number, (_, begun, exchange) in enumerate(found)]
    told: dict[str, list[Difference]] = {}
    for reader in readers:
        if lacking(reader) or not jobs:
            continue
        try:
            readings = asyncio.run(read(reader, target.url, jobs, say, headers=target.headers))
        except (LaunchError, RuntimeError, OSError):
            continue  # the same is said of it when it reads what was recorded
        pairs = zip(readings, found, strict=True)
        told[reader.id] = [
            (one.file, exchange.name, redactor.text(different(reading, begun, exchange, text=reader.text)))
            for reading, (one, begun, exchange) in pairs
        ]
    return told


def _performed(recording: Recording) -> tuple[Exchange, Exchange] | None:
    """The request that began the run and the stream to compare, where both came to a good end."""
    wanted = PERFORMED.get(recording.variant)
    begun = next((one for one in recording.exchanges if one.method == "POST" and "/runs" in one.path), None)
    stream = next((one for one in recording.exchanges if wanted and one.name == wanted), None)
    if begun is None or stream is None or not stream.is_stream or stream.ending != COMPLETE:
        return None
    return begun, stream


def _job(number: int, begun: Exchange, stream: Exchange) -> Job:
    threaded = "new" if "/threads/" in stream.path else None
    return Job(number, threaded, "new" if stream.kind == "join" else None, begun.request, live=True)


def different(reading: Reading, begun: Exchange, stream: Exchange, *, text: bool) -> str:
    """How what a client saw of a run of its own differs from what the suite saw of one; empty if it does not."""
    if reading.error:
        return f"live it raised {shown(reading.error)}"
    seen = _as_exchange(reading, stream, text=text)
    for mode in sorted(requested_modes(begun.request)):
        came, wanted = (projection(mode, _of(mode, one)) for one in (seen, stream))
        if came != wanted:
            first = next(
                (n for n, pair in enumerate(zip(came, wanted, strict=False)) if pair[0] != pair[1]),
                min(len(came), len(wanted)),
            )
            there = [shown(part[first]) if first < len(part) else "none" for part in (came, wanted)]
            return f"live, `{mode}` event {first + 1}: it saw {there[0]}, the suite {there[1]}"
    return ""


def _of(mode: str, exchange: Exchange) -> Events:
    return Events(event for event in exchange.events if event.base == wire_name(mode))


def _as_exchange(reading: Reading, stream: Exchange, *, text: bool) -> Exchange:
    """What the client yielded as a stream that would make it."""
    parts = (part for part in reading.parts if part.data not in (None, "") or part.event)
    blocks = [f"event: {part.event}\ndata: {part.data if text else json.dumps(part.data)}\n\n" for part in parts]
    chunk = Chunk(0, 0.0, "".join(blocks).encode())
    return Exchange(stream.name, stream.kind, stream.method, stream.url, [], None, True, 0, 0.0, chunks=[chunk])
