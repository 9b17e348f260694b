"""Custom data and model tokens in the root graph and in a subgraph: output for each of the six modes.

The first node waits, so that a client can join before the run has produced anything.
"""

import asyncio
from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter
from parrot import Parrot

model = Parrot()


class SubState(TypedDict):
    topic: str
    inner_answer: str


class State(SubState, total=False):
    delay: float
    waited: float
    root_answer: str


async def wait(state: State) -> dict[str, Any]:
    delay = state.get("delay", 0)
    await asyncio.sleep(delay)
    return {"waited": delay}


async def root(state: State, writer: StreamWriter) -> dict[str, Any]:
    writer({"from": "root"})
    return {"root_answer": (await model.ainvoke(f"Root joke about {state['topic']}")).content}


async def inner(state: SubState, writer: StreamWriter) -> dict[str, Any]:
    writer({"from": "inner"})
    return {"inner_answer": (await model.ainvoke(f"Inner joke about {state['topic']}")).content}


sub = StateGraph(SubState).add_node("inner", inner).add_edge(START, "inner").compile()

graph = (
    StateGraph(State)
    .add_node("wait", wait)
    .add_node("root", root)
    .add_node("sub", sub)
    .add_edge(START, "wait")
    .add_edge("wait", "root")
    .add_edge("root", "sub")
    .compile()
)
