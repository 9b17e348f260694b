"""Three nodes in one step that finish at different times, and a node that runs after all of them."""

import asyncio
from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    items: Annotated[list[str], add]
    scale: float


def slow(name: str, delay: float) -> Any:
    async def node(state: State) -> dict[str, Any]:
        await asyncio.sleep(delay * state.get("scale", 1))
        return {"items": [name]}

    return node


async def join(state: State) -> dict[str, Any]:
    return {"items": ["join"]}


graph = (
    StateGraph(State)
    .add_node("a", slow("a", 0.9))
    .add_node("b", slow("b", 0.3))
    .add_node("c", slow("c", 0.6))
    .add_node("join", join)
    .add_edge(START, "a")
    .add_edge(START, "b")
    .add_edge(START, "c")
    .add_edge(["a", "b", "c"], "join")
    .compile()
)
