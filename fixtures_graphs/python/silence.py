"""A node that produces nothing for a while: shows whether the stream survives the silence."""

import asyncio
from typing import Any, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict):
    delay: float
    slept: float
    done: bool


async def sleep(state: State) -> dict[str, Any]:
    await asyncio.sleep(state["delay"])
    return {"slept": state["delay"]}


async def after(state: State) -> dict[str, Any]:
    return {"done": True}


graph = (
    StateGraph(State)
    .add_node("sleep", sleep)
    .add_node("after", after)
    .add_edge(START, "sleep")
    .add_edge("sleep", "after")
    .compile()
)
