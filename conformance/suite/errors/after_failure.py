"""Life after a failure: the server serves on, run and thread say error, the state is kept, the thread can be used."""

import re

from conformance.authoring import RecordingView, equal, expect, fault, inconclusive, member, same_sequence, verifies
from conformance.suite.errors.failing import INPUT, KEPT, failed_then_healthy, failing
from conformance.suite.graphs import PRINTED


@verifies("errors.server-survives", on=failing, over=("mode", "place"))
def test_an_ordinary_run_is_served_after_a_failure(failing: dict[tuple[str, str], RecordingView]) -> None:
    """After each failing run the specification's first example gives its printed output on a new thread."""
    failed = [view for view in failing.values() if view["failing"].exchange.is_stream]
    if not failed:
        inconclusive("no run of the failing graph was accepted")
    for view in failed:
        stream = view["afterwards"]
        same_sequence(stream["updates"], PRINTED, "the updates of an ordinary run after a failure", stream.exchange)
        expect(not stream["error"], "an ordinary run after a failure must not fail", stream.exchange)
        equal(stream.exchange.ending, "complete", "how an ordinary run after a failure ended", stream.exchange)


def after_a_failure(exchange, where=""):
    """Whether a run has failed before, on a path with this in it."""
    earlier = [other for other in exchange.earlier if where in other.url]
    return any(re.search(rb"^event: ?error\b", other.content, re.MULTILINE) for other in earlier)


def its_thread(exchange):
    """The part of the path that tells the thread; without one, what stands in no path."""
    return next(iter(re.findall("/threads/[^/]+/", exchange.path)), " ")


@fault("errors.server-survives", where=lambda x: x.is_stream and after_a_failure(x))
def dies_at_the_first_failure(events, exchange):
    """Loses its worker with a failing run: later streams have no more than metadata."""
    for event in events:
        if event.base == "metadata":
            yield event


@fault("errors.server-survives", part="answer", where=lambda x: x.is_stream and after_a_failure(x))
def answers_500_after_a_failure(answer, exchange):
    """Is broken for all later requests once a run has failed."""
    answer.refuse(500)


@verifies("errors.after-a-failure", on=failed_then_healthy)
def test_run_and_thread_say_error(recording: RecordingView) -> None:
    """The status of the run and that of its thread are `error`."""
    for name in ("poll run", "get thread"):
        answer = recording[name]
        equal(member(answer.json, "status"), "error", f"the status in `{name}`", answer.exchange)


@verifies("errors.after-a-failure", on=failed_then_healthy)
def test_the_state_is_that_of_the_last_completed_step(recording: RecordingView) -> None:
    """GET state shows what the first node left."""
    state = recording["get state"]
    expected = {**INPUT, "log": ["ok_node"]}
    equal(member(state.json, "values"), expected, "the state after a failure", state.exchange)


@verifies("errors.after-a-failure", on=failed_then_healthy)
def test_a_later_run_on_the_thread_works(recording: RecordingView) -> None:
    """The same thread runs from the first node to the end when the input is healthy."""
    stream = recording["healthy"]
    updates = [KEPT, {"bad_node": {"log": ["bad_node"]}}]
    same_sequence(stream["updates"], updates, "the updates of a run after a failed one", stream.exchange)
    states = stream["values"].root
    expect(states, "a run after a failed one must have states, none came", stream.exchange)
    equal(member(states[-1].value, "log"), ["ok_node", "ok_node", "bad_node"], "the log at its end", states[-1])
    expect(not stream["error"], "a healthy run on a thread whose last run failed must not fail", stream.exchange)


def change_status(answer, status):
    """Change the status in a resource that says error."""
    value = answer.json
    if member(value, "status") == "error":
        answer.json = {**value, "status": status}


@fault("errors.after-a-failure", part="answer", where=lambda x: x.method == "GET" and not x.is_stream)
def says_success_after_a_failure(answer, exchange):
    """Says success of a failed run, and leaves its thread as if nothing had happened."""
    change_status(answer, "success" if "/runs/" in exchange.path else "idle")


@fault("errors.after-a-failure", part="answer", where=lambda x: not x.is_stream and after_a_failure(x))
def leaves_the_thread_busy_after_a_failure(answer, exchange):
    """Leaves the thread of a failed run busy for ever."""
    if "/runs/" not in exchange.path and exchange.method == "GET":
        change_status(answer, "busy")


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
    """Sets the state back to what it was before the run that failed."""
    answer.json = {**answer.json, "values": {}}
