"""The thread after a run of `any_run`: its state and its history are the library's, and the run says how it ended."""

from __future__ import annotations

import re

from conformance.authoring import (
    Answer,
    ComparedStream,
    ExchangeView,
    FaultContext,
    RecordingView,
    by_method,
    compared_threads,
    condition,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    is_terminal,
    member,
    shown,
    thread_in,
    verifies,
)
from conformance.suite.any_run.nature import is_in_blocks
from conformance.suite.any_run.runs import fails
from conformance.suite.any_run.scenarios import any_run

Rows = dict[str, RecordingView]


def requirement_of(answer: ComparedStream) -> str | None:
    """Return the requirement that the first difference of a state or a history breaks; None if no sentence does.

    No sentence covers the next nodes, the number of the step, and which state is whose parent.
    """
    difference = answer.difference
    if difference is None or (difference.path and difference.path[0] != "values"):
        return None
    if is_in_blocks(difference.actual, difference.expected):
        return None
    if difference.mode == "history":
        return "state.history"
    return "errors.after-a-failure" if fails(answer.recording) else "state.readable-at-close"


def expect_no_difference(recordings: Rows, requirement: str) -> None:
    """Fail if a state or a history differs from the library's in what the sentence of a requirement covers."""
    answers = compared_threads([view.recording for view in recordings.values()])
    if not answers:
        inconclusive("no state of a thread was read after a run of the graph `program`")
    for answer in answers:
        view = recordings[answer.recording.axes["row"]][answer.exchange.name]
        if answer.difference is not None and requirement_of(answer) == requirement:
            row = f"`{view.name}` of {answer.recording.variant}"
            fail(f"{row} differs from the library: {answer.difference.message}", view)


def expect_read(recordings: Rows, name: str, failing: bool) -> None:
    """Fail unless the answers about the threads of all runs that fail, or of all others, are accepted."""
    for view in recordings.values():
        if name in view and fails(view.recording) == failing:
            view[name].expect_accepted()


@verifies("state.readable-at-close", on=any_run, over="row")
def test_the_state_after_any_run_is_the_library_s(recordings: Rows) -> None:
    """When a run has succeeded, the values of the thread's state are those that the library has."""
    expect_read(recordings, "state", failing=False)
    expect_no_difference(recordings, "state.readable-at-close")


@verifies("errors.after-a-failure", on=any_run, over="row")
def test_the_state_after_any_failed_run_is_the_library_s(recordings: Rows) -> None:
    """When a run has failed, the values of the thread's state are those of the last completed step."""
    expect_read(recordings, "state", failing=True)
    expect_no_difference(recordings, "errors.after-a-failure")


@verifies("state.history", on=any_run, over="row")
def test_the_history_after_any_run_is_the_library_s(recordings: Rows) -> None:
    """After a run, the history lists at most as many states as asked for, and those that the library has."""
    for failing in (False, True):
        expect_read(recordings, "history", failing)
    expect_no_difference(recordings, "state.history")


def last_polls(recordings: Rows, failing: bool) -> list[ExchangeView]:
    """Return the last answer about each run that had ended; inconclusive if there is none.

    A run had ended if its status is terminal, or if the stream of the request that started it had ended.
    """
    views = [view for view in recordings.values() if "poll run" in view and fails(view.recording) == failing]
    found = [view["poll run"] for view in views if _had_ended(view)]
    return found or inconclusive("no run was asked for its status after its end")


def _had_ended(view: RecordingView) -> bool:
    poll = view["poll run"]
    streams = [one for one in view.recording.all("run") if one.is_stream and one.ending == "complete"]
    over = any(one.ended is not None and one.ended < poll.sent for one in streams)
    return over or not poll.accepted or is_terminal(member(poll.json, "status"))


@verifies("state.status-at-close", on=any_run, over="row")
def test_any_run_that_succeeded_says_so(recordings: Rows) -> None:
    """The status of a run that did not fail is success in the end."""
    for poll in last_polls(recordings, failing=False):
        equal(member(poll.json, "status"), "success", f"the status in `{poll.name}`", poll)


@verifies("errors.after-a-failure", on=any_run, over="row")
def test_any_run_that_failed_says_so(recordings: Rows) -> None:
    """The status of a run that failed is error in the end."""
    for poll in last_polls(recordings, failing=True):
        equal(member(poll.json, "status"), "error", f"the status in `{poll.name}`", poll)


@verifies("metadata.identifies-the-run", on=any_run, over="row")
def test_the_run_that_is_polled_has_the_id_it_is_known_by(recordings: Rows) -> None:
    """The run resource of the id in the metadata, or in the answer to the creation, exists and has this id."""
    for poll in [*last_polls(recordings, failing=False), *last_polls(recordings, failing=True)]:
        run, found = poll.exchange.run_id, member(poll.json, "run_id")
        expect(found == run, f"the run resource must have the id {shown(run)}; it has {shown(found)}", poll)


@condition
def at_a_run(exchange: FaultContext) -> bool:
    """Requests whose path ends in the id of a run of a thread."""
    return bool(re.search("/threads/[^/]+/runs/[^/]+$", exchange.path))


@fault("metadata.identifies-the-run", part="answer", where=by_method("GET") & at_a_run)
def answers_with_the_thread_s_id(answer: Answer, exchange: FaultContext) -> None:
    """Answers for a run with a resource that has the id of the thread."""
    if answer.status == 200:
        answer.json = answer.json | {"run_id": thread_in(exchange.path)}
