"""One node that is started several times in one step; later starts finish earlier."""

import asyncio
from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import Send


class State(TypedDict):
    subjects: list[str]
    planned: int
    jokes: Annotated[list[str], add]
    best: str


class Order(TypedDict):
    subject: str
    delay: float


async def plan(state: State) -> dict[str, Any]:
    return {"planned": len(state["subjects"])}


def orders(state: State) -> list[Send]:
    subjects = state["subjects"]
    return [
        Send("gen", {"subject": subject, "delay": 0.1 * (len(subjects) - index)})
        for index, subject in enumerate(subjects)
    ]


async def gen(state: Order) -> dict[str, Any]:
    await asyncio.sleep(state["delay"])
    return {"jokes": [f"joke about {state['subject']}"]}


async def pick(state: State) -> dict[str, Any]:
    # The first in code point order, because the runtime may join the jokes in any order.
    return {"best": min(state["jokes"])}


graph = (
    StateGraph(State)
    .add_node("plan", plan)
    .add_node("gen", gen)
    .add_node("pick", pick)
    .add_edge(START, "plan")
    .add_conditional_edges("plan", orders, ["gen"])
    .add_edge("gen", "pick")
    .compile()
)
