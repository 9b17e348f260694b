"""The scenarios of the mode `messages-tuple`, and what checks and faults share: message chunks, calls, answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from conformance.authoring import (
    Event,
    ExchangeView,
    SentEvent,
    SentEvents,
    Server,
    expect,
    rewritten,
    scenario,
    shown,
    text_of,
)
from conformance.suite.graphs import TOPIC


async def _tokens(server: Server) -> None:
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages-tuple"])


@scenario(graph="tokens")
async def messages_of_tokens(server: Server) -> None:
    """Stream a run whose node calls the model without asking for a stream, specification 650-697."""
    await _tokens(server)


@scenario(graph="models")
async def messages_of_models(server: Server) -> None:
    """Stream a run with four model calls one after another, two of them in one node."""
    await _tokens(server)


@scenario(graph="models_at_once")
async def messages_of_models_at_once(server: Server) -> None:
    """Stream a run with two nodes in one step, each of which calls a slow model."""
    await _tokens(server)


@scenario(graph="tool_model")
async def messages_of_a_tool(server: Server) -> None:
    """Stream a run whose node calls a tool that calls the model."""
    await _tokens(server)


@scenario(graph="task_model")
async def messages_of_a_task(server: Server) -> None:
    """Stream a run whose node starts and awaits a task that calls the model."""
    await _tokens(server)


class MessageChunk(NamedTuple):
    """One `messages` event: its text, the id of the model call that it belongs to, and its metadata."""

    event: Event
    text: str
    call: Any
    metadata: dict[str, Any]


Texts = list[tuple[Event, str]]
"""The text of each event, in order of arrival."""


def chunks_of(stream: ExchangeView) -> list[MessageChunk]:
    """Return the message chunks of a stream in order of arrival; fails if there are none."""
    events = stream["messages-tuple"]
    expect(events, "a model call must be streamed; the stream has no event named `messages`", stream)
    pairs = ((event, *event.value) for event in events)
    return [MessageChunk(event, text_of(one.get("content")), one.get("id"), metadata) for event, one, metadata in pairs]


def texts(found: Iterable[MessageChunk]) -> Texts:
    """Return the text of each message chunk, with its event."""
    return [(chunk.event, chunk.text) for chunk in found]


def joins_to(answer: str, parts: Texts, what: str, stream: ExchangeView) -> None:
    """Fail unless the parts, joined in order of arrival, are exactly the answer; shows the first part that is wrong."""
    joined = ""
    for event, text in parts:
        joined += text
        wrong = f"{what} must join to {shown(answer)}; up to this event they join to {shown(joined)}"
        expect(answer.startswith(joined), wrong, event)
    expect(joined == answer, f"{what} must join to {shown(answer)}; together they are {shown(joined)}", stream)


def token_by_token(answer: str, parts: Texts, what: str, stream: ExchangeView) -> None:
    """Fail unless the answer arrives in several parts; an empty part and one that is the whole answer do not count."""
    received = [text for _, text in parts]
    several = len([text for text in received if text and text != answer]) > 1
    expect(several, f"{what} must be several parts of {shown(answer)}; received {shown(received)}", stream)


def change_pairs(events: SentEvents, change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Iterator[SentEvent]:
    """Yield the events, with `change(chunk, metadata)` as the data of each `messages` event."""
    yield from rewritten(events, "messages", lambda pair: change(*pair))


def change_metadata(events: SentEvents, change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Iterator[SentEvent]:
    """Yield the events, with `change(chunk, metadata)` as the metadata of each `messages` event."""
    yield from change_pairs(events, lambda chunk, metadata: [chunk, change(chunk, metadata)])


def without_key(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return an object without one of its keys."""
    return {name: value[name] for name in value if name != key}


def change_calls(events: SentEvents, change: Callable[[list[SentEvent]], Iterable[SentEvent]]) -> Iterator[SentEvent]:
    """Yield the events, with the consecutive chunks of each call replaced by `change(chunks)` when all have arrived."""
    for call, group in groupby(events, call_of):
        if call is None:
            yield from group
        else:
            yield from change(list(group))


def call_of(event: SentEvent) -> Any:
    """Return the id of the call that a message chunk belongs to, None for any other event."""
    return event.value[0]["id"] if event.base == "messages" else None


def whole_answer(call: list[SentEvent]) -> SentEvent:
    """Return the last of the message chunks of a call, with the text of all of them."""
    chunk, metadata = call[-1].value
    text = "".join(text_of(event.value[0]["content"]) for event in call)
    return call[-1].holding([{**chunk, "content": text}, metadata])
