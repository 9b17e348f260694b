"""A help desk: messages, a subgraph that writes a draft, and a node that fails at first and is tried again."""

import asyncio
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import RetryPolicy
from scripted import PAUSE_S, Scripted

model = Scripted()
tried: set[str] = set()
"""The tasks that failed once."""


class Desk(MessagesState, total=False):
    ticket: str
    drafts: int


async def open_ticket(state: Desk, config: RunnableConfig) -> dict[str, Any]:
    """Fail at the first try of each run, as a service does that is not awake."""
    task = str(config["metadata"]["langgraph_checkpoint_ns"])
    await asyncio.sleep(PAUSE_S)
    if task not in tried:
        tried.add(task)
        raise ConnectionError("the service is not awake")
    return {"ticket": f"ticket {sum(one.type == 'human' for one in state['messages'])}"}


async def look_up(state: Desk) -> dict[str, Any]:
    get_stream_writer()({"looking": "up"})
    await asyncio.sleep(PAUSE_S)
    return {"drafts": state.get("drafts", 0) + 1}


async def draft(state: Desk) -> dict[str, Any]:
    return {"messages": [await model.ainvoke(state["messages"])]}


def close(state: Desk) -> dict[str, Any]:
    return {"messages": [AIMessage(f"{state['ticket']} is closed after {state['drafts']} drafts")]}


writing = StateGraph(Desk)
writing.add_node("look_up", look_up)
writing.add_node("draft", draft)
writing.add_edge(START, "look_up")
writing.add_edge("look_up", "draft")
writing.add_edge("draft", END)

again = RetryPolicy(initial_interval=0.1, jitter=False, max_attempts=3)
builder = StateGraph(Desk)
builder.add_node("open_ticket", open_ticket, retry_policy=again)
builder.add_node("write", writing.compile())
builder.add_node("close", close)
builder.add_edge(START, "open_ticket")
builder.add_edge("open_ticket", "write")
builder.add_edge("write", "close")
builder.add_edge("close", END)
graph = builder.compile()
