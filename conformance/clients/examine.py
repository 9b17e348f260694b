"""Whether real clients see in stored streams what the suite saw: one outcome for each client, for report.json."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from .. import http1, transcript
from ..environments import Say
from ..expect import shown
from ..judge import CANNOT_TELL, FAILED, PASSED
from ..launch import LaunchError
from ..transcript import Exchange, Recording
from .compare import KNOWN, compare, in_order
from .performed import Difference
from .read import Playback, read
from .readers import Reader, lacking

MOST_EVIDENCE = 20
"""Differences that a report lists for one client; their number is told."""


def examine(
    recordings: Sequence[Recording],
    readers: Sequence[Reader],
    say: Say,
    performed: Mapping[str, Sequence[Difference]] | None = None,
) -> list[dict[str, Any]]:
    """Play every event stream back to every client; the content of `clients` in report.json.

    `performed` is what `performed.perform` found of runs that the clients performed live.
    """
    streams = [(one, exchange) for one in recordings for exchange in one.exchanges if _is_told(exchange)]

    async def each() -> list[dict[str, Any]]:
        return [await _examined(reader, streams, (performed or {}).get(reader.id, ()), say) for reader in readers]

    return asyncio.run(each())


def _is_told(exchange: Exchange) -> bool:
    """Whether it rightly asked for an event stream and was given one."""
    return exchange.kind in transcript.STREAMS and exchange.valid and exchange.is_stream


async def _examined(
    reader: Reader, streams: Sequence[tuple[Recording, Exchange]], live: Sequence[Difference], say: Say
) -> dict[str, Any]:
    problem = lacking(reader) or ("" if streams else "there is no event stream to read")
    if problem:
        return result(reader, CANNOT_TELL, problem, len(streams))
    playback = Playback([exchange for _, exchange in streams])
    try:
        async with await http1.serve(0, playback.answer) as server:
            readings = await read(reader, http1.address(server), playback.jobs, say)
    except (LaunchError, RuntimeError, OSError) as trouble:
        return result(reader, CANNOT_TELL, shown(str(trouble)), len(streams))
    pairs = zip(readings, streams, strict=True)
    found = [compare(reading, exchange, reader.known, text=reader.text) for reading, (_, exchange) in pairs]
    stored = [(one.file, exchange.name) for one, exchange in streams]
    differences = [(*place, one.difference) for place, one in zip(stored, found, strict=True)]
    return _judged(reader, [*differences, *live], [f"{name}: {KNOWN[name]}" for name in in_order(found)])


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
