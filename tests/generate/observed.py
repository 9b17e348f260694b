"""observed.json: what real clients do with the streams of faulty servers.

Golden streams with a fault are played to every client.  A row is kept if a user would notice something: an exception,
a stream that does not end, a wrong text, too many or too few events, or a wrong name.
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
from conformance.clients.playback import RECONNECTS, Playback
from conformance.clients.read import read_streams
from conformance.clients.readers import READERS, Reader, lacking
from conformance.evidence.exchange import Exchange
from conformance.faults.apply import apply
from conformance.launch.process import LaunchError
from conformance.wire import http_server
from tests import golden

FILE = catalogue.ROOT / "requirements" / "observed.json"

STREAMS_TRIED = 3
"""How many of the streams that a fault changes are tried; the first that shows something gives the row."""

LIMIT_S = 5.0
"""The limit for one stream; a stream that is played back at once takes milliseconds."""

Pair = tuple[Exchange, Exchange]
"""A stream without and with the fault."""


def changed_streams(fault: Fault) -> Iterator[Pair]:
    """Yield the streams that a fault changes."""
    for recording in golden.good().recordings.values():
        faulty = apply(fault, recording)
        for good, bad in zip(recording.exchanges, faulty.exchanges if faulty else (), strict=False):
            if good.asks_for_stream and good.valid and good.is_stream and _compared(good) != _compared(bad):
                yield good, bad


def _compared(exchange: Exchange) -> tuple[object, ...]:
    return exchange.content, exchange.headers, exchange.status, exchange.ending


def observation(reading: Reading, good: Exchange) -> str:
    """Return what the user of a client notices; empty if nothing."""
    count, expected = len(reading.parts), len(good.events)
    if reading.error.startswith("still reading"):
        return f"is {reading.error}, with {count} events instead of {expected}"
    if RECONNECTS in reading.error:
        return f"tries to reconnect after {count} of {expected} events"
    if reading.error:
        return f"raises {first_line(reading.error)} after {count} of {expected} events"
    yielded = text_of([part.data for part in reading.parts if part.event == "messages"])
    sent = text_of([event.value for event in good.events if event.name == "messages"])
    if yielded != sent:
        return f"shows the text {shown(yielded)} instead of {shown(sent)}"
    if count != expected:
        return f"yields {count} events instead of {expected}"
    names = [(part.event, event.name) for part, event in zip(reading.parts, good.events, strict=True)]
    wrong = next((pair for pair in names if pair[0] != pair[1]), None)
    return f"yields an event {shown(wrong[0])} instead of {shown(wrong[1])}" if wrong else ""


def text_of(pairs: Sequence[object]) -> str:
    """Return the joined text of messages, as a chat shows it."""
    pieces = (parsed(pair) if isinstance(pair, str) else pair for pair in pairs)
    found = (pair[0] for pair in pieces if isinstance(pair, list) and pair and isinstance(pair[0], dict))
    return "".join(piece["content"] for piece in found if isinstance(piece.get("content"), str))


def parsed(text: str) -> object:
    """Return the value of a JSON text; None for any other text, which a chat cannot show."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def first_line(error: str) -> str:
    """Return the first line of an exception, without URLs, which differ from session to session."""
    return re.sub(r"https?://[^\s'\"]+", "URL", error.partition("\n")[0])


def observe(reader: Reader, chosen: Sequence[Fault]) -> list[dict[str, str]]:
    """Return what a client does with each fault; a fault that shows nothing has no row."""
    pairs = [(fault, pair) for fault in chosen for pair in islice(changed_streams(fault), STREAMS_TRIED)]
    playback = Playback([bad for _, (_, bad) in pairs], hold=True)

    async def readings() -> list[Reading]:
        async with await http_server.serve(0, playback.answer) as server:
            return await read_streams(reader, http_server.address(server), playback.jobs, print, limit_s=LIMIT_S)

    rows: dict[str, dict[str, str]] = {}
    for (fault, (good, _)), reading in zip(pairs, asyncio.run(readings()), strict=True):
        if fault.name not in rows and (seen := observation(reading, good)):
            one = {"requirement": fault.requirement, "fault": fault.name}
            rows[fault.name] = {**one, "client": reader.name, "version": reader.version, "observed": seen}
    return list(rows.values())


def files() -> Iterator[tuple[Path, str]]:
    """Yield observed.json with all clients and all faults; raises LaunchError if a client cannot be run."""
    faults = suite.load().faults
    if missing := [problem for reader in READERS if (problem := lacking(reader))]:
        raise LaunchError(missing[0])
    rows = list(_without_repetitions(row for reader in READERS for row in observe(reader, faults)))
    order = {id: number for number, id in enumerate(sorted({row["requirement"] for row in rows}))}
    rows.sort(key=lambda row: (order[row["requirement"]], row["fault"]))
    yield FILE, "[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n"


def _without_repetitions(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Yield the rows without those in which another client does the same, which the stream explains, not the client."""
    seen: set[tuple[str, str]] = set()
    for row in rows:
        key = row["fault"], row["observed"]
        if key not in seen:
            yield row
        seen.add(key)
