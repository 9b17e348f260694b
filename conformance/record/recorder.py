"""Performs scenario variants, many at the same time, within limits, and cleans up afterwards.

A variant that meets a busy server, or looks late, is performed again; only its last performance is recorded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from conformance.authoring.client import Server, Stopped, path
from conformance.authoring.registry import Variant
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.writer import RecordingWriter
from conformance.record.concurrency import CALM_PERFORMANCES, ENOUGH_LATE, PACED, PERFORMANCES
from conformance.record.connection import ScenarioConnection
from conformance.record.limits import Limits
from conformance.record.reaching import problem_reaching
from conformance.record.room import Room
from conformance.record.state import RecordingSession
from conformance.targets.target import Target
from conformance.wire.endings import STOPPED

WATCH_S = 0.25
"""How often the limits are checked."""

INTERRUPTED = "the session was interrupted (Ctrl-C)"


@dataclass(frozen=True)
class RecordingState:
    """How far a recording is: scenario variants, what they wait for, and what arrived."""

    done: int
    total: int
    awaited: Sequence[str] = ()
    """The ids of the variants that are under way or have not started."""
    waits: int = 0
    """How many waits are open."""
    events: int = 0
    """How many events were received."""
    reached: Sequence[str] = ()
    """What ran into a limit so far, in words."""


Progress = Callable[[RecordingState], None]


@dataclass(frozen=True)
class RecordingSummary:
    """Summary of a recording session; `stopped` is None if nothing ended it early."""

    stopped: str | None
    answered_at_end: bool
    interrupted: bool
    seconds: float
    slowest: tuple[str, float]
    bytes_received: int
    errors: tuple[str, ...]
    reached: tuple[str, ...] = ()
    """What ran into a limit, in words."""
    concurrency: Mapping[str, Any] = field(default_factory=dict)
    """How many scenarios could run at the same time, and which were performed again; see schemas/report.schema.json."""


def record(
    target: Target,
    variants: Sequence[Variant],
    folder: Path,
    redactor: Redactor,
    *,
    nonce: str,
    limits: Limits,
    keep_threads: bool = False,
    progress: Progress = lambda state: None,
) -> RecordingSummary:
    """Perform each variant once and write its recording into `folder`; never raises for what the server does.

    `nonce` marks the threads of this session.
    """
    return asyncio.run(_Recorder(target, variants, folder, redactor, nonce, limits, progress).record(keep_threads))


@dataclass
class _Recorder:
    """One recording session under way."""

    target: Target
    variants: Sequence[Variant]
    folder: Path
    redactor: Redactor
    nonce: str
    limits: Limits
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each variant took that is done."""
    answered: bool = True
    refused: dict[str, bool] = field(default_factory=dict)
    """Whether the server refused a request of the last performance, by variant."""
    took: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    """Kind and seconds of each answer of the last performance, by variant."""
    repeated: list[str] = field(default_factory=list)
    """The ids of the variants that were performed again."""
    recorded: dict[str, Recording] = field(default_factory=dict)
    """The last performance of each variant that can look late."""

    async def record(self, keep_threads: bool) -> RecordingSummary:
        self.session = RecordingSession(self.target, self.folder, self.redactor, self.nonce, self.limits)
        self.room = Room(self.session.concurrency, self.session.now)
        self.paced = asyncio.Semaphore(min(PACED, self.target.concurrency))
        started = time.monotonic()
        async with self.session.open_client() as http:
            interrupted = await _interrupted(self._perform_all(http))
            if interrupted:
                self.session.stopped = self.session.stopped or INTERRUPTED
            took = time.monotonic() - started
            self.progress(replace(self._state(), awaited=(), waits=0))
            interrupted |= await _interrupted(self._finish(http, keep_threads))
        slowest = max(self.seconds.items(), key=lambda item: item[1], default=("", 0.0))
        session = self.session
        return RecordingSummary(
            session.stopped, self.answered, interrupted, took, slowest, session.bytes_received, tuple(session.errors),
            tuple(session.reached), self._concurrency(),
        )  # fmt: skip

    def _concurrency(self) -> dict[str, Any]:
        found = self.session.concurrency
        given = self.target.concurrency
        return {"given": given, "least": found.least, "most": found.most, "performed_again": sorted(self.repeated)}

    async def _perform_all(self, http: httpx.AsyncClient) -> None:
        url = self.target.url
        if (problem := await problem_reaching(http, url, self.limits.reach_s)) is not None:
            self.session.stopped = f"{url} cannot be reached: {problem}"
        watch = asyncio.create_task(self._watch())
        try:
            await self._perform_in_order(self.variants)
            for _ in range(1, PERFORMANCES):
                await self._perform_again()
            await self._perform_late_ones()
        finally:
            watch.cancel()

    async def _perform_again(self) -> None:
        """Perform again what met a busy server, with fewer at the same time."""
        again = [variant for variant in self.variants if self._met_a_busy_server(variant)]
        if again and self.session.stopped is None and not self.session.concurrency.gives_up:
            self.session.concurrency.again()
            self._repeat(again)
            await self._perform_in_order(again)

    async def _perform_late_ones(self) -> None:
        """Perform again what looks late, one after the other, until it is clear that the server is not just busy."""
        stayed = 0
        for variant in [one for one in self.variants if self._looks_late(one)]:
            if stayed == ENOUGH_LATE or self.session.stopped is not None:
                return
            stayed += await self._stays_late(variant)

    async def _stays_late(self, variant: Variant) -> bool:
        """Perform a variant alone until it does not look late; return whether it always did."""
        for _ in range(CALM_PERFORMANCES):
            self._repeat([variant])
            await self._record(variant)
            if not self._looks_late(variant):
                return False
        return True

    def _looks_late(self, variant: Variant) -> bool:
        recorded, looks_late = self.recorded.get(variant.id), variant.scenario.looks_late
        return looks_late is not None and recorded is not None and looks_late(recorded)

    def _repeat(self, variants: Sequence[Variant]) -> None:
        """Note that the variants are performed again."""
        for variant in variants:
            self.seconds.pop(variant.id, None)
        self.repeated += [variant.id for variant in variants if variant.id not in self.repeated]

    def _met_a_busy_server(self, variant: Variant) -> bool:
        """Return whether a request was refused, or answered too late for a scenario that must react during a run."""
        is_late = self.session.concurrency.is_late
        late = any(is_late(kind, seconds) for kind, seconds in self.took.get(variant.id, ()))
        return self.refused.get(variant.id, False) or (late and variant.scenario.paced)

    async def _finish(self, http: httpx.AsyncClient, keep_threads: bool) -> None:
        """Check that the server still answers, and delete the suite's threads."""
        self.answered = await problem_reaching(http, self.target.url, self.limits.reach_s) is None
        if self.answered and not keep_threads:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.limits.clean_up_s):
                    await _clean_up(self.session, http)

    async def _perform_in_order(self, variants: Sequence[Variant]) -> None:
        """Perform paced and long scenarios first, so that nothing disturbs the paced ones, then all others.

        The others wait for the paced ones no longer than their limit.
        """
        async with asyncio.TaskGroup() as group:
            paced = [group.create_task(self._perform(one)) for one in variants if one.scenario.paced]
            for variant in variants:
                if variant.scenario.long:
                    group.create_task(self._perform(variant))
            if paced:
                # Not `gather`: it would cancel the tasks too, and a scenario that is cancelled twice cannot clean up.
                await asyncio.wait(paced, timeout=self.limits.paced_s)
            for variant in variants:
                if not variant.scenario.paced and not variant.scenario.long:
                    group.create_task(self._perform(variant))

    async def _perform(self, variant: Variant) -> None:
        if variant.scenario.paced:
            async with self.paced, self.room.entered(first=True):
                await self._record(variant)
        else:
            async with self.room.entered(first=False):
                await self._record(variant)

    async def _record(self, variant: Variant) -> None:
        if variant.id in self.repeated and self.session.stopped is not None:
            return  # the recording of the last performance is kept
        async with self.session.open_client() as http:
            started = self.session.now()
            scenario, axes, session = variant.scenario, dict(variant.axes), self.session
            file = session.folder / variant.file
            writer = RecordingWriter(file, session.redactor, scenario.name, variant.id, axes, variant.graph)
            connection = ScenarioConnection(session, http, writer, variant.id, scenario.exchanges)
            server = Server(connection, variant.graph, variant.id)
            stopped = Recording.stopped  # it breaks off, if the session is interrupted
            try:
                stopped = await self._performed(variant, server, connection)
            finally:
                await connection.abandon(STOPPED, session.stopped or INTERRUPTED)
                writer.finish(stopped)
            self.seconds[variant.id] = self.session.now() - started
            self.refused[variant.id] = self.room.met(connection.exchanges, connection.took, started=started)
            self.took[variant.id] = connection.took
            if scenario.looks_late is not None:
                recorded = Recording(scenario.name, variant.id, axes, variant.graph, connection.exchanges, stopped)
                self.recorded[variant.id] = recorded

    async def _performed(self, variant: Variant, server: Server, connection: ScenarioConnection) -> str | None:
        """Perform a scenario; return why it could not be performed to its end, None if it was."""
        stopped = None
        arguments = {key: value for key, value in variant.axes.items() if key != "graph"}
        try:
            await variant.scenario.function(server, **arguments)
        except Stopped as reason:
            stopped = str(reason)
        except Exception as problem:
            stopped = f"the suite failed: {type(problem).__name__}: {problem}"
            self.session.errors.append(f"{variant.id}: {stopped}")
        await connection.close(stopped=stopped is not None)
        return stopped

    async def _watch(self) -> None:
        """Enforce the limits of the session, and report progress."""
        started = now = self.session.now()
        while True:
            await asyncio.sleep(WATCH_S)
            self.session.lag = max(0.0, self.session.now() - now - WATCH_S)
            now = self.session.now()
            self._enforce(now - started)
            self.room.wake()
            self.progress(self._state())

    def _state(self) -> RecordingState:
        awaited = [variant.id for variant in self.variants if variant.id not in self.seconds]
        session = self.session
        done, total = len(self.seconds), len(self.variants)
        return RecordingState(done, total, awaited, len(session.waits), session.events_received, session.reached)

    def _enforce(self, elapsed: float) -> None:
        limits, session = self.limits, self.session
        session.enforce(session.now())
        if elapsed > limits.session_s:
            session.stop("limit reached: --max-seconds; allow more, or select less with -k")
        if session.bytes_received > limits.session_bytes:
            session.stop(f"limit reached: the server sent more than {limits.session_bytes:,} bytes")


async def _interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Await the work; return whether Ctrl-C ended it.

    `asyncio.run` turns the first Ctrl-C of a session into a cancellation and any other into KeyboardInterrupt.
    """
    try:
        await work
    except asyncio.CancelledError:
        return True
    return False


async def _clean_up(session: RecordingSession, http: httpx.AsyncClient) -> None:
    """Cancel background runs and delete the suite's threads.  Best effort: failures are ignored."""
    room = asyncio.Semaphore(session.concurrency.width)

    async def send(method: str, url: str) -> None:
        async with room:
            with suppress(httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
                async with http.stream(method, url, headers=dict(session.target.headers)):
                    pass

    cancel = [base + path("threads", thread, "runs", run, "cancel") for base, thread, run in session.background]
    await asyncio.gather(*(send("POST", url) for url in cancel))
    await asyncio.gather(*(send("DELETE", base + path("threads", thread)) for base, thread in session.threads))
