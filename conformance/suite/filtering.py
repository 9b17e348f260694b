"""Filtering tokens by their metadata: by the node that called the model, and by the tags of the call."""

from collections.abc import Mapping
from typing import Any

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    expect,
    fault,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import ANSWERS, BOTH, INNER_ANSWER, ROOT_ANSWER, TOPIC
from conformance.suite.messages.scenarios import (
    change_metadata,
    chunks_of,
    joins_to,
    messages_of_models,
    messages_of_models_at_once,
    texts,
    without_key,
)

TAGS = ["tag-a", "tag-b", "tag-left", "tag-right"]
"""The tags of the models of the reference graphs."""


@scenario(graph="sub_model")
async def messages_of_a_subgraph(server: Server) -> None:
    """Stream a run with a model in the root graph and another in a subgraph, with `stream_subgraphs`."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages-tuple"], stream_subgraphs=True)


@verifies("filtering.by-node", on=messages_of_models)
def test_filtering_by_node_gives_the_nodes_answers(recording: RecordingView) -> None:
    """The message chunks that name a node join to the answers of its calls: one call, one call, and two."""
    filtered_by_node(recording, {"first": ANSWERS[0], "second": ANSWERS[1], "third": ANSWERS[2] + ANSWERS[3]})


@verifies("filtering.by-node", on=messages_of_models_at_once)
def test_filtering_by_node_parts_nodes_that_run_at_once(recording: RecordingView) -> None:
    """The message chunks of two nodes that run in one step are separated by the node that they name."""
    filtered_by_node(recording, BOTH)


@verifies("filtering.by-node", on=messages_of_a_subgraph)
def test_tokens_of_a_subgraph_name_the_inner_node(recording: RecordingView) -> None:
    """The message chunks from a subgraph name the inner node, not the node of the root graph that is the subgraph."""
    filtered_by_node(recording, {"root": ROOT_ANSWER, "inner": INNER_ANSWER})


def filtered_by_node(recording: RecordingView, answers: Mapping[str, str]) -> None:
    """Fail unless every message chunk names one of these nodes, and the chunks of each node join to its answer."""
    stream = recording["stream"]
    found = chunks_of(stream)
    for chunk in found:
        node = chunk.metadata.get("langgraph_node")
        known = isinstance(node, str) and node in answers
        expect(known, f"`langgraph_node` must be one of {', '.join(answers)}; received {shown(node)}", chunk.event)
    for node, answer in answers.items():
        own = texts(chunk for chunk in found if chunk.metadata["langgraph_node"] == node)
        joins_to(answer, own, f"the chunks with langgraph_node `{node}`", stream)


@fault("filtering.by-node")
def does_not_tell_the_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves `langgraph_node` out of the metadata."""
    yield from change_metadata(events, lambda chunk, metadata: without_key(metadata, "langgraph_node"))


@fault("filtering.by-node")
def tells_the_graph_for_the_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the name of the graph as `langgraph_node`."""
    yield from change_metadata(events, lambda chunk, metadata: {**metadata, "langgraph_node": exchange.graph})


@fault("filtering.by-node")
def tells_the_parents_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names the root graph's node in the tokens of a model inside a subgraph."""
    for event in events:
        parent = event.namespace.partition(":")[0]
        if event.base == "messages" and parent:
            chunk, metadata = event.value
            event = event.holding([chunk, {**metadata, "langgraph_node": parent}])
        yield event


@fault("filtering.by-node")
def tells_the_node_before(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Names the node of the previous message chunk in the metadata of each."""
    nodes: list[str] = []

    def late(chunk: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
        nodes.append(metadata["langgraph_node"])
        return {**metadata, "langgraph_node": nodes[-2:][0]}

    yield from change_metadata(events, late)


@verifies("filtering.by-tag", on=messages_of_models)
def test_filtering_by_tag_gives_the_calls_answer(recording: RecordingView) -> None:
    """The message chunks with a tag are exactly those of the call that has the tag, of four calls in a row."""
    filtered_by_tag(recording, {"tag-a": ANSWERS[0], "tag-b": ANSWERS[1]})


@verifies("filtering.by-tag", on=messages_of_models_at_once)
def test_filtering_by_tag_parts_calls_at_once(recording: RecordingView) -> None:
    """The message chunks of two calls that run at the same time are separated by their tags."""
    filtered_by_tag(recording, {f"tag-{node}": answer for node, answer in BOTH.items()})


def filtered_by_tag(recording: RecordingView, answers: Mapping[str, str]) -> None:
    """Fail unless the message chunks with each tag join to its answer, and all chunks of a call have the same tags."""
    stream = recording["stream"]
    found = chunks_of(stream)
    tags_of_calls: dict[str, set[str]] = {}
    for chunk in found:
        tags = chunk.metadata.get("tags") or []
        expect(isinstance(tags, list), f"`tags` must be a list; received {shown(tags)}", chunk.event)
        own = {tag for tag in answers if tag in tags}
        first = tags_of_calls.setdefault(str(chunk.call), own)
        same = f"all chunks of a call must have its tags {sorted(first)}; this one has {sorted(own)}"
        expect(own == first, same, chunk.event)
    for tag, answer in answers.items():
        tagged = texts(chunk for chunk in found if tag in (chunk.metadata.get("tags") or []))
        joins_to(answer, tagged, f"the chunks with the tag `{tag}`", stream)


@fault("filtering.by-tag")
def does_not_tell_the_tags(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the tags out of the metadata."""
    yield from change_metadata(events, lambda chunk, metadata: without_key(metadata, "tags"))


@fault("filtering.by-tag")
def tells_the_tags_once(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the tags of a call only with its first message chunk."""
    known: set[str] = set()

    def once(chunk: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
        tags = [] if chunk["id"] in known else metadata.get("tags", [])
        known.add(chunk["id"])
        return {**metadata, "tags": tags}

    yield from change_metadata(events, once)


@fault("filtering.by-tag")
def tells_all_tags_everywhere(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the tags of all models with every message chunk."""
    yield from change_metadata(events, lambda chunk, metadata: {**metadata, "tags": TAGS})


@fault("filtering.by-tag")
def keeps_the_tags_of_earlier_calls(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Adds the tags of earlier calls to those of each call."""
    tags: list[str] = []

    def kept(chunk: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
        tags.extend(tag for tag in metadata.get("tags", []) if tag not in tags)
        return {**metadata, "tags": list(tags)}

    yield from change_metadata(events, kept)
