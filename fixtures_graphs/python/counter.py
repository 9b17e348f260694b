"""Counts in slow steps: the number in an event says at which point of the run it was produced."""

import asyncio
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict, total=False):
    count: int
    n: int
    delay: float


async def step(state: State, writer: StreamWriter) -> dict[str, Any]:
    number = state.get("count", 0) + 1
    writer({"step": number})
    await asyncio.sleep(state.get("delay", 0))
    return {"count": number}


def next_step(state: State) -> str:
    return END if state["count"] >= state["n"] else "step"


graph = (
    StateGraph(State)
    .add_node("step", step)
    .add_edge(START, "step")
    .add_conditional_edges("step", next_step, ["step", END])
    .compile()
)
