"""What a run leaves on its thread: the state, its history, the statuses, and where the next run starts."""

from typing import Any

from conformance.authoring import (
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fault,
    first_difference,
    member,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import REFINED, TOLD, TOPIC

INPUTS: dict[str, Any] = {"joke": TOPIC, "counter": {"n": 3, "delay": 0}}
STEPS: dict[str, list[Any]] = {
    "joke": [REFINED, TOLD],
    "counter": [{"n": 3, "delay": 0, "count": number} for number in (1, 2, 3)],
}
"""The state after each step, the last being the final one."""

TWO_RUNS: dict[str, list[Any]] = {
    "accumulate": [({"item": "x"}, {"item": "x", "items": ["x"], "count": 1}),
                   ({"item": "y"}, {"item": "y", "items": ["x", "y"], "count": 2})],
    "counter": [({"n": 2, "delay": 0.01}, {"n": 2, "delay": 0.01, "count": 2}),
                ({"n": 3}, {"n": 3, "delay": 0.01, "count": 3})],
}  # fmt: skip
"""Two runs on one thread, each with its input and final state; the second of `counter` leaves two keys alone."""


@scenario(graph=tuple(INPUTS), exchanges=("create thread", "stream", "get state", "get history"))
async def state_after_the_stream(server):
    """State and history, read as soon as the stream has ended."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUTS[server.graph], stream_mode=["values"])
    await server.threads.get_state(thread)
    await server.threads.get_history(thread, limit=10)


@scenario(graph="joke", exchanges=("create thread", "stream", "get run", "get thread"))
async def status_after_the_stream(server):
    """The statuses of run and thread, read as soon as the stream has ended."""
    thread = await server.threads.create()
    stream = await server.runs.streamed(thread, input=INPUTS["joke"], stream_mode=["values"])
    await server.runs.get(thread, await stream.run_id())
    await server.threads.get(thread)


@scenario(graph=tuple(TWO_RUNS), exchanges=("create thread", "first run", "second run"))
async def two_runs_on_a_thread(server):
    """A second run on the thread of a first."""
    thread = await server.threads.create()
    for name, (given, _) in zip(("first run", "second run"), TWO_RUNS[server.graph], strict=True):
        await server.runs.streamed(thread, input=given, stream_mode=["values"], name=name)


def expect_final_state(stream: ExchangeView, state: dict[str, Any]) -> None:
    """The last values event must hold this state."""
    last = stream["values"][-1:]
    expect(last, f"`{stream.name}` has no values event", stream.exchange)
    equal(last[0].value, state, f"the last values event of `{stream.name}`", last[0])


@verifies("state.readable-at-close", on=state_after_the_stream)
def test_the_state_equals_the_last_values(recording: RecordingView) -> None:
    """The state that is read when the stream has ended is that of its last values event."""
    stream, state = recording["stream"], recording["get state"]
    last = stream["values"].values[-1:]
    expect(last and last[0], f"expected a last values event with the state, came {shown(last)}", stream.exchange)
    equal(member(state.json, "values"), last[0], "the thread's state and the last values event", state.exchange)


def change_values(answer, change):
    """Make a change to the values of a state; a refusal stays as it is."""
    if answer.status == 200:
        state = answer.json
        change(state["values"])
        answer.json = state


def asks_for_state(exchange):
    """Whether it reads the state of a thread."""
    return exchange.method == "GET" and exchange.path.endswith("/state")


@fault("state.readable-at-close", part="answer", where=asks_for_state)
def keeps_no_state(answer, exchange):
    """Knows no values of any thread."""
    change_values(answer, lambda values: values.clear())


@fault("state.readable-at-close", part="answer", where=asks_for_state)
def has_no_state_to_read(answer, exchange):
    """Has no such resource."""
    answer.refuse(404)


@fault("state.readable-at-close", part="answer", where=lambda x: asks_for_state(x) and x.graph == "counter")
def is_one_step_behind(answer, exchange):
    """Answers with the state before the last step."""
    change_values(answer, lambda values: values.update(count=values.get("count", 1) - 1))


@fault("state.readable-at-close", part="answer", where=lambda x: asks_for_state(x) and x.graph == "joke")
def leaves_a_key_out_of_the_state(answer, exchange):
    """Has lost the key that was written last."""
    change_values(answer, lambda values: values.pop("joke", None))


@verifies("state.next-run-continues", on=two_runs_on_a_thread)
def test_the_second_run_starts_from_the_first(recording: RecordingView) -> None:
    """Keys that the second run leaves alone are still there, and accumulating ones go on accumulating."""
    runs = TWO_RUNS[recording.axes["graph"]]
    for name, (_, state) in zip(("first run", "second run"), runs, strict=True):
        expect_final_state(recording[name], state)


@fault("state.next-run-continues", where=lambda x: x.graph == "accumulate")
def starts_every_run_empty(events, exchange):
    """Knows nothing of the runs before on the same thread."""
    for event in events:
        if event.base == "values":
            event = event.holding(event.value | {"items": event.value.get("items", [])[-1:], "count": 1})
        yield event


@fault("state.next-run-continues", where=lambda x: x.graph == "counter" and not x.is_join)
def forgets_keys_that_are_left_alone(events, exchange):
    """Drops from the state what the run's own input does not name and no node writes."""
    kept = {*exchange.body["input"], "count"}
    for event in events:
        if event.base == "values":
            event = event.holding({key: value for key, value in event.value.items() if key in kept})
        yield event


@verifies("state.history", on=state_after_the_stream)
def test_the_history_lists_every_step(recording: RecordingView) -> None:
    """The history begins with the present state and goes back over every step of the run."""
    state, history = recording["get state"], recording["get history"]
    recording["stream"].expect_stream()
    steps = STEPS[recording.axes["graph"]]
    listed = history.json
    expect(isinstance(listed, list) and listed, f"expected a list of states, came {shown(listed)}", history.exchange)
    found = [member(one, "values") for one in listed]
    equal(found[0], member(state.json, "values"), "the first of the history and the state", history.exchange)
    older = iter(found)
    for step in reversed(steps):
        reached = any(first_difference(one, step) is None for one in older)
        expect(reached, f"from newest to oldest the history lacks {shown(step)} in its place", history.exchange)


def change_list(answer, kept):
    """Keep a slice of the listed states; a refusal stays as it is."""
    if answer.status == 200:
        answer.json = answer.json[kept]


def asks_for_history(exchange):
    """Whether it reads the history of a thread."""
    return exchange.method == "POST" and exchange.path.endswith("/history")


@fault("state.history", part="answer", where=asks_for_history)
def lists_the_oldest_state_first(answer, exchange):
    """Lists the history in the order in which it came about."""
    change_list(answer, slice(None, None, -1))


@fault("state.history", part="answer", where=asks_for_history)
def lists_only_the_last_state(answer, exchange):
    """Keeps no history."""
    change_list(answer, slice(1))


@fault("state.history", part="answer", where=asks_for_history)
def lists_every_second_state(answer, exchange):
    """Keeps a state now and then."""
    change_list(answer, slice(None, None, 2))


@verifies("state.status-at-close", on=status_after_the_stream)
def test_the_run_has_succeeded(recording: RecordingView) -> None:
    """The run's status is success when its stream has ended."""
    expect_status(recording, "get run", "success")


@verifies("state.status-at-close", on=status_after_the_stream)
def test_the_thread_is_idle(recording: RecordingView) -> None:
    """The thread's status is idle when the stream of its only run has ended."""
    expect_status(recording, "get thread", "idle")


def expect_status(view: RecordingView, name: str, status: str) -> None:
    """The resource read under this name, after a stream that ended, must have this status."""
    resource = view[name]
    expect(view["stream"]["values"], "the stream carried no values event", view["stream"].exchange)
    equal(member(resource.json, "status"), status, f"the status that `{name}` tells", resource.exchange)


@fault("state.status-at-close", part="answer", where=lambda x: x.method == "GET" and "/runs/" in x.path)
def says_running_after_the_end(answer, exchange):
    """Updates the status of a run some time after its stream has ended."""
    answer.body = answer.body.replace(b'"success"', b'"running"')


@fault("state.status-at-close", part="answer", where=lambda x: x.method == "GET" and x.valid)
def leaves_the_thread_busy(answer, exchange):
    """Does not return a thread to idle."""
    answer.body = answer.body.replace(b'"idle"', b'"busy"')
