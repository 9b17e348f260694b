"""What was observed of implementation-defined behaviour in modes and subgraphs."""

import re
from collections.abc import Iterator
from itertools import pairwise

from conformance.authoring import Exchange, Server, SessionRecordings, observes, requested_modes, scenario
from conformance.suite.graphs import TOPIC
from conformance.suite.implementation_defined.recordings import (
    different,
    exchanges_of,
    kind_of,
    message_chunks,
    payloads,
    share,
    streams,
)


@scenario(graph="sub_model")
async def custom_without_flag(server: Server) -> None:
    """Stream data written by a node of the root graph and by one of a subgraph, without `stream_subgraphs`."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["custom"], valid=False)


@observes("updates.empty-value")
def empty_update(session: SessionRecordings) -> object:
    """Return what the update of a node that returns nothing holds."""
    quiet = (update["nothing"] for update in payloads(session, "updates") if "nothing" in update)
    return different("an empty object" if value == {} else kind_of(value) for value in quiet)


@observes("messages.content-form")
def content_form(session: SessionRecordings) -> object:
    """Return the kinds of value that the content of a message chunk has."""
    return different(kind_of(chunk.get("content")) for chunk, _, _ in message_chunks(session))


@observes("messages.interleaving")
def interleaving(session: SessionRecordings) -> object:
    """Count how often the next message chunk is from another call while two models answer at the same time."""
    found = [chunk for chunk, _, event in message_chunks(session) if event.exchange.graph == "models_at_once"]
    ids = [str(chunk.get("id")) for chunk in found]
    changes = sum(one != other for one, other in pairwise(ids))
    return {"pieces": len(ids), "changes of call": changes}


@observes("messages.whole-messages")
def whole_messages(session: SessionRecordings) -> object:
    """Count the message chunks that repeat the whole text of their call so far.

    No reference graph keeps messages in its state, so a repetition is not a message of the state.
    """
    so_far: dict[tuple[int, str], str] = {}
    whole = count = 0
    for chunk, _, event in message_chunks(session):
        key, text = (id(event.exchange), str(chunk.get("id"))), chunk.get("content")
        if isinstance(text, str):
            count += 1
            whole += len(so_far.get(key, "")) > 0 and text == so_far[key]
            so_far[key] = so_far.get(key, "") + text
    return share(whole, count, "message chunks repeat a whole answer")


@observes("events.chain-stream")
def chain_stream(session: SessionRecordings) -> object:
    """Return whether on_chain_stream is sent."""
    return any(value.get("event") == "on_chain_stream" for value in payloads(session, "events"))


@observes("events.parent-ids")
def parent_ids(session: SessionRecordings) -> object:
    """Return whether events of the mode `events` have parent_ids."""
    return any("parent_ids" in value for value in payloads(session, "events"))


@observes("events.whole-name")
def whole_name(session: SessionRecordings) -> object:
    """Return the names of the whole graph, whose event is the first of the mode `events` in a stream."""

    def first(exchange: Exchange) -> Iterator[str]:
        for event in exchange.events:
            if event.base == "events" and isinstance(event.value, dict):
                yield str(event.value.get("name"))
                return

    return different(name for exchange in streams(session) for name in first(exchange))


@observes("modes.order-across-modes")
def order_across_modes(session: SessionRecordings) -> object:
    """Return which modes follow each other from one update to the next, in streams of all six modes.

    Several events of one mode in a row are listed once; those of the mode `events` are left out.
    """
    others = ("metadata", "error", "end", "events")
    patterns = []
    for exchange in streams(session):
        if exchange.kind == "stream" and len(requested_modes(exchange.request)) == 6:
            names = [event.base for event in exchange.events if event.base not in others]
            collapsed = [name for name, before in zip(names, [None, *names], strict=False) if name != before]
            patterns += [" ".join(part.split()) for part in " ".join(collapsed).split("updates")[1:-1]]
    return different(f"updates {pattern}".strip() for pattern in patterns)


@observes("subgraphs.custom-without-flag", on=[custom_without_flag])
def inner_custom(session: SessionRecordings) -> object:
    """Return whether and under which name data written inside a subgraph arrives without `stream_subgraphs`."""
    [stream] = exchanges_of(session, "custom_without_flag", "stream")
    inner = [event.name for event in stream.events if event.base == "custom" and event.value == {"from": "inner"}]
    return f"arrives as {re.sub(':[^|]+', ':{id}', inner[0])}" if inner else "does not arrive"


@observes("subgraphs.further-segments")
def further_segments(session: SessionRecordings) -> object:
    """Return the segments of namespaces that do not have the form node:id."""
    named = (event for exchange in streams(session) for event in exchange.events)
    return different(segment for event in named for segment in event.namespace if ":" not in segment)
