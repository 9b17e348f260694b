"""In what a recorded value may differ from a predicted one."""

from typing import Any

import pytest

from conformance.oracle import Case, Difference, Prediction, compare_history, compare_state, compare_stream
from conformance.oracle.difference import area_of, most_telling
from conformance.oracle.identity import RUN, Ids
from conformance.oracle.normal_form import differing_parts
from conformance.oracle.prediction import PredictedEvent
from conformance.oracle.search import RecordedEvent

ONE, TWO, THREE = (f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "123")
TIME, LATER = "2026-01-01T00:00:00.1+00:00", "2027-01-01T00:00:00Z"


def parts(mode: str, actual: Any, expected: Any) -> list[tuple[str, str]]:
    return [
        (".".join(map(str, one.path)), one.kind) for one in differing_parts(mode, actual, expected, Ids([(ONE, RUN)]))
    ]


@pytest.mark.parametrize(
    ("mode", "actual", "expected"),
    [
        ("values", {"a": 1}, {"a": 1.0}),
        ("updates", {"node": {}}, {"node": None}),
        ("debug", {"type": "task", "timestamp": LATER, "new": 1}, {"type": "task", "timestamp": TIME}),
        ("messages", [{"content": "", "new": 1}, {"ls_model": 1}], [{"content": ""}, {"ls_model": 2}]),
        ("events", {"tags": ["b", "a"]}, {"tags": ["a", "b"]}),
        ("events", {"run_id": f"lc_run--{TWO}", "id": TWO}, {"run_id": f"run-{THREE}", "id": THREE}),
        ("messages", [{}, {"run_id": ONE}], [{}, {}]),
        ("debug", {"payload": {"map": {f"a:{TWO}": 1}}}, {"payload": {"map": {f"a:{THREE}": 1}}}),
        ("error", {"error": "Error", "message": "Error: no"}, {"error": "ValueError", "message": "no"}),
    ],
)
def test_what_may_differ(mode: str, actual: Any, expected: Any) -> None:
    assert parts(mode, actual, expected) == []


@pytest.mark.parametrize(
    ("mode", "actual", "expected", "found"),
    [
        ("values", {"a": True}, {"a": 1}, [("a", "value")]),
        ("values", {"a": 0}, {"a": None}, [("a", "value")]),
        ("values", {"a": 1, "b": 1}, {"a": 1}, [("b", "additional key")]),
        ("values", {}, {"a": None}, [("a", "missing key")]),
        ("custom", LATER, TIME, [("", "value")]),
        ("custom", {"timestamp": LATER}, {"timestamp": TIME}, [("timestamp", "value")]),
        ("custom", [1, 2], [1], [("", "value")]),
        ("updates", {"a": {"x": None}}, {"a": {"x": {}}}, [("a.x", "value")]),
        ("debug", {"payload": {"result": {"a": 1, "b": 2}}}, {"payload": {"result": {"a": 1}}},
         [("payload.result.b", "additional key")]),
        ("debug", {"timestamp": "yesterday"}, {"timestamp": TIME}, [("timestamp", "value")]),
        ("events", {"a": TWO, "b": THREE}, {"a": TWO, "b": TWO}, [("b", "identity")]),
        ("events", {"a": TWO, "b": TWO}, {"a": TWO, "b": THREE}, [("b", "identity")]),
        ("messages", [{}, {"run_id": TWO}], [{}, {}], [("1.run_id", "identity")]),
        ("messages", [{}, {"tags": ["a"]}], [{}, {}], [("1.tags", "additional key")]),
        ("error", {"message": "yes"}, {"message": "no"}, [("message", "value")]),
        ("error", "no", {"message": "no"}, [("message", "value")]),
    ],
)  # fmt: skip
def test_what_must_not_differ(mode: str, actual: Any, expected: Any, found: list[tuple[str, str]]) -> None:
    assert parts(mode, actual, expected) == found


def test_ids_of_the_input_are_equal_by_value() -> None:
    events = (PredictedEvent("custom", (), TWO, (1,), 0),)
    prediction = Prediction(events, frozenset(), (), [{"payload": TWO}])
    assert compare_stream([RecordedEvent("custom", (), TWO, 1)], prediction, None, None) is None
    found = compare_stream([RecordedEvent("custom", (), THREE, 1)], prediction, None, None)
    assert found is not None
    assert found.kind == "identity"


def checkpoint(step: int, id: str, parent: str | None, **values: Any) -> dict[str, Any]:
    return {"values": values, "next": [], "step": step, "checkpoint_id": id, "parent_id": parent}


def answered(step: int, id: str, parent: str | None, **values: Any) -> dict[str, Any]:
    return {
        "values": values, "next": [], "metadata": {"step": step}, "checkpoint": {"checkpoint_id": id},
        "parent_checkpoint": parent and {"checkpoint_id": parent},
    }  # fmt: skip


HISTORY = Prediction((), frozenset(), (checkpoint(1, TWO, ONE, a=1), checkpoint(0, ONE, None, a=0)))
CURRENT = [answered(1, ONE, THREE, a=1), answered(0, THREE, None, a=0)]


def test_a_history_and_a_state_agree_whatever_the_ids() -> None:
    assert compare_state(CURRENT[0], HISTORY, None, None) is None
    assert compare_history(CURRENT, HISTORY, None, None, limit=10) is None
    assert compare_history(CURRENT[:1], HISTORY, None, None, limit=1) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([answered(1, ONE, TWO, a=1), answered(0, THREE, None, a=0)], "identity"),
        ([answered(1, ONE, THREE, a=2), answered(0, THREE, None, a=0)], "value"),
        (CURRENT[:1], "missing event"),
        ([*CURRENT, answered(-1, TWO, None)], "additional event"),
        (CURRENT[::-1], "value"),
        ({}, "missing event"),
    ],
)
def test_a_wrong_history_is_found(answer: Any, kind: str) -> None:
    found = compare_history(answer, HISTORY, None, None, limit=10)
    assert found is not None
    assert found.kind == kind
    assert found.area == "state"


def difference(mode: str, kind: str, *path: str | int, namespace: tuple[str, ...] = ()) -> Difference:
    return Difference(mode, kind, 1, path, 1, 2, namespace)


@pytest.mark.parametrize(
    ("found", "area"),
    [
        (difference("values", "value", "a"), "values"),
        (difference("debug", "value", "payload", "name"), "debug"),
        (difference("debug", "missing key", "payload", "checkpoint"), None),
        (difference("messages", "missing key", 0, "name"), None),
        (difference("messages", "value", 1, "langgraph_node"), "messages"),
        (difference("custom", "missing event", namespace=("a:1",)), "subgraphs"),
        (difference("updates", "namespace"), "subgraphs"),
        (difference("error", "missing event"), "errors"),
        (difference("updates", "lost"), "join"),
        (difference("updates", "undecided"), None),
    ],
)
def test_the_area_whose_sentences_a_difference_concerns(found: Difference, area: str | None) -> None:
    assert area_of(found) == area


def test_a_message_names_event_part_expected_and_actual() -> None:
    found = difference("values", "value", "a", 0)
    assert found.message == "event 1 (`values`) at `a.0`: expected 1; the server sent 2"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (difference("values", "missing event"), "before event 1: expected `values` 1; the server did not send it"),
        (difference("state", "value", "next"), "the state of the thread at `next`: expected 1; the server sent 2"),
        (
            difference("history", "additional event"),
            "entry 1 of the history: expected no event here; the server sent 2",
        ),
    ],
)
def test_a_message_says_where(found: Difference, text: str) -> None:
    assert found.message == text


def test_a_case_is_known_by_its_data() -> None:
    one = Case("joke", ({"topic": "a"},), ("values", "updates"))
    assert one.key == Case("joke", ({"topic": "a"},), ("updates", "values")).key
    assert one.key != Case("joke", ({"topic": "a"},), ("updates", "values"), subgraphs=True).key


def test_the_difference_that_a_sentence_covers_is_told_before_one_that_none_covers() -> None:
    uncovered = Difference("messages", "missing key", 1, (1, "langgraph_triggers"), [], None)
    covered = Difference("messages", "missing key", 1, (1, "langgraph_step"), 1, None)
    assert most_telling([uncovered, covered]) is covered
    assert most_telling([uncovered]) is uncovered
