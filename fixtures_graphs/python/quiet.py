"""Three consecutive nodes; the middle one returns no update."""

from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict):
    log: Annotated[list[str], add]


async def one(state: State) -> dict[str, Any]:
    return {"log": ["one"]}


async def nothing(state: State) -> None:
    return None


async def two(state: State) -> dict[str, Any]:
    return {"log": ["two"]}


graph = (
    StateGraph(State)
    .add_node("one", one)
    .add_node("nothing", nothing)
    .add_node("two", two)
    .add_edge(START, "one")
    .add_edge("one", "nothing")
    .add_edge("nothing", "two")
    .compile()
)
