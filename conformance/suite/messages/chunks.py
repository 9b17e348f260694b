"""The mode `messages-tuple`: pairs of message chunk and metadata, token by token, which join to the answer.

`messages.calls` judges which call a chunk belongs to, `messages.sources` and `filtering` where the tokens come from.
"""

from typing import Any

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    expect,
    fault,
    shown,
    text_of,
    verifies,
    without,
)
from conformance.suite.graphs import ANSWER, ANSWERS
from conformance.suite.messages.scenarios import (
    change_calls,
    change_pairs,
    chunks_of,
    joins_to,
    messages_of_models,
    messages_of_tokens,
    texts,
    token_by_token,
    whole_answer,
)


@verifies("messages.pair", on=messages_of_tokens)
def test_each_messages_event_is_a_pair_of_piece_and_metadata(recording: RecordingView) -> None:
    """Every event is named `messages` and holds a list of two objects; the first has `content`, a string or a list."""
    stream = recording["stream"]
    found = [event for event in stream.events if event.name.startswith("messages")]
    named = "the mode `messages-tuple` must yield events named `messages`; the stream has none"
    expect(found or stream["messages-tuple"], named, stream)
    for event in found:
        expect(event.name == "messages", f"the event must be named `messages`, not {shown(event.name)}", event)
        pair = event.value
        two = isinstance(pair, list) and len(pair) == 2 and all(isinstance(item, dict) for item in pair)
        expect(two, f"the data must be a list of two objects, chunk and metadata; received {shown(pair)}", event)
        content = pair[0].get("content")
        text = isinstance(content, (str, list))
        expect(text, f"the chunk must have `content`, a string or a list; received {shown(pair[0])}", event)


@fault("messages.pair")
def sends_the_pair_as_an_object(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an object of message and metadata instead of a list."""
    yield from change_pairs(events, lambda chunk, metadata: {"message": chunk, "metadata": metadata})


@fault("messages.pair")
def sends_the_metadata_before_the_piece(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the metadata before the message chunk."""
    yield from change_pairs(events, lambda chunk, metadata: [metadata, chunk])


@fault("messages.pair")
def sends_the_mode_within_the_pair(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a list of three elements, with the mode first."""
    yield from change_pairs(events, lambda chunk, metadata: ["messages", chunk, metadata])


@fault("messages.pair")
def sends_the_piece_without_metadata(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a list that holds only the message chunk."""
    yield from change_pairs(events, lambda chunk, metadata: [chunk])


@fault("messages.pair")
def sends_the_text_under_another_key(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the content of a message chunk under the key `text`."""
    yield from change_pairs(events, lambda chunk, metadata: [{"text": chunk.pop("content"), **chunk}, metadata])


@fault("messages.pair")
def names_the_tokens_messages_tuple(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names the events `messages-tuple`, as the mode is named in the request."""
    for event in events:
        yield event.named(event.name.replace("messages", "messages-tuple")) if event.base == "messages" else event


@verifies("messages.token-by-token", on=messages_of_tokens)
def test_the_answer_comes_token_by_token(recording: RecordingView) -> None:
    """The answer of eight tokens arrives in several message chunks."""
    stream = recording["stream"]
    token_by_token(ANSWER, texts(chunks_of(stream)), "the chunks of the only call", stream)


@fault("messages.token-by-token")
def sends_the_answer_in_one_piece(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Waits for the end of each model call and sends its answer in one message chunk."""
    yield from change_calls(events, lambda call: [whole_answer(call)])


@fault("messages.token-by-token")
def streams_only_where_the_node_does(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no tokens of a model that the node calls without asking for a stream."""
    yield from without(events, "messages")


@verifies("messages.deltas", on=messages_of_tokens)
def test_the_pieces_join_to_the_answer(recording: RecordingView) -> None:
    """The contents of the message chunks, joined, are exactly the answer."""
    stream = recording["stream"]
    joins_to(ANSWER, texts(chunks_of(stream)), "the chunks of the only call", stream)


@verifies("messages.deltas", on=messages_of_models)
def test_the_pieces_of_calls_in_a_row_join_to_their_answers(recording: RecordingView) -> None:
    """The contents of all message chunks, joined regardless of their ids, are the four answers one after another."""
    stream = recording["stream"]
    joins_to("".join(ANSWERS), texts(chunks_of(stream)), "the chunks of the four calls", stream)


@fault("messages.deltas")
def accumulates_the_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the whole answer so far in every message chunk."""
    so_far: dict[str, str] = {}
    for event in events:
        if event.base == "messages":
            chunk, metadata = event.value
            so_far[chunk["id"]] = so_far.get(chunk["id"], "") + text_of(chunk["content"])
            event = event.holding([chunk | {"content": so_far[chunk["id"]]}, metadata])
        yield event


@fault("messages.deltas")
def sends_the_whole_message_once_more(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the whole answer again after the message chunks of each call."""
    yield from change_calls(events, lambda call: [*call, whole_answer(call)])


@fault("messages.deltas")
def swaps_the_first_two_pieces(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the second message chunk of each call before the first."""
    yield from change_calls(events, lambda call: call[1::-1] + call[2:])


@fault("messages.deltas")
def loses_the_first_piece(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops the first message chunk of each call."""
    yield from change_calls(events, lambda call: call[1:])


@fault("messages.deltas")
def strips_the_pieces(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Strips the white space at both ends of each message chunk."""

    def stripped(chunk: dict[str, Any], metadata: dict[str, Any]) -> list[Any]:
        return [{**chunk, "content": text_of(chunk["content"]).strip()}, metadata]

    yield from change_pairs(events, stripped)
