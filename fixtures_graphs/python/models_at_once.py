"""Two models that answer slowly at the same time, each in its own node with its own tag."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from parrot import Parrot

left_model, right_model = Parrot(delay=0.05, tags=["tag-left"]), Parrot(delay=0.05, tags=["tag-right"])


class State(TypedDict):
    topic: str
    left_answer: str
    right_answer: str


async def left(state: State) -> dict[str, Any]:
    return {"left_answer": (await left_model.ainvoke(f"Left joke about {state['topic']}")).content}


async def right(state: State) -> dict[str, Any]:
    return {"right_answer": (await right_model.ainvoke(f"Right joke about {state['topic']}")).content}


graph = (
    StateGraph(State)
    .add_node("left", left)
    .add_node("right", right)
    .add_edge(START, "left")
    .add_edge(START, "right")
    .compile()
)
