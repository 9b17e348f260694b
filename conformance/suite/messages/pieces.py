"""The mode `messages-tuple`: pairs of message piece and metadata, token by token, each with the id of its call.

Where the tokens come from, and what the metadata says of it, is the matter of `messages_sources` and `filtering`.
"""

from collections.abc import Iterable
from itertools import count, groupby
from typing import Any, NamedTuple

from conformance.authoring import (
    Event,
    Exchange,
    ExchangeView,
    RecordingView,
    expect,
    fault,
    rewritten,
    scenario,
    shown,
    text_of,
    verifies,
    without,
)
from conformance.suite.graphs import ANSWER, ANSWERS, TOPIC


async def _tokens(server):
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages-tuple"])


@scenario(graph="tokens")
async def messages_of_tokens(server):
    """The specification's example, lines 650-697: a node that calls the model without asking for a stream."""
    await _tokens(server)


@scenario(graph="models")
async def messages_of_models(server):
    """Four calls one after another, two of them in one node."""
    await _tokens(server)


@scenario(graph="models_at_once")
async def messages_of_models_at_once(server):
    """Two nodes in one step, each with a model that takes its time."""
    await _tokens(server)


@scenario(graph="tool_model")
async def messages_of_a_tool(server):
    """The node calls a tool, and the tool calls the model."""
    await _tokens(server)


@scenario(graph="task_model")
async def messages_of_a_task(server):
    """The node starts a task and awaits it, and the task calls the model."""
    await _tokens(server)


class Piece(NamedTuple):
    """One `messages` event: the text that it brings, the call that it belongs to, and what is said of node and call."""

    event: Event
    text: str
    call: Any
    metadata: dict[str, Any]


def pieces(stream: ExchangeView) -> list[Piece]:
    """The pieces of a stream in order of arrival; fails if there is none."""
    events = stream["messages-tuple"]
    expect(events, "a model was called, but no event named `messages` came", stream.exchange)
    pairs = ((event, *event.value) for event in events)
    return [Piece(event, text_of(piece.get("content")), piece.get("id"), said) for event, piece, said in pairs]


def joins_to(answer: str, parts: Iterable[tuple[Event, str]], what: str, exchange: Exchange) -> None:
    """The parts joined in order of arrival must be exactly the answer; the first that leaves it is named."""
    said = ""
    for event, text in parts:
        said += text
        where = f"{what}: up to here they join to {shown(said)}, which does not begin the answer {shown(answer)}"
        expect(answer.startswith(said), where, event)
    expect(said == answer, f"{what}: all joined are {shown(said)}, the answer is {shown(answer)}", exchange)


def token_by_token(answer: str, parts: Iterable[tuple[Event, str]], what: str, exchange: Exchange) -> None:
    """The answer must have come in more than one part; a part that is the whole answer, or empty, is none."""
    came = [text for _, text in parts if text and text != answer]
    expect(len(came) > 1, f"{what}: expected several, each a part of {shown(answer)}, came {shown(came)}", exchange)


def texts(found: Iterable[Piece]) -> list[tuple[Event, str]]:
    return [(piece.event, piece.text) for piece in found]


@verifies("messages.pair", on=messages_of_tokens)
def test_each_messages_event_is_a_pair_of_piece_and_metadata(recording: RecordingView) -> None:
    """Every event is named `messages` and holds a pair of objects; the first has content."""
    stream = recording["stream"]
    found = [event for event in stream.events if event.name.startswith("messages")]
    expect(found, "the mode `messages-tuple` was asked for, but no event named `messages` came", stream.exchange)
    for event in found:
        expect(event.name == "messages", f"the event must be named `messages`, not {shown(event.name)}", event)
        pair = event.value
        two = isinstance(pair, list) and len(pair) == 2 and all(isinstance(item, dict) for item in pair)
        expect(two, f"the data must be a list of two objects, piece and metadata; came {shown(pair)}", event)
        content = pair[0].get("content")
        expect(isinstance(content, (str, list)), f"`content` must be text or a list; came {shown(pair[0])}", event)


@fault("messages.pair")
def sends_the_pair_as_an_object(events, exchange):
    """Sends an object of message and metadata."""
    yield from changed(events, lambda piece, metadata: {"message": piece, "metadata": metadata})


@fault("messages.pair")
def sends_the_metadata_before_the_piece(events, exchange):
    """Sends the pair in the other order."""
    yield from changed(events, lambda piece, metadata: [metadata, piece])


@fault("messages.pair")
def sends_the_mode_within_the_pair(events, exchange):
    """Sends three elements, the mode first."""
    yield from changed(events, lambda piece, metadata: ["messages", piece, metadata])


@fault("messages.pair")
def sends_the_piece_without_metadata(events, exchange):
    """Sends a list with the piece alone."""
    yield from changed(events, lambda piece, metadata: [piece])


@fault("messages.pair")
def sends_the_text_under_another_key(events, exchange):
    """Calls the content of a piece `text`."""
    yield from changed(events, lambda piece, metadata: [{"text": piece.pop("content"), **piece}, metadata])


@fault("messages.pair")
def names_the_tokens_messages_tuple(events, exchange):
    """Names the events by the mode that was asked for."""
    for event in events:
        yield event.named(event.name.replace("messages", "messages-tuple")) if event.base == "messages" else event


@verifies("messages.token-by-token", on=messages_of_tokens)
def test_the_answer_comes_token_by_token(recording: RecordingView) -> None:
    """The eight tokens of the answer come in more than one piece."""
    stream = recording["stream"]
    token_by_token(ANSWER, texts(pieces(stream)), "the pieces of the only call", stream.exchange)


@fault("messages.token-by-token")
def sends_the_answer_in_one_piece(events, exchange):
    """Waits for the end of each call and sends its answer as one piece."""
    yield from per_call(events, lambda heard: [joined(heard)])


@fault("messages.token-by-token")
def streams_only_where_the_node_does(events, exchange):
    """Sends nothing for a model that is called by its plain call."""
    yield from without(events, "messages")


@verifies("messages.deltas", on=messages_of_tokens)
def test_the_pieces_join_to_the_answer(recording: RecordingView) -> None:
    """The contents joined are the answer, once."""
    stream = recording["stream"]
    joins_to(ANSWER, texts(pieces(stream)), "the pieces of the only call", stream.exchange)


@verifies("messages.deltas", on=messages_of_models)
def test_the_pieces_of_calls_in_a_row_join_to_their_answers(recording: RecordingView) -> None:
    """The contents joined are the four answers, one after another; ids have no part in it."""
    stream = recording["stream"]
    joins_to("".join(ANSWERS), texts(pieces(stream)), "the pieces of the four calls", stream.exchange)


@fault("messages.deltas")
def accumulates_the_text(events, exchange):
    """Sends in every piece all of the answer so far."""
    said: dict[str, str] = {}
    for event in events:
        if event.base == "messages":
            piece, metadata = event.value
            said[piece["id"]] = said.get(piece["id"], "") + text_of(piece["content"])
            event = event.holding([piece | {"content": said[piece["id"]]}, metadata])
        yield event


@fault("messages.deltas")
def sends_the_whole_message_once_more(events, exchange):
    """Sends the finished message after the pieces of each call."""
    yield from per_call(events, lambda heard: [*heard, joined(heard)])


@fault("messages.deltas")
def swaps_the_first_two_pieces(events, exchange):
    """Sends the second piece of each call before the first."""
    yield from per_call(events, lambda heard: heard[1::-1] + heard[2:])


@fault("messages.deltas")
def loses_the_first_piece(events, exchange):
    """Drops the first piece of each call."""
    yield from per_call(events, lambda heard: heard[1:])


@fault("messages.deltas")
def strips_the_pieces(events, exchange):
    """Cuts the white space around each piece."""
    yield from changed(events, lambda piece, said: [{**piece, "content": text_of(piece["content"]).strip()}, said])


@verifies("messages.type-and-id", on=messages_of_tokens)
def test_each_piece_has_a_type_and_the_id_of_its_call(recording: RecordingView) -> None:
    """All pieces of the only call have a type and share an id."""
    stream = recording["stream"]
    calls = calls_of(stream)
    said = f"the pieces of one call share an id; came {shown([call for call, _ in calls])}"
    expect(len(calls) == 1, said, calls[-1][1][0].event)


@verifies("messages.type-and-id", on=messages_of_models)
def test_each_call_has_its_own_id(recording: RecordingView) -> None:
    """Of the four calls in a row each has an id of its own, also the two of one node."""
    stream = recording["stream"]
    calls = calls_of(stream)
    ids = [call for call, _ in calls]
    expect(len(ids) == len(set(ids)) == 4, f"four calls in a row have four ids; came {shown(ids)}", stream.exchange)
    for (_, found), which in zip(calls, ("First", "Second", "Third", "Fourth"), strict=True):
        said = "".join(piece.text for piece in found)
        expect(which in said, f"the {which} call has an id of its own; under it came {shown(said)}", found[0].event)


def calls_of(stream: ExchangeView) -> list[tuple[str, list[Piece]]]:
    """The pieces in order, those with one id in a row taken together; fails where one lacks type or id."""
    found = pieces(stream)
    for piece in found:
        message = piece.event.value[0]
        expect(isinstance(message.get("type"), str), f"the piece has no text `type`: {shown(message)}", piece.event)
        has_id = isinstance(piece.call, str) and piece.call
        expect(has_id, f"the piece has no `id` that is a non-empty text: {shown(message)}", piece.event)
    return [(call, list(group)) for call, group in groupby(found, lambda piece: piece.call)]


@fault("messages.type-and-id")
def sends_pieces_without_an_id(events, exchange):
    """Sends null as the id of every piece."""
    yield from changed(events, lambda piece, metadata: [{**piece, "id": None}, metadata])


@fault("messages.type-and-id")
def gives_each_piece_a_new_id(events, exchange):
    """Makes an id for every piece."""
    number = count()
    yield from changed(events, lambda piece, metadata: [{**piece, "id": f"piece-{next(number)}"}, metadata])


@fault("messages.type-and-id")
def gives_all_calls_one_id(events, exchange):
    """Takes the run's id for that of each call."""
    yield from changed(events, lambda piece, metadata: [{**piece, "id": "the-run"}, metadata])


@fault("messages.type-and-id")
def gives_the_calls_of_a_node_one_id(events, exchange):
    """Takes the node's name for the id of each of its calls."""
    yield from changed(events, lambda piece, metadata: [{**piece, "id": metadata["langgraph_node"]}, metadata])


@fault("messages.type-and-id")
def sends_pieces_without_a_type(events, exchange):
    """Leaves out the type of every piece."""
    yield from changed(events, lambda piece, metadata: [{k: v for k, v in piece.items() if k != "type"}, metadata])


def changed(events, change):
    """The events with the data of each pair as `change(piece, metadata)` makes it."""
    yield from rewritten(events, "messages", lambda pair: change(*pair))


def call_of(event):
    """The id of the call that a piece belongs to; None for any other event."""
    return event.value[0]["id"] if event.base == "messages" else None


def per_call(events, change):
    """The events with the pieces of each call that are in a row as `change` makes them, once all have come."""
    for call, group in groupby(events, call_of):
        if call is None:
            yield from group
        else:
            yield from change(list(group))


def joined(heard):
    """The last of these pieces with the text of all."""
    piece, metadata = heard[-1].value
    text = "".join(text_of(event.value[0]["content"]) for event in heard)
    return heard[-1].holding([{**piece, "content": text}, metadata])
