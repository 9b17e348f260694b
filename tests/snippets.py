"""The page of the document's snippets on the official servers: `python -m tests.snippets` makes it."""

from conformance.clients.environment import CLIENTS, pinned
from conformance.launch.environments import node_version
from conformance.session.snippets_command import measured
from conformance.settings import settings
from conformance.snippets.page import page
from conformance.snippets.run import chosen

from .pages import REQUIREMENTS

SERVERS = ("langgraph-dev", "langgraphjs")
PAGE = REQUIREMENTS / "SNIPPETS.md"


def snippets_page() -> str:
    """Block of the document, client, what came of it on each server; needs Node and the clients' packages."""
    found = {}
    for name in SERVERS:
        target, results = measured(settings({"target": name}), chosen((), ()))
        found[f"{target.name} {target.version}"] = results
    clients = {client: pinned(client) for client in CLIENTS}
    clients["javascript"] += f", Node {node_version()[0]}"
    return page(found, [f"{client}: {version}" for client, version in clients.items()])


if __name__ == "__main__":
    PAGE.write_text(snippets_page(), "utf-8")
    print(PAGE)
