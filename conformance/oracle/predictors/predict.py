"""Yields what langgraph itself streams for a run: reads cases as JSON lines, writes a prediction for each.

    PYTHON predict.py GRAPHS < cases.jsonl > predictions.jsonl

PYTHON is the interpreter of any environment with langgraph; GRAPHS is a folder with a langgraph.json, or one or more
NAME=MODULE:ATTRIBUTE, with modules as the working directory can import them.  The program needs nothing of the suite.
Waits cost no time, because the clock of its event loop jumps from timer to timer.  Each
run asks for exactly the modes of its case and for `debug`, which tells the super-step of every event.
"""

from __future__ import annotations

import asyncio
import collections
import importlib
import importlib.metadata
import json
import selectors
import sys
import uuid
import warnings
from pathlib import Path
from typing import Any

RUN = "00000000-0000-4000-8000-00000000000a"
THREAD = "00000000-0000-4000-8000-00000000000b"
PAUSE_S = 0.001
"""How long the loop waits for a thread before it looks again."""


class JumpingSelector(selectors.DefaultSelector):
    """Returns at once when only a timer is awaited, and adds the time that was skipped to `now`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if self.threads:
            return super().select(PAUSE_S)
        ready = super().select(0)
        self.now += 0 if ready else timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which waits take no real time."""

    def __init__(self) -> None:
        self.selector = JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        self.selector.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, future: Any) -> None:
        self.selector.threads -= 1


def plain(value: Any) -> Any:
    """Return a value as the official server writes it in JSON, at once, because the library may change it later."""
    import orjson

    return orjson.loads(orjson.dumps(value, default=_other, option=orjson.OPT_NON_STR_KEYS))


def _other(thing: Any) -> Any:
    if hasattr(thing, "model_dump"):
        return thing.model_dump()
    if hasattr(thing, "_asdict"):
        return thing._asdict()
    if isinstance(thing, (set, frozenset, collections.deque)):
        return list(thing)
    if isinstance(thing, BaseException):
        return {"error": type(thing).__name__, "message": str(thing)}
    if type(thing).__name__ == "Send":
        return {"node": thing.node, "args": thing.arg}
    return str(thing) if isinstance(thing, uuid.UUID) else None


class Steps:
    """The super-step that each namespace has reached, and which steps have more than one task."""

    def __init__(self) -> None:
        self.now: dict[tuple[str, ...], int] = {}
        self.tasks: collections.Counter[tuple[tuple[str, ...], int]] = collections.Counter()

    def path(self, namespace: list[str], mode: str, data: Any) -> list[int]:
        """Return the steps of a namespace and of everything around it, from the root."""
        place = tuple(namespace)
        if mode == "debug" and data["type"] == "task":
            self.now[place] = data["step"]
            self.tasks[place, data["step"]] += 1
        # A number is no subgraph of its own, but the second or later invocation in the task before it.
        ends = [0, *(end for end in range(1, len(place) + 1) if end == len(place) or ":" in place[end])]
        return [self.now.get(place[:end], -1) for end in ends]

    def parallel(self) -> list[Any]:
        return [[list(place), step] for (place, step), count in self.tasks.items() if count > 1]


def as_sent(data: Any) -> Any:
    """Return `debug` data as the official server sends it.

    It renames the `state` of a task that is a subgraph.  Of a config only what identifies the checkpoint is kept, since
    a server adds its own and the rest is the library's own affair.
    """
    if data["type"] == "checkpoint":
        payload = data["payload"]
        for task in payload["tasks"]:
            if isinstance(task.get("state"), dict) and "configurable" in task["state"]:
                task["checkpoint"] = task.pop("state")["configurable"]
        for name in ("config", "parent_config"):
            if payload.get(name):
                configurable = payload[name]["configurable"].items()
                payload[name] = {"configurable": {key: one for key, one in configurable if not key.startswith("__")}}
    return data


async def stream(graph: Any, run: Any, config: Any, modes: list[str], subgraphs: bool) -> Any:
    """Yield mode, namespace and data of everything that a run streams; a failure is the last, as `error`."""
    options = {"stream_mode": sorted({*modes, "debug"} - {"events"}), "subgraphs": subgraphs}
    try:
        if "events" not in modes:
            async for chunk in graph.astream(run["input"], config, **options):
                yield _unpacked(chunk, subgraphs)
            return
        async for event in graph.astream_events(run["input"], config, version="v2", **options):
            if event["event"] == "on_chain_stream" and event["run_id"] == config["run_id"]:
                yield _unpacked(event["data"]["chunk"], subgraphs)
            elif "langsmith:hidden" not in (event.get("tags") or []):
                yield "events", [], plain(event)
    except Exception as problem:
        yield "error", [], plain(problem)


def _unpacked(chunk: Any, subgraphs: bool) -> tuple[str, list[str], Any]:
    namespace, mode, data = chunk if subgraphs else ((), *chunk)
    data = plain(data)
    return mode, list(namespace), as_sent(data) if mode == "debug" else data


async def predicted(graph: Any, case: Any) -> Any:
    """Return the prediction of a case: perform its runs one after another, and keep the events of the last."""
    from langgraph.checkpoint.memory import MemorySaver

    saver = MemorySaver() if case["thread"] else None
    own = graph.copy({"checkpointer": saver})
    configurable = {"thread_id": THREAD} if saver else {}
    loop = asyncio.get_running_loop()
    for number, run in enumerate(case["runs"], 1):
        run_id = RUN if number == len(case["runs"]) else str(uuid.uuid4())
        config = {"run_id": run_id, "configurable": configurable}
        steps, events, began = Steps(), [], loop.time()
        async for mode, namespace, data in stream(own, run, config, case["modes"], case["subgraphs"]):
            path = steps.path(namespace, mode, data)
            if mode in (*case["modes"], "error"):
                events.append([mode, namespace, data, path, round(loop.time() - began, 3)])
    history = [_snapshot(one) async for one in own.aget_state_history({"configurable": configurable})] if saver else []
    return {"events": events, "parallel": steps.parallel(), "history": history}


def _snapshot(state: Any) -> Any:
    """Return what the library says of one checkpoint of a thread; the first of a history is its state."""
    parent = state.parent_config
    return plain(
        {
            "values": state.values,
            "next": state.next,
            "step": (state.metadata or {}).get("step"),
            "checkpoint_id": state.config["configurable"].get("checkpoint_id"),
            "parent_id": parent["configurable"].get("checkpoint_id") if parent else None,
        }
    )


def loaded(folder: Path) -> dict[str, Any]:
    """Return the graphs that the langgraph.json of a folder names."""
    sys.path.insert(0, str(folder))
    places = json.loads((folder / "langgraph.json").read_text("utf-8"))["graphs"]
    return {name: _attribute(*place.rpartition(":")[::2]) for name, place in places.items()}


def imported(places: list[str]) -> dict[str, Any]:
    """Return the graphs that are each given as NAME=MODULE:ATTRIBUTE."""
    sys.path.insert(0, "")
    named = (place.partition("=")[::2] for place in places)
    return {name: _compiled(_attribute(*place.rpartition(":")[::2])) for name, place in named}


def _attribute(file: str, name: str) -> Any:
    return getattr(importlib.import_module(Path(file).stem if file.endswith(".py") else file), name)


def _compiled(graph: Any) -> Any:
    """Return a graph that can run, of one that is not compiled yet, or of a function that makes it."""
    made = graph() if callable(graph) and not hasattr(graph, "astream") and not hasattr(graph, "compile") else graph
    return made.compile() if hasattr(made, "compile") else made


def library() -> dict[str, str]:
    """Return the versions that decide what is streamed."""
    return {name: importlib.metadata.version(name) for name in ("langgraph", "langchain-core")}


def main(given: list[str]) -> None:
    """Predict each case of the standard input."""
    warnings.simplefilter("ignore")
    lines, sys.stdout = sys.stdout, sys.stderr  # what a graph prints must not stand among the predictions
    graphs = loaded(Path(given[0])) if len(given) == 1 and "=" not in given[0] else imported(given)
    for line in sys.stdin:
        case = json.loads(line)
        loop = JumpingLoop()
        try:
            prediction = loop.run_until_complete(predicted(graphs[case["graph"]], case))
        finally:
            loop.close()
        print(json.dumps({"case": case, "library": library(), **prediction}), file=lines, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
