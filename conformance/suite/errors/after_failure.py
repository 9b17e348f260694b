"""What a server shows after a failed run: run and thread say `error`, the state is kept, and the thread can be used."""

import re

from conformance.authoring import (
    Answer,
    FaultContext,
    RecordingView,
    at_path,
    by_method,
    condition,
    equal,
    expect,
    fault,
    is_stream,
    member,
    same_sequence,
    starts_stream,
    verifies,
)
from conformance.suite.errors.failing import INPUT, KEPT, failed_then_healthy


@verifies("errors.after-a-failure", on=failed_then_healthy)
def test_run_and_thread_say_error(recording: RecordingView) -> None:
    """The status of the run is `error`, and so is that of its thread."""
    for name in ("poll run", "get thread"):
        answer = recording[name]
        equal(member(answer.json, "status"), "error", f"the status in `{name}`", answer)


@verifies("errors.after-a-failure", on=failed_then_healthy)
def test_the_state_is_that_of_the_last_completed_step(recording: RecordingView) -> None:
    """GET state shows the state after the first node."""
    state = recording["get state"]
    equal(member(state.json, "values"), {**INPUT, "log": ["ok_node"]}, "the state after a failure", state)


@verifies("errors.after-a-failure", on=failed_then_healthy)
def test_a_later_run_on_the_thread_works(recording: RecordingView) -> None:
    """With other input, a run on the same thread succeeds from the first node to the last."""
    stream = recording["healthy"]
    updates = [KEPT, {"bad_node": {"log": ["bad_node"]}}]
    same_sequence(stream["updates"], updates, "the updates of a run after a failed one", stream)
    states = stream["values"].root
    expect(states, "a run after a failed one must have states; the stream has none", stream)
    equal(member(states[-1].value, "log"), ["ok_node", "ok_node", "bad_node"], "the log in the last state", states[-1])
    expect(not stream["error"], "a run that does not fail must have no error event, also after a failed run", stream)


def carries_an_error(exchange: FaultContext, path: str) -> bool:
    """Return whether an earlier exchange whose URL contains this path carried an error event."""
    earlier = [other for other in exchange.earlier if path in other.url]
    return any(re.search(rb"^event: ?error\b", other.content, re.MULTILINE) for other in earlier)


@condition
def after_a_failure(exchange: FaultContext) -> bool:
    """Requests that follow a failed run of the same scenario."""
    return carries_an_error(exchange, "")


@condition
def on_a_failed_thread(exchange: FaultContext) -> bool:
    """Requests about a thread on which a run has failed."""
    thread = re.search("/threads/[^/]+/", exchange.path)
    return thread is not None and carries_an_error(exchange, thread[0])


def replace_error_status(answer: Answer, status: str) -> None:
    """Replace the status of a run or thread that says `error`."""
    value = answer.json
    if member(value, "status") == "error":
        answer.json = {**value, "status": status}


@fault("errors.after-a-failure", part="answer", where=by_method("GET") & ~is_stream)
def says_success_after_a_failure(answer: Answer, exchange: FaultContext) -> None:
    """Reports a failed run as `success`, and its thread as `idle`."""
    replace_error_status(answer, "success" if "/runs/" in exchange.path else "idle")


@fault("errors.after-a-failure", part="answer", where=by_method("GET") & ~is_stream & after_a_failure)
def leaves_the_thread_busy_after_a_failure(answer: Answer, exchange: FaultContext) -> None:
    """Reports the thread of a failed run as `busy` for ever."""
    if "/runs/" not in exchange.path:
        replace_error_status(answer, "busy")


@fault("errors.after-a-failure", part="answer", where=starts_stream & on_a_failed_thread)
def refuses_further_runs_on_the_thread(answer: Answer, exchange: FaultContext) -> None:
    """Refuses a run on a thread whose last run failed."""
    answer.refuse(409)


@fault("errors.after-a-failure", part="answer", where=at_path("/state") & on_a_failed_thread)
def rolls_back_what_came_before_a_failure(answer: Answer, exchange: FaultContext) -> None:
    """Resets the state of a thread to what it was before the failed run."""
    answer.json = {**answer.json, "values": {}}
