"""Four consecutive model calls, distinguished by node and tag: two are tagged, two share a node and have no tag."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from parrot import Parrot

tagged_a, tagged_b, untagged = Parrot(tags=["tag-a"]), Parrot(tags=["tag-b"]), Parrot()


class State(TypedDict):
    topic: str
    first_answer: str
    second_answer: str
    third_answers: list[str]


async def first(state: State) -> dict[str, Any]:
    return {"first_answer": (await tagged_a.ainvoke(f"First joke about {state['topic']}")).content}


async def second(state: State) -> dict[str, Any]:
    return {"second_answer": (await tagged_b.ainvoke(f"Second joke about {state['topic']}")).content}


async def third(state: State) -> dict[str, Any]:
    prompts = f"Third joke about {state['topic']}", f"Fourth joke about {state['topic']}"
    return {"third_answers": [(await untagged.ainvoke(prompt)).content for prompt in prompts]}


graph = (
    StateGraph(State)
    .add_node("first", first)
    .add_node("second", second)
    .add_node("third", third)
    .add_edge(START, "first")
    .add_edge("first", "second")
    .add_edge("second", "third")
    .compile()
)
