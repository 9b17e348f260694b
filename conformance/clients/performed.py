"""Lets real clients perform runs on a live server, and compares them with the same runs of the suite.

A few scenarios stand for all: each mode, a subgraph, a run without a thread, a join.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from conformance.authoring.expectations import shown
from conformance.authoring.projection import projection
from conformance.clients.compare import Reading
from conformance.clients.read import Job, read_streams
from conformance.clients.readers import Reader, lacking
from conformance.evidence.exchange import JOIN, Chunk, Events, Exchange
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.launch.cache import Say
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
"""The scenario variants that a client performs, each with the exchange that it reads."""

Difference = tuple[str, str, str]
"""The file of a recording, an exchange, and how the client's events differ (empty if they do not)."""


def perform(
    target: Target, recordings: Sequence[Recording], readers: Sequence[Reader], redactor: Redactor, say: Say
) -> dict[str, list[Difference]]:
    """Return the differences in the runs that each client performed, by the id of the reader.

    Only runs that the server completed for the suite are compared, and only graphs without their own URL.  A client
    that cannot run is left out; its result says so when it reads the recorded streams.
    """
    found = [(one, *pair) for one in recordings if (pair := _performed(one)) and not target.urls.get(one.graph)]
    jobs = [_job(number, start, stream) for number, (_, start, stream) in enumerate(found)]
    differences: dict[str, list[Difference]] = {}
    for reader in readers:
        if lacking(reader) or not jobs:
            continue
        try:
            readings = asyncio.run(
                read_streams(reader, target.url, jobs, say, headers=target.headers, variables=target.tls.environment())
            )
        except (LaunchError, RuntimeError, OSError):
            continue
        pairs = zip(readings, found, strict=True)
        differences[reader.id] = [
            (one.file, stream.name, redactor.text(difference(reading, start, stream, text=reader.text)))
            for reading, (one, start, stream) in pairs
        ]
    return differences


def _performed(recording: Recording) -> tuple[Exchange, Exchange] | None:
    """Return the request that started a run and the stream to compare, None if the stream is not complete."""
    wanted = PERFORMED.get(recording.variant)
    start = next((one for one in recording.exchanges if one.method == "POST" and "/runs" in one.path), None)
    stream = next((one for one in recording.exchanges if wanted and one.name == wanted), None)
    if start is None or stream is None or not stream.is_stream or stream.ending != COMPLETE:
        return None
    return start, stream


def _job(number: int, start: Exchange, stream: Exchange) -> Job:
    thread = "new" if "/threads/" in stream.path else None
    return Job(number, thread, "new" if stream.kind == JOIN else None, start.request, live=True)


def difference(reading: Reading, start: Exchange, stream: Exchange, *, text: bool) -> str:
    """Return how a run that a client performed differs from the run of the suite; empty if it does not.

    `start` is the suite's request that started its run, `stream` the exchange to compare.
    """
    if reading.error:
        return f"in its own run the client raised {shown(reading.error)}"
    yielded = _as_exchange(reading, stream, text=text)
    for mode in sorted(requested_modes(start.request)):
        actual, expected = (projection(mode, _of_mode(mode, one)) for one in (yielded, stream))
        if actual != expected:
            pairs = enumerate(zip(actual, expected, strict=False))
            first = next((n for n, (one, other) in pairs if one != other), min(len(actual), len(expected)))
            one, other = (shown(part[first]) if first < len(part) else "nothing" for part in (actual, expected))
            return f"in its own run, `{mode}` event {first + 1}: the client received {one}, the suite {other}"
    return ""


def _of_mode(mode: str, exchange: Exchange) -> Events:
    return Events(event for event in exchange.events if event.base == wire_name(mode))


def _as_exchange(reading: Reading, stream: Exchange, *, text: bool) -> Exchange:
    """Return a stream that contains the events that a client yielded."""
    parts = (part for part in reading.parts if part.data not in (None, "") or part.event)
    blocks = [f"event: {part.event}\ndata: {part.data if text else json.dumps(part.data)}\n\n" for part in parts]
    chunk = Chunk(0, 0.0, "".join(blocks).encode())
    return Exchange(stream.name, stream.kind, stream.method, stream.url, [], None, True, 0, 0.0, chunks=[chunk])
