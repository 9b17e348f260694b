"""Which requests a server must accept, and that each stream carries the run that was asked for and no other."""

from urllib.parse import quote

from conformance.authoring import (
    RecordingView,
    expect,
    fault,
    rewritten,
    same_output,
    scenario,
    showing_a_run,
    verifies,
)
from conformance.suite.graphs import TOPIC

INPUTS = {"joke": TOPIC, "counter": {"n": 2}}
NODES = {"joke": {"refine_topic", "generate_joke"}, "counter": {"step"}}
"""What shows which graph runs."""


@scenario(graph=("joke", "counter"))
async def posted_by_name(server):
    """Two graphs, each by the name under which it is deployed."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["updates"])


SDK_HEADERS = {
    "python": {"Accept": "text/event-stream", "Cache-Control": "no-store"},
    "javascript": {"Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
}
SDK_FIELDS = {"python": {"stream_subgraphs": False, "stream_resumable": False}, "javascript": {}}
"""What the SDKs add to the specification's example, lines 123-178: Python 0.4.14, JavaScript 1.15.0 with the fetch of node."""


@scenario(graph="joke", sdk=tuple(SDK_HEADERS))
async def posted_by_an_sdk(server, sdk):
    """Exactly the body and the header fields of an official SDK; stream_mode is a string, as in the specification's samples."""
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
async def posted_together(server):
    """Four runs that are asked for together, each with subjects of its own; the server may queue them."""
    threads = {name: await server.threads.create(name=f"create {name}") for name in ON_THREADS}
    runs = [
        server.runs.stream(threads.get(name), name=name, input={"subjects": subjects}, stream_mode=["updates"])
        for name, subjects in (ON_THREADS | WITHOUT).items()
    ]
    for run in runs:
        await run.ended()


UNKNOWN = "not_a_field_of_this_api"


@scenario(graph="joke", exchanges=("create thread", "without", "with"))
async def posted_with_an_unknown_field(server):
    """One body without and one with a key that no server knows."""
    thread = await server.threads.create()
    known = {"input": TOPIC, "stream_mode": ["updates"]}
    await server.runs.streamed(thread, name="without", **known)
    await server.runs.streamed(thread, name="with", valid=False, **known, **{UNKNOWN: {"any": ["thing", 1]}})


# --- transport.assistant-by-name ---


@verifies("transport.assistant-by-name", on=posted_by_name)
def test_the_graph_of_that_name_runs(recording: RecordingView) -> None:
    """The updates come from the nodes of the graph that was named, and from no others."""
    stream, graph = recording["stream"], recording.axes["graph"]
    missing = set(NODES[graph])
    for event in stream["updates"]:
        nodes = set(event.value) if isinstance(event.value, dict) else set()
        expect(nodes and nodes <= NODES[graph], f"an update is of {sorted(nodes)}, no node of `{graph}`", event)
        missing -= nodes
    expect(not missing, f"`{graph}` was named, but no update of {sorted(missing)} came", stream.exchange)


@fault("transport.assistant-by-name", where=lambda x: x.graph != "joke")
def runs_the_first_graph_whatever_the_name(events, exchange):
    """Always runs the first graph that was deployed."""
    yield from rewritten(events, "updates", lambda value: {"refine_topic": {"topic": "undefined and cats"}})


@fault("transport.assistant-by-name", where=lambda x: x.graph == "counter")
def runs_nothing_for_a_name(events, exchange):
    """Takes the name for an id that it does not find, and streams a run of nothing."""
    yield from (event for event in events if event.base == "metadata")


# --- transport.sdk-body ---


@verifies("transport.sdk-body", on=posted_by_an_sdk)
def test_what_an_sdk_sends_is_accepted(recording: RecordingView) -> None:
    """The request of each SDK is answered with the run's updates."""
    stream = recording["stream"]
    nodes = {node for event in stream["updates"] if isinstance(event.value, dict) for node in event.value}
    missing = sorted(NODES["joke"] - nodes)
    expect(not missing, f"the SDK's request was answered without updates of {missing}", stream.exchange)


@fault("transport.sdk-body", part="answer", where=lambda x: x.is_stream and "stream_resumable" in x.body)
def refuses_stream_resumable(answer, exchange):
    """Answers 422 to a field that it does not serve."""
    answer.refuse(422)


@fault("transport.sdk-body", part="answer", where=lambda x: x.is_stream and isinstance(x.body.get("stream_mode"), str))
def wants_a_list_of_modes(answer, exchange):
    """Answers 422 to a stream_mode that is a string."""
    answer.refuse(422)


@fault("transport.sdk-body", where=lambda x: "stream_subgraphs" in x.body and not x.subgraphs)
def streams_nothing_for_a_false_flag(events, exchange):
    """Takes stream_subgraphs false for `no streaming` and sends the metadata alone."""
    yield from (event for event in events if event.base == "metadata")


# --- transport.concurrent-runs ---


@verifies("transport.concurrent-runs", on=posted_together)
def test_runs_in_flight_together_do_not_mix(recording: RecordingView) -> None:
    """Each stream carries the updates of its own subjects, each once; their order within the step is free."""
    for name, subjects in (ON_THREADS | WITHOUT).items():
        jokes = [f"joke about {subject}" for subject in subjects]
        steps = [{"plan": {"planned": len(jokes)}}, *({"gen": {"jokes": [joke]}} for joke in jokes)]
        rest = [*steps, {"pick": {"best": min(jokes)}}]
        for event in recording[name]["updates"]:
            expect(event.value in rest, f"`{name}` asked for {subjects}; this is not its output, or twice", event)
            rest.remove(event.value)
        expect(not rest, f"`{name}` asked for {subjects}; never came: {rest}", recording[name].exchange)


@fault("transport.concurrent-runs", where=lambda x: x.graph == "fanout")
def mixes_in_another_run(events, exchange):
    """Sends the output of all runs through one queue: an update of another run appears."""
    for event in events:
        yield event
        if event.base == "updates" and "plan" in event.value:
            yield event.holding({"gen": {"jokes": ["joke about another run"]}})


@fault("transport.concurrent-runs", where=lambda x: x.graph == "fanout" and not x.is_join)
def runs_the_last_input_for_all(events, exchange):
    """Keeps the input in one place: the last one wins for every run."""
    for event in events:
        text = event.text
        for subject in exchange.body["input"]["subjects"]:
            text = text.replace(f"about {subject}", "about lions")
        yield event.saying(text)


@fault("transport.concurrent-runs", where=lambda x: x.graph == "fanout" and x.stateless)
def loses_to_another_reader(events, exchange):
    """Lets all readers take from one queue: another one got the second half."""
    updates = 0
    for event in events:
        updates += event.base == "updates"
        if updates < 3:
            yield event


# --- transport.unknown-fields ---


@verifies("transport.unknown-fields", on=posted_with_an_unknown_field)
def test_an_unknown_field_is_ignored(recording: RecordingView) -> None:
    """The same run, with and without the field."""
    plain = showing_a_run(recording["without"])
    other = recording["with"]
    what = f"the updates of a run with the body key `{UNKNOWN}`"
    same_output("updates", other["updates"], plain["updates"], what, other.exchange)


@fault("transport.unknown-fields", part="answer", where=lambda x: x.is_stream and UNKNOWN in x.body)
def refuses_unknown_fields(answer, exchange):
    """Answers 422 to a key that it does not know."""
    answer.refuse(422)
