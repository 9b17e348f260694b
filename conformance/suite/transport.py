"""The transport: which requests are answered with an event stream, and how that answer begins and ends.

It looks at heads, endings and whose output a stream carries; what the events say is left to the other areas.
"""

from urllib.parse import quote

from conformance import (
    EVERY_STREAM,
    Heard,
    View,
    cannot_tell,
    equal,
    expect,
    fail,
    fault,
    projection,
    requested,
    scenario,
    verifies,
)

TOPIC = {"topic": "ice cream"}


@scenario(graph="joke")
async def posted_on_a_thread(server):
    """A run on a new thread, norm 183-205."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"])


@scenario(graph="joke")
async def posted_without_a_thread(server):
    """The same without a thread, norm 841-897."""
    await server.runs.streamed(None, input=TOPIC, stream_mode=["updates"])


INPUTS = {"joke": TOPIC, "counter": {"n": 2}}
NODES = {"joke": {"refine_topic", "generate_joke"}, "counter": {"step"}}
"""What shows which graph runs."""


@scenario(graph=("joke", "counter"))
async def posted_by_name(server):
    """Two graphs, each by the name under which it is deployed."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["updates"])


@scenario(graph="fails")
async def posted_to_a_failing_graph(server):
    """A run whose second node fails."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"delay": 0}, stream_mode=["updates"])


SDK_HEADERS = {
    "python": {"Accept": "text/event-stream", "Cache-Control": "no-store"},
    "javascript": {"Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
}
SDK_FIELDS = {"python": {"stream_subgraphs": False, "stream_resumable": False}, "javascript": {}}
"""What the SDKs add to the norm's example, lines 123-178: Python 0.4.14, JavaScript 1.15.0 with the fetch of node."""


@scenario(graph="joke", sdk=tuple(SDK_HEADERS))
async def posted_by_an_sdk(server, sdk):
    """Exactly the body and the header fields of an official SDK; stream_mode is a string, as in the norm's samples."""
    thread = await server.threads.create()
    body = {"input": TOPIC, "stream_mode": "updates", **SDK_FIELDS[sdk], "assistant_id": server.assistant}
    url = f"/threads/{quote(thread, safe='')}/runs/stream"
    await server.ask("stream", "POST", url, body, kind="stream", headers=SDK_HEADERS[sdk])


ON_THREADS = {"thread 1": ["cats"], "thread 2": ["dogs", "ants"]}
WITHOUT = {"no thread 1": ["owls", "bees", "eels"], "no thread 2": ["rats", "newts"]}


@scenario(graph="fanout")
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


@scenario(graph="joke")
async def posted_with_an_unknown_field(server):
    """One body without and one with a key that no server knows."""
    thread = await server.threads.create()
    known = {"input": TOPIC, "stream_mode": ["updates"]}
    await server.runs.streamed(thread, name="without", **known)
    await server.runs.streamed(thread, name="with", valid=False, **known, **{UNKNOWN: {"any": ["thing", 1]}})


def carried(stream: Heard) -> Heard:
    """The stream, if it brought metadata and a requested mode; what shows no run tells nothing of its transport."""
    bases = {event.base for event in stream.events}
    if "metadata" not in bases or not bases & requested(stream.exchange):
        cannot_tell(f"`{stream.name}` carried no metadata event and event of a requested mode")
    return stream


# --- transport.stream-on-thread ---


def answered_directly(stream: Heard) -> None:
    exchange = stream.exchange
    if exchange.status is None or exchange.status >= 400:
        stream.expect_stream()
    expect(exchange.status == 200, f"`{stream.name}` was answered {exchange.status}, expected 200", exchange)
    media = f"`{stream.name}` has the media type `{exchange.media_type}`, expected text/event-stream in lower case"
    expect(exchange.media_type == "text/event-stream", media, exchange)


@verifies("transport.stream-on-thread")
def test_a_run_on_a_thread_is_answered_with_an_event_stream(posted_on_a_thread: View) -> None:
    """Status 200 and text/event-stream, and the stream carries the run."""
    answered_directly(posted_on_a_thread["stream"])
    carried(posted_on_a_thread["stream"])


@verifies("transport.stream-on-thread", over=EVERY_STREAM)
def test_every_run_on_a_thread_is_answered_with_an_event_stream(stream: Heard) -> None:
    """Whatever its graph and modes."""
    unanswered = stream.exchange.how == "left" and stream.status is None
    if stream.exchange.kind == "stream" and "/threads/" in stream.exchange.url and not unanswered:
        answered_directly(stream)


def on_thread(x):
    return x.kind == "stream" and not x.stateless


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def answers_line_by_line(answer, exchange):
    """Calls the stream application/x-ndjson."""
    answer.replace_header("content-type", "application/x-ndjson")


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def writes_the_media_type_in_capitals(answer, exchange):
    """Sends Text/Event-Stream, which both SDKs refuse to read."""
    answer.replace_header("content-type", "Text/Event-Stream; charset=utf-8")


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def answers_created(answer, exchange):
    """Answers 201, for a run was created."""
    answer.status = 201


@fault("transport.stream-on-thread", part="answer", where=on_thread)
def redirects_to_a_trailing_slash(answer, exchange):
    """Answers 307 to the same path with a slash at its end."""
    answer.refuse(307)
    answer.replace_header("location", exchange.path + "/")


# --- transport.assistant-by-name ---


@verifies("transport.assistant-by-name")
def test_the_graph_of_that_name_runs(posted_by_name: View) -> None:
    """The updates come from the nodes of the graph that was named, and from no others."""
    stream, graph = posted_by_name["stream"], posted_by_name.axes["graph"]
    missing = set(NODES[graph])
    for event in stream["updates"]:
        nodes = set(event.value) if isinstance(event.value, dict) else set()
        expect(nodes and nodes <= NODES[graph], f"an update is of {sorted(nodes)}, no node of `{graph}`", event)
        missing -= nodes
    expect(not missing, f"`{graph}` was named, but no update of {sorted(missing)} came", stream.exchange)


@fault("transport.assistant-by-name", where=lambda x: x.graph != "joke")
def runs_the_first_graph_whatever_the_name(events, exchange):
    """Always runs the first graph that was deployed."""
    for event in events:
        yield event.holding({"refine_topic": {"topic": "undefined and cats"}}) if event.base == "updates" else event


@fault("transport.assistant-by-name", where=lambda x: x.graph == "counter")
def runs_nothing_for_a_name(events, exchange):
    """Takes the name for an id that it does not find, and streams a run of nothing."""
    yield from (event for event in events if event.base == "metadata")


# --- transport.ends ---


def ends(stream: Heard) -> None:
    exchange = stream.exchange
    how = f"the body of `{stream.name}` did not end as HTTP says ({exchange.how}: {exchange.detail})"
    expect(exchange.how == "complete", how, exchange)


@verifies("transport.ends", over=EVERY_STREAM)
def test_every_stream_ends_by_itself(stream: Heard) -> None:
    """The body is complete, unless the suite's reader left."""
    if stream.exchange.is_stream and stream.exchange.how != "left" and stream.events is not None:
        ends(stream)


@verifies("transport.ends")
def test_the_stream_of_a_failed_run_ends(posted_to_a_failing_graph: View) -> None:
    """Also when the run failed."""
    ends(carried(posted_to_a_failing_graph["stream"]))


@fault("transport.ends", part="answer", where=lambda x: x.is_stream)
def comments_for_ever(answer, exchange):
    """Keeps sending comments after the last event and never closes."""
    if answer.how == "complete":
        answer.how = "length"


@fault("transport.ends", part="answer", where=lambda x: x.is_stream)
def cuts_the_connection(answer, exchange):
    """Closes the socket without the final chunk."""
    if answer.how == "complete":
        answer.how = "broken"


@fault("transport.ends", part="answer", where=lambda x: x.is_stream and x.graph == "fails")
def hangs_after_a_failure(answer, exchange):
    """Leaves the stream of a failed run open."""
    answer.how = "deadline"


# --- transport.sdk-body ---


@verifies("transport.sdk-body")
def test_what_an_sdk_sends_is_accepted(posted_by_an_sdk: View) -> None:
    """The request of each SDK is answered with the run's updates."""
    stream = posted_by_an_sdk["stream"]
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


@verifies("transport.concurrent-runs")
def test_runs_in_flight_together_do_not_mix(posted_together: View) -> None:
    """Each stream carries the updates of its own subjects, each once; their order within the step is free."""
    for name, subjects in (ON_THREADS | WITHOUT).items():
        jokes = [f"joke about {subject}" for subject in subjects]
        steps = [{"plan": {"planned": len(jokes)}}, *({"gen": {"jokes": [joke]}} for joke in jokes)]
        rest = [*steps, {"pick": {"best": min(jokes)}}]
        for event in posted_together[name]["updates"]:
            expect(event.value in rest, f"`{name}` asked for {subjects}; this is not its output, or twice", event)
            rest.remove(event.value)
        expect(not rest, f"`{name}` asked for {subjects}; never came: {rest}", posted_together[name].exchange)


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


@verifies("transport.unknown-fields")
def test_an_unknown_field_is_ignored(posted_with_an_unknown_field: View) -> None:
    """The same run, with and without the field."""
    plain = carried(posted_with_an_unknown_field["without"])
    other = posted_with_an_unknown_field["with"]
    came, expected = (projection("updates", stream["updates"]) for stream in (other, plain))
    equal(came, expected, f"the updates of a run with the body key `{UNKNOWN}`", other.exchange)


@fault("transport.unknown-fields", part="answer", where=lambda x: x.is_stream and UNKNOWN in x.body)
def refuses_unknown_fields(answer, exchange):
    """Answers 422 to a key that it does not know."""
    answer.refuse(422)


# --- transport.content-location ---


def run_id_of(stream: Heard) -> str:
    """The run's id by its metadata event; cantTell where none tells it."""
    for event in stream["metadata"]:
        found = event.value.get("run_id") if isinstance(event.value, dict) else None
        if isinstance(found, str) and found:
            return found
    cannot_tell(f"`{stream.name}` has no metadata event that tells the run's id")


@verifies("transport.content-location")
def test_content_location_names_the_run(posted_on_a_thread: View, posted_without_a_thread: View) -> None:
    """It ends in /runs/ and the run's id, on a thread and without one."""
    for view in (posted_on_a_thread, posted_without_a_thread):
        stream = view["stream"]
        run, location = run_id_of(carried(stream)), stream.exchange.header("content-location")
        if location is None:
            fail("the answer has no Content-Location", stream.exchange)
        fits = location.endswith((f"/runs/{run}", f"/runs/{quote(run, safe='')}"))
        expect(fits, f"Content-Location is `{location}`, expected one that ends in /runs/{run}", stream.exchange)


@fault("transport.content-location", part="answer", where=lambda x: x.kind == "stream")
def leaves_out_content_location(answer, exchange):
    """Does not say where the run is."""
    answer.replace_header("content-location", None)


@fault("transport.content-location", part="answer", where=lambda x: x.kind == "stream")
def appends_stream_to_content_location(answer, exchange):
    """Names the stream and not the run, so that clients read the id of the run as `ID/stream`."""
    location = next((value for name, value in answer.headers if name.lower() == "content-location"), "")
    answer.replace_header("content-location", f"{location}/stream")


# --- transport.no-caching ---


@verifies("transport.no-caching", over=EVERY_STREAM)
def test_no_stream_may_be_cached(stream: Heard) -> None:
    """Cache-Control has the directive no-store or no-cache."""
    given = stream.exchange.header("cache-control") or ""
    directives = {part.strip().lower() for part in given.split(",")}
    fits = not stream.exchange.is_stream or directives & {"no-store", "no-cache"}
    expect(fits, f"Cache-Control is `{given}`, expected no-store or no-cache in it", stream.exchange)


@fault("transport.no-caching", part="answer", where=lambda x: x.is_stream)
def says_nothing_of_caching(answer, exchange):
    """Sends no Cache-Control."""
    answer.replace_header("cache-control", None)


@fault("transport.no-caching", part="answer", where=lambda x: x.is_stream)
def lets_caches_keep_a_stream(answer, exchange):
    """Allows every cache to keep the stream for a minute."""
    answer.replace_header("cache-control", "public, max-age=60")
