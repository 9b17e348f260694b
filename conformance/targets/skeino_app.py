# mypy: ignore-errors
"""The ASGI application of skeino: each reference graph is an application mounted at the path of its name."""

from contextlib import AsyncExitStack, asynccontextmanager

from _graphs import compiled, graphs
from skeino import SkeinoSettings, create_app
from starlette.applications import Starlette
from starlette.routing import Mount

apps = {name: create_app(graphs={name: compiled(graph)}, settings=SkeinoSettings()) for name, graph in graphs().items()}


@asynccontextmanager
async def lifespan(_):
    """Start each application, because Starlette does not start mounted applications."""
    async with AsyncExitStack() as stack:
        for one in apps.values():
            await stack.enter_async_context(one.router.lifespan_context(one))
        yield


app = Starlette(routes=[Mount(f"/{name}", one) for name, one in apps.items()], lifespan=lifespan)
