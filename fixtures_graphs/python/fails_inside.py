"""The graph ``fails`` with the failing node inside a subgraph."""

from typing import Any, TypedDict

from fails import State, ok_node
from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter


class SubState(TypedDict, total=False):
    healthy: bool
    log: list[str]  # replaced, not appended: only the parent accumulates


async def bad_node(state: SubState, writer: StreamWriter) -> dict[str, Any]:
    writer({"about_to": "fail"})
    if not state.get("healthy"):
        raise ValueError("the reference graph failed on purpose")
    return {"log": ["bad_node"]}


sub = StateGraph(SubState).add_node("bad_node", bad_node).add_edge(START, "bad_node").compile()

graph = (
    StateGraph(State)
    .add_node("ok_node", ok_node)
    .add_node("sub", sub)
    .add_edge(START, "ok_node")
    .add_edge("ok_node", "sub")
    .compile()
)
