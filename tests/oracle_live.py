"""Random programs on the embedded official server, compared with the library.

`python -m tests.oracle_live [NUMBER [SEED]]` performs so many threads, each with up to two runs, and prints every
difference of a stream, a state or a history.  It exits with 1 if there is one.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from conformance.oracle.cases import WIRE_MODES
from conformance.oracle.compare import compare_stream
from conformance.oracle.computing import computed
from conformance.oracle.difference import Difference
from conformance.oracle.prediction import Case, Prediction
from conformance.oracle.search import RecordedEvent
from conformance.oracle.thread_state import compare_history, compare_state
from conformance.targets.target_file import named_target
from conformance.wire.sse import Decoder
from tests.oracle_programs import program

AT_ONCE = 8
HISTORY = 20


@dataclass
class Performed:
    """A run on the server: its case, its ids, what it streamed, and the thread after it."""

    case: Case
    run: str
    thread: str | None
    events: list[RecordedEvent]
    state: Any = None
    history: Any = None
    differences: list[Difference] = field(default_factory=list)


def cases(dice: random.Random) -> list[Case]:
    """Return the runs of one thread, or one run without a thread."""
    threaded = dice.random() < 0.7
    inputs: list[Any] = []
    found = []
    for _ in range(dice.randint(1, 2) if threaded else 1):
        inputs.append({"program": program(dice)})
        modes = tuple(sorted(dice.sample(WIRE_MODES, dice.choice([1, 2, 3, 6]))))
        found.append(Case("program", tuple(inputs), modes, dice.random() < 0.6, threaded))
    return found


async def performed(http: httpx.AsyncClient, wanted: Sequence[Case], turn: asyncio.Semaphore) -> list[Performed]:
    """Perform the runs of a thread one after another."""
    async with turn:
        thread = None
        if wanted[0].thread:
            thread = (await http.post("/threads", json={})).json()["thread_id"]
        return [await _perform(http, case, thread) for case in wanted]


async def _perform(http: httpx.AsyncClient, case: Case, thread: str | None) -> Performed:
    place = f"/threads/{thread}/runs/stream" if thread else "/runs/stream"
    modes = ["messages-tuple" if mode == "messages" else mode for mode in case.modes]
    body = {"assistant_id": case.graph, "input": case.inputs[-1], "stream_mode": modes}
    body["stream_subgraphs"] = case.subgraphs
    answer = await http.post(place, json=body)
    blocks = [block for block in Decoder().feed(answer.content) if block.dispatched]
    named = [(block.name, json.loads(block.data or "null")) for block in blocks]
    run = next(data["run_id"] for name, data in named if name == "metadata")
    events = [
        RecordedEvent(name.partition("|")[0], tuple(name.split("|")[1:]), data, position)
        for position, (name, data) in enumerate(named, 1)
        if name.partition("|")[0] in (*WIRE_MODES, "error")
    ]
    found = Performed(case, run, thread, events)
    if thread:
        found.state = (await http.get(f"/threads/{thread}/state")).json()
        found.history = (await http.post(f"/threads/{thread}/history", json={"limit": HISTORY})).json()
    return found


def judged(run: Performed, prediction: Prediction) -> list[Difference]:
    """Return the differences of a run: at most one each of its stream, its state and its history."""
    found = [compare_stream(run.events, prediction, run.run, run.thread)]
    if run.thread:
        found.append(compare_state(run.state, prediction, run.run, run.thread))
        found.append(compare_history(run.history, prediction, run.run, run.thread, limit=HISTORY))
    return [one for one in found if one is not None]


async def perform_all(url: str, wanted: Sequence[Sequence[Case]]) -> list[Performed]:
    """Perform all threads, several at once."""
    turn = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        threads = await asyncio.gather(*(performed(http, one, turn) for one in wanted))
    return [run for runs in threads for run in runs]


def main(number: int = 100, seed: int = 0) -> int:
    """Perform and compare; return the exit status."""
    wanted = [cases(random.Random(f"{seed}.{index}")) for index in range(number)]
    launch = named_target("langgraph-dev").launch
    assert launch is not None
    with launch(print) as target:
        start = time.perf_counter()
        runs = asyncio.run(perform_all(target.url or "", wanted))
        on_server = time.perf_counter()
    predictions = computed([run.case for run in runs])
    on_library = time.perf_counter()
    bad = 0
    for run in runs:
        found = judged(run, predictions[run.case.key])
        bad += bool(found)
        for one in found:
            print(f"{json.dumps(run.case.data)}\n  {one.message}")
    events = sum(len(run.events) for run in runs)
    times = on_server - start, on_library - on_server, time.perf_counter() - on_library
    print(f"{len(runs)} runs of {number} threads, {events} events: {bad} runs differ", end="; ")
    print("server {:.1f} s, library {:.1f} s, comparison {:.1f} s".format(*times))
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
