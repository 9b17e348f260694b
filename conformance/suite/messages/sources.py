"""Where tokens come from: a tool, a task, two models at once; and what the metadata of a piece says besides."""

from typing import Any

from conformance.authoring import ExchangeView, RecordingView, equal, expect, fault, run_id_of, shown, verifies, without
from conformance.suite.graphs import BOTH
from conformance.suite.messages.pieces import (
    call_of,
    changed,
    joined,
    joins_to,
    messages_of_a_task,
    messages_of_a_tool,
    messages_of_models_at_once,
    messages_of_tokens,
    per_call,
    pieces,
    texts,
    token_by_token,
)


@verifies("messages.from-tool", on=messages_of_a_tool)
def test_tokens_come_from_a_tool(recording: RecordingView) -> None:
    """The tokens of the model that a tool calls come one by one and join to its answer."""
    heard_in_full(recording["stream"], "You said: Tool joke about ice cream")


@fault("messages.from-tool", where=lambda x: x.graph == "tool_model")
def streams_no_tokens_from_tools(events, exchange):
    """Does not listen to models that are called inside a tool."""
    yield from without(events, "messages")


@fault("messages.from-tool", where=lambda x: x.graph == "tool_model")
def sends_the_answer_of_a_tools_model_in_one_piece(events, exchange):
    """Takes the answer of a model inside a tool when the tool has returned."""
    yield from per_call(events, lambda heard: [joined(heard)])


@verifies("messages.from-task", on=messages_of_a_task)
def test_tokens_come_from_a_task(recording: RecordingView) -> None:
    """The tokens of the model that a task calls come one by one and join to its answer."""
    heard_in_full(recording["stream"], "You said: Task joke about ice cream")


@fault("messages.from-task", where=lambda x: x.graph == "task_model")
def streams_no_tokens_from_tasks(events, exchange):
    """Does not listen to models that are called inside a task."""
    yield from without(events, "messages")


@fault("messages.from-task", where=lambda x: x.graph == "task_model")
def streams_tokens_from_tasks_twice(events, exchange):
    """Listens both in the task and in the node that awaits it."""
    for event in events:
        yield from [event, event] if event.base == "messages" else [event]


def heard_in_full(stream: ExchangeView, answer: str) -> None:
    """The pieces of a stream with one call must be its answer, token by token."""
    heard = texts(pieces(stream))
    token_by_token(answer, heard, "the pieces of the only call", stream.exchange)
    joins_to(answer, heard, "the pieces of the only call", stream.exchange)


@verifies("messages.parallel-models", on=messages_of_models_at_once)
def test_models_that_answer_at_once_are_told_apart(recording: RecordingView) -> None:
    """The pieces of each id name one node, and join to the answer of this node; how the two interleave is free."""
    stream = recording["stream"]
    found = pieces(stream)
    nodes: dict[Any, Any] = {}
    for piece in found:
        node = piece.metadata.get("langgraph_node")
        first = nodes.setdefault(piece.call, node)
        expect(node == first, f"the call {shown(piece.call)} was in node {first}, now in {shown(node)}", piece.event)
    equal(sorted(map(str, nodes.values())), sorted(BOTH), "the nodes of the calls, one for each id", stream.exchange)
    for call, node in nodes.items():
        heard = texts(piece for piece in found if piece.call == call)
        joins_to(BOTH[node], heard, f"the pieces of the call in `{node}`", stream.exchange)


@fault("messages.parallel-models", where=lambda x: x.graph == "models_at_once")
def names_the_node_that_started_first(events, exchange):
    """Says of all pieces of a step that the node that spoke first had sent them."""
    nodes: list[str] = []

    def renamed(piece, metadata):
        nodes.append(metadata["langgraph_node"])
        return [piece, {**metadata, "langgraph_node": nodes[0]}]

    yield from changed(events, renamed)


@fault("messages.parallel-models", where=lambda x: x.graph == "models_at_once")
def gives_models_at_once_one_id(events, exchange):
    """Gives the calls that run at the same time one id."""
    yield from changed(events, lambda piece, metadata: [{**piece, "id": "the-step"}, metadata])


@fault("messages.parallel-models", where=lambda x: x.graph == "models_at_once")
def holds_back_every_first_piece(events, exchange):
    """Sends the first piece of a call after its others, as unordered workers may."""
    known: dict[str, Any] = {}
    for event in events:
        if event.base != "messages" or known.setdefault(call_of(event), event) is not event:
            yield event
    yield from known.values()


@verifies("messages.metadata-details", on=messages_of_tokens)
def test_the_metadata_tells_step_run_and_model(recording: RecordingView) -> None:
    """The metadata of each piece tells step, checkpoint namespace, run, provider and type of the model."""
    stream = recording["stream"]
    run = run_id_of(stream)
    for event, _, _, metadata in pieces(stream):
        step = metadata.get("langgraph_step")
        integer = isinstance(step, int) and not isinstance(step, bool)
        expect(integer, f"langgraph_step is no integer: {shown(step)}", event)
        for key in ("langgraph_checkpoint_ns", "ls_provider", "ls_model_type"):
            expect(isinstance(metadata.get(key), str), f"{key} is no text: {shown(metadata.get(key))}", event)
        equal(metadata.get("run_id"), run, "run_id in the metadata of a piece, by the metadata event", event)


@fault("messages.metadata-details")
def tells_only_the_node(events, exchange):
    """Leaves everything but node and tags out of the metadata."""
    known = ("langgraph_node", "tags")
    yield from changed(events, lambda piece, said: [piece, {key: said[key] for key in known if key in said}])


@fault("messages.metadata-details")
def tells_another_run(events, exchange):
    """Puts the id of the model's call where the run's id belongs."""
    yield from changed(events, lambda piece, said: [piece, {**said, "run_id": piece["id"]}])


@fault("messages.metadata-details")
def tells_the_step_as_text(events, exchange):
    """Writes the number of the step as text."""
    yield from changed(events, lambda piece, said: [piece, {**said, "langgraph_step": str(said["langgraph_step"])}])
