"""Recordings of real servers that the suite once judged wrongly, with the outcomes that are right."""

from functools import cache
from pathlib import Path

import pytest

from conformance import suite
from conformance.authoring.views import SessionRecordings
from conformance.evidence.json_lines import read_recording
from conformance.judging.items import items_of
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, UNTESTED, Outcome

FOLDER = Path(__file__).parent / "evidence"


@cache
def outcomes(file: str) -> dict[tuple[str, str], Outcome]:
    """Return the outcome of each check that looked at the recording, by requirement and check."""
    session = SessionRecordings([read_recording(FOLDER / f"{file}.jsonl")])
    items = [item for check in suite.load().checks for item in items_of(check)]
    judged = {(item.check.requirement, item.id): judge(item, session) for item in items}
    return {key: outcome for key, outcome in judged.items() if outcome.word != UNTESTED}


def words(file: str, requirement: str) -> set[str]:
    return {outcome.word for (id, _), outcome in outcomes(file).items() if id == requirement}


def because(file: str, requirement: str) -> set[str]:
    return {outcome.because for (id, _), outcome in outcomes(file).items() if id == requirement and outcome.because}


def messages(file: str, requirement: str) -> str:
    return " ".join(outcome.message for (id, _), outcome in outcomes(file).items() if id == requirement)


@pytest.mark.parametrize(
    ("file", "requirement", "governing"),
    [
        # The state of every thread is empty on this server, also where nobody left.
        ("langrove.left_by_its_only_reader", "join.leaving-reader-keeps-the-run", "state.readable-at-close"),
        # The chunks are events of another protocol, so no call can be told from another.
        ("graphharbor.messages_of_models_at_once", "filtering.by-tag", "messages.pair"),
        ("graphharbor.messages_of_models_at_once", "filtering.by-node", "messages.pair"),
        ("graphharbor.messages_of_models_at_once", "messages.parallel-models", "messages.pair"),
        # The output of runs without a thread is wrapped in `event: data`; requests with a key are served like others.
        ("pure-graph.with_an_api_key", "auth.api-key-accepted", "stateless.same-output"),
    ],
)
def test_a_check_that_looks_through_something_lacking_is_inconclusive(
    file: str, requirement: str, governing: str
) -> None:
    assert FAILED not in words(file, requirement)
    assert because(file, requirement) == {governing}


def test_the_thread_of_a_refused_mode_is_not_charged_with_the_runs_of_others() -> None:
    # This server lists the runs of all threads.
    assert words("pure-graph.unknown_mode-bogus", "errors.unknown-mode") == {INCONCLUSIVE}


def test_runs_on_threads_are_compared_although_runs_without_a_thread_are_wrapped() -> None:
    assert words("pure-graph.with_an_api_key", "modes.each-unchanged") == {PASSED}
    assert words("pure-graph.with_an_api_key", "metadata.first-and-only") == {FAILED}


def test_a_stream_whose_events_still_arrived_did_not_fail_to_end() -> None:
    assert FAILED not in words("graphharbor.three_readers", "transport.ends")


def test_a_join_that_stays_silent_beside_its_creator_lost_the_rest_of_the_run() -> None:
    assert FAILED in words("langrove.joined_beside_the_creator", "join.rest-of-run")


def test_an_error_event_in_a_run_that_cannot_fail_is_named() -> None:
    assert words("gaussdb.parallel_updates", "errors.error-event") == {FAILED}


def test_all_events_that_nobody_requested_are_named_at_once() -> None:
    assert words("pure-graph.joined_in_the_middle", "modes.only-requested") == {FAILED}
    message = messages("pure-graph.joined_in_the_middle", "modes.only-requested")
    assert "`values`, `__stream_end__`" in message


def test_a_replay_is_still_found() -> None:
    assert FAILED in words("pure-graph.joined_in_the_middle", "join.does-not-replay")


def test_a_join_that_stays_open_after_its_creator_s_stream_has_ended_does_not_end() -> None:
    assert FAILED in words("langrove.joined_beside_the_creator", "transport.ends")
    message = messages("langrove.joined_beside_the_creator", "transport.ends")
    assert "`creator`, another stream of the run, had ended 23 s before" in message
