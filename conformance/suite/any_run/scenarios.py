"""Performs a row of the plan: earlier runs of the thread, the run itself, its readers, and what is left of it."""

from __future__ import annotations

from typing import Any

from conformance.authoring import MODES, Server, Stream, scenario
from conformance.suite.any_run.lateness import looks_late
from conformance.suite.any_run.plan import modes_of, rows
from conformance.suite.any_run.programs import FAILURE, SECOND, program
from conformance.suite.any_run.runs import EARLIER

EARLY = [{"step": [{"custom": "early"}, {"append": "early"}, {"say": ["early ", "words"]}]}]
"""The program of the run that the thread had before."""


@scenario(
    graph="program",
    exchanges=(
        "create thread", EARLIER, "run", "create run", "reader", "second reader", "late reader", "poll run", "state",
        "history",
    ),
    looks_late=looks_late,
    row=tuple(rows()),
)  # fmt: skip
async def any_run(server: Server, row: str) -> None:
    """Perform a row of the plan."""
    wanted = rows()[row]
    thread = None if wanted["thread"] == "none" else await server.threads.create()
    *earlier, fields = requests_of(wanted)
    for request in earlier:
        await server.runs.streamed(thread, name=EARLIER, **request)
    if thread is None or wanted["start"] == "stream":
        stream = server.runs.stream(thread, name="run", **fields)
        stream.watch(SECOND)
        if thread is None or wanted["readers"] == "creator":
            await stream.ended()
        else:
            await _read(server, thread, await stream.run_id(), wanted["readers"], stream)
    else:
        run = await server.runs.create(thread, **fields)
        await _read(server, thread, run, wanted["readers"], None)
    if thread is not None:
        await server.threads.get_state(thread, name="state")
        await server.threads.get_history(thread, limit=3, name="history")


def requests_of(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of each request for a run of a row: perhaps an earlier run of the thread, then the run."""
    slow = wanted["readers"] not in ("creator", "after the end")  # so that readers have time to join
    modes = modes_of(wanted)
    run = {
        "input": {"program": program(wanted["program"], wanted["text"], slow=slow)},
        "stream_mode": modes[0] if wanted["form"] == "string" else modes,
        "stream_subgraphs": wanted["flag"],
    }
    return [run] if wanted["thread"] in ("none", "new") else [_earlier_run(wanted), run]


def _earlier_run(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the earlier run: in the other modes, with the other flag; it may fail."""
    failing = [{"step": [{"fail": FAILURE}]}] if wanted["thread"] == "after a failure" else []
    return {
        "input": {"program": [*EARLY, *failing]},
        "stream_mode": [mode for mode in MODES if not wanted[mode]] or ["values"],
        "stream_subgraphs": not wanted["flag"],
    }


async def _read(server: Server, thread: str, run: str, how: str, creator: Stream | None) -> None:
    """Read the run as the row says, to its end."""

    def join(name: str) -> Stream:
        reader = server.runs.join_stream(thread, run, name=name)
        reader.watch(SECOND)
        return reader

    readers = [creator] if creator is not None else []
    if how != "after the end":
        readers.append(join("reader"))
    if how == "two":
        readers.append(join("second reader"))
    elif how in ("in the middle", "one leaves"):
        await readers[0].shows(SECOND)
        second = join("second reader")
        if how == "one leaves":
            await second.answered()
            await second.leave()
        else:
            readers.append(second)
    for reader in readers:
        await reader.ended()
    await server.runs.ended(thread, run)
    if how == "after the end":
        await server.runs.join_stream(thread, run, name="late reader").ended()
