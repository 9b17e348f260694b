"""Performs a case: earlier runs of the thread, the run itself, its readers, and what is left of it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from conformance.authoring import Scenario, Server, Stream
from conformance.suite.any_run.programs import SECOND
from conformance.suite.any_run.runs import EARLIER
from conformance.suite.any_run.scenarios import any_run
from conformance.suite.generated.case import (
    AFTER_THE_END,
    BY_STREAM,
    CREATOR,
    IN_THE_MIDDLE,
    ONE_LEAVES,
    TWO,
    Case,
)

HISTORY = 3
"""How many states of the thread are asked for."""


def scenario_of(name: str, graph: str, cases: Mapping[str, Case]) -> Scenario:
    """Return a scenario with a variant for each case of a graph; the axis `row` names the case, as in `any_run`."""

    async def perform_row(server: Server, row: str) -> None:
        await perform(server, cases[row])

    return Scenario(name, graph, {"row": tuple(cases)}, any_run.exchanges, perform_row)


async def perform(server: Server, case: Case) -> None:
    """Perform a case."""
    thread = await server.threads.create() if case.thread else None
    for request in case.earlier:
        await server.runs.streamed(thread, name=EARLIER, **request.fields)
    if thread is None:
        await server.runs.streamed(thread, name="run", **case.run.fields)
        return
    if case.start == BY_STREAM:
        stream = _watched(server.runs.stream(thread, name="run", **case.run.fields))
        if case.readers == CREATOR:
            await stream.ended()
        else:
            await _read(server, thread, await stream.run_id(), case, [stream])
    else:
        run = await server.runs.create(thread, name="create run", **case.run.fields)
        await _read(server, thread, run, case, [])
    await server.threads.get_state(thread, name="state")
    await server.threads.get_history(thread, limit=HISTORY, name="history")


async def _read(server: Server, thread: str, run: str, case: Case, readers: list[Stream]) -> None:
    """Read the run to its end; `readers` holds the client that started it, if it reads too."""
    how = case.readers

    def join(name: str) -> Stream:
        return _watched(server.runs.join_stream(thread, run, name=name))

    if how != AFTER_THE_END:
        readers.append(join("reader"))
    if how == TWO:
        readers.append(join("second reader"))
    elif how in (IN_THE_MIDDLE, ONE_LEAVES):
        await (readers[0].shows(SECOND) if _is_marked(case) else readers[0].has_output())
        second = join("second reader")
        if how == ONE_LEAVES:
            await second.answered()
            await second.leave()
        else:
            readers.append(second)
    for reader in readers:
        await reader.ended()
    await server.runs.ended(thread, run)
    if how == AFTER_THE_END:
        await server.runs.join_stream(thread, run, name="late reader").ended()


def _is_marked(case: Case) -> bool:
    """Return whether the run writes the text by which a reader sees that it is under way."""
    return SECOND in json.dumps(case.run.input)


def _watched(stream: Stream) -> Stream:
    stream.watch(SECOND)
    return stream
