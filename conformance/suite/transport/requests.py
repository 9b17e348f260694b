"""Which requests a server must accept, and that each stream carries the requested run and no other."""

from urllib.parse import quote

from conformance.authoring import (
    Answer,
    Condition,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    condition,
    expect,
    fault,
    is_join,
    is_stateless,
    is_stream,
    of_graph,
    rewritten,
    same_output,
    scenario,
    showing_a_run,
    verifies,
)
from conformance.suite.graphs import TOPIC

INPUTS = {"joke": TOPIC, "counter": {"n": 2}}
NODES = {"joke": {"refine_topic", "generate_joke"}, "counter": {"step"}}
"""The nodes of each graph; their updates show which graph ran."""


@scenario(graph=("joke", "counter"))
async def posted_by_name(server: Server) -> None:
    """Stream a run of the graph, requested by the name under which it is deployed."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["updates"])


SDK_HEADERS = {
    "python": {"Accept": "text/event-stream", "Cache-Control": "no-store"},
    "javascript": {"Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
}
SDK_FIELDS = {"python": {"stream_subgraphs": False, "stream_resumable": False}, "javascript": {}}
"""What the SDKs Python 0.4.14 and JavaScript 1.15.0 (with Node's fetch) add to the specification's example, 123-178."""


@scenario(graph="joke", sdk=tuple(SDK_HEADERS))
async def posted_by_an_sdk(server: Server, sdk: str) -> None:
    """Send exactly what an official SDK sends; stream_mode is a string, as in the specification's samples."""
    thread = await server.threads.create()
    body = {"input": TOPIC, "stream_mode": "updates", **SDK_FIELDS[sdk], "assistant_id": server.assistant}
    url = f"/threads/{quote(thread, safe='')}/runs/stream"
    await server.ask("stream", "POST", url, body, kind="stream", headers=SDK_HEADERS[sdk])


ON_THREADS = {"thread 1": ["cats"], "thread 2": ["dogs", "ants"]}
WITHOUT = {"no thread 1": ["owls", "bees", "eels"], "no thread 2": ["rats", "newts"]}


@scenario(
    graph="fanout",
    exchanges=("create thread 1", "create thread 2", "thread 1", "thread 2", "no thread 1", "no thread 2"),
)
async def posted_together(server: Server) -> None:
    """Request four runs at the same time, each with its own subjects; the server may queue them."""
    threads = {name: await server.threads.create(name=f"create {name}") for name in ON_THREADS}
    runs = [
        server.runs.stream(threads.get(name), name=name, input={"subjects": subjects}, stream_mode=["updates"])
        for name, subjects in (ON_THREADS | WITHOUT).items()
    ]
    for run in runs:
        await run.ended()


UNKNOWN = "not_a_field_of_this_api"


@scenario(graph="joke", exchanges=("create thread", "without", "with"))
async def posted_with_an_unknown_field(server: Server) -> None:
    """Send the same body twice: without and with a key that no server knows."""
    thread = await server.threads.create()
    known = {"input": TOPIC, "stream_mode": ["updates"]}
    await server.runs.streamed(thread, name="without", **known)
    await server.runs.streamed(thread, name="with", valid=False, **known, **{UNKNOWN: {"any": ["thing", 1]}})


def has_field(key: str) -> Condition:
    """Runs that were started with this key in the body."""
    return Condition(lambda exchange: key in exchange.body)


# --- transport.assistant-by-name ---


@verifies("transport.assistant-by-name", on=posted_by_name)
def test_the_graph_of_that_name_runs(recording: RecordingView) -> None:
    """The stream carries updates of every node of the named graph, and of no other node."""
    stream, graph = recording["stream"], recording.axes["graph"]
    missing = set(NODES[graph])
    for event in stream["updates"]:
        nodes = set(event.value) if isinstance(event.value, dict) else set()
        expect(
            nodes and nodes <= NODES[graph],
            f"every update must be of a node of `{graph}`; this one is of {sorted(nodes)}",
            event,
        )
        missing -= nodes
    expect(not missing, f"every node of `{graph}` must run; no update of {sorted(missing)} arrived", stream)


@fault("transport.assistant-by-name", where=~of_graph("joke"))
def runs_the_first_graph_whatever_the_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Always runs the first deployed graph."""
    yield from rewritten(events, "updates", lambda value: {"refine_topic": {"topic": "undefined and cats"}})


@fault("transport.assistant-by-name", where=of_graph("counter"))
def runs_nothing_for_a_name(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Looks up the name as an id, finds nothing, and streams a run without output."""
    yield from (event for event in events if event.base == "metadata")


# --- transport.sdk-body ---


@verifies("transport.sdk-body", on=posted_by_an_sdk)
def test_what_an_sdk_sends_is_accepted(recording: RecordingView) -> None:
    """The server answers the request of each SDK with the updates of the run."""
    stream = recording["stream"]
    nodes = {node for event in stream["updates"] if isinstance(event.value, dict) for node in event.value}
    missing = sorted(NODES["joke"] - nodes)
    expect(
        not missing, f"the SDK's request must be answered with the whole run; no update of {missing} arrived", stream
    )


@condition
def sends_mode_as_string(exchange: FaultContext) -> bool:
    """Runs that were started with a stream_mode that is a string."""
    return isinstance(exchange.body.get("stream_mode"), str)


@fault("transport.sdk-body", part="answer", where=is_stream & has_field("stream_resumable"))
def refuses_stream_resumable(answer: Answer, exchange: FaultContext) -> None:
    """Answers 422 to a body with stream_resumable, which it does not support."""
    answer.refuse(422)


@fault("transport.sdk-body", part="answer", where=is_stream & sends_mode_as_string)
def wants_a_list_of_modes(answer: Answer, exchange: FaultContext) -> None:
    """Answers 422 to a stream_mode that is a string."""
    answer.refuse(422)


@condition
def sets_subgraphs_to_false(exchange: FaultContext) -> bool:
    """Runs that were started with stream_subgraphs, but not with the value true."""
    return "stream_subgraphs" in exchange.body and not exchange.subgraphs


@fault("transport.sdk-body", where=sets_subgraphs_to_false)
def streams_nothing_for_a_false_flag(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Reads a false stream_subgraphs as a request not to stream, and sends the metadata alone."""
    yield from (event for event in events if event.base == "metadata")


# --- transport.concurrent-runs ---


@verifies("transport.concurrent-runs", on=posted_together)
def test_runs_in_flight_together_do_not_mix(recording: RecordingView) -> None:
    """Each stream carries exactly the updates of its own run, each once, in any order."""
    for name, subjects in (ON_THREADS | WITHOUT).items():
        stream = recording[name]
        jokes = [f"joke about {subject}" for subject in subjects]
        steps = [{"plan": {"planned": len(jokes)}}, *({"gen": {"jokes": [joke]}} for joke in jokes)]
        rest = [*steps, {"pick": {"best": min(jokes)}}]
        for event in stream["updates"]:
            foreign = f"`{name}` asked for {subjects}; this update is not of its run, or is a duplicate"
            expect(event.value in rest, foreign, event)
            rest.remove(event.value)
        expect(not rest, f"`{name}` asked for {subjects}; these updates are missing: {rest}", stream)


@fault("transport.concurrent-runs", where=of_graph("fanout"))
def mixes_in_another_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the output of all runs through one queue, so that a stream carries an update of another run."""
    for event in events:
        yield event
        if event.base == "updates" and "plan" in event.value:
            yield event.holding({"gen": {"jokes": ["joke about another run"]}})


@fault("transport.concurrent-runs", where=of_graph("fanout") & ~is_join)
def runs_the_last_input_for_all(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Stores the input in one place, so that every run has the input of the latest request."""
    for event in events:
        text = event.text
        for subject in exchange.body["input"]["subjects"]:
            text = text.replace(f"about {subject}", "about lions")
        yield event.saying(text)


@fault("transport.concurrent-runs", where=of_graph("fanout") & is_stateless)
def loses_to_another_reader(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Lets all readers take events from one queue, so that another reader receives the second half."""
    updates = 0
    for event in events:
        updates += event.base == "updates"
        if updates < 3:
            yield event


# --- transport.unknown-fields ---


@verifies("transport.unknown-fields", on=posted_with_an_unknown_field)
def test_an_unknown_field_is_ignored(recording: RecordingView) -> None:
    """The updates of a run are the same with and without a body key that the server does not know."""
    plain = showing_a_run(recording["without"])
    other = recording["with"]
    other.expect_capability("thread.next-run")  # it is the second run of its thread
    what = f"the updates of a run with the body key `{UNKNOWN}`"
    same_output("updates", other["updates"], plain["updates"], what, other)


@fault("transport.unknown-fields", part="answer", where=is_stream & has_field(UNKNOWN))
def refuses_unknown_fields(answer: Answer, exchange: FaultContext) -> None:
    """Answers 422 to a body key that it does not know."""
    answer.refuse(422)
