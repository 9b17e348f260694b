"""The commands that serve on loopback until Ctrl-C: a faulty view of a server, and recordings played back."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.judging.verdict import OK
from conformance.settings import UsageError
from conformance.targets.target import checked_url

if TYPE_CHECKING:
    from asyncio import Server


def fault(arguments: Sequence[str]) -> int:
    """serve a faulty view of a running server, to see a check fail: fault NAME --upstream URL [--port N]"""
    from conformance.faults.proxy import Proxy

    parser = argparse.ArgumentParser("lg-conformance fault", description="Serve a faulty view of a running server.")
    parser.add_argument("name", metavar="NAME", help="a fault, as `explain ID` names them")
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="a loopback port (default: a free one)")
    chosen = parser.parse_args(arguments)
    suite.load()
    known = {one.name: one for one in (*REGISTRY.faults, *REGISTRY.variations)}
    if chosen.name not in known:
        near = difflib.get_close_matches(chosen.name, known, 3)
        way = f"did you mean {', '.join(near)}?" if near else "`lg-conformance explain ID` names those of a requirement"
        raise UsageError(f"there is no fault {chosen.name!r}; {way}")
    upstream = checked_url(chosen.upstream, "--upstream")

    what = f"is {upstream} with the fault {chosen.name}"
    return _serve(Proxy(upstream, known[chosen.name]).serve, chosen.port, what)


def replay(arguments: Sequence[str]) -> int:
    """play recordings back as a server, byte for byte: replay RECORDING [--port N]"""
    from conformance.replay.replay import Replay, asked_of, recordings_at

    parser = argparse.ArgumentParser("lg-conformance replay", description="Play recordings back as a server.")
    what = "a .jsonl file, a report folder, or its recordings/"
    parser.add_argument("recording", metavar="RECORDING", type=Path, help=what)
    parser.add_argument("--port", type=int, default=0, metavar="N", help="a loopback port (default: a free one)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="how many times as fast (default: 1)")
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.speed < 1e9:
        raise UsageError(f"--speed {chosen.speed} must be a number above 0")
    recordings = recordings_at(chosen.recording)
    return _serve(Replay(recordings, chosen.speed).serve, chosen.port, asked_of(recordings))


def _serve(listen: Callable[[int], Awaitable[Server]], port: int, what: str) -> int:
    """Serve on a loopback port until Ctrl-C; say where, and what it is."""
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
        why = getattr(problem, "strerror", None) or problem
        raise UsageError(f"port {port} cannot be listened on ({why}); choose another with --port") from None
    return OK
