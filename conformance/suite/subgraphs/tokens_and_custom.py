"""Tokens and custom data from inside subgraphs: whether they arrive, and under which namespace."""

import itertools

from conformance.authoring import (
    Event,
    Events,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    same_sequence,
    scenario,
    shown,
    text_of,
    verifies,
    with_subgraphs,
)
from conformance.suite.graphs import INNER_ANSWER, ROOT_ANSWER
from conformance.suite.subgraphs.levels import INPUT

WRITES = {"nested": ["outer", "middle", "inner"], "sub_model": ["root", "inner"]}
"""The custom data that each level writes, the root's first."""


@scenario(graph=("nested", "sub_model"))
async def writes_inside(server: Server) -> None:
    """Nodes at every level write custom data."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=["custom"], stream_subgraphs=True)


@scenario(
    graph="sub_model",
    modes=(("messages-tuple",), ("messages-tuple", "custom", "updates")),
)
async def model_inside(server: Server, modes: tuple[str, ...]) -> None:
    """A model is called in the root graph, and another one inside a subgraph."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT["sub_model"], stream_mode=list(modes), stream_subgraphs=True)


# --- subgraphs.custom


@verifies("subgraphs.custom", on=writes_inside)
def test_data_written_inside_arrives(recording: RecordingView) -> None:
    """The custom data of every level arrives once and in order, with or without a namespace."""
    stream, graph = recording["stream"], recording.axes["graph"]
    key = "level" if graph == "nested" else "from"
    same_sequence(stream["custom"], [{key: level} for level in WRITES[graph]], "the custom data", stream)


@fault("subgraphs.custom", where=with_subgraphs)
def loses_data_written_inside(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends custom data of the root graph only."""
    yield from (event for event in events if event.base != "custom" or not event.namespace)


@fault("subgraphs.custom", where=with_subgraphs)
def loses_data_written_two_levels_deep(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no custom data of a subgraph of a subgraph."""
    yield from (event for event in events if event.base != "custom" or "|" not in event.namespace)


# --- subgraphs.tokens


@verifies("subgraphs.tokens", on=model_inside)
def test_tokens_from_inside_arrive(recording: RecordingView) -> None:
    """The answer of the model inside the subgraph arrives once, in several chunks, with or without a namespace."""
    stream = recording["stream"]
    texts = [(event, text_of(event.value[0]["content"])) for event in stream["messages-tuple"]]
    said = "".join(text for _, text in texts)
    once = f"the tokens must hold {shown(INNER_ANSWER)} once; received {shown(said)}"
    expect(said.count(INNER_ANSWER) == 1, once, stream)
    start, before = said.index(INNER_ANSWER), 0
    for event, text in texts:
        whole = before <= start and before + len(text) >= start + len(INNER_ANSWER)
        expect(not whole, f"the inner answer must arrive in several chunks; one holds all of it: {shown(text)}", event)
        before += len(text)


@fault("subgraphs.tokens", where=with_subgraphs)
def loses_tokens_from_inside(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the tokens of the root graph's nodes only."""
    yield from (event for event in events if event.base != "messages" or not event.namespace)


@fault("subgraphs.tokens", where=with_subgraphs)
def sends_the_answer_from_inside_in_one_piece(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the finished message of a model inside a subgraph instead of its tokens."""
    said, last = "", None
    for event in events:
        if event.base == "messages" and event.namespace:
            said, last = said + text_of(event.value[0]["content"]), event
            continue
        if last is not None and event.base in ("values", "updates", "debug"):
            yield _with_text(last, said)
            said, last = "", None
        yield event
    if last is not None:
        yield _with_text(last, said)


def _with_text(event: SentEvent, text: str) -> SentEvent:
    """Return a message chunk with another text."""
    message, metadata = event.value
    return event.holding([message | {"content": text}, metadata])


# --- subgraphs.tokens-and-custom-namespaced


@verifies("subgraphs.tokens-and-custom-namespaced", on=model_inside, over="modes")
def test_tokens_and_data_from_inside_have_the_namespace(recordings: dict[tuple[str, ...], RecordingView]) -> None:
    """Tokens and custom data from inside have the namespace of the updates from inside; those of the root have none."""
    stream = recordings["messages-tuple", "custom", "updates"]["stream"]
    spaces = sorted({event.namespace for event in stream["updates"].inside})
    if not spaces and any(isinstance(update, dict) and "inner" in update for update in stream["updates"].values):
        fail("the events from inside the subgraph carry no namespace", stream)
    if len(spaces) != 1:
        inconclusive(f"the updates from inside must have one namespace to compare with; they have {shown(spaces)}")
    for events, text in ((stream["messages-tuple"], ROOT_ANSWER), (stream["custom"], "root")):
        _expect_namespace(events, text, ())
    for events, text in ((stream["messages-tuple"], INNER_ANSWER), (stream["custom"], "inner")):
        _expect_namespace(events, text, spaces[0])


def _expect_namespace(events: Events, text: str, namespace: tuple[str, ...]) -> None:
    """Expect this namespace of each event that holds a part of the text."""
    parts = [_text(event) for event in events]
    start = "".join(parts).find(text)
    if start < 0:
        inconclusive(f"{shown(text)} did not arrive, so there is no namespace to judge")
    for event, before, part in zip(events, itertools.accumulate(map(len, parts), initial=0), parts, strict=False):
        if part and start <= before < start + len(text):
            wrong = f"the namespace must be {shown(namespace)}; it is {shown(event.namespace)}"
            expect(event.namespace == namespace, wrong, event)


def _text(event: Event) -> str:
    """Return the text of a message chunk or of custom data."""
    if event.base == "custom":
        return str(member(event.value, "from") or "")
    return text_of(event.value[0]["content"])


@fault("subgraphs.tokens-and-custom-namespaced", where=with_subgraphs)
def sends_tokens_under_the_bare_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends tokens from inside subgraphs under the bare name `messages`."""
    for event in events:
        yield event.named("messages") if event.base == "messages" else event


@fault("subgraphs.tokens-and-custom-namespaced", where=with_subgraphs)
def sends_custom_data_under_the_bare_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends custom data from inside subgraphs under the bare name `custom`."""
    for event in events:
        yield event.named("custom") if event.base == "custom" else event


@fault("subgraphs.tokens-and-custom-namespaced", where=with_subgraphs)
def names_tokens_of_the_root_by_their_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the tokens of a root node with that node as their namespace."""
    for event in events:
        yield event.named("messages|node:1") if event.name == "messages" else event
