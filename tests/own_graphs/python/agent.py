"""A ReAct agent with two tools."""

import asyncio
from typing import Any

from langchain_core.tools import tool
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from scripted import PAUSE_S, Scripted


@tool
async def shout(text: str) -> str:
    """Say it in capital letters."""
    get_stream_writer()({"shouting": text})
    await asyncio.sleep(PAUSE_S)
    return text.upper()


@tool
async def count(text: str) -> str:
    """Count the letters."""
    await asyncio.sleep(2 * PAUSE_S)
    return f"{len(text)} letters"


model = Scripted().bind_tools([shout, count])


async def think(state: MessagesState) -> dict[str, Any]:
    return {"messages": [await model.ainvoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("agent", think)
builder.add_node("tools", ToolNode([shout, count]))
builder.add_edge(START, "agent")
builder.add_conditional_edges("agent", tools_condition)
builder.add_edge("tools", "agent")
graph = builder.compile()
