"""Runs without a thread: that they stream, and the same output as on a thread."""

from conformance.authoring import (
    Answer,
    Events,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    expect,
    fault,
    inconclusive,
    is_stateless,
    same_output,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import JOKE, TOPIC

COMPARED = ("values", "updates", "messages-tuple", "custom", "events")
"""The modes whose output may not depend on a thread; whether that of `debug` may is disputed."""

INPUTS = {
    "joke": TOPIC,
    "tokens": TOPIC,
    "echo": {"payloads": ["one", {"two": 2}, [3]]},
    "subgraph": {"foo": "foo"},
}
PRODUCED = {"joke": JOKE["joke"], "tokens": "said:", "echo": "two", "subgraph": "hi! foobar"}
"""A part of what each graph produces; it appears in values, updates, events, and in the modes below."""

ALSO = {"tokens": "messages-tuple", "echo": "custom"}
"""The mode in which a graph has output besides values, updates and events."""


@scenario(graph="joke", exchanges=("stream",))
async def joke_without_thread(server: Server) -> None:
    """Send the specification's request for a run without a thread, lines 885-897."""
    await server.runs.streamed(None, input=INPUTS["joke"], stream_mode=["updates"])


@scenario(graph=tuple(INPUTS), exchanges=("create thread", "on a thread", "without a thread"), subgraphs=(False, True))
async def with_and_without_thread(server: Server, subgraphs: bool) -> None:
    """Stream a run with the same input on a new thread and without a thread."""
    thread = await server.threads.create()
    for name, where in (("on a thread", thread), ("without a thread", None)):
        fields = {"stream_mode": list(COMPARED), "stream_subgraphs": subgraphs}
        await server.runs.streamed(where, name=name, input=INPUTS[server.graph], **fields)


def holds(events: Events, text: str) -> bool:
    """Return whether the data of any event contains the text."""
    return any(text in event.text for event in events)


# --- stateless.stream ---


@verifies("stateless.stream", on=joke_without_thread)
def test_a_graph_runs_without_a_thread(recording: RecordingView) -> None:
    """A run without a thread streams what the graph produces."""
    stream = recording["stream"]
    produced = holds(stream.events, JOKE["joke"])
    expect(produced, f"the stream must hold what the graph produces, {shown(JOKE['joke'])}; no event does", stream)


@fault("stateless.stream", part="answer", where=is_stateless)
def knows_no_run_without_thread(answer: Answer, exchange: FaultContext) -> None:
    """Answers 404 to a run without a thread, because it does not have this resource."""
    answer.refuse(404)


@fault("stateless.stream", part="answer", where=is_stateless)
def wants_a_thread_id(answer: Answer, exchange: FaultContext) -> None:
    """Requires a thread in every request for a run."""
    answer.refuse(422)


@fault("stateless.stream", where=is_stateless)
def runs_nothing_without_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Answers a run without a thread and ends the stream without running the graph."""
    yield from (event for event in events if event.base == "metadata")


# --- stateless.same-output ---


@verifies("stateless.same-output", on=with_and_without_thread)
def test_the_output_is_that_of_a_thread(recording: RecordingView) -> None:
    """In each mode a run without a thread streams the same events as a run on a thread, apart from ids and times."""
    threaded, threadless = recording["on a thread"], recording["without a thread"]
    if not threaded.is_stream:
        inconclusive("the run on a thread was refused, so there is nothing to compare with")
    graph = recording.axes["graph"]
    produced = PRODUCED[graph]
    for mode in sorted(COMPARED, key=threaded.lacks):
        if mode in {"values", "updates", "events", ALSO.get(graph)} and not holds(threaded[mode], produced):
            inconclusive(f"the run on a thread does not show {shown(produced)} in `{mode}`: nothing to compare with")
        if threaded[mode] or threadless[mode]:
            what = f"`{mode}` without a thread, compared with a run on a thread"
            same_output(mode, threadless[mode], threaded[mode], what, threadless)


@fault("stateless.same-output", where=is_stateless)
def sends_only_the_final_state_without_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only the final state of a run without a thread."""
    last = None
    for event in events:
        if event.name == "values":
            last = event
        else:
            yield event
    if last is not None:
        yield last


@fault("stateless.same-output", where=is_stateless)
def sends_no_custom_data_without_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends custom data only for runs on threads."""
    yield from without(events, "custom")


@fault("stateless.same-output", where=is_stateless)
def ignores_the_flag_without_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ignores stream_subgraphs for a run without a thread."""
    yield from (event for event in events if not event.namespace)


@fault("stateless.same-output", where=is_stateless)
def sends_no_tokens_without_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends messages only for runs on threads."""
    yield from without(events, "messages")
