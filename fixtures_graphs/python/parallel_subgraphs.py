"""Two subgraphs in the same step; the left one is slower than the right one."""

import asyncio
from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict):
    items: Annotated[list[str], add]


class SideState(TypedDict):
    started: bool
    items: list[str]  # replaced, not appended: only the parent accumulates


def side(name: str, delay: float) -> Any:
    async def begin(state: SideState, writer: StreamWriter) -> dict[str, Any]:
        writer({"side": name})
        return {"started": True}

    async def finish(state: SideState) -> dict[str, Any]:
        await asyncio.sleep(delay)
        return {"items": [name]}

    return (
        StateGraph(SideState)
        .add_node("begin", begin)
        .add_node("finish", finish)
        .add_edge(START, "begin")
        .add_edge("begin", "finish")
        .compile()
    )


graph = (
    StateGraph(State)
    .add_node("left", side("left", 0.6))
    .add_node("right", side("right", 0.2))
    .add_edge(START, "left")
    .add_edge(START, "right")
    .compile()
)
