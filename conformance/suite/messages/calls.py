"""Which model call a message chunk belongs to: its type and id, and the chunks of two calls at the same time."""

from itertools import count, groupby
from typing import Any
from uuid import UUID

from conformance.authoring import (
    WHOLE_SESSION,
    Event,
    Exchange,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    SessionRecordings,
    equal,
    expect,
    fault,
    member,
    memoized,
    of_graph,
    shown,
    verifies,
)
from conformance.suite.graphs import BOTH
from conformance.suite.messages.scenarios import (
    MessageChunk,
    call_of,
    change_metadata,
    change_pairs,
    chunks_of,
    joins_to,
    messages_of_models,
    messages_of_models_at_once,
    messages_of_tokens,
    texts,
    without_key,
)


@verifies("messages.type-and-id", on=messages_of_tokens)
def test_each_piece_has_a_type_and_the_id_of_its_call(recording: RecordingView) -> None:
    """All message chunks of the only call have a type and share one id."""
    calls = calls_of(recording["stream"])
    ids = shown([call for call, _ in calls])
    expect(len(calls) == 1, f"the chunks of one call must share an id; received {ids}", calls[-1][1][0].event)


@verifies("messages.type-and-id", on=messages_of_models)
def test_each_call_has_its_own_id(recording: RecordingView) -> None:
    """Each of four calls in a row has a different id, also the two calls of one node."""
    stream = recording["stream"]
    calls = calls_of(stream)
    ids = [call for call, _ in calls]
    different = len(ids) == len(set(ids)) == 4
    expect(different, f"four calls in a row must have four different ids; received {shown(ids)}", stream)
    for (call, found), which in zip(calls, ("First", "Second", "Third", "Fourth"), strict=True):
        text = "".join(chunk.text for chunk in found)
        wrong = f"the id {shown(call)} must be that of the {which} call; its chunks join to {shown(text)}"
        expect(which in text, wrong, found[0].event)


@verifies("messages.type-and-id", on=WHOLE_SESSION, alone=[messages_of_models])
def test_no_two_runs_share_the_id_of_a_call(session: SessionRecordings) -> None:
    """The message chunks of two runs have different ids, also of two runs of one thread.

    With fewer runs there is nothing to compare; that there are ids is what the other checks look at.
    """
    runs: dict[str, str] = {}
    for stream in session.streams():
        if (run := stream.run_id) is None:
            continue
        for id, event in _ids(stream).items():
            other = runs.setdefault(id, run)
            expect(other == run, f"the calls of two runs must have different ids; both have {shown(id)}", event)


@memoized
def _ids(stream: Exchange) -> dict[str, Event]:
    """Return the ids of the message chunks of a stream, each with its first event."""
    found: dict[str, Event] = {}
    for event in stream.events if stream.is_stream else ():
        pair = event.value if event.base == "messages" else None
        id = member(pair[0], "id") if isinstance(pair, list) and pair else None
        if isinstance(id, str):
            found.setdefault(id, event)
    return found


def calls_of(stream: ExchangeView) -> list[tuple[str, list[MessageChunk]]]:
    """Return the message chunks in order, grouped while the id stays the same; fails if one lacks a type or an id."""
    found = chunks_of(stream)
    for chunk in found:
        message = chunk.event.value[0]
        typed = isinstance(message.get("type"), str)
        expect(typed, f"a chunk must have a `type`, a string; received {shown(message)}", chunk.event)
        identified = isinstance(chunk.call, str) and chunk.call
        expect(identified, f"a chunk must have an `id`, a non-empty string; received {shown(message)}", chunk.event)
    return [(call, list(group)) for call, group in groupby(found, lambda chunk: chunk.call)]


@fault("messages.type-and-id")
def sends_pieces_without_an_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends null as the id of every message chunk."""
    yield from change_pairs(events, lambda chunk, metadata: [{**chunk, "id": None}, metadata])


@fault("messages.type-and-id")
def gives_each_piece_a_new_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives each message chunk of a call a different id."""
    number = count()
    yield from change_pairs(events, lambda chunk, metadata: [{**chunk, "id": f"chunk-{next(number)}"}, metadata])


@fault("messages.type-and-id")
def gives_all_calls_one_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives all calls of a run the same id."""
    yield from change_pairs(events, lambda chunk, metadata: [{**chunk, "id": "the-run"}, metadata])


@fault("messages.type-and-id")
def gives_the_calls_of_a_node_one_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the name of the node as the id of each of its calls."""
    yield from change_pairs(events, lambda chunk, metadata: [{**chunk, "id": metadata["langgraph_node"]}, metadata])


@fault("messages.type-and-id")
def counts_calls_from_1_in_each_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives the first call of every run the same id, and so on."""
    ids: dict[str, str] = {}
    yield from change_pairs(events, lambda chunk, metadata: [chunk | {"id": _counted(ids, chunk["id"])}, metadata])


def _counted(ids: dict[str, str], id: str) -> str:
    return ids.setdefault(id, str(UUID(int=len(ids) + 1)))


@fault("messages.type-and-id")
def sends_pieces_without_a_type(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the type out of every message chunk."""
    yield from change_pairs(events, lambda chunk, metadata: [without_key(chunk, "type"), metadata])


@verifies("messages.parallel-models", on=messages_of_models_at_once)
def test_models_that_answer_at_once_are_told_apart(recording: RecordingView) -> None:
    """The message chunks of each id name one node and join to its answer, however the two calls interleave."""
    stream = recording["stream"]
    found = chunks_of(stream)
    nodes: dict[Any, Any] = {}
    for chunk in found:
        node = chunk.metadata.get("langgraph_node")
        first = nodes.setdefault(chunk.call, node)
        moved = f"the chunks of {shown(chunk.call)} must name one node, {shown(first)}; received {shown(node)}"
        expect(node == first, moved, chunk.event)
    equal(sorted(map(str, nodes.values())), sorted(BOTH), "the nodes of the calls, one for each id", stream)
    for call, node in nodes.items():
        own = texts(chunk for chunk in found if chunk.call == call)
        joins_to(BOTH[node], own, f"the chunks of the call in `{node}`", stream)


@fault("messages.parallel-models", where=of_graph("models_at_once"))
def names_the_node_that_started_first(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names the node that answered first in the metadata of all message chunks of a step."""
    nodes: list[str] = []

    def renamed(chunk: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
        nodes.append(metadata["langgraph_node"])
        return {**metadata, "langgraph_node": nodes[0]}

    yield from change_metadata(events, renamed)


@fault("messages.parallel-models", where=of_graph("models_at_once"))
def gives_models_at_once_one_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives calls that run at the same time the same id."""
    yield from change_pairs(events, lambda chunk, metadata: [{**chunk, "id": "the-step"}, metadata])


@fault("messages.parallel-models", where=of_graph("models_at_once"))
def holds_back_every_first_piece(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the first message chunk of each call after all others."""
    first: dict[Any, SentEvent] = {}
    for event in events:
        if event.base != "messages" or first.setdefault(call_of(event), event) is not event:
            yield event
    yield from first.values()
