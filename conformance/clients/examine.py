"""Lets real clients read recorded streams, and returns one result for each client, for report.json."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.authoring.expectations import shown
from conformance.clients.compare import KNOWN, compare, known_bugs
from conformance.clients.performed import Difference
from conformance.clients.playback import Playback
from conformance.clients.read import read_streams
from conformance.clients.readers import Reader, lacking
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.launch.environments import Say
from conformance.launch.process import LaunchError
from conformance.wire import http_server

EVIDENCE_LIMIT = 5
"""How many differences of one client a report lists; the message says how many there are."""


def examine(
    recordings: Sequence[Recording],
    readers: Sequence[Reader],
    say: Say,
    performed: Mapping[str, Sequence[Difference]] | None = None,
) -> list[dict[str, Any]]:
    """Play every recorded stream to every client; return the content of `clients` in report.json.

    A stream that the server refused is a difference for every client.  `performed` holds the differences in runs that
    the clients performed themselves, by the id of the reader (see `performed.perform`).
    """
    asked = [(one, exchange) for one in recordings for exchange in one.streams()]
    streams = [pair for pair in asked if pair[1].is_stream]
    refused = [(one.file, exchange.name, _refusal(exchange)) for one, exchange in asked if not exchange.is_stream]

    async def examine_each() -> list[dict[str, Any]]:
        others = {reader.id: [*refused, *(performed or {}).get(reader.id, ())] for reader in readers}
        return [await _examined(reader, streams, others[reader.id], say) for reader in readers]

    return asyncio.run(examine_each())


def _refusal(exchange: Exchange) -> str:
    answer = "nothing" if exchange.status is None else f"status {exchange.status}"
    return f"the client asks for an event stream and receives {answer}"


async def _examined(
    reader: Reader, streams: Sequence[tuple[Recording, Exchange]], others: Sequence[Difference], say: Say
) -> dict[str, Any]:
    """Return the result of one client; `others` are the differences in streams that are not played back."""
    problem = lacking(reader) or ("" if streams else "there is no event stream to read")
    if problem:
        return result(reader, INCONCLUSIVE, problem, len(streams))
    playback = Playback([exchange for _, exchange in streams])
    try:
        async with await http_server.serve(0, playback.answer) as server:
            readings = await read_streams(reader, http_server.address(server), playback.jobs, say)
    except (LaunchError, RuntimeError, OSError) as trouble:
        return result(reader, INCONCLUSIVE, shown(str(trouble)), len(streams))
    pairs = zip(readings, streams, strict=True)
    found = [compare(reading, exchange, reader.known, text=reader.text) for reading, (_, exchange) in pairs]
    places = [(one.file, exchange.name) for one, exchange in streams]
    differences = [(*place, one.difference) for place, one in zip(places, found, strict=True)]
    return _judged(reader, [*differences, *others], [f"{name}: {KNOWN[name]}" for name in known_bugs(found)])


def _judged(reader: Reader, differences: Sequence[Difference], known: Sequence[str]) -> dict[str, Any]:
    """Return the result of a client, given a difference (empty if there is none) for each stream."""
    evidence = [dict(zip(("recording", "exchange", "message"), one, strict=True)) for one in differences if one[2]]
    count = len(differences)
    message = f"{len(evidence)} of {count} streams differ; first: {evidence[0]['message']}" if evidence else ""
    return result(reader, FAILED if evidence else PASSED, message, count, known, evidence[:EVIDENCE_LIMIT])


def result(
    reader: Reader, outcome: str, message: str, streams: int, known: Sequence[str] = (), evidence: Sequence[Any] = ()
) -> dict[str, Any]:
    """Return one entry of `clients` in report.json."""
    return {
        "name": reader.name,
        "version": reader.version,
        "outcome": outcome,
        "message": message,
        "streams": streams,
        "known": list(known),
        "evidence": list(evidence),
    }
