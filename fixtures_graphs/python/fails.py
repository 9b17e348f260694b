"""Fails after it has produced output; with ``healthy`` it succeeds."""

import asyncio
from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict, total=False):
    delay: float
    healthy: bool
    log: Annotated[list[str], add]


async def ok_node(state: State) -> dict[str, Any]:
    await asyncio.sleep(state.get("delay", 0))
    return {"log": ["ok_node"]}


async def bad_node(state: State, writer: StreamWriter) -> dict[str, Any]:
    writer({"about_to": "fail"})
    if not state.get("healthy"):
        raise ValueError("the reference graph failed on purpose")
    return {"log": ["bad_node"]}


graph = (
    StateGraph(State)
    .add_node("ok_node", ok_node)
    .add_node("bad_node", bad_node)
    .add_edge(START, "ok_node")
    .add_edge("ok_node", "bad_node")
    .compile()
)
