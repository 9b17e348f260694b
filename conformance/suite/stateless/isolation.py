"""Runs without a thread: that they share no state with other runs, and leave none on the server."""

from typing import Any

from conformance.authoring import (
    Answer,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    Stream,
    at_path,
    condition,
    equal,
    expect,
    fault,
    inconclusive,
    is_stateless,
    member,
    of_graph,
    scenario,
    shown,
    verifies,
)


@scenario(
    graph="accumulate",
    exchanges=("create thread", "x without a thread", "x on a thread", "y without a thread", "y on a thread"),
    long=True,
)
async def accumulate_without_thread(server: Server) -> None:
    """Stream two runs without a thread and two on one thread, alternately."""
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
async def traces_of_runs(server: Server) -> None:
    """Stream a run on a thread and one without, and look for the thread and state of each when it has ended."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, name="kept run", **traced("with a thread", server))
    await server.threads.get(thread, name="kept thread")
    await server.threads.get_state(thread, name="kept state")
    stream = await server.runs.streamed(None, name="other run", **traced("without a thread", server))
    hidden = thread_named_by(stream)
    if hidden is not None:
        await server.threads.get(hidden, name="other thread", valid=False)
        await server.threads.get_state(hidden, name="other state", valid=False)
    else:  # the list holds the states of other users' threads, so it is only requested if there is no other way
        await server.ask("list threads", "POST", "/threads/search", {"limit": 1000})


def traced(how: str, server: Server) -> dict[str, Any]:
    """Return the fields of a run whose topic occurs in no other run."""
    return {"input": {"topic": f"{server.nonce} {how}"}, "stream_mode": ["events"]}


def thread_named_by(stream: Stream) -> str | None:
    """Return the id of the thread that the server used for the run, None if the first event does not name it."""
    found = member(stream.first("events"), "metadata", "thread_id")
    return found if isinstance(found, str) and found else None


# --- stateless.nothing-shared ---


def final_state(stream: ExchangeView) -> Any:
    """Return the data of the last values event, None if there is none."""
    return next(iter(stream["values"].values[::-1]), None)


@verifies("stateless.nothing-shared", on=accumulate_without_thread)
def test_a_run_without_thread_sees_no_other(recording: RecordingView) -> None:
    """A run without a thread ends with the state that its own input produces, whatever other runs left."""
    found = final_state(recording["y on a thread"])
    if found != {"item": "y", "items": ["x", "y"], "count": 2}:
        inconclusive(f"not even two runs on one thread accumulate: they end in {shown(found)}, so nothing is shown")
    for item in ("x", "y"):
        stream = recording[f"{item} without a thread"]
        own = {"item": item, "items": [item], "count": 1}
        equal(final_state(stream), own, f"the final state of `{stream.name}`", stream)


@fault("stateless.nothing-shared", where=is_stateless & of_graph("accumulate"))
def has_one_hidden_thread(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Performs all runs without a thread on one hidden thread."""
    for event in events:
        state = event.value
        if event.base == "values" and state.get("item") != "x":
            event = event.holding(state | {"items": ["x", *state.get("items", [])], "count": state.get("count", 0) + 1})
        yield event


@fault("stateless.nothing-shared", where=is_stateless & of_graph("accumulate"))
def starts_from_the_last_state(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Starts a run without a thread from the state that any earlier run left."""
    for event in events:
        if event.base == "values":
            event = event.holding(event.value | {"items": ["x", "y", *event.value.get("items", [])]})
        yield event


# --- stateless.nothing-kept ---


@verifies("stateless.nothing-kept", on=traces_of_runs)
def test_nothing_is_found_of_a_run_without_thread(recording: RecordingView) -> None:
    """The requests that find the thread and state of a run on a thread find nothing of a run without a thread."""
    for name in ("kept run", "other run"):
        stream = recording[name]
        topic = produced_topic(stream)
        produced = any(topic in event.text for event in stream["events"])
        expect(produced, f"`{name}` must run the graph; no event holds {shown(topic)}", stream)
    if not judged_by_id(recording) and not judged_by_list(recording):
        inconclusive(
            "the stream names no thread_id to look up, and the list of threads (POST /threads/search) does not show "
            "the state of a run on a thread either, so what the server keeps cannot be seen"
        )


def produced_topic(stream: ExchangeView) -> str:
    """Return the topic that the graph makes of the run's own topic."""
    return f"{stream.exchange.request['input']['topic']} and cats"


def judged_by_id(recording: RecordingView) -> bool:
    """Return whether looking up a thread by its id shows its state; then fail if the other run's thread exists."""
    if not recording["kept thread"].accepted or "other thread" not in recording:
        return False
    if produced_topic(recording["kept run"]) not in body_of(recording["kept state"]):
        return False
    for name in ("other thread", "other state"):
        answer = recording[name]
        gone = f"the thread of a run without a thread must not exist; `{name}` was answered with {answer.status}"
        expect(not answer.accepted, gone, answer)
        if not answer.refused:
            inconclusive(f"`{name}` was answered with {answer.status}, which does not show whether the thread exists")
    return True


def judged_by_list(recording: RecordingView) -> bool:
    """Return whether the list of threads shows the run on a thread; fail if it shows the run without a thread."""
    if "list threads" not in recording:
        return False
    listed = recording["list threads"]
    found = produced_topic(recording["other run"]) in body_of(listed)
    expect(not found, "no thread may hold the state of a run without a thread; the list of threads has one", listed)
    return produced_topic(recording["kept run"]) in body_of(listed) and listed.ending == "complete"


def body_of(answer: ExchangeView) -> str:
    """Return the body of an accepted answer as text, empty for any other answer."""
    return answer.exchange.content.decode("utf-8", "replace") if answer.accepted else ""


@condition
def looks_up_hidden_thread(exchange: FaultContext) -> bool:
    """Requests for the thread that the stream of a run without a thread named."""
    return exchange.graph == "joke" and exchange.method == "GET" and not exchange.valid


@fault("stateless.nothing-kept", part="answer", where=looks_up_hidden_thread & ~at_path("/state"))
def leaves_its_temporary_thread(answer: Answer, exchange: FaultContext) -> None:
    """Creates a thread for a run without one and does not delete it."""
    answer.status, answer.json = 200, {"thread_id": exchange.path.rpartition("/")[2], "status": "idle", "values": {}}


@fault("stateless.nothing-kept", part="answer", where=looks_up_hidden_thread & at_path("/state"))
def keeps_the_state_readable(answer: Answer, exchange: FaultContext) -> None:
    """Deletes the temporary thread of a run but still answers requests for its state."""
    answer.status, answer.json = 200, {"values": {"topic": "cats", "joke": "This is a joke about cats"}, "next": []}
