"""SNIPPETS.md: the snippets of the specification on the official servers."""

from collections.abc import Iterator
from pathlib import Path

from conformance.clients.environment import CLIENTS, pinned
from conformance.launch.environments import node_version
from conformance.session.snippets_command import measured
from conformance.settings import settings
from conformance.snippets.page import snippets_page
from conformance.snippets.run import chosen
from tests.generate.pages import REQUIREMENTS

PAGE = REQUIREMENTS / "SNIPPETS.md"
SERVERS = ("langgraph-dev", "langgraphjs")


def page() -> str:
    """Return the page; needs Node and the packages of the clients."""
    found = {}
    for name in SERVERS:
        target, results = measured(settings({"target": name}), chosen((), ()))
        found[f"{target.name} {target.version}"] = results
    clients = {client: pinned(client) for client in CLIENTS}
    clients["javascript"] += f", Node {node_version()[0]}"
    return snippets_page(found, [f"{client}: {version}" for client, version in clients.items()])


def files() -> Iterator[tuple[Path, str]]:
    """Yield the page."""
    yield PAGE, page()
