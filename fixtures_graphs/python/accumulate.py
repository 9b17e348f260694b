"""Adds to the state of the thread: shows whether a run sees the earlier runs."""

from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict):
    item: str
    items: Annotated[list[str], add]
    count: Annotated[int, add]


async def add_item(state: State) -> dict[str, Any]:
    return {"items": [state["item"]], "count": 1}


graph = StateGraph(State).add_node("add", add_item).add_edge(START, "add").compile()
