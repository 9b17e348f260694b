"""Where tokens come from: a tool or a task that calls a model; and the details in the metadata of a message chunk."""

from typing import Any

from conformance.authoring import (
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    equal,
    expect,
    fault,
    of_graph,
    run_id_of,
    shown,
    verifies,
    without,
)
from conformance.suite.messages.scenarios import (
    change_calls,
    change_metadata,
    chunks_of,
    joins_to,
    messages_of_a_task,
    messages_of_a_tool,
    messages_of_tokens,
    texts,
    token_by_token,
    whole_answer,
)


@verifies("messages.from-tool", on=messages_of_a_tool)
def test_tokens_come_from_a_tool(recording: RecordingView) -> None:
    """The answer of the model that a tool calls arrives token by token and complete."""
    streams_answer(recording["stream"], "You said: Tool joke about ice cream")


@fault("messages.from-tool", where=of_graph("tool_model"))
def streams_no_tokens_from_tools(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no tokens of a model that a tool calls."""
    yield from without(events, "messages")


@fault("messages.from-tool", where=of_graph("tool_model"))
def sends_the_answer_of_a_tools_model_in_one_piece(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the answer of a model that a tool calls in one message chunk, when the tool has returned."""
    yield from change_calls(events, lambda call: [whole_answer(call)])


@verifies("messages.from-task", on=messages_of_a_task)
def test_tokens_come_from_a_task(recording: RecordingView) -> None:
    """The answer of the model that a task calls arrives token by token and complete."""
    streams_answer(recording["stream"], "You said: Task joke about ice cream")


@fault("messages.from-task", where=of_graph("task_model"))
def streams_no_tokens_from_tasks(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no tokens of a model that a task calls."""
    yield from without(events, "messages")


@fault("messages.from-task", where=of_graph("task_model"))
def streams_tokens_from_tasks_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each token of a model that a task calls twice."""
    for event in events:
        yield from [event, event] if event.base == "messages" else [event]


def streams_answer(stream: ExchangeView, answer: str) -> None:
    """Fail unless the message chunks of a stream with one call are its answer, token by token."""
    parts = texts(chunks_of(stream))
    token_by_token(answer, parts, "the chunks of the only call", stream)
    joins_to(answer, parts, "the chunks of the only call", stream)


@verifies("messages.metadata-details", on=messages_of_tokens)
def test_the_metadata_tells_step_run_and_model(recording: RecordingView) -> None:
    """The metadata of each chunk names step, checkpoint namespace and run, and the model's provider and type."""
    stream = recording["stream"]
    run = run_id_of(stream)
    for event, _, _, metadata in chunks_of(stream):
        step = metadata.get("langgraph_step")
        integer = isinstance(step, int) and not isinstance(step, bool)
        expect(integer, f"`langgraph_step` must be an integer; received {shown(step)}", event)
        for key in ("langgraph_checkpoint_ns", "ls_provider", "ls_model_type"):
            value = metadata.get(key)
            expect(isinstance(value, str), f"`{key}` must be a string; received {shown(value)}", event)
        equal(metadata.get("run_id"), run, "`run_id` must be that of the metadata event", event)


@fault("messages.metadata-details")
def tells_only_the_node(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the node and the tags in the metadata of a message chunk."""
    known = ("langgraph_node", "tags")
    yield from change_metadata(events, lambda chunk, metadata: {key: metadata[key] for key in known if key in metadata})


@fault("messages.metadata-details")
def tells_another_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the id of the model call in place of the run's id."""
    yield from change_metadata(events, lambda chunk, metadata: {**metadata, "run_id": chunk["id"]})


@fault("messages.metadata-details")
def tells_the_step_as_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the number of the step as a string."""

    def as_text(chunk: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
        return {**metadata, "langgraph_step": str(metadata["langgraph_step"])}

    yield from change_metadata(events, as_text)
