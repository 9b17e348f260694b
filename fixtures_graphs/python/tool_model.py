"""A model that is called inside a tool that a node calls."""

from typing import Any, TypedDict

from langchain_core.tools import tool
from langgraph.graph import START, StateGraph
from parrot import Parrot

model = Parrot()


class State(TypedDict):
    topic: str
    answer: str


@tool
async def tell_joke(topic: str) -> str:
    """Tell a joke about a topic."""
    return str((await model.ainvoke(f"Tool joke about {topic}")).content)


async def agent(state: State) -> dict[str, Any]:
    return {"answer": await tell_joke.ainvoke({"topic": state["topic"]})}


graph = StateGraph(State).add_node("agent", agent).add_edge(START, "agent").compile()
