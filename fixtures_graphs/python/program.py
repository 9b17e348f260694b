"""Interprets a program from its input: steps, subgraphs, parallel work, loops, tokens, waits and failures."""

import asyncio
from collections.abc import Iterator
from operator import add
from typing import Annotated, Any, TypedDict

from langchain_core.tools import tool
from langgraph.func import task
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, StreamWriter
from speaker import Speaker

CONTRACT = 2
"""The version of the contract of the reference graphs, which every run of this graph writes into its state."""
DEPTH = 3
"""How many levels of subgraphs there are below the root."""


class State(TypedDict, total=False):
    program: list[Any]
    contract: int
    done: int
    value: Any
    log: Annotated[list[Any], add]


def grown(value: Any) -> Any:
    """Return a value in which every ``{"$repeat": text or list, "times": number}`` is replaced by the repetition."""
    if isinstance(value, list):
        return [grown(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" in value:
        return grown(value["$repeat"]) * value["times"]
    return {key: grown(item) for key, item in value.items()}


def unrolled(program: list[Any]) -> Iterator[Any]:
    """Yield the instructions of a program in the order in which they are carried out, without loops."""
    for instruction in program:
        if "loop" in instruction:
            for _ in range(instruction["times"]):
                yield from unrolled(instruction["loop"])
        else:
            yield instruction


def current(state: State) -> Any:
    """Return the instruction to carry out now; None after the last."""
    return next((one for number, one in enumerate(unrolled(state["program"])) if number == state["done"]), None)


async def speak(speech: list[Any], tag: str | None) -> str:
    model = Speaker(speech=speech, tags=[tag] if tag is not None else None)
    return str((await model.ainvoke("speak")).content)


@tool
async def speak_in_tool(speech: list[Any], tag: str | None = None) -> str:
    """Say tokens."""
    return await speak(speech, tag)


@task
async def speak_in_task(speech: list[Any], tag: str | None) -> str:
    return await speak(speech, tag)


async def say(action: Any) -> str:
    """Say the tokens of an action in the node itself, in a tool or in a task; return the answer."""
    speech, tag, place = grown(action["say"]), action.get("tag"), action.get("in", "node")
    if place == "tool":
        return str(await speak_in_tool.ainvoke({"speech": speech, "tag": tag}))
    return await (speak_in_task(speech, tag) if place == "task" else speak(speech, tag))


async def perform(actions: list[Any], writer: StreamWriter) -> dict[str, Any]:
    """Perform the actions of a step; return the part of the update that they cause."""
    update: dict[str, Any] = {}
    for action in actions:
        if "custom" in action:
            writer(grown(action["custom"]))
        elif "say" in action:
            update.setdefault("log", []).append(await say(action))
        elif "append" in action:
            update.setdefault("log", []).append(grown(action["append"]))
        elif "write" in action:
            update["value"] = grown(action["write"])
        elif "wait" in action:
            await asyncio.sleep(action["wait"])
        elif "fail" in action:
            raise ValueError(action["fail"])
    return update


async def begin(state: State) -> dict[str, Any]:
    return {"contract": CONTRACT, "done": 0}


async def step(state: State, writer: StreamWriter) -> dict[str, Any]:
    return {**await perform(current(state)["step"], writer), "done": state["done"] + 1}


async def each(given: dict[str, Any], writer: StreamWriter) -> dict[str, Any]:
    return {"log": [], **await perform(given["step"], writer)}


async def nothing(state: State) -> None:
    return None


async def join(state: State) -> dict[str, Any]:
    return {"done": state["done"] + 1}


async def route(state: State) -> Any:
    """Return what carries out the next instruction."""
    instruction = current(state)
    if instruction is None:
        return END
    if "fan" in instruction:
        return [Send("each", {"step": actions}) for actions in instruction["fan"]]
    if "parallel" in instruction:
        return [Send("branch", {"program": program}) for program in instruction["parallel"]]
    if "call" in instruction:
        return "call"
    return instruction.get("node", "a") if instruction["step"] else "nothing"


def level(inner: Any) -> Any:
    """Return the graph of one level, whose nodes ``call`` and ``branch`` run ``inner``, if there is a level below."""

    async def branch(given: dict[str, Any]) -> dict[str, Any]:
        return {"log": (await inner.ainvoke({"program": given["program"]}))["log"]}

    async def call(state: State) -> dict[str, Any]:
        instruction = current(state)
        log: list[Any] = []
        for _ in range(instruction.get("times", 1)):
            log += (await inner.ainvoke({"program": instruction["call"]}))["log"]
        return {"log": log, "done": state["done"] + 1}

    sequential = {"begin": begin, "a": step, "b": step, "c": step, "join": join} | ({"call": call} if inner else {})
    joined = {"nothing": nothing, "each": each} | ({"branch": branch} if inner else {})
    built = StateGraph(State).add_edge(START, "begin")
    for name, node in (sequential | joined).items():
        built.add_node(name, node)
    for name in sequential:
        built.add_conditional_edges(name, route, [*(sequential | joined).keys() - {"begin", "join"}, END])
    for name in joined:
        built.add_edge(name, "join")
    return built.compile()


graph = level(None)
for _ in range(DEPTH):
    graph = level(graph)
