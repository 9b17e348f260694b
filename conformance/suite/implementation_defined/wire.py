"""What was observed of implementation-defined behaviour in transport and framing: headers, bytes, ids and keys."""

import codecs
import re

from conformance.authoring import Exchange, SessionRecordings, observes
from conformance.suite.implementation_defined.recordings import (
    different,
    kind_of,
    message_chunks,
    payloads,
    share,
    streams,
)

PROXY_HINTS = (
    "x-accel-buffering", "cache-control", "pragma", "expires", "connection", "vary", "via", "content-encoding",
)  # fmt: skip
"""Header fields that tell proxies and caches what to do."""

KNOWN_KEYS = {
    "metadata": {"run_id"},
    "error": {"error", "message"},
    "debug": {"type", "payload", "step"},
    "events": {"event", "name", "run_id", "data", "metadata", "tags"},
}
"""The keys of a payload that requirements name, by mode."""

LISTED_KEYS = 40
"""How many additional keys of a payload an observation lists."""


# --- transport


@observes("transport.no-closing-event")
def closing_event(session: SessionRecordings) -> object:
    """Return whether streams end with an event `end`, and the kind of its data."""

    def words(exchange: Exchange) -> str:
        last = exchange.events[-1] if exchange.events else None
        return f"end with {kind_of(last.value)}" if last is not None and last.name == "end" else "none"

    return different(words(exchange) for exchange in streams(session) if exchange.ending == "complete")


@observes("transport.location")
def location(session: SessionRecordings) -> object:
    """Return the Location header fields of streams, without ids."""

    def words(exchange: Exchange) -> str:
        value = exchange.header("location")
        return re.sub(r"(threads|runs)/(?!stream)[^/?]+", r"\1/{id}", value) if value else "none"

    return different(words(exchange) for exchange in streams(session))


@observes("transport.proxy-hints")
def proxy_hints(session: SessionRecordings) -> object:
    """Return the header fields that tell proxies and caches what to do."""
    fields = (field for exchange in streams(session) for field in exchange.headers)
    return different(f"{name}: {value}" for name, value in fields if name.lower() in PROXY_HINTS)


@observes("transport.header-case")
def header_case(session: SessionRecordings) -> object:
    """Return the names of header fields as sent, in order, and the content types."""
    heads = [exchange.headers for exchange in streams(session)]
    types = different(value for head in heads for name, value in head if name.lower() == "content-type")
    orders = list(dict.fromkeys(tuple(name for name, _ in head) for head in heads))[:2]
    return {"order": [list(order) for order in orders], "content-type": types}


# --- framing


@observes("framing.line-endings")
def line_endings(session: SessionRecordings) -> object:
    """Return the line endings that occur."""
    return sorted(
        {ending for exchange in streams(session) for block in exchange.blocks for ending in block.line_endings}
    )


@observes("framing.byte-order-mark")
def byte_order_mark(session: SessionRecordings) -> object:
    """Count the streams that begin with a byte order mark."""
    return share(sum(exchange.bom for exchange in streams(session)), len(streams(session)), "streams")


@observes("framing.comments")
def comments(session: SessionRecordings) -> object:
    """Return how many streams have comments, the largest number in one stream, and the texts."""
    found = [[text for block in exchange.blocks for text in block.comments] for exchange in streams(session)]
    texts = different(text.strip() for comments in found for text in comments)
    return {"on": share(sum(map(bool, found)), len(found), "streams"), "most": max(map(len, found)), "texts": texts}


@observes("framing.event-ids")
def event_ids(session: SessionRecordings) -> object:
    """Return how many streams have event ids, whether the ids of each are unique, and two examples."""
    found = [[block.id for block in exchange.blocks if block.id is not None] for exchange in streams(session)]
    having = [ids for ids in found if ids]
    unique = all(len(set(ids)) == len(ids) for ids in having) if having else None
    return {
        "on": share(len(having), len(found), "streams"),
        "unique within each": unique,
        "such as": different(id for ids in having for id in ids)[:2],
    }


@observes("framing.retry")
def retry(session: SessionRecordings) -> object:
    """Return the values of retry fields."""
    found = (block.retry for exchange in streams(session) for block in exchange.blocks)
    return different(value for value in found if value is not None)


@observes("framing.data-lines")
def data_lines(session: SessionRecordings) -> object:
    """Return the smallest and the largest number of data lines in an event."""
    counts = {event.text.count("\n") + 1 for exchange in streams(session) for event in exchange.events}
    return {"fewest": min(counts), "most": max(counts)}


@observes("framing.chunks")
def chunks(session: SessionRecordings) -> object:
    """Count the portions of bytes, as they were read, that end inside an event or inside a character."""
    portions = inside_event = inside_character = 0
    for exchange in streams(session):
        read, boundaries = 0, {block.offset + len(block.raw) for block in exchange.blocks}
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for chunk in exchange.chunks[:-1]:
            decoder.decode(chunk.data)
            read += len(chunk.data)
            portions += 1
            inside_event += read not in boundaries
            inside_character += bool(decoder.getstate()[0])
    return {"portions": portions, "ending inside an event": inside_event, "inside a character": inside_character}


@observes("framing.additional-keys")
def additional_keys(session: SessionRecordings) -> object:
    """Return the keys of payloads that no requirement names, by mode."""
    found = {
        mode: {key for value in payloads(session, mode) for key in value} - known for mode, known in KNOWN_KEYS.items()
    }
    pairs = list(message_chunks(session))
    found["piece"] = {key for chunk, _, _ in pairs for key in chunk} - {"content", "type", "id"}
    found["message metadata"] = {key for _, metadata, _ in pairs for key in metadata} - {"langgraph_node", "tags"}
    return {name: sorted(keys)[:LISTED_KEYS] for name, keys in found.items() if keys}
