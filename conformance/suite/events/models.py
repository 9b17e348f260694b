"""The mode `events`: what each call of a model reports from start to end, and what every event says of itself."""

from typing import Any

from conformance.authoring import (
    Event,
    ExchangeView,
    RecordingView,
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
from conformance.suite.events.nodes import events_of_models, events_of_tokens, whole_graph
from conformance.suite.graphs import ANSWER, ANSWERS
from conformance.suite.messages.pieces import joins_to, token_by_token


@verifies("events.model", on=events_of_tokens)
def test_a_model_starts_streams_and_ends(recording: RecordingView) -> None:
    """The only call starts, streams its answer token by token, and ends."""
    streams_answers(recording["stream"], [ANSWER])


@verifies("events.model", on=events_of_models)
def test_each_call_of_a_model_starts_streams_and_ends(recording: RecordingView) -> None:
    """Each of the four calls starts, streams its own answer token by token, and ends."""
    streams_answers(recording["stream"], ANSWERS)


def streams_answers(stream: ExchangeView, answers: list[str]) -> None:
    """Each call of a model, told by its run_id, must start, stream this answer, and end."""
    found = [event for event in stream["events"] if event.value["event"].startswith("on_chat_model_")]
    calls = list(dict.fromkeys(event.value["run_id"] for event in found))
    number = f"expected {len(answers)} run_ids with on_chat_model events, came {len(calls)}"
    expect(len(calls) == len(answers), number, stream.exchange)
    for call, answer in zip(calls, answers, strict=True):
        heard = [event for event in found if event.value["run_id"] == call]
        expect(happened(heard[0]) == "start", "a call must begin with on_chat_model_start", heard[0])
        expect(happened(heard[-1]) == "end", "the last event of a call must be on_chat_model_end", heard[-1])
        for event in heard[1:-1]:
            expect(happened(event) == "stream", "between them may come on_chat_model_stream only", event)
        chunks = [(event, chunk_text(event)) for event in heard[1:-1]]
        token_by_token(answer, chunks, "the chunks of a call", stream.exchange)
        joins_to(answer, chunks, "the chunks of a call", stream.exchange)


def happened(event: Event) -> str:
    return str(event.value["event"]).removeprefix("on_chat_model_")


def chunk_text(event: Event) -> str:
    """The text of a streamed chunk, which must be an object with content."""
    chunk = event.value["data"].get("chunk")
    content = member(chunk, "content")
    expect(isinstance(content, (str, list)), f"data.chunk must be an object with content; came {shown(chunk)}", event)
    return text_of(content)


@fault("events.model")
def tells_no_tokens(events, exchange):
    """Sends no on_chat_model_stream."""
    yield from without(events, "events", lambda value: value["event"] == "on_chat_model_stream")


@fault("events.model")
def tells_only_the_tokens_of_a_model(events, exchange):
    """Sends neither start nor end of a call."""
    ends = ("on_chat_model_start", "on_chat_model_end")
    yield from without(events, "events", lambda value: value["event"] in ends)


@fault("events.model")
def writes_chunks_as_text(events, exchange):
    """Sends the text representation of a chunk."""

    def written(value):
        streamed = value["event"] == "on_chat_model_stream"
        return value | {"data": {"chunk": f"content={value['data']['chunk']['content']!r}"}} if streamed else value

    yield from rewritten(events, "events", written)


@fault("events.model")
def tells_the_answer_in_one_chunk(events, exchange):
    """Streams every call in a single chunk, its whole answer."""
    said: dict[str, str] = {}
    for event in events:
        value: Any = event.value if event.base == "events" else {"event": "", "run_id": ""}
        if value["event"] == "on_chat_model_stream":
            said[value["run_id"]] = said.get(value["run_id"], "") + text_of(value["data"]["chunk"]["content"])
            continue
        if value["event"] == "on_chat_model_end":
            whole = {"chunk": {"type": "AIMessageChunk", "content": said.get(value["run_id"], "")}}
            yield event.holding(value | {"event": "on_chat_model_stream", "data": whole})
        yield event


@verifies("events.details", on=events_of_models)
def test_events_tell_tags_node_and_run(recording: RecordingView) -> None:
    """Every event has tags and metadata, those of nodes and models the node and own tags, the whole the run's id."""
    stream = recording["stream"]
    equal(whole_graph(stream).value["run_id"], run_id_of(stream), "the run_id of the whole graph", whole_graph(stream))
    for event in stream["events"]:
        tags, metadata = event.value.get("tags"), event.value.get("metadata")
        expect(isinstance(tags, list), f"`tags` must be a list; came {shown(tags)}", event)
        expect(isinstance(metadata, dict), f"`metadata` must be an object; came {shown(metadata)}", event)
    calls = dict.fromkeys(one.value["run_id"] for one in stream["events"] if "chat_model" in one.value["event"])
    expect(len(calls) == 4, f"expected four run_ids with on_chat_model events, came {len(calls)}", stream.exchange)
    told = dict(zip(calls, (("first", "tag-a"), ("second", "tag-b"), ("third", ""), ("third", "")), strict=True))
    nodes = {node: (node, "") for node in ("first", "second", "third")}
    for event in stream["events"]:
        node, tag = told.get(event.value["run_id"]) or nodes.get(event.value["name"], ("", ""))
        if node:
            equal(event.value["metadata"].get("langgraph_node"), node, "langgraph_node in the metadata", event)
        expect(not tag or tag in event.value["tags"], f"the model's tag `{tag}` is missing", event)


@fault("events.details")
def tells_no_metadata(events, exchange):
    """Leaves the metadata out of every event."""
    yield from rewritten(events, "events", lambda value: {key: value[key] for key in value if key != "metadata"})


@fault("events.details")
def tells_no_tags_of_models(events, exchange):
    """Sends an empty list of tags with the events of models."""
    yield from rewritten(
        events, "events", lambda value: value | {"tags": []} if "chat_model" in value["event"] else value
    )


@fault("events.details")
def gives_the_whole_an_id_of_its_own(events, exchange):
    """Traces the whole graph under another id than that of the run."""
    calls: list[str] = []

    def traced(value):
        calls.append(value["run_id"])
        return value | {"run_id": "the-graph"} if value["run_id"] == calls[0] else value

    yield from rewritten(events, "events", traced)
