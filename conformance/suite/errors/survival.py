"""Whether a server still serves ordinary runs after failing runs and refused requests."""

from conformance.authoring import (
    SILENCE,
    Answer,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    condition,
    expect,
    fault,
    inconclusive,
    is_stream,
    same_sequence,
    verifies,
)
from conformance.suite.errors.after_failure import after_a_failure
from conformance.suite.errors.failing import failing
from conformance.suite.errors.refusals import unknown_assistant, unknown_mode, unknown_thread
from conformance.suite.errors.refused_bodies import unusable_body, wrong_type
from conformance.suite.graphs import PRINTED_UPDATES
from conformance.suite.subgraphs.flag import norms_subgraph


def expect_ordinary_run(stream: ExchangeView) -> None:
    """Expect the output that the specification prints for its first example, no error event, and a complete stream."""
    same_sequence(stream["updates"], PRINTED_UPDATES, "the updates of an ordinary run", stream)
    expect(not stream["error"], "an ordinary run must have no error event", stream)
    stream.expect_complete("with the run")


@verifies("errors.server-survives", on=failing, over=("mode", "place"))
def test_an_ordinary_run_is_served_after_a_failure(recordings: dict[tuple[str, str], RecordingView]) -> None:
    """After each failing run, the specification's first example on a new thread gives the output that it prints."""
    failed = [recording for recording in recordings.values() if recording["failing"].is_stream]
    if not failed:
        inconclusive("no run of the failing graph was answered with a stream")
    for recording in failed:
        expect_served(recording["afterwards"])
        expect_ordinary_run(recording["afterwards"])


def expect_served(stream: ExchangeView) -> None:
    """Fail if a run after a failed one is accepted and then nothing of it is sent."""
    waiting = stream.is_stream and not stream.exchange.events and stream.ending == SILENCE
    expect(
        not waiting,
        f"the server must serve a run after a failed one; no event was sent: {stream.exchange.detail}",
        stream,
    )


@verifies(
    "errors.server-survives",
    on=(unknown_assistant, unknown_thread, unknown_mode, unusable_body, wrong_type, norms_subgraph),
    over=("named", "place", "thread_id", "request", "asked", "body", "wrong", "form"),
)
def test_an_ordinary_run_is_served_after_a_refusal(
    assistants: dict[object, RecordingView],
    threads: dict[object, RecordingView],
    modes: dict[object, RecordingView],
    bodies: dict[object, RecordingView],
    types: dict[object, RecordingView],
    subgraphs: dict[str, RecordingView],
) -> None:
    """After each refused request, a valid run is served completely."""
    # The valid run of `types` sets stream_subgraphs: it proves nothing about a server that fails on every such run.
    streams = [recording["stream"] for recording in subgraphs.values() if recording["stream"].is_stream]
    serves_subgraphs = any(event.base == "updates" for stream in streams for event in stream.exchange.events)
    for recordings in (assistants, threads, modes, bodies, types if serves_subgraphs else {}):
        for recording in recordings.values():
            # A scenario of `threads` ends early on a server without run resources; this requirement allows that.
            if recordings is not threads or "neighbour" in recording:
                expect_ordinary_run(recording["neighbour"])


@condition
def after_a_refusal(exchange: FaultContext) -> bool:
    """Requests that follow a refused request of the same scenario."""
    return any((other.status or 0) // 100 == 4 for other in exchange.earlier)


@fault("errors.server-survives", where=is_stream & after_a_failure)
def dies_at_the_first_failure(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Loses its worker with a failing run, so that later streams carry only metadata."""
    for event in events:
        if event.base == "metadata":
            yield event


@fault("errors.server-survives", part="answer", where=is_stream & after_a_failure)
def answers_500_after_a_failure(answer: Answer, exchange: FaultContext) -> None:
    """Answers 500 to every stream request once a run has failed."""
    answer.refuse(500)


@fault("errors.server-survives", part="answer", where=is_stream & after_a_refusal)
def is_stuck_after_a_refusal(answer: Answer, exchange: FaultContext) -> None:
    """Answers 500 to every stream request once it has refused a request."""
    answer.refuse(500)
