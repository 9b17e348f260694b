"""Runs without a thread: the same output as with one, and nothing shared, nothing kept."""

from typing import Any

from conformance.authoring import (
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fault,
    inconclusive,
    member,
    same_output,
    scenario,
    shown,
    verifies,
    without,
)
from conformance.suite.graphs import JOKE, TOPIC

COMPARED = ("values", "updates", "messages-tuple", "custom", "events")
"""The modes whose output may not depend on a thread; `debug` is disputed."""

INPUTS = {
    "joke": TOPIC,
    "tokens": TOPIC,
    "echo": {"payloads": ["one", {"two": 2}, [3]]},
    "subgraph": {"foo": "foo"},
}
PRODUCED = {"joke": JOKE["joke"], "tokens": "said:", "echo": "two", "subgraph": "hi! foobar"}
"""A part of what each graph produces, which shows in values, updates, events, and in the modes below."""

ALSO = {"tokens": "messages-tuple", "echo": "custom"}
"""The mode that a graph has output in beside values, updates and events."""


@scenario(graph="joke", exchanges=("stream",))
async def joke_without_thread(server):
    """The specification's request without a thread, lines 885-897."""
    await server.runs.streamed(None, input=INPUTS["joke"], stream_mode=["updates"])


@scenario(graph=tuple(INPUTS), exchanges=("create thread", "on a thread", "without a thread"), subgraphs=(False, True))
async def with_and_without_thread(server, subgraphs):
    """The same input on a new thread and without one."""
    thread = await server.threads.create()
    for name, where in (("on a thread", thread), ("without a thread", None)):
        fields = {"stream_mode": list(COMPARED), "stream_subgraphs": subgraphs}
        await server.runs.streamed(where, name=name, input=INPUTS[server.graph], **fields)


@scenario(
    graph="accumulate",
    exchanges=("create thread", "x without a thread", "x on a thread", "y without a thread", "y on a thread"),
    long=True,
)
async def accumulate_without_thread(server):
    """Two runs without a thread, and two on one."""
    thread = await server.threads.create()
    for item in ("x", "y"):
        for name, where in (("without a thread", None), ("on a thread", thread)):
            await server.runs.streamed(where, name=f"{item} {name}", input={"item": item}, stream_mode=["values"])


@scenario(
    graph="joke",
    exchanges=(
        "create thread",
        "kept run",
        "kept thread",
        "kept state",
        "other run",
        "other thread",
        "other state",
        "list threads",
    ),
)
async def traces_of_runs(server):
    """What can be found of a run on a thread and of one without, asked for in the same ways once each has ended."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, name="kept run", **traced("with a thread", server))
    await server.threads.get(thread, name="kept thread")
    await server.threads.get_state(thread, name="kept state")
    stream = await server.runs.streamed(None, name="other run", **traced("without a thread", server))
    hidden = thread_named_by(stream)
    if hidden is not None:
        await server.threads.get(hidden, name="other thread", valid=False)
        await server.threads.get_state(hidden, name="other state", valid=False)
    else:  # the list holds the states of other users' threads, so it is asked for only where nothing else tells
        await server.ask("list threads", "POST", "/threads/search", {"limit": 1000})


def traced(how: str, server: Any) -> dict[str, Any]:
    """A run that nobody else has asked for."""
    return {"input": {"topic": f"{server.nonce} {how}"}, "stream_mode": ["events"]}


def thread_named_by(stream: Any) -> str | None:
    """The id of the thread that the server used for the run, if its first event tells one."""
    found = member(stream.first("events"), "metadata", "thread_id")
    return found if isinstance(found, str) and found else None


@verifies("stateless.stream", on=joke_without_thread)
def test_a_graph_runs_without_a_thread(recording: RecordingView) -> None:
    """The stream shows what the graph produces."""
    stream = recording["stream"]
    told = any(JOKE["joke"] in event.text for event in stream["updates"])
    expect(told, f"no update holds what the graph produces, {shown(JOKE['joke'])}", stream.exchange)


@fault("stateless.stream", part="answer", where=lambda x: x.stateless)
def knows_no_run_without_thread(answer, exchange):
    """Has no such resource."""
    answer.refuse(404)


@fault("stateless.stream", part="answer", where=lambda x: x.stateless)
def wants_a_thread_id(answer, exchange):
    """Demands a thread in every request."""
    answer.refuse(422)


@fault("stateless.stream", where=lambda x: x.stateless)
def runs_nothing_without_thread(events, exchange):
    """Answers and ends without running the graph."""
    yield from (event for event in events if event.base == "metadata")


@verifies("stateless.same-output", on=with_and_without_thread)
def test_the_output_is_that_of_a_thread(recording: RecordingView) -> None:
    """Mode by mode both streams are the same, ids and times aside."""
    kept, other = recording["on a thread"], recording["without a thread"]
    expect_neighbour(kept.exchange.is_stream, "the run on a thread was refused")
    graph = recording.axes["graph"]
    for mode in COMPARED:
        if mode in {"values", "updates", "events", ALSO.get(graph)}:
            shows = any(PRODUCED[graph] in event.text for event in kept[mode])
            expect_neighbour(shows, f"the run on a thread does not show in `{mode}` what the graph produces")
        if kept[mode] or other[mode]:
            what = f"`{mode}` without a thread, compared with a run on one"
            same_output(mode, other[mode], kept[mode], what, other.exchange)


def expect_neighbour(condition: bool, what_is_wrong: str) -> None:
    """What a run without a thread is compared with must itself be there."""
    if not condition:
        inconclusive(f"{what_is_wrong}, so there is nothing to compare with")


@fault("stateless.same-output", where=lambda x: x.stateless)
def sends_only_the_final_state_without_thread(events, exchange):
    """Sends of the states the last."""
    last = None
    for event in events:
        if event.name == "values":
            last = event
        else:
            yield event
    if last is not None:
        yield last


@fault("stateless.same-output", where=lambda x: x.stateless)
def sends_no_custom_data_without_thread(events, exchange):
    """Passes on what nodes write on threads only."""
    yield from without(events, "custom")


@fault("stateless.same-output", where=lambda x: x.stateless)
def ignores_the_flag_without_thread(events, exchange):
    """Shows no subgraph."""
    yield from (event for event in events if not event.namespace)


@fault("stateless.same-output", where=lambda x: x.stateless)
def sends_no_tokens_without_thread(events, exchange):
    """Has the mode of messages on threads only."""
    yield from without(events, "messages")


def final_state(stream: ExchangeView) -> Any:
    """The data of the last values event; None where there is none."""
    return next(iter(stream["values"].values[::-1]), None)


@verifies("stateless.nothing-shared", on=accumulate_without_thread)
def test_a_run_without_thread_sees_no_other(recording: RecordingView) -> None:
    """Two runs without a thread each end in a state of their own, where two on one thread add up."""
    view = recording
    added = {"item": "y", "items": ["x", "y"], "count": 2}
    found = final_state(view["y on a thread"])
    expect_neighbour(found == added, f"not even two runs on one thread add up, they end in {shown(found)}")
    for item in ("x", "y"):
        stream = view[f"{item} without a thread"]
        own = {"item": item, "items": [item], "count": 1}
        equal(final_state(stream), own, f"the final state of `{stream.name}`", stream.exchange)


@fault("stateless.nothing-shared", where=lambda x: x.stateless and x.graph == "accumulate")
def has_one_hidden_thread(events, exchange):
    """Performs all runs without a thread on one thread that nobody sees."""
    for event in events:
        state = event.value
        if event.base == "values" and state.get("item") != "x":
            event = event.holding(state | {"items": ["x", *state.get("items", [])], "count": state.get("count", 0) + 1})
        yield event


@fault("stateless.nothing-shared", where=lambda x: x.stateless and x.graph == "accumulate")
def starts_from_the_last_state(events, exchange):
    """Begins a run without a thread with what any earlier run has left."""
    for event in events:
        if event.base == "values":
            event = event.holding(event.value | {"items": ["x", "y", *event.value.get("items", [])]})
        yield event


@verifies("stateless.nothing-kept", on=traces_of_runs)
def test_nothing_is_found_of_a_run_without_thread(recording: RecordingView) -> None:
    """What finds a run on a thread by the thread's id or by its state finds nothing of a run without one."""
    view = recording
    for name in ("kept run", "other run"):
        stream = view[name]
        produced = any(topic_of(stream) in event.text for event in stream["events"])
        expect(produced, f"no event of `{name}` holds {shown(topic_of(stream))}, so it did not run", stream.exchange)
    if not ids_tell(view) and not lists_threads(view):
        inconclusive(
            "the server's stream names no thread_id that could be asked for, and its list of threads (POST "
            "/threads/search) does not show the state of a run on a thread either; so what it keeps cannot be seen"
        )


def topic_of(stream: ExchangeView) -> str:
    """The topic that the graph makes of the run's own."""
    return f"{stream.exchange.request['input']['topic']} and cats"


def ids_tell(view: RecordingView) -> bool:
    """Whether asking for a thread by its id tells anything; then the other run's must be unknown."""
    kept = view["kept thread"].exchange.accepted and topic_of(view["kept run"]) in body_of(view["kept state"])
    if not kept or "other thread" not in view:
        return False
    for name in ("other thread", "other state"):
        answer = view[name]
        gone = f"`{name}` was answered {answer.status}; the thread behind a run without a thread must be gone"
        expect(not answer.exchange.accepted, gone, answer.exchange)
        if not answer.refused:
            inconclusive(f"`{name}` was answered {answer.status}, which tells nothing of the thread")
    return True


def lists_threads(view: RecordingView) -> bool:
    """Whether the list of threads shows the run on a thread; then it must not show the other."""
    if "list threads" not in view:
        return False
    listed = view["list threads"]
    found = topic_of(view["other run"]) in body_of(listed)
    expect(not found, "the list of threads has one with the state of the run without a thread", listed.exchange)
    return topic_of(view["kept run"]) in body_of(listed) and listed.exchange.ending == "complete"


def body_of(heard: ExchangeView) -> str:
    """The body of an accepted answer as text; empty for any other."""
    return heard.exchange.content.decode("utf-8", "replace") if heard.exchange.accepted else ""


def other_thread(exchange):
    """Whether it asks for the thread that a run without a thread has shown."""
    return exchange.graph == "joke" and exchange.method == "GET" and not exchange.valid


@fault("stateless.nothing-kept", part="answer", where=lambda x: other_thread(x) and not x.path.endswith("/state"))
def leaves_its_temporary_thread(answer, exchange):
    """Makes a thread for the run and does not delete it."""
    answer.status, answer.json = 200, {"thread_id": exchange.path.rpartition("/")[2], "status": "idle", "values": {}}


@fault("stateless.nothing-kept", part="answer", where=lambda x: other_thread(x) and x.path.endswith("/state"))
def keeps_the_state_readable(answer, exchange):
    """Has the state of the run under the id of a thread that it denies to have."""
    answer.status, answer.json = 200, {"values": {"topic": "cats", "joke": "This is a joke about cats"}, "next": []}
