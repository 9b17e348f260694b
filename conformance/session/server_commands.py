"""The commands that run a server on loopback until Ctrl-C: the fault proxy and the replay server."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.catalogue import nearest
from conformance.judging.verdict import OK
from conformance.settings import UsageError
from conformance.targets.target import checked_url

if TYPE_CHECKING:
    from asyncio import Server


def fault(arguments: Sequence[str]) -> int:
    """Run a proxy that gives a running server one fault; return the exit status; raises UsageError."""
    from conformance.faults.proxy import Proxy

    parser = argparse.ArgumentParser(
        "lg-conformance fault", description="Serve a running server with one fault, to see which checks fail on it."
    )
    parser.add_argument("name", metavar="NAME", help="a fault or conforming variation; `explain ID` shows the faults")
    parser.add_argument("--upstream", required=True, metavar="URL", help="the running server")
    _add_port(parser)
    chosen = parser.parse_args(arguments)
    suite.load()
    known = {one.name: one for one in (*REGISTRY.faults, *REGISTRY.variations)}
    if chosen.name not in known:
        suggestion = nearest(chosen.name, known)
        raise UsageError(f"there is no fault {chosen.name!r}{suggestion}; `lg-conformance explain ID` shows the faults")
    upstream = checked_url(chosen.upstream, "--upstream")
    return _serve(Proxy(upstream, known[chosen.name]).serve, chosen.port, f"serves {upstream} with {chosen.name}")


def replay(arguments: Sequence[str]) -> int:
    """Run a server that plays recordings back; return the exit status; raises UsageError."""
    from conformance.replay.replay import Replay, asked_of, recordings_at

    parser = argparse.ArgumentParser(
        "lg-conformance replay", description="Serve stored recordings: the recorded bytes at the recorded times."
    )
    where = "a report folder, its recordings/ or recordings.tar.xz, or a .jsonl file"
    parser.add_argument("recording", metavar="RECORDING", type=Path, help=where)
    _add_port(parser)
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="FACTOR", help="2 plays twice as fast as recorded (default: 1)"
    )
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.speed < 1e9:
        raise UsageError(f"--speed must be a number greater than 0, not {chosen.speed}")
    recordings = recordings_at(chosen.recording)
    return _serve(Replay(recordings, chosen.speed).serve, chosen.port, asked_of(recordings))


def _add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port on loopback (default: a free port)")


def _serve(listen: Callable[[int], Awaitable[Server]], port: int, what: str) -> int:
    """Run a server on a loopback port until Ctrl-C; print its address and what it does."""
    import asyncio

    from conformance.wire.http_server import address

    async def serve() -> None:
        server = await listen(port)
        print(f"{address(server)} {what}\nstop with Ctrl-C", flush=True)
        await server.serve_forever()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return OK
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UsageError(f"cannot listen on port {port} ({reason}); choose another with --port") from None
    return OK
