"""One subgraph that runs twice in a row: two invocations of the same node in different steps."""

from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict):
    visits: int


async def visit(state: State, writer: StreamWriter) -> dict[str, Any]:
    number = state["visits"] + 1
    writer({"visit": number})
    return {"visits": number}


def next_round(state: State) -> str:
    return END if state["visits"] >= 2 else "round"


round_graph = StateGraph(State).add_node("visit", visit).add_edge(START, "visit").compile()

graph = (
    StateGraph(State)
    .add_node("round", round_graph)
    .add_edge(START, "round")
    .add_conditional_edges("round", next_round, ["round", END])
    .compile()
)
