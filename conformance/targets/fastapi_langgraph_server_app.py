# mypy: ignore-errors
"""The ASGI application of fastapi-langgraph-server with the reference graphs, in memory."""

from _graphs import compiled, graphs
from fastapi_langgraph_server import AssistantConfig, InMemorySaver, StandaloneAppConfig, create_app

assistants = {
    name: AssistantConfig(assistant_id=name, graph_id=name, name=name, checkpointed_graph_factory=compiled(graph))
    for name, graph in graphs().items()
}
app = create_app(StandaloneAppConfig(assistants=assistants, checkpointer=InMemorySaver()))
