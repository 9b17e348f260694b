"""What checks say: values are compared as JSON, a difference is named by its place, and nothing acts on a terminal."""

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conformance.authoring.expectations import (
    SHOWN_CHARACTERS,
    Failed,
    Inconclusive,
    equal,
    expect,
    fail,
    first_difference,
    inconclusive,
    same_sequence,
    schema_errors,
    shown,
)
from conformance.evidence.exchange import Chunk, Exchange
from conformance.wire.strict_json import NotJson

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def stream(*data: str) -> Exchange:
    text = "".join(f"data: {one}\n\n" for one in data)
    return Exchange(
        "stream", "stream", "POST", "/", [], None, True, 1, 0.0, status=200, chunks=[Chunk(2, 0.1, text.encode())],
    )  # fmt: skip


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("condition", [True, 1, "x", [None]])
def test_what_holds_is_not_mentioned(condition: object) -> None:
    expect(condition, "never said")


@pytest.mark.parametrize("condition", [False, None, 0, "", []])
def test_what_does_not_hold_fails_with_its_place(condition: object) -> None:
    place = stream("1").events[0]
    with pytest.raises(Failed, match=r"^said$") as raised:
        expect(condition, "said", place)
    assert raised.value.where is place


def test_failing_and_not_being_able_to_tell_are_two_things() -> None:
    with pytest.raises(Failed, match=r"^wrong$") as raised:
        fail("wrong")
    assert raised.value.where is None
    with pytest.raises(Inconclusive, match=r"^nothing there$"):
        inconclusive("nothing there")
    assert not issubclass(Inconclusive, Failed)
    assert not issubclass(Failed, Inconclusive)


# --- equality

SAME = [(1, 1.0), (0, -0.0), (10**20, 1e20), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([], []), ("é", "é"), (None, None)]

DIFFERENT = [
    (True, 1, "at $ expected 1, received true"),
    (False, 0, "at $ expected 0, received false"),
    (None, False, "at $ expected false, received null"),
    ("1", 1, 'at $ expected 1, received "1"'),
    (None, {}, "at $ expected {}, received null"),
    ([], {}, "at $ expected {}, received []"),
    ("e\u0301", "é", 'at $ expected "\\u00e9", received "e\\u0301"'),
    ({}, {"a": None}, 'at $ the key "a" is missing'),
    ({"a": None}, {}, 'at $ came the key "a", which was not expected'),
    ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "at $.a.b[1] expected 3, came 2"),
    ({"a": 2, "b": 2}, {"b": 1, "a": 1}, "at $.b expected 1, came 2"),
    ([1, 2], [1], "at $ expected 1 items, came 2"),
    ([1], [1, 2], "at $ expected 2 items, received 1"),
    ([2], [1, 2], "at $[0] expected 1, came 2"),
    ([[1, True]], [[1, 1]], "at $[0][1] expected 1, received true"),
]


@pytest.mark.parametrize(("actual", "expected"), SAME)
def test_the_same_json_value_is_equal(actual: object, expected: object) -> None:
    assert first_difference(actual, expected) is None
    equal(actual, expected, "the value")


@pytest.mark.parametrize(("actual", "expected", "difference"), DIFFERENT)
def test_another_value_is_told_by_its_first_difference(actual: object, expected: object, difference: str) -> None:
    assert first_difference(actual, expected) == difference
    place = stream("1")
    with pytest.raises(Failed) as raised:
        equal(actual, expected, "the state", place)
    assert (str(raised.value), raised.value.where) == (f"the state: {difference}", place)


def canonical(value: object) -> object:
    """The value with its JSON types spelled out, so that Python's own == compares them as JSON does."""
    if isinstance(value, dict):
        return ("object", {key: canonical(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return ("array", [canonical(inner) for inner in value])
    return ("truth" if isinstance(value, bool) else "other", value)


@given(JSON, JSON)
def test_equality_is_that_of_json(one: object, other: object) -> None:
    assert (first_difference(one, other) is None) == (canonical(one) == canonical(other))
    assert (first_difference(one, other) is None) == (first_difference(other, one) is None)


@given(JSON)
def test_a_value_equals_its_copy_and_itself_after_a_journey(value: object) -> None:
    assert first_difference(copy.deepcopy(value), value) is None
    assert first_difference(json.loads(json.dumps(value)), value) is None


# --- sequences


def test_a_sequence_is_equal() -> None:
    heard = stream('{"a": 1}', "null")
    same_sequence(heard.events, [{"a": 1}, None], "the updates", heard)
    same_sequence(stream().events, [], "the updates", heard)


@pytest.mark.parametrize(
    ("data", "message", "position"),
    [
        ([], "the updates: after 0 events expected 1, nothing more came", None),
        (["1"], "the updates: after 1 events expected 2, nothing more came", None),
        (["2", "1"], "the updates: event 1 of 2: at $ expected 1, came 2", 1),
        (["1", "1", "2"], "the updates: event 2 of 2: at $ expected 2, received 1", 2),
        (["1", "2", "3"], "the updates: expected 2 events, then came one more: 3", 3),
    ],
)
def test_another_sequence_fails_at_the_first_divergence(data: list[str], message: str, position: int | None) -> None:
    heard = stream(*data)
    with pytest.raises(Failed) as raised:
        same_sequence(heard.events, [1, 2] if data else [1], "the updates", heard)
    assert str(raised.value) == message
    assert raised.value.where is (heard if position is None else heard.events[position - 1])


def test_an_event_that_is_no_json_cannot_be_compared() -> None:
    heard = stream("NaN")
    with pytest.raises(NotJson):
        same_sequence(heard.events, [1], "the updates", heard)


# --- what is shown


@pytest.mark.parametrize("value", [None, "a\n\x1b[31m\u202eb\u2028", {"é": [1]}, object, {1: {2}}, "\ud800", 10**50])
def test_a_value_is_shown_on_one_line_that_no_terminal_obeys(value: object) -> None:
    assert shown(value).isascii()
    assert shown(value).isprintable()


def test_a_long_value_is_shortened_with_its_length() -> None:
    assert shown("x" * 1000) == f'"{"x" * (SHOWN_CHARACTERS - 1)}… (1002 characters)'
    assert shown("x" * (SHOWN_CHARACTERS - 2)) == f'"{"x" * (SHOWN_CHARACTERS - 2)}"'


def test_a_value_that_is_nested_too_deeply_is_still_a_message() -> None:
    with pytest.raises(Failed, match=r"^it: at \$ expected 1, received a value that is nested too deeply to be shown$"):
        equal(nested(100_000), 1, "it")


@given(JSON)
def test_what_is_shown_in_full_is_the_value(value: object) -> None:
    text = shown(value)
    assume(len(text) <= SHOWN_CHARACTERS)
    assert json.loads(text) == value


def test_errors_by_schema_are_readable() -> None:
    assert schema_errors("updates", {"node": {}}) == []
    assert schema_errors("updates", []) == ["$: expected an object, got []"]
