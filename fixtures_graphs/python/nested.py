"""Three nested graphs; each level writes its name and appends it to the shared text."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict):
    path: str


def visit(level: str) -> Any:
    async def node(state: State, writer: StreamWriter) -> dict[str, Any]:
        writer({"level": level})
        return {"path": f"{state['path']} > {level}"}

    return node


inner_graph = StateGraph(State).add_node("inner", visit("inner")).add_edge(START, "inner").compile()

middle_graph = (
    StateGraph(State)
    .add_node("middle", visit("middle"))
    .add_node("inner_graph", inner_graph)
    .add_edge(START, "middle")
    .add_edge("middle", "inner_graph")
    .compile()
)

graph = (
    StateGraph(State)
    .add_node("outer", visit("outer"))
    .add_node("middle_graph", middle_graph)
    .add_edge(START, "outer")
    .add_edge("outer", "middle_graph")
    .compile()
)
