"""What a run leaves on its thread: the state, its history, the statuses, and where the next run starts."""

from collections.abc import Callable
from typing import Any

from conformance.authoring import (
    Answer,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    at_path,
    by_method,
    condition,
    equal,
    expect,
    fault,
    first_difference,
    is_join,
    member,
    of_graph,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import FINAL_STATE, REFINED, TOPIC

INPUTS: dict[str, Any] = {"joke": TOPIC, "counter": {"n": 3, "delay": 0}}
STEPS: dict[str, list[Any]] = {
    "joke": [REFINED, FINAL_STATE],
    "counter": [{"n": 3, "delay": 0, "count": number} for number in (1, 2, 3)],
}
"""The state after each step; the last one is the final state."""

TWO_RUNS: dict[str, list[Any]] = {
    "accumulate": [({"item": "x"}, {"item": "x", "items": ["x"], "count": 1}),
                   ({"item": "y"}, {"item": "y", "items": ["x", "y"], "count": 2})],
    "counter": [({"n": 2, "delay": 0.01}, {"n": 2, "delay": 0.01, "count": 2}),
                ({"n": 3}, {"n": 3, "delay": 0.01, "count": 3})],
}  # fmt: skip
"""Two runs on one thread, each with its input and final state; the second of `counter` does not touch `delay`."""


@scenario(graph=tuple(INPUTS), exchanges=("create thread", "stream", "get state", "get history"))
async def state_after_the_stream(server: Server) -> None:
    """Stream a run, and read state and history as soon as the stream has ended."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["values"])
    await server.threads.get_state(thread)
    await server.threads.get_history(thread, limit=10)


@scenario(graph="joke", exchanges=("create thread", "stream", "get run", "get thread"))
async def status_after_the_stream(server: Server) -> None:
    """Stream a run, and read the statuses of run and thread as soon as the stream has ended."""
    thread = await server.threads.create()
    stream = await server.runs.streamed(thread, input=INPUTS["joke"], stream_mode=["values"])
    await server.runs.get(thread, await stream.run_id())
    await server.threads.get(thread)


@scenario(graph=tuple(TWO_RUNS), exchanges=("create thread", "first run", "second run"))
async def two_runs_on_a_thread(server: Server) -> None:
    """Stream two runs on one thread, one after the other."""
    thread = await server.threads.create()
    for name, (given, _) in zip(("first run", "second run"), TWO_RUNS[server.graph], strict=True):
        await server.runs.streamed(thread, input=given, stream_mode=["values"], name=name)


# --- state.readable-at-close ---


@verifies("state.readable-at-close", on=state_after_the_stream)
def test_the_state_equals_the_last_values(recording: RecordingView) -> None:
    """The state that is read when the stream has ended equals the data of the last values event."""
    stream, state = recording["stream"], recording["get state"]
    last = stream["values"].values[-1:]
    expect(last and last[0], f"the last values event must hold the state; received {shown(last)}", stream)
    equal(member(state.json, "values"), last[0], "the thread's state must equal the last values event", state)


asks_for_state = by_method("GET") & at_path("/state")


def change_values(answer: Answer, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the values of a state; leave a refusal as it is."""
    if answer.status == 200:
        state = answer.json
        change(state["values"])
        answer.json = state


@fault("state.readable-at-close", part="answer", where=asks_for_state)
def keeps_no_state(answer: Answer, exchange: FaultContext) -> None:
    """Answers with empty values for every thread."""
    change_values(answer, lambda values: values.clear())


@fault("state.readable-at-close", part="answer", where=asks_for_state)
def has_no_state_to_read(answer: Answer, exchange: FaultContext) -> None:
    """Answers 404, because it does not have this resource."""
    answer.refuse(404)


@fault("state.readable-at-close", part="answer", where=asks_for_state & of_graph("counter"))
def is_one_step_behind(answer: Answer, exchange: FaultContext) -> None:
    """Answers with the state before the last step."""
    change_values(answer, lambda values: values.update(count=values.get("count", 1) - 1))


@fault("state.readable-at-close", part="answer", where=asks_for_state & of_graph("joke"))
def leaves_a_key_out_of_the_state(answer: Answer, exchange: FaultContext) -> None:
    """Loses the key that was written last."""
    change_values(answer, lambda values: values.pop("joke", None))


# --- state.next-run-continues ---


@verifies("state.next-run-continues", on=two_runs_on_a_thread)
def test_the_second_run_starts_from_the_first(recording: RecordingView) -> None:
    """The second run keeps the keys that it does not touch, and its accumulating keys continue to accumulate."""
    runs = TWO_RUNS[recording.axes["graph"]]
    for name, (_, state) in zip(("first run", "second run"), runs, strict=True):
        stream = recording[name]
        last = stream["values"][-1:]
        expect(last, f"`{name}` must stream its states; it has no values event", stream)
        equal(last[0].value, state, f"the last values event of `{name}`", last[0])


@fault("state.next-run-continues", where=of_graph("accumulate"))
def starts_every_run_empty(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Starts every run from an empty state, even on a thread that has one."""
    for event in events:
        if event.base == "values":
            event = event.holding(event.value | {"items": event.value.get("items", [])[-1:], "count": 1})
        yield event


@fault("state.next-run-continues", where=of_graph("counter") & ~is_join)
def forgets_keys_that_are_left_alone(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops the keys that neither the run's input nor a node sets."""
    kept = {*exchange.body["input"], "count"}
    for event in events:
        if event.base == "values":
            event = event.holding({key: value for key, value in event.value.items() if key in kept})
        yield event


# --- state.history ---


@verifies("state.history", on=state_after_the_stream)
def test_the_history_lists_every_step(recording: RecordingView) -> None:
    """The history starts with the current state and lists every step of the run, newest first."""
    state, history = recording["get state"], recording["get history"]
    recording["stream"].expect_stream()
    steps = STEPS[recording.axes["graph"]]
    listed = history.json
    expect(isinstance(listed, list) and listed, f"the history must be a list of states; it is {shown(listed)}", history)
    found = [member(one, "values") for one in listed]
    equal(found[0], member(state.json, "values"), "the first state of the history must be the current state", history)
    older = iter(found)
    for step in reversed(steps):
        reached = any(first_difference(one, step) is None for one in older)
        expect(reached, f"the history must list every step, newest first; {shown(step)} is not in its place", history)


asks_for_history = by_method("POST") & at_path("/history")


def keep_states(answer: Answer, kept: slice) -> None:
    """Keep a slice of the listed states; leave a refusal as it is."""
    if answer.status == 200:
        answer.json = answer.json[kept]


@fault("state.history", part="answer", where=asks_for_history)
def lists_the_oldest_state_first(answer: Answer, exchange: FaultContext) -> None:
    """Lists the history oldest first."""
    keep_states(answer, slice(None, None, -1))


@fault("state.history", part="answer", where=asks_for_history)
def lists_only_the_last_state(answer: Answer, exchange: FaultContext) -> None:
    """Keeps only the current state and no history."""
    keep_states(answer, slice(1))


@fault("state.history", part="answer", where=asks_for_history)
def lists_every_second_state(answer: Answer, exchange: FaultContext) -> None:
    """Keeps only every second state."""
    keep_states(answer, slice(None, None, 2))


# --- state.status-at-close ---


@verifies("state.status-at-close", on=status_after_the_stream)
def test_the_run_has_succeeded(recording: RecordingView) -> None:
    """The run's status is success when its stream has ended."""
    expect_status(recording, "get run", "success")


@verifies("state.status-at-close", on=status_after_the_stream)
def test_the_thread_is_idle(recording: RecordingView) -> None:
    """The thread's status is idle when the stream of its only run has ended."""
    expect_status(recording, "get thread", "idle")


def expect_status(recording: RecordingView, name: str, status: str) -> None:
    """Fail unless the stream carried a state and the resource that was read under this name has the status."""
    resource, stream = recording[name], recording["stream"]
    expect(stream["values"], "the run must stream its states; the stream has no values event", stream)
    equal(member(resource.json, "status"), status, f"the status in the answer to `{name}`", resource)


@condition
def names_run(exchange: FaultContext) -> bool:
    """Requests whose path names a run."""
    return "/runs/" in exchange.path


@condition
def is_valid(exchange: FaultContext) -> bool:
    """Requests that a server must serve."""
    return exchange.valid


@fault("state.status-at-close", part="answer", where=by_method("GET") & names_run)
def says_running_after_the_end(answer: Answer, exchange: FaultContext) -> None:
    """Updates the status of a run only some time after its stream has ended."""
    answer.body = answer.body.replace(b'"success"', b'"running"')


@fault("state.status-at-close", part="answer", where=by_method("GET") & is_valid)
def leaves_the_thread_busy(answer: Answer, exchange: FaultContext) -> None:
    """Never sets the thread's status back to idle."""
    answer.body = answer.body.replace(b'"idle"', b'"busy"')
