"""One subgraph that is started several times in one step: concurrent invocations of the same node."""

from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import Send, StreamWriter


class State(TypedDict):
    subjects: list[str]
    planned: int
    spoken: Annotated[list[str], add]


class TwinState(TypedDict):
    subject: str
    spoken: list[str]


async def plan(state: State) -> dict[str, Any]:
    return {"planned": len(state["subjects"])}


def starts(state: State) -> list[Send]:
    return [Send("twin", {"subject": subject}) for subject in state["subjects"]]


async def speak(state: TwinState, writer: StreamWriter) -> dict[str, Any]:
    writer({"subject": state["subject"]})
    return {"spoken": [f"twin of {state['subject']}"]}


twin = StateGraph(TwinState).add_node("speak", speak).add_edge(START, "speak").compile()

graph = (
    StateGraph(State)
    .add_node("plan", plan)
    .add_node("twin", twin)
    .add_edge(START, "plan")
    .add_conditional_edges("plan", starts, ["twin"])
    .compile()
)
