"""Writes its input: shows whether any JSON value arrives as custom data, in updates and in values."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import StreamWriter


class State(TypedDict):
    payloads: list[Any]
    echoed: list[Any]


async def echo(state: State, writer: StreamWriter) -> dict[str, Any]:
    for payload in state["payloads"]:
        writer(payload)
    return {"echoed": state["payloads"]}


graph = StateGraph(State).add_node("echo", echo).add_edge(START, "echo").compile()
