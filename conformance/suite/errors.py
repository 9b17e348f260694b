"""What happens when a node fails: the event `error`, what is kept, what must not appear, and life afterwards."""

import re

from conformance import (
    CUT,
    MODES,
    Events,
    Heard,
    View,
    cannot_tell,
    equal,
    expect,
    fail,
    fault,
    same_sequence,
    scenario,
    schema_errors,
    shown,
    verifies,
)

INPUT = {"delay": 0}
TEXT = "the reference graph failed on purpose"
KEPT = {"ok_node": {"log": ["ok_node"]}}
"""The update of the one step that succeeds."""
WRITTEN = {"about_to": "fail"}
"""What the failing node writes before it fails."""
PLACES = ("thread", "stateless")
JOKE = [
    {"refine_topic": {"topic": "ice cream and cats"}},
    {"generate_joke": {"joke": "This is a joke about ice cream and cats"}},
]
"""The updates of an ordinary run, norm 209-210."""


@scenario(graph="fails", mode=MODES, place=PLACES)
async def failing(server, mode, place):
    """The second node fails; then an ordinary run of another graph on a new thread."""
    thread = await server.threads.create() if place == "thread" else None
    await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=[mode])
    await ordinary_run(server.on("joke"))


@scenario(graph="fails_inside", place=PLACES)
async def failing_inside(server, place):
    """A node inside a subgraph fails, and the subgraphs' output was asked for."""
    thread = await server.threads.create() if place == "thread" else None
    modes = ["values", "updates", "custom"]
    await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=modes, stream_subgraphs=True)
    await ordinary_run(server.on("joke"))


@scenario(graph="fails")
async def failed_then_healthy(server):
    """After a failure the run, the thread and its state are read; then a run on the same thread succeeds."""
    thread = await server.threads.create()
    modes = ["values", "updates", "custom"]
    stream = await server.runs.streamed(thread, name="failing", input=INPUT, stream_mode=modes)
    await server.runs.ended(thread, await stream.run_id())
    await server.threads.get(thread)
    await server.threads.get_state(thread)
    await server.runs.streamed(thread, name="healthy", input={"healthy": True}, stream_mode=modes)


async def ordinary_run(server):
    thread = await server.threads.create(name="create thread afterwards")
    await server.runs.streamed(thread, name="afterwards", input={"topic": "ice cream"}, stream_mode=["updates"])


# --- the event


@verifies("errors.error-event")
def test_a_failing_run_says_so_once_and_ends(failing: View) -> None:
    """The stream gets one event `error`, and after it at most one closing event."""
    one_error_and_then_nothing(failing["failing"])
    name = failing["failing"]["error"][0].name
    expect(name == "error", f"the event must be named error, it is {shown(name)}", failing["failing"]["error"][0])
    not_every_stream_fails(failing["afterwards"])


@verifies("errors.error-event")
def test_a_failure_inside_a_subgraph_is_told_once(failing_inside: View) -> None:
    """The same when the failing node is inside a subgraph."""
    one_error_and_then_nothing(failing_inside["failing"])
    not_every_stream_fails(failing_inside["afterwards"])


def one_error_and_then_nothing(stream: Heard) -> None:
    errors = stream["error"]
    how = stream.exchange.how
    expect(errors, f"a node failed, and no event named error came before the stream ended ({how})", stream.exchange)
    if len(errors) > 1:
        fail(f"expected one error event, then came another: {shown(errors[1].text)}", errors[1])
    rest = stream.events[errors[0].position :]
    late = rest[1:] if rest and rest[0].name == "end" else rest
    if late:
        fail(f"after the error event only one closing event may come, then came {shown(late[0].name)}", late[0])
    expect(how == "complete", f"after the error event the stream must end, it was {how}", stream.exchange)


def not_every_stream_fails(ordinary: Heard) -> None:
    """An error event tells something only where an ordinary run has none."""
    if any(event.base == "error" for event in ordinary.exchange.events):
        cannot_tell("an ordinary run ended with an error event as well")


@fault("errors.error-event")
def ends_without_a_word(events, exchange):
    """Ends the stream of a failed run as if all were well."""
    for event in events:
        if event.base != "error":
            yield event


@fault("errors.error-event")
def tells_the_failure_in_a_closing_event(events, exchange):
    """Sends `end` with a status in the place of `error`."""
    for event in events:
        yield event.named("end").holding({"status": "error"}) if event.base == "error" else event


@fault("errors.error-event")
def sends_on_after_the_error(events, exchange):
    """Repeats the last event of a mode after the error."""
    last = None
    for event in events:
        yield event
        if event.base == "error" and last is not None:
            yield last
        last = event if event.base != "metadata" else None


@fault("errors.error-event")
def tells_the_failure_twice(events, exchange):
    """Sends one error event for the node and one for the run."""
    for event in events:
        yield event
        if event.base == "error":
            yield event


@fault("errors.error-event")
def breaks_the_connection_at_a_failure(events, exchange):
    """Cuts the connection when a node fails."""
    for event in events:
        yield CUT if event.base == "error" else event


@fault("errors.error-event")
def breaks_the_connection_after_the_error(events, exchange):
    """Sends the error and cuts the connection."""
    for event in events:
        yield event
        if event.base == "error":
            yield CUT


@verifies("errors.error-shape", over=("mode", "place"))
def test_the_error_event_tells_kind_and_message(failing: dict[tuple[str, str], View]) -> None:
    """Its data is an object with the non-empty strings `error` and `message`."""
    for view in failing.values():
        event = the_error(view)
        if problems := schema_errors("error", event.value):
            fail(f"the data of the error event must be {{error, message}}: {problems[0]}", event)


def the_error(view):
    """The error event of the failing run; without one errors.error-event is red, and there is nothing to judge here."""
    not_every_stream_fails(view["afterwards"])
    errors = view["failing"]["error"]
    return errors[0] if errors else cannot_tell(f"no error event came on `failing` of `{view.recording.variant}`")


def error_data(make):
    """A fault's function that puts other data into each error event."""

    def rewrite(events, exchange):
        for event in events:
            yield event.holding(make(event.value)) if event.base == "error" else event

    return rewrite


@fault("errors.error-shape")
def error_is_null(events, exchange):
    """Sends null with the error event."""
    yield from error_data(lambda value: None)(events, exchange)


@fault("errors.error-shape")
def error_is_a_bare_string(events, exchange):
    """Sends the message alone."""
    yield from error_data(lambda value: value["message"])(events, exchange)


@fault("errors.error-shape")
def error_is_a_detail(events, exchange):
    """Sends the error in the form of a refusal."""
    yield from error_data(lambda value: {"detail": value["message"]})(events, exchange)


@fault("errors.error-shape")
def error_without_a_message(events, exchange):
    """Leaves the message empty."""
    yield from error_data(lambda value: {**value, "message": ""})(events, exchange)


@verifies("errors.message-text", over=("mode", "place"))
def test_the_message_is_what_the_node_said(failing: dict[tuple[str, str], View]) -> None:
    """The message of the error event contains the text of the node's value error."""
    for view in failing.values():
        event = the_error(view)
        message = event.value["message"]
        expect(TEXT in message, f"the message should contain {shown(TEXT)}, it is {shown(message)}", event)


@fault("errors.message-text")
def masks_the_message(events, exchange):
    """Says `internal error` whatever happened."""
    yield from error_data(lambda value: {**value, "message": "An internal error occurred"})(events, exchange)


@verifies("errors.bare-name")
def test_a_failure_inside_a_subgraph_has_a_bare_name(failing_inside: View) -> None:
    """The error event has no namespace, wherever the failing node is."""
    the_error(failing_inside)
    for event in failing_inside["failing"]["error"]:
        expect(event.name == "error", f"the event must be named error, it is {shown(event.name)}", event)


@fault("errors.bare-name", where=lambda x: x.subgraphs)
def names_the_failing_subgraph(events, exchange):
    """Sends the error under the namespace of the subgraph that failed."""
    for event in events:
        yield event.named("error|sub:1") if event.base == "error" else event


@fault("errors.bare-name", where=lambda x: x.subgraphs)
def tells_each_level_of_the_failure(events, exchange):
    """Sends the error of the subgraph, then that of the whole."""
    for event in events:
        if event.base == "error":
            yield event.named("error|sub:1")
        yield event


# --- what comes with it


@verifies("errors.earlier-events-kept", over="mode")
def test_what_came_before_the_failure_is_delivered(failing: dict[str, View]) -> None:
    """Before the error come the update and the state of the first node and the data that the second wrote."""
    first_step_is_told(failing["updates"]["failing"])
    first_state_is_told(failing["values"]["failing"])
    data_is_told(failing["custom"]["failing"])


@verifies("errors.earlier-events-kept")
def test_what_came_before_the_failure_is_delivered_in_all_modes(failed_then_healthy: View) -> None:
    """The same when the modes are asked for together."""
    stream = failed_then_healthy["failing"]
    first_step_is_told(stream)
    first_state_is_told(stream)
    data_is_told(stream)


@verifies("errors.earlier-events-kept")
def test_what_came_before_a_failure_inside_is_delivered(failing_inside: View) -> None:
    """The same when the failing node is inside a subgraph."""
    stream = failing_inside["failing"]
    first_step_is_told(stream)
    first_state_is_told(stream)
    data_is_told(stream)


def first_step_is_told(stream: Heard) -> None:
    first = Events(before_the_error(stream, "updates").root[:1])
    same_sequence(first, [KEPT], "the first update of a failing run", stream.exchange)


def first_state_is_told(stream: Heard) -> None:
    logs = [log_of(event.value) for event in before_the_error(stream, "values").root]
    expect(["ok_node"] in logs, "the state after `ok_node` must come before the error, it did not", stream.exchange)


def data_is_told(stream: Heard) -> None:
    same_sequence(before_the_error(stream, "custom"), [WRITTEN], "the custom data before the error", stream.exchange)


def before_the_error(stream: Heard, mode: str) -> Events:
    end = next((event.position for event in stream["error"]), len(stream.events) + 1)
    return Events(event for event in stream[mode] if event.position < end)


def log_of(state):
    return state.get("log") if isinstance(state, dict) else None


@fault("errors.earlier-events-kept", where=lambda x: x.graph.startswith("fails"))
def keeps_only_the_error(events, exchange):
    """Throws away what a failing run has produced."""
    all_of_it = list(events)
    failed = any(event.base == "error" for event in all_of_it)
    yield from (event for event in all_of_it if not failed or event.base in ("metadata", "error"))


@fault("errors.earlier-events-kept", where=lambda x: x.graph.startswith("fails"))
def loses_the_last_event_before_a_failure(events, exchange):
    """The last event before the error is still in a buffer when the run fails."""
    held = None
    for event in events:
        if held is not None and not (event.base == "error" and held.base != "metadata"):
            yield held
        held = event
    if held is not None:
        yield held


@verifies("errors.nothing-from-the-failed-step", over="mode")
def test_the_failed_node_has_no_update_and_no_state(failing: dict[str, View]) -> None:
    """No update bears the name of the node that failed, and no state comes after that of the step before."""
    no_update_of(failing["updates"]["failing"], "bad_node")
    no_state_after_the_first_step(failing["values"]["failing"])


@verifies("errors.nothing-from-the-failed-step")
def test_the_failed_node_has_nothing_when_modes_are_combined(failed_then_healthy: View) -> None:
    """The same when the modes are asked for together."""
    no_update_of(failed_then_healthy["failing"], "bad_node")
    no_state_after_the_first_step(failed_then_healthy["failing"])


@verifies("errors.nothing-from-the-failed-step")
def test_a_failed_subgraph_has_nothing(failing_inside: View) -> None:
    """Neither the node that failed nor the subgraph that holds it has an update, and the whole has no further state."""
    no_update_of(failing_inside["failing"], "bad_node", "sub")
    no_state_after_the_first_step(failing_inside["failing"])


def no_update_of(stream: Heard, *nodes: str) -> None:
    if not stream["updates"]:
        cannot_tell("not even the step before the failure has an update")
    for event in stream["updates"]:
        for node in nodes:
            expect(node not in event.value, f"`{node}` failed and must have no update: {shown(event.value)}", event)


def no_state_after_the_first_step(stream: Heard) -> None:
    """The state with the first step's log comes once and is the last of the whole graph."""
    logs = [log_of(event.value) for event in stream["values"].root]
    if ["ok_node"] not in logs:
        cannot_tell("not even the step before the failure has a state")
    further = stream["values"].root[logs.index(["ok_node"]) + 1 :]
    if further:
        fail(f"the next step failed and must have no state, then came {shown(further[0].value)}", further[0])


@fault("errors.nothing-from-the-failed-step")
def sends_an_empty_update_for_the_failed_node(events, exchange):
    """Tells the failed node's update as null before the error."""
    for event in events:
        if event.base == "error" and "updates" in exchange.modes:
            yield event.named("updates").holding({"bad_node": None})
        yield event


@fault("errors.nothing-from-the-failed-step")
def sends_the_state_once_more_at_a_failure(events, exchange):
    """Repeats the last state before the error."""
    state = None
    for event in events:
        if event.base == "error" and state is not None:
            yield state
        state = event if event.name == "values" else state
        yield event


@fault("errors.nothing-from-the-failed-step")
def keeps_what_the_failed_node_would_have_written(events, exchange):
    """Sends a state with the failed step before the error."""
    state = None
    for event in events:
        if event.base == "error" and state is not None:
            yield state.holding({**state.value, "log": ["ok_node", "bad_node"]})
        state = event if event.name == "values" else state
        yield event


# --- afterwards


@verifies("errors.server-survives", over=("mode", "place"))
def test_an_ordinary_run_is_served_after_a_failure(failing: dict[tuple[str, str], View]) -> None:
    """After each failing run the norm's first example gives its printed output on a new thread."""
    for view in failing.values():
        view["failing"].expect_stream()
        stream = view["afterwards"]
        same_sequence(stream["updates"], JOKE, "the updates of an ordinary run after a failure", stream.exchange)
        expect(not stream["error"], "an ordinary run after a failure must not fail", stream.exchange)
        equal(stream.exchange.how, "complete", "how an ordinary run after a failure ended", stream.exchange)


def after_a_failure(exchange, where=""):
    """Whether a run has failed before, on a path with this in it."""
    earlier = [other for other in exchange.earlier if where in other.url]
    return any(re.search(rb"^event: ?error\b", other.content, re.MULTILINE) for other in earlier)


def its_thread(exchange):
    """The part of the path that tells the thread; without one, what stands in no path."""
    return next(iter(re.findall("/threads/[^/]+/", exchange.path)), " ")


@fault("errors.server-survives", where=lambda x: x.is_stream and after_a_failure(x))
def dies_at_the_first_failure(events, exchange):
    """Its worker is dead after a failing run: later streams have no more than metadata."""
    for event in events:
        if event.base == "metadata":
            yield event


@fault("errors.server-survives", part="answer", where=lambda x: x.is_stream and after_a_failure(x))
def answers_500_after_a_failure(answer, exchange):
    """Is broken for all later requests once a run has failed."""
    answer.refuse(500)


@verifies("errors.after-a-failure")
def test_run_and_thread_say_error(failed_then_healthy: View) -> None:
    """The status of the run and that of its thread are `error`."""
    for name in ("poll run", "get thread"):
        answer = failed_then_healthy[name]
        equal(field(answer, "status"), "error", f"the status in `{name}`", answer.exchange)


@verifies("errors.after-a-failure")
def test_the_state_is_that_of_the_last_completed_step(failed_then_healthy: View) -> None:
    """GET state shows what the first node left."""
    state = failed_then_healthy["get state"]
    expected = {**INPUT, "log": ["ok_node"]}
    equal(field(state, "values"), expected, "the state after a failure", state.exchange)


@verifies("errors.after-a-failure")
def test_a_later_run_on_the_thread_works(failed_then_healthy: View) -> None:
    """The same thread runs from the first node to the end when the input is healthy."""
    stream = failed_then_healthy["healthy"]
    updates = [KEPT, {"bad_node": {"log": ["bad_node"]}}]
    same_sequence(stream["updates"], updates, "the updates of a run after a failed one", stream.exchange)
    states = stream["values"].root
    expect(states, "a run after a failed one must have states, none came", stream.exchange)
    equal(log_of(states[-1].value), ["ok_node", "ok_node", "bad_node"], "the log at its end", states[-1])
    expect(not stream["error"], "a healthy run on a thread whose last run failed must not fail", stream.exchange)


def field(answer: Heard, key: str) -> object:
    return answer.json.get(key) if isinstance(answer.json, dict) else None


def status_field(make):
    """A fault's function that changes the status in a resource that says error."""

    def rewrite(answer, exchange):
        value = answer.json
        if isinstance(value, dict) and value.get("status") == "error":
            answer.json = {**value, "status": make}

    return rewrite


@fault("errors.after-a-failure", part="answer", where=lambda x: x.method == "GET" and not x.is_stream)
def says_success_after_a_failure(answer, exchange):
    """The run and its thread look as if nothing had happened."""
    status_field("success" if "/runs/" in exchange.path else "idle")(answer, exchange)


@fault("errors.after-a-failure", part="answer", where=lambda x: not x.is_stream and after_a_failure(x))
def leaves_the_thread_busy_after_a_failure(answer, exchange):
    """The thread of a failed run is busy for ever."""
    if "/runs/" not in exchange.path and exchange.method == "GET":
        status_field("busy")(answer, exchange)


@fault(
    "errors.after-a-failure", part="answer", where=lambda x: x.kind == "stream" and after_a_failure(x, its_thread(x))
)
def refuses_further_runs_on_the_thread(answer, exchange):
    """Takes no run on a thread whose last run failed."""
    answer.refuse(409)


@fault(
    "errors.after-a-failure",
    part="answer",
    where=lambda x: x.path.endswith("/state") and after_a_failure(x, its_thread(x)),
)
def rolls_back_what_came_before_a_failure(answer, exchange):
    """The state of a failed run is that before the run."""
    answer.json = {**answer.json, "values": {}}
