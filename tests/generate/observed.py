"""What real clients do where a server has a fault: faulty golden streams, played back to every client.

`python -m tests.observed` writes conformance/requirements/observed.json, which `explain` quotes; rows are kept where a
user would notice: an exception, no end, wrong text, events too many or too few, or under another name.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from conformance import catalogue, suite
from conformance.authoring.expectations import shown
from conformance.authoring.registry import Fault
from conformance.clients.compare import Reading
from conformance.clients.read import Playback, read
from conformance.clients.readers import READERS, Reader, lacking
from conformance.evidence import exchange as transcript
from conformance.evidence.exchange import Exchange
from conformance.faults import apply as faults
from conformance.launch.process import LaunchError
from conformance.wire import http_server as http_server
from tests import golden

FILE = catalogue.ROOT / "requirements" / "observed.json"

TRIED = 3
"""Streams that a fault touches and that are tried: the first in which something shows is told."""

LIMIT_S = 5.0
"""Seconds after which a client that is still reading is said to be: played back at once, streams take milliseconds."""

Pair = tuple[Exchange, Exchange]
"""A stream as it was, and as the fault makes it."""


def touched(fault: Fault) -> Iterator[Pair]:
    """The streams that a fault changes."""
    for recording in golden.good().recordings.values():
        faulty = faults.apply(fault, recording)
        for good, bad in zip(recording.exchanges, faulty.exchanges if faulty else (), strict=False):
            asked = good.kind in transcript.STREAMS and good.valid and good.is_stream
            if asked and (good.content, good.headers, good.status, good.ending) != (
                bad.content, bad.headers, bad.status, bad.ending,
            ):  # fmt: skip
                yield good, bad


def observation(reading: Reading, good: Exchange) -> str:
    """What the user of a client notices, empty if nothing."""
    count, belong = len(reading.parts), len(good.events)
    if reading.error.startswith("still reading"):
        return f"is {reading.error}, with {count} events where {belong} belong"
    if "it reconnects" in reading.error:
        return f"tries to reconnect after {count} of {belong} events"
    if reading.error:
        return f"raises {plain(reading.error)} after {count} of {belong} events"
    said, meant = (
        text_of([part.data for part in reading.parts if part.event == "messages"]),
        text_of([event.value for event in good.events if event.name == "messages"]),
    )
    if said != meant:
        return f"tells the text {shown(said)} where the model said {shown(meant)}"
    if count != belong:
        return f"yields {count} events where {belong} belong"
    names = [(part.event, event.name) for part, event in zip(reading.parts, good.events, strict=True)]
    other = next((pair for pair in names if pair[0] != pair[1]), None)
    return f"yields an event {shown(other[0])} where {shown(other[1])} belongs" if other else ""


def text_of(pairs: Sequence[object]) -> str:
    """The pieces of messages joined, as a page shows them."""
    pieces = (json.loads(pair) if isinstance(pair, str) else pair for pair in pairs)
    found = (pair[0] for pair in pieces if isinstance(pair, list) and pair and isinstance(pair[0], dict))
    return "".join(piece["content"] for piece in found if isinstance(piece.get("content"), str))


def plain(error: str) -> str:
    """An exception without what differs from run to run."""
    first = error.partition("\n")[0]
    return re.sub(r"https?://[^\s'\"]+", "URL", first)


def observe(reader: Reader, chosen: Sequence[Fault]) -> list[dict[str, str]]:
    """What the client does with the faults, a row for each in which something shows."""
    pairs = [(fault, pair) for fault in chosen for pair in islice(touched(fault), TRIED)]
    playback = Playback([bad for _, (_, bad) in pairs], hold=True)

    async def readings() -> list[Reading]:
        async with await http_server.serve(0, playback.answer) as server:
            return await read(reader, http_server.address(server), playback.jobs, print, limit_s=LIMIT_S)

    rows: dict[str, dict[str, str]] = {}
    for (fault, (good, _)), reading in zip(pairs, asyncio.run(readings()), strict=True):
        if fault.name not in rows and (seen := observation(reading, good)):
            one = {"requirement": fault.requirement, "fault": fault.name}
            rows[fault.name] = {**one, "client": reader.name, "version": reader.version, "observed": seen}
    return list(rows.values())


def files() -> Iterator[tuple[Path, str]]:
    """Yield what all clients do with all faults; raises LaunchError if a client cannot be run."""
    faults = suite.load().faults
    if missing := [problem for reader in READERS if (problem := lacking(reader))]:
        raise LaunchError(missing[0])
    rows = list(_told_once(row for reader in READERS for row in observe(reader, faults)))
    order = {id: number for number, id in enumerate(sorted({row["requirement"] for row in rows}))}
    rows.sort(key=lambda row: (order[row["requirement"]], row["fault"]))
    yield FILE, "[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n"


def _told_once(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """The rows without those that say of one more client the same: what comes of the events, not of the client."""
    told: set[tuple[str, str]] = set()
    for row in rows:
        key = row["fault"], row["observed"]
        if key not in told:
            yield row
        told.add(key)
