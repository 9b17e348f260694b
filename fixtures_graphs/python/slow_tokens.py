"""A model that waits before every token, so that its first token is available long before its last."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from parrot import Parrot

model = Parrot(delay=0.25)


class State(TypedDict):
    topic: str
    joke: str


async def call_model(state: State) -> dict[str, Any]:
    return {"joke": (await model.ainvoke(f"Generate a long and very slow joke about {state['topic']}")).content}


graph = StateGraph(State).add_node("call_model", call_model).add_edge(START, "call_model").compile()
