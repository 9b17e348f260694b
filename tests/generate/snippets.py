"""The page of the document's snippets on the official servers."""

from collections.abc import Iterator
from pathlib import Path

from conformance.clients.environment import CLIENTS, pinned
from conformance.launch.environments import node_version
from conformance.session.snippets_command import measured
from conformance.settings import settings
from conformance.snippets.page import page
from conformance.snippets.run import chosen
from tests.generate.pages import REQUIREMENTS

SERVERS = ("langgraph-dev", "langgraphjs")


def snippets_page() -> str:
    """Block of the document, client, what came of it on each server; needs Node and the clients' packages."""
    found = {}
    for name in SERVERS:
        target, results = measured(settings({"target": name}), chosen((), ()))
        found[f"{target.name} {target.version}"] = results
    clients = {client: pinned(client) for client in CLIENTS}
    clients["javascript"] += f", Node {node_version()[0]}"
    return page(found, [f"{client}: {version}" for client, version in clients.items()])


def files() -> Iterator[tuple[Path, str]]:
    """Yield the page of the document's snippets."""
    yield REQUIREMENTS / "SNIPPETS.md", snippets_page()
