"""Whether real clients see in stored streams what the suite saw: one outcome for each client, for report.json."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.authoring.expectations import shown
from conformance.clients.compare import KNOWN, compare, in_order
from conformance.clients.performed import Difference
from conformance.clients.read import Playback, read
from conformance.clients.readers import Reader, lacking
from conformance.evidence.exchange import STREAMS, Exchange
from conformance.evidence.recording import Recording
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.launch.environments import Say
from conformance.launch.process import LaunchError
from conformance.wire import http_server as http_server

MOST_EVIDENCE = 20
"""Differences that a report lists for one client; their number is told."""


def examine(
    recordings: Sequence[Recording],
    readers: Sequence[Reader],
    say: Say,
    performed: Mapping[str, Sequence[Difference]] | None = None,
) -> list[dict[str, Any]]:
    """Play every event stream back to every client; the content of `clients` in report.json.

    A stream that was rightly asked for and refused is one that the client does not see.
    `performed` is what `performed.perform` found of runs that the clients performed live.
    """
    asked = [(one, exchange) for one in recordings for exchange in one.exchanges if _asks_for_a_stream(exchange)]
    streams = [pair for pair in asked if pair[1].is_stream]
    refused = [(one.file, exchange.name, _refusal(exchange)) for one, exchange in asked if not exchange.is_stream]

    async def each() -> list[dict[str, Any]]:
        more = {reader.id: [*refused, *(performed or {}).get(reader.id, ())] for reader in readers}
        return [await _examined(reader, streams, more[reader.id], say) for reader in readers]

    return asyncio.run(each())


def _asks_for_a_stream(exchange: Exchange) -> bool:
    return exchange.kind in STREAMS and exchange.valid


def _refusal(exchange: Exchange) -> str:
    """What every client meets where no stream is given: it raises."""
    told = "nothing" if exchange.status is None else f"status {exchange.status}"
    return f"it asks for an event stream and is given {told}"


async def _examined(
    reader: Reader, streams: Sequence[tuple[Recording, Exchange]], more: Sequence[Difference], say: Say
) -> dict[str, Any]:
    """`more` is what is known of other streams: those that were refused, and those that the client had live."""
    problem = lacking(reader) or ("" if streams else "there is no event stream to read")
    if problem:
        return result(reader, INCONCLUSIVE, problem, len(streams))
    playback = Playback([exchange for _, exchange in streams])
    try:
        async with await http_server.serve(0, playback.answer) as server:
            readings = await read(reader, http_server.address(server), playback.jobs, say)
    except (LaunchError, RuntimeError, OSError) as trouble:
        return result(reader, INCONCLUSIVE, shown(str(trouble)), len(streams))
    pairs = zip(readings, streams, strict=True)
    found = [compare(reading, exchange, reader.known, text=reader.text) for reading, (_, exchange) in pairs]
    stored = [(one.file, exchange.name) for one, exchange in streams]
    differences = [(*place, one.difference) for place, one in zip(stored, found, strict=True)]
    return _judged(reader, [*differences, *more], [f"{name}: {KNOWN[name]}" for name in in_order(found)])


def _judged(reader: Reader, differences: Sequence[Difference], known: Sequence[str]) -> dict[str, Any]:
    """The result of a client that has read streams."""
    evidence = [dict(zip(("recording", "exchange", "message"), one, strict=True)) for one in differences if one[2]]
    count = len(differences)
    first = f"{len(evidence)} of {count} streams look different; {evidence[0]['message']}" if evidence else ""
    return result(reader, FAILED if evidence else PASSED, first, count, known, evidence[:MOST_EVIDENCE])


def result(
    reader: Reader, outcome: str, message: str, streams: int, known: Sequence[str] = (), evidence: Sequence[Any] = ()
) -> dict[str, Any]:
    """One entry of `clients` in report.json."""
    return {
        "name": reader.name,
        "version": reader.version,
        "outcome": outcome,
        "message": message,
        "streams": streams,
        "known": list(known),
        "evidence": list(evidence),
    }
