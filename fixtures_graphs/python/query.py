"""Writes its query as custom data: the specification prints no graph for its custom example, line 755."""

from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict):
    query: str
    answer: str


async def answer(state: State, writer: StreamWriter) -> dict[str, str]:
    writer({"query": state["query"]})
    return {"answer": f"You asked: {state['query']}"}


graph = StateGraph(State).add_node("answer_query", answer).add_edge(START, "answer_query").compile()
