"""The scenarios of the mode `events`, and where the whole graph starts and ends in a stream."""

from collections.abc import Mapping
from typing import Any

from conformance.authoring import Event, ExchangeView, Server, fail, scenario
from conformance.suite.graphs import TOPIC


async def _events(server: Server, input: Mapping[str, Any], **fields: Any) -> None:
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=input, stream_mode=["events"], **fields)


@scenario(graph="joke")
async def events_of_joke(server: Server) -> None:
    """Stream the specification's example (792-837): two nodes, one after the other."""
    await _events(server, TOPIC)


@scenario(graph="tokens")
async def events_of_tokens(server: Server) -> None:
    """Stream a run of one node that calls a model."""
    await _events(server, TOPIC)


@scenario(graph="models")
async def events_of_models(server: Server) -> None:
    """Stream a run with four model calls one after another, two of which have a tag."""
    await _events(server, TOPIC)


@scenario(graph="subgraph", flag=(False, True))
async def events_of_subgraph(server: Server, flag: bool) -> None:
    """Stream a run with a node that is a graph, with and without `stream_subgraphs`."""
    await _events(server, {"foo": "foo"}, stream_subgraphs=flag)


def start_of_graph(stream: ExchangeView) -> Event:
    """Return the first on_chain_start, which is that of the whole graph; its name is implementation-defined."""
    for event in stream["events"]:
        if event.value.get("event") == "on_chain_start":
            return event
    fail("the whole graph must start with an on_chain_start; the stream has none", stream)


def end_of_graph(stream: ExchangeView) -> Event:
    """Return the on_chain_end of the whole graph."""
    start = start_of_graph(stream)
    for event in stream["events"]:
        if event.value["event"] == "on_chain_end" and event.value["run_id"] == start.value["run_id"]:
            return event
    fail("the whole graph started here, but the stream has no on_chain_end with its run_id", start)
