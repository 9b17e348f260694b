"""Filtering of tokens by what their metadata says: the node that called the model, and the tags of the call."""

from collections.abc import Mapping

from conformance.authoring import RecordingView, expect, fault, scenario, shown, verifies
from conformance.suite.graphs import ANSWERS, BOTH, INNER_ANSWER, ROOT_ANSWER, TOPIC
from conformance.suite.messages.pieces import (
    changed,
    joins_to,
    messages_of_models,
    messages_of_models_at_once,
    pieces,
    texts,
)

TAGS = ["tag-a", "tag-b", "tag-left", "tag-right"]
"""The tags that the models of the reference graphs have."""


@scenario(graph="sub_model")
async def messages_of_a_subgraph(server):
    """A model at the root and one inside a subgraph, with stream_subgraphs."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages-tuple"], stream_subgraphs=True)


@verifies("filtering.by-node", on=messages_of_models)
def test_filtering_by_node_gives_the_nodes_answers(recording: RecordingView) -> None:
    """The pieces that name a node are the answers of its calls: one, one, and two."""
    filtered_by_node(recording, {"first": ANSWERS[0], "second": ANSWERS[1], "third": ANSWERS[2] + ANSWERS[3]})


@verifies("filtering.by-node", on=messages_of_models_at_once)
def test_filtering_by_node_parts_nodes_that_run_at_once(recording: RecordingView) -> None:
    """The pieces of two nodes in one step are told apart by their node."""
    filtered_by_node(recording, BOTH)


@verifies("filtering.by-node", on=messages_of_a_subgraph)
def test_tokens_of_a_subgraph_name_the_inner_node(recording: RecordingView) -> None:
    """Inside a subgraph it is the inner node that is named, not the node that is the subgraph."""
    filtered_by_node(recording, {"root": ROOT_ANSWER, "inner": INNER_ANSWER})


def filtered_by_node(view: RecordingView, answers: Mapping[str, str]) -> None:
    """Every piece must name one of these nodes, and the pieces of each must join to its answer."""
    stream = view["stream"]
    found = pieces(stream)
    for piece in found:
        node = piece.metadata.get("langgraph_node")
        known = isinstance(node, str) and node in answers
        expect(known, f"langgraph_node must be one of {', '.join(answers)}; came {shown(node)}", piece.event)
    for node, answer in answers.items():
        heard = texts(piece for piece in found if piece.metadata["langgraph_node"] == node)
        joins_to(answer, heard, f"the pieces with langgraph_node `{node}`", stream.exchange)


@fault("filtering.by-node")
def does_not_tell_the_node(events, exchange):
    """Leaves langgraph_node out of the metadata."""
    without = "langgraph_node"
    yield from changed(events, lambda piece, said: [piece, {key: said[key] for key in said if key != without}])


@fault("filtering.by-node")
def tells_the_graph_for_the_node(events, exchange):
    """Puts the name of the graph where the node's belongs."""
    yield from changed(events, lambda piece, said: [piece, {**said, "langgraph_node": exchange.graph}])


@fault("filtering.by-node")
def tells_the_parents_node(events, exchange):
    """Names for a model inside a subgraph the node of the root graph."""
    for event in events:
        parent = event.namespace.partition(":")[0]
        told = {"langgraph_node": parent} if parent else {}
        yield from changed([event], lambda piece, said, told=told: [piece, {**said, **told}])


@fault("filtering.by-node")
def tells_the_node_before(events, exchange):
    """Puts into the metadata of a call's first piece the node that the piece before it came from."""
    nodes: list[str] = []

    def late(piece, metadata):
        nodes.append(metadata["langgraph_node"])
        return [piece, {**metadata, "langgraph_node": nodes[-2:][0]}]

    yield from changed(events, late)


@verifies("filtering.by-tag", on=messages_of_models)
def test_filtering_by_tag_gives_the_calls_answer(recording: RecordingView) -> None:
    """The pieces with a tag are exactly those of the call that it was attached to, of four in a row."""
    filtered_by_tag(recording, {"tag-a": ANSWERS[0], "tag-b": ANSWERS[1]})


@verifies("filtering.by-tag", on=messages_of_models_at_once)
def test_filtering_by_tag_parts_calls_at_once(recording: RecordingView) -> None:
    """The pieces of two calls that run at the same time are told apart by their tags."""
    filtered_by_tag(recording, {f"tag-{node}": answer for node, answer in BOTH.items()})


def filtered_by_tag(view: RecordingView, answers: Mapping[str, str]) -> None:
    """The pieces with each of these tags must join to its answer; all pieces of a call, also empty ones, have it."""
    stream = view["stream"]
    found = pieces(stream)
    told: dict[str, set[str]] = {}
    for piece in found:
        tags = piece.metadata.get("tags") or []
        expect(isinstance(tags, list), f"the tags must be a list; came {shown(tags)}", piece.event)
        own = {tag for tag in answers if tag in tags}
        before = told.setdefault(str(piece.call), own)
        words = f"{sorted(own)} of the tags are on this piece, {sorted(before)} on the first of the same call"
        expect(own == before, words, piece.event)
    for tag, answer in answers.items():
        heard = texts(piece for piece in found if tag in (piece.metadata.get("tags") or []))
        joins_to(answer, heard, f"the pieces with the tag `{tag}`", stream.exchange)


@fault("filtering.by-tag")
def does_not_tell_the_tags(events, exchange):
    """Leaves the tags out of the metadata."""
    yield from changed(events, lambda piece, said: [piece, {key: said[key] for key in said if key != "tags"}])


@fault("filtering.by-tag")
def tells_the_tags_once(events, exchange):
    """Tells the tags of a call with its first piece only."""
    known: set[str] = set()

    def once(piece, metadata):
        tags = [] if piece["id"] in known else metadata.get("tags", [])
        known.add(piece["id"])
        return [piece, {**metadata, "tags": tags}]

    yield from changed(events, once)


@fault("filtering.by-tag")
def tells_all_tags_everywhere(events, exchange):
    """Tells with every piece the tags of all models."""
    yield from changed(events, lambda piece, metadata: [piece, {**metadata, "tags": TAGS}])


@fault("filtering.by-tag")
def keeps_the_tags_of_earlier_calls(events, exchange):
    """Adds the tags of each call to those of the calls before."""
    tags: list[str] = []

    def kept(piece, metadata):
        tags.extend(tag for tag in metadata.get("tags", []) if tag not in tags)
        return [piece, {**metadata, "tags": list(tags)}]

    yield from changed(events, kept)
