"""The mode `events`: the calls of models from start to end, and the tags and metadata of every event."""

from collections.abc import Sequence
from typing import Any

from conformance.authoring import (
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    equal,
    expect,
    fault,
    member,
    rewritten,
    run_id_of,
    shown,
    text_of,
    verifies,
    without,
)
from conformance.suite.events.scenarios import events_of_models, events_of_tokens, start_of_graph
from conformance.suite.graphs import ANSWER, ANSWERS
from conformance.suite.messages.scenarios import joins_to, token_by_token


@verifies("events.model", on=events_of_tokens)
def test_a_model_starts_streams_and_ends(recording: RecordingView) -> None:
    """The only model call starts, streams its answer token by token, and ends."""
    streams_answers(recording["stream"], [ANSWER])


@verifies("events.model", on=events_of_models)
def test_each_call_of_a_model_starts_streams_and_ends(recording: RecordingView) -> None:
    """Each of the four model calls starts, streams its own answer token by token, and ends."""
    streams_answers(recording["stream"], ANSWERS)


def streams_answers(stream: ExchangeView, answers: Sequence[str]) -> None:
    """Fail unless each model call, identified by its run_id, starts, streams its answer, and ends."""
    found = [event for event in stream["events"] if event.value["event"].startswith("on_chat_model_")]
    calls = list(dict.fromkeys(event.value["run_id"] for event in found))
    count = f"expected {len(answers)} run_ids with on_chat_model events; received {len(calls)}"
    expect(len(calls) == len(answers), count, stream)
    for call, answer in zip(calls, answers, strict=True):
        streams_answer([event for event in found if event.value["run_id"] == call], answer, stream)


def streams_answer(call: Sequence[Event], answer: str, stream: ExchangeView) -> None:
    """Fail unless the events of one model call are a start, chunks that join to its answer, and an end."""
    expect_event("on_chat_model_start", call[0], "the first event of a model call")
    expect_event("on_chat_model_end", call[-1], "the last event of a model call")
    for event in call[1:-1]:
        expect_event("on_chat_model_stream", event, "an event between start and end of a model call")
    chunks = [(event, chunk_text(event)) for event in call[1:-1]]
    token_by_token(answer, chunks, "the chunks of a call", stream)
    joins_to(answer, chunks, "the chunks of a call", stream)


def expect_event(name: str, event: Event, what: str) -> None:
    """Fail unless the data of an event has this inner event name."""
    happened = event.value["event"]
    expect(happened == name, f"{what} must be {name}, not {happened}", event)


def chunk_text(event: Event) -> str:
    """Return the text of a streamed chunk; fails if the chunk is not an object with content."""
    chunk = event.value["data"].get("chunk")
    content = member(chunk, "content")
    has_content = isinstance(content, (str, list))
    expect(has_content, f"`data.chunk` must be an object with `content`; received {shown(chunk)}", event)
    return text_of(content)


@fault("events.model")
def tells_no_tokens(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends no on_chat_model_stream."""
    yield from without(events, "events", lambda value: value["event"] == "on_chat_model_stream")


@fault("events.model")
def tells_only_the_tokens_of_a_model(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends neither the start nor the end of a model call."""
    ends = ("on_chat_model_start", "on_chat_model_end")
    yield from without(events, "events", lambda value: value["event"] in ends)


@fault("events.model")
def writes_chunks_as_text(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends each chunk not as an object but as its printed form, such as `content='You'`."""

    def written(value: dict[str, Any]) -> dict[str, Any]:
        streamed = value["event"] == "on_chat_model_stream"
        return value | {"data": {"chunk": f"content={value['data']['chunk']['content']!r}"}} if streamed else value

    yield from rewritten(events, "events", written)


@fault("events.model")
def tells_the_answer_in_one_chunk(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the whole answer of each model call in one chunk, when the call ends."""
    answers: dict[str, str] = {}
    for event in events:
        value: Any = event.value if event.base == "events" else {"event": "", "run_id": ""}
        if value["event"] == "on_chat_model_stream":
            answers[value["run_id"]] = answers.get(value["run_id"], "") + text_of(value["data"]["chunk"]["content"])
            continue
        if value["event"] == "on_chat_model_end":
            whole = {"chunk": {"type": "AIMessageChunk", "content": answers.get(value["run_id"], "")}}
            yield event.holding(value | {"event": "on_chat_model_stream", "data": whole})
        yield event


@verifies("events.details", on=events_of_models)
def test_events_tell_tags_node_and_run(recording: RecordingView) -> None:
    """Every event has tags and metadata, with the node and the model's tag; the whole graph has the run's id."""
    stream = recording["stream"]
    start = start_of_graph(stream)
    equal(start.value["run_id"], run_id_of(stream), "the whole graph must have the run_id of the run", start)
    for event in stream["events"]:
        tags, metadata = event.value.get("tags"), event.value.get("metadata")
        expect(isinstance(tags, list), f"`tags` must be a list; received {shown(tags)}", event)
        expect(isinstance(metadata, dict), f"`metadata` must be an object; received {shown(metadata)}", event)
    calls = dict.fromkeys(one.value["run_id"] for one in stream["events"] if "chat_model" in one.value["event"])
    expect(len(calls) == 4, f"expected four run_ids with on_chat_model events; received {len(calls)}", stream)
    of_calls = dict(zip(calls, (("first", "tag-a"), ("second", "tag-b"), ("third", ""), ("third", "")), strict=True))
    of_nodes = {node: (node, "") for node in ("first", "second", "third")}
    for event in stream["events"]:
        node, tag = of_calls.get(event.value["run_id"]) or of_nodes.get(event.value["name"], ("", ""))
        if node:
            equal(event.value["metadata"].get("langgraph_node"), node, "langgraph_node in the metadata", event)
        missing = f"the events of this call must have the tag `{tag}`; received {shown(event.value['tags'])}"
        expect(not tag or tag in event.value["tags"], missing, event)


@fault("events.details")
def tells_no_metadata(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the metadata out of every event."""
    yield from rewritten(events, "events", lambda value: {key: value[key] for key in value if key != "metadata"})


@fault("events.details")
def tells_no_tags_of_models(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an empty list of tags in the events of models."""
    yield from rewritten(
        events, "events", lambda value: value | {"tags": []} if "chat_model" in value["event"] else value
    )


@fault("events.details")
def gives_the_whole_an_id_of_its_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives the events of the whole graph another run_id than that of the run."""
    calls: list[str] = []

    def renamed(value: dict[str, Any]) -> dict[str, Any]:
        calls.append(value["run_id"])
        return value | {"run_id": "the-graph"} if value["run_id"] == calls[0] else value

    yield from rewritten(events, "events", renamed)
