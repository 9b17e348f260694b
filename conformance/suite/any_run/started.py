"""How the server answers the request that starts a run of `any_run`, whatever the run asks for."""

from __future__ import annotations

from conformance.authoring import (
    Answer,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    condition,
    expect,
    fault,
    inconclusive,
    is_terminal,
    member,
    shown,
    starts_stream,
    thread_in,
    verifies,
)
from conformance.suite.any_run.programs import WAIT
from conformance.suite.any_run.runs import AFTER_A_FAILURE, NEW, NO_THREAD, RUNS, SECOND_RUN, thread_kind, waits_s
from conformance.suite.any_run.scenarios import any_run

Rows = dict[str, RecordingView]

THREADS = {
    "transport.stream-on-thread": NEW,
    "state.next-run-continues": SECOND_RUN,
    "errors.after-a-failure": AFTER_A_FAILURE,
    "stateless.stream": NO_THREAD,
}
"""The requirement that is broken if a run is refused, by the kind of its thread."""


def _declare(requirement: str, thread: str) -> None:
    """Declare the check of one requirement: no run on such a thread is refused."""

    def check(recordings: Rows) -> None:
        found = 0
        for view in recordings.values():
            for name in RUNS if thread_kind(view.recording) == thread else ():
                if name in view and (view[name].accepted or view.is_provided(view[name].exchange)):
                    found += 1
                    view[name].expect_stream() if name == "run" else view[name].expect_accepted()
        if not found:
            inconclusive("no run was started on such a thread")

    check.__name__ = f"test_any_run_is_started_{thread.replace(' ', '_')}"
    check.__doc__ = "The server starts the run and streams it, whatever its modes, flag and program."
    verifies(requirement, on=any_run, over="row")(check)


for _requirement, _thread in THREADS.items():
    _declare(_requirement, _thread)


@verifies("join.background-run", on=any_run, over="row")
def test_any_background_run_is_created_before_it_ends(recordings: Rows) -> None:
    """The answer to the creation of a background run names the run's id; sent at once, it has no terminal status."""
    waiting = [view for view in recordings.values() if waits_s(view.recording) >= WAIT["wait"]]
    created = [view["create run"] for view in waiting if "create run" in view]
    for answer in created or inconclusive("no run was started in the background"):
        run, status = member(answer.json, "run_id"), member(answer.json, "status")
        expect(isinstance(run, str) and run, "the answer to `create run` must be an object with the run's id", answer)
        over = f"POST /runs must return before the run ends, but its answer says {shown(status)}"
        took = (answer.exchange.answered_t or 0.0) - answer.exchange.sent_t
        expect(took > WAIT["wait"] or not is_terminal(status), over, answer)


@condition
def on_a_used_thread(exchange: FaultContext) -> bool:
    """Requests for a run on a thread that has had a run."""
    thread = thread_in(exchange.path)
    earlier = (one for one in exchange.earlier if one.starts_run and one.accepted)
    return any(thread_in(one.path) == thread is not None for one in earlier)


@fault("state.next-run-continues", where=starts_stream & on_a_used_thread)
def forgets_what_lists_held(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Starts a further run on a thread with empty lists."""
    given = exchange.body["input"]
    held: dict[str, int] = {}
    for event in events:
        if event.name == "values":
            lists = {key: value for key, value in event.value.items() if isinstance(value, list)}
            held = held or {key: len(value) - len(given.get(key, [])) for key, value in lists.items()}
            event = event.holding(event.value | {key: value[held[key] :] for key, value in lists.items()})
        yield event


@fault("state.next-run-continues", part="answer", where=starts_stream & on_a_used_thread)
def has_one_run_for_each_thread(answer: Answer, exchange: FaultContext) -> None:
    """Refuses a second run on a thread."""
    answer.refuse(409)
