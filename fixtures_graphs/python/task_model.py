"""A model that is called inside a task that a node starts and awaits."""

from typing import Any, TypedDict

from langgraph.func import task
from langgraph.graph import START, StateGraph
from parrot import Parrot

model = Parrot()


class State(TypedDict):
    topic: str
    answer: str


@task
async def tell_joke(topic: str) -> str:
    return str((await model.ainvoke(f"Task joke about {topic}")).content)


async def agent(state: State) -> dict[str, Any]:
    return {"answer": await tell_joke(state["topic"])}


graph = StateGraph(State).add_node("agent", agent).add_edge(START, "agent").compile()
