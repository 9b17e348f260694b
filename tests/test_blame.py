"""Which requirement a difference from the library breaks, where several could be meant."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.authoring.library import ComparedStream
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.oracle import Difference
from conformance.suite.any_run.blame import Blame
from conformance.suite.any_run.nature import is_in_blocks
from conformance.suite.any_run.plan import rows

from .streams import event, stream

BY_THREAD = {row["thread"]: number for number, row in rows().items()}
OF_PROGRAM = {"graph": "program", "url": "http://h/threads/t/runs/stream"}
EARLIER_RUNS = {
    "new": [],
    "second run": [stream("run before", [], body='{"input": {"program": []}}', **OF_PROGRAM)],
    "after a failure": [stream("run before", [], body='{"input": {"program": [{"fail": "x"}]}}', **OF_PROGRAM)],
}
VALUES = event("metadata"), event("values", '{"log": []}'), event("values", '{"log": ["a"]}')


def compared(
    difference: Difference | None, *events: bytes, thread: str = "new", name: str = "run", **changes: Any
) -> ComparedStream:
    """Return a stream of a row with such a thread that has this difference."""
    exchange: Exchange = stream(name, [(number / 10, data) for number, data in enumerate(events or VALUES)], **changes)
    row = BY_THREAD[thread]
    earlier = [stream("create thread", [], kind="request"), *EARLIER_RUNS[thread]]
    recording = Recording("any_run", f"any_run[{row}]", {"row": row}, "program", [*earlier, exchange])
    return ComparedStream(recording, exchange, difference)


def blamed(one: ComparedStream, *others: ComparedStream) -> str | None:
    return Blame([one, *others]).requirement_of(one)


def values(position: int | None, kind: str = "missing key", path: tuple[str, ...] = ("done",)) -> Difference:
    return Difference("values", kind, position, path, 1, None)


def debug(kind: str, expected: Any) -> Difference:
    return Difference("debug", kind, None, (), expected, None)


@pytest.mark.parametrize(
    ("thread", "position", "requirement"),
    [
        ("second run", 2, "state.next-run-continues"),
        ("after a failure", 2, None),  # the state that the failure left is judged by itself
        ("second run", 3, "values.full-state"),
        ("new", 2, "values.full-state"),
    ],
)
def test_the_first_state_of_a_later_run_is_what_the_earlier_one_left(
    thread: str, position: int, requirement: str | None
) -> None:
    assert blamed(compared(values(position), thread=thread)) == requirement


def test_a_mode_that_is_wrong_in_first_runs_too_is_wrong_by_itself() -> None:
    later, first = compared(values(2), thread="second run"), compared(values(2), thread="new")
    assert blamed(later, first) == "values.full-state"


@pytest.mark.parametrize(("error", "requirement"), [({"error": None}, "debug.tasks"), ({"error": "ValueError"}, None)])
def test_a_missing_result_of_a_task_breaks_what_is_said_of_results(error: Any, requirement: str | None) -> None:
    missing = debug("missing event", {"type": "task_result", "payload": error})
    assert blamed(compared(missing)) == requirement
    assert blamed(compared(debug("missing event", {"type": "task", "payload": {}}))) == "debug.node-names"


def test_what_a_client_receives_that_joins_after_the_end_is_not_compared() -> None:
    late = compared(values(3), name="late reader", kind="join")
    assert blamed(late) is None
    assert blamed(compared(values(3), name="reader", kind="join")) == "join.same-events"


def test_an_error_that_a_joining_client_lacks_is_named_as_such() -> None:
    lost = Difference("error", "lost", None, (), {"message": "m"}, None)
    assert blamed(compared(lost, name="reader", kind="join")) == "join.error-reaches-the-joiner"
    text = Difference("error", "value", 3, ("message",), "m", "ValueError")
    assert blamed(compared(text, name="reader", kind="join")) is None
    assert blamed(compared(text)) == "errors.message-text"


def test_an_event_that_is_not_json_follows_from_that() -> None:
    broken = compared(values(2, "value", ()), event("metadata"), event("values", '{"log": '))
    assert blamed(broken) is None


@pytest.mark.parametrize(
    ("actual", "expected", "same"),
    [
        ("[{'type': 'text', 'text': 'early words', 'index': 0}]", "early words", True),
        ("[{'type': 'text', 'text': 'other words', 'index': 0}]", "early words", False),
        ("early", "early words", False),
        (["early words"], "early words", False),
    ],
)
def test_an_answer_in_blocks_that_a_node_wrote_as_text_is_the_answer(actual: Any, expected: str, same: bool) -> None:
    assert is_in_blocks(actual, expected) is same


@pytest.mark.parametrize(("name", "requirement"), [("__stream_end__", "values.one-per-step"), ("values_", None)])
def test_an_event_that_every_stream_has_besides_is_no_misnamed_event(name: str, requirement: str | None) -> None:
    body = '{"stream_mode": ["values"]}'
    missing = Difference("values", "missing event", None, (), {}, None)
    complete = compared(None, *VALUES, event("__stream_end__"), body=body)
    assert blamed(compared(missing, event("metadata"), event(name), body=body), complete) == requirement


@pytest.mark.parametrize(("expected", "requirement"), [(None, "custom.any-json"), ({"b": 2}, "custom.all-in-order")])
def test_a_value_of_a_kind_that_never_arrives_is_dropped_for_its_kind(expected: Any, requirement: str) -> None:
    missing = Difference("custom", "missing event", None, (), expected, None)
    assert blamed(compared(missing, event("metadata"), event("custom", '{"a": 1}'))) == requirement
