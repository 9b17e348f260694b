"""Whether real clients see in stored streams what the suite saw: one outcome for each client, for report.json."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from .. import http1, transcript
from ..environments import Say
from ..expect import shown
from ..judge import CANNOT_TELL, FAILED, PASSED
from ..launch import LaunchError
from ..transcript import Exchange, Recording
from .compare import KNOWN, Comparison, compare, in_order
from .read import Playback, read
from .readers import Reader, lacking

MOST_EVIDENCE = 20
"""Differences that a report lists for one client; their number is told."""


def examine(recordings: Sequence[Recording], readers: Sequence[Reader], say: Say) -> list[dict[str, Any]]:
    """Play every event stream back to every client; the content of `clients` in report.json."""
    return asyncio.run(_examine(recordings, readers, say))


async def _examine(recordings: Sequence[Recording], readers: Sequence[Reader], say: Say) -> list[dict[str, Any]]:
    streams = [(one, exchange) for one in recordings for exchange in one.exchanges if _is_told(exchange)]
    return [await _examined(reader, streams, say) for reader in readers]


def _is_told(exchange: Exchange) -> bool:
    """Whether it rightly asked for an event stream and was given one."""
    return exchange.kind in transcript.STREAMS and exchange.valid and exchange.is_stream


async def _examined(reader: Reader, streams: Sequence[tuple[Recording, Exchange]], say: Say) -> dict[str, Any]:
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
    return judged(reader, found, streams)


def judged(
    reader: Reader, found: Sequence[Comparison], streams: Sequence[tuple[Recording, Exchange]]
) -> dict[str, Any]:
    """The result of a client that has read the streams."""
    evidence = [
        {"recording": recording.file, "exchange": exchange.name, "message": one.difference}
        for one, (recording, exchange) in zip(found, streams, strict=True)
        if one.difference
    ]
    first = f"{len(evidence)} of {len(streams)} streams look different; {evidence[0]['message']}" if evidence else ""
    known = [f"{name}: {KNOWN[name]}" for name in in_order(found)]
    return result(reader, FAILED if evidence else PASSED, first, len(streams), known, evidence[:MOST_EVIDENCE])


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
