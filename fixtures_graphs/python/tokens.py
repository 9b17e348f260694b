"""The specification's example of a model call, copied from streaming-api.md, lines 650-681.

Apart from the layout, the parrot replaces the OpenAI model, so that no network and no API key are needed.
"""

from dataclasses import dataclass

from langgraph.graph import START, StateGraph
from parrot import Parrot


@dataclass
class MyState:
    topic: str
    joke: str = ""


llm = Parrot()


def call_model(state: MyState):
    """Call the LLM to generate a joke about a topic"""
    llm_response = llm.invoke([{"role": "user", "content": f"Generate a joke about {state.topic}"}])
    return {"joke": llm_response.content}


graph = StateGraph(MyState).add_node(call_model).add_edge(START, "call_model").compile()
