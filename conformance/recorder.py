"""Performs the selected scenario variants, all at once within limits, each exactly once, and tidies up afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from . import transcript
from .client import Server, path
from .declare import Variant
from .live import Limits, Run, Stopped
from .redaction import Redactor
from .target import Target
from .writer import RecordingWriter

WATCH_S = 0.25
"""How often the limits are looked at."""

TIDY_S = 20.0
"""How long deleting the suite's threads may take; what is left then carries the suite's name and nonce."""

Progress = Callable[[int, int, Sequence[str]], None]
"""Told the variants done, their total, and the ids of those still awaited."""


@dataclass(frozen=True)
class Performance:
    """What is to be said of the recording of a run as a whole; `stopped` is None if nothing ended it early."""

    stopped: str | None
    answered_at_end: bool
    seconds: float
    slowest: tuple[str, float]
    bytes_seen: int
    errors: tuple[str, ...]


def record(
    target: Target,
    variants: Sequence[Variant],
    folder: Path,
    redactor: Redactor,
    *,
    nonce: str,
    limits: Limits,
    keep_threads: bool = False,
    progress: Progress = lambda done, total, awaited: None,
) -> Performance:
    """Perform each variant once and write its recording into `folder`; never raises for what the server does.

    `nonce` marks the threads of this run.
    """
    return asyncio.run(_record(target, variants, folder, redactor, nonce, limits, keep_threads, progress))


async def _record(
    target: Target,
    variants: Sequence[Variant],
    folder: Path,
    redactor: Redactor,
    nonce: str,
    limits: Limits,
    keep_threads: bool,
    progress: Progress,
) -> Performance:
    run = Run(target, folder, redactor, nonce, limits)
    started = time.monotonic()
    took: dict[str, float] = {}
    async with run.open_client() as http:
        if (problem := await _reach(http, target.url)) is not None:
            run.stopped = f"{target.url} cannot be reached ({problem}); is the server running, and is this its URL?"
        watch = asyncio.create_task(_watch(run, variants, took, progress))
        room = asyncio.Semaphore(target.concurrency)
        async with asyncio.TaskGroup() as group:
            paced = [group.create_task(_perform(run, variant, room, took)) for variant in variants if variant.paced]
            for variant in variants:
                if variant.scenario.long:
                    group.create_task(_perform(run, variant, room, took))
            await asyncio.gather(*paced)
            for variant in variants:
                if not variant.paced and not variant.scenario.long:
                    group.create_task(_perform(run, variant, room, took))
        watch.cancel()
        progress(len(took), len(variants), [])
        recorded = time.monotonic() - started
        answered = await _reach(http, target.url) is None
        if answered and not keep_threads:
            with suppress(TimeoutError):
                async with asyncio.timeout(TIDY_S):
                    await _tidy(run, http)
    slowest = max(took.items(), key=lambda item: item[1], default=("", 0.0))
    return Performance(run.stopped, answered, recorded, slowest, run.bytes_seen, tuple(run.errors))


async def _perform(run: Run, variant: Variant, room: asyncio.Semaphore, took: dict[str, float]) -> None:
    async with room, run.open_client() as http:
        started = time.monotonic()
        scenario, axes = variant.scenario, dict(variant.axes)
        writer = RecordingWriter(
            run.folder / variant.file, run.redactor, scenario.name, variant.id, axes, variant.graph
        )
        server = Server(run, http, writer, variant.graph, variant.id)
        stopped: str | None = "the run was interrupted"
        try:
            await scenario.function(server, **{key: value for key, value in axes.items() if key != "graph"})
            stopped = None
        except Stopped as reason:
            stopped = str(reason)
        except Exception as problem:
            stopped = f"the suite erred: {type(problem).__name__}: {problem}"
            run.errors.append(f"{variant.id}: {stopped}")
        finally:
            await server.close()
            writer.finish(stopped)
            took[variant.id] = time.monotonic() - started


async def _watch(run: Run, variants: Sequence[Variant], took: dict[str, float], progress: Progress) -> None:
    """Enforce the limits of the run, and tell how far it is."""
    limits, started = run.limits, time.monotonic()
    while True:
        await asyncio.sleep(WATCH_S)
        now = asyncio.get_running_loop().time()
        if run.stopped is None and now - run.last_event > limits.silence_s:
            run.stop(f"limit reached: no event came on any stream for {limits.silence_s:g} s", transcript.SILENCE)
        if time.monotonic() - started > limits.run_s:
            run.stop("limit reached: --max-seconds; give the run more, or select less of it with -k", transcript.LENGTH)
        if run.bytes_seen > limits.run_bytes:
            run.stop(f"limit reached: the server sent more than {limits.run_bytes:,} bytes", transcript.SIZE)
        for live in [live for live in run.live if live.too_long(now)]:
            live.close(
                transcript.LENGTH, f"limit reached: {limits.length_s:g} s after its first event it had not ended"
            )
        progress(len(took), len(variants), [variant.id for variant in variants if variant.id not in took])


async def _reach(http: httpx.AsyncClient, url: str) -> str | None:
    """None if something there answers a request, whatever it answers; otherwise what is wrong."""
    try:
        async with asyncio.timeout(10), http.stream("GET", url):
            return None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        return str(problem) or type(problem).__name__
    except TimeoutError:
        return "no answer within 10 s"


async def _tidy(run: Run, http: httpx.AsyncClient) -> None:
    """Cancel what may still run and delete the suite's threads; a server that cannot is none the worse for it."""
    room = asyncio.Semaphore(run.target.concurrency)

    async def send(method: str, url: str) -> None:
        async with room:
            with suppress(httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
                async with http.stream(method, url, headers=dict(run.target.headers)):
                    pass

    background = [base + path("threads", thread, "runs", one, "cancel") for base, thread, one in run.background]
    await asyncio.gather(*(send("POST", url) for url in background))
    await asyncio.gather(*(send("DELETE", base + path("threads", thread)) for base, thread in run.threads))
