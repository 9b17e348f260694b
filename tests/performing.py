"""Records scenarios against scripted servers, for the tests of the recorder."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from conformance.authoring.registry import Scenario, Variant
from conformance.evidence.exchange import Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.record import recorder
from conformance.record.limits import Limits
from conformance.record.recorder import RecordingSummary, record
from conformance.targets.target import Target

from .fakes import STREAM, Connection, Fake, Script

GENEROUS = Limits(silence_s=20, length_s=20)
"""Limits for tests that should reach none; they only end a test that hangs."""
SHORT_SILENCE = replace(GENEROUS, silence_s=0.3, queue_s=0.6, poll_s=0.3, status_s=0.3, ending_s=0.3)
KEY = "sk-0123456789"
MIB = 1 << 20


class EveryName(tuple[str, ...]):
    """Contains every name, so that a scenario may perform any exchange."""

    def __contains__(self, name: object) -> bool:
        return True


def variant(function: Any, graph: str = "joke", **axes: Any) -> Variant:
    """Return a variant of a scenario with this function."""
    return Variant(Scenario(function.__name__, graph, {}, EveryName(), function), axes)


async def one_stream(server: Any) -> None:
    """A scenario that streams one run."""
    await server.runs.streamed(None, input={}, stream_mode=["values"])


def perform(
    target: Target | Fake, folder: Path, *functions: Any, limits: Limits = GENEROUS, **options: Any
) -> RecordingSummary:
    """Record scenarios against a target; the limits are checked often, so that small ones are reached."""
    found = Target("fake", target.url) if isinstance(target, Fake) else target
    variants = [function if isinstance(function, Variant) else variant(function) for function in functions]
    with patch.object(recorder, "WATCH_S", 0.02):
        return record(found, variants, folder, Redactor([KEY]), nonce="0123456789abcdef", limits=limits, **options)


def recorded(folder: Path, name: str = "one_stream") -> Recording:
    """Return the recording of a scenario."""
    return read_recording(folder / f"{name}.jsonl")


def only(folder: Path) -> Exchange:
    """Return the only exchange of the scenario `one_stream`."""
    [exchange] = recorded(folder).exchanges
    return exchange


# --- scripts of servers


async def hangs(connection: Connection) -> None:
    """Never answer."""
    await connection.left()


def then_hangs(data: bytes) -> Script:
    """Return a script that sends this data and then nothing more."""

    async def script(connection: Connection) -> None:
        await connection.send(data)
        await connection.left()

    return script


def for_ever(data: bytes, pause: float = 0.0, head: bytes = STREAM) -> Script:
    """Return a script that sends this data again and again."""

    async def script(connection: Connection) -> None:
        await connection.send(head)
        while True:
            await connection.send(data)
            await asyncio.sleep(pause)

    return script


def then_resets(data: bytes) -> Script:
    """Return a script that sends this data and resets the connection."""

    async def script(connection: Connection) -> None:
        await connection.send(data)
        await asyncio.sleep(0.5)  # the client must read the data first, because a reset discards it
        connection.reset()

    return script
