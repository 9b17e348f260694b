"""Expectations compare values as JSON and name the place of the first difference; no message controls a terminal."""

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
def test_a_condition_that_holds_raises_nothing(condition: object) -> None:
    expect(condition, "not raised")


@pytest.mark.parametrize("condition", [False, None, 0, "", []])
def test_a_condition_that_does_not_hold_fails_with_its_place(condition: object) -> None:
    place = stream("1").events[0]
    with pytest.raises(Failed, match=r"^the message$") as raised:
        expect(condition, "the message", place)
    assert raised.value.where is place


def test_failing_and_being_inconclusive_are_distinct() -> None:
    with pytest.raises(Failed, match=r"^wrong$") as raised:
        fail("wrong")
    assert raised.value.where is None
    with pytest.raises(Inconclusive, match=r"^no events$"):
        inconclusive("no events")
    assert not issubclass(Inconclusive, Failed)
    assert not issubclass(Failed, Inconclusive)


# --- equality

SAME = [(1, 1.0), (0, -0.0), (10**20, 1e20), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([], []), ("é", "é"), (None, None)]

# Actual and expected value, the place of the first difference, and what the message shows of the two values there.
DIFFERENT = [
    (True, 1, "$", "1", "true"),
    (False, 0, "$", "0", "false"),
    (None, False, "$", "false", "null"),
    ("1", 1, "$", "1", '"1"'),
    (None, {}, "$", "{}", "null"),
    ([], {}, "$", "{}", "[]"),
    ("e\u0301", "é", "$", r'"\u00e9"', r'"e\u0301"'),
    ({}, {"a": None}, "$", '"a"', "missing"),
    ({"a": None}, {}, "$", '"a"', "not expected"),
    ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "$.a.b[1]", "3", "2"),
    ({"a": 2, "b": 2}, {"b": 1, "a": 1}, "$.b", "1", "2"),
    ([1, 2], [1], "$", "1", "2"),
    ([1], [1, 2], "$", "2", "1"),
    ([2], [1, 2], "$[0]", "1", "2"),
    ([[1, True]], [[1, 1]], "$[0][1]", "1", "true"),
]


@pytest.mark.parametrize(("actual", "expected"), SAME)
def test_the_same_json_value_is_equal(actual: object, expected: object) -> None:
    assert first_difference(actual, expected) is None
    equal(actual, expected, "the value")


@pytest.mark.parametrize(("actual", "expected", "path", "wanted", "received"), DIFFERENT)
def test_the_message_names_the_first_difference(
    actual: object, expected: object, path: str, wanted: str, received: str
) -> None:
    difference = first_difference(actual, expected)
    assert difference is not None
    assert difference.startswith(f"at {path} ")
    assert 0 < difference.index(wanted) < difference.index(received)
    place = stream("1")
    with pytest.raises(Failed) as raised:
        equal(actual, expected, "the state", place)
    assert (str(raised.value), raised.value.where) == (f"the state: {difference}", place)


def canonical(value: object) -> object:
    """Return the value with its JSON types, so that Python's == compares it as JSON."""
    if isinstance(value, dict):
        return ("object", {key: canonical(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return ("array", [canonical(inner) for inner in value])
    return ("boolean" if isinstance(value, bool) else "other", value)


@given(JSON, JSON)
def test_equality_is_that_of_json(one: object, other: object) -> None:
    assert (first_difference(one, other) is None) == (canonical(one) == canonical(other))
    assert (first_difference(one, other) is None) == (first_difference(other, one) is None)


@given(JSON)
def test_a_value_equals_its_copy_and_itself_after_serialization(value: object) -> None:
    assert first_difference(copy.deepcopy(value), value) is None
    assert first_difference(json.loads(json.dumps(value)), value) is None


# --- sequences


def test_a_sequence_is_equal() -> None:
    exchange = stream('{"a": 1}', "null")
    same_sequence(exchange.events, [{"a": 1}, None], "the updates", exchange)
    same_sequence(stream().events, [], "the updates", exchange)


@pytest.mark.parametrize(
    ("data", "parts", "position"),
    [
        ([], ("after 0 events", "expected 1", "nothing"), None),
        (["1"], ("after 1 events", "expected 2", "nothing"), None),
        (["2", "1"], ("event 1 of 2", "expected 1", "received 2"), 1),
        (["1", "1", "2"], ("event 2 of 2", "expected 2", "received 1"), 2),
        (["1", "2", "3"], ("expected 2 events", "3"), 3),
    ],
)
def test_another_sequence_fails_at_the_first_difference(
    data: list[str], parts: tuple[str, ...], position: int | None
) -> None:
    exchange = stream(*data)
    with pytest.raises(Failed) as raised:
        same_sequence(exchange.events, [1, 2], "the updates", exchange)
    message = str(raised.value)
    assert message.startswith("the updates: ")
    assert all(part in message for part in parts)
    assert raised.value.where is (exchange if position is None else exchange.events[position - 1])


def test_an_event_that_is_not_json_cannot_be_compared() -> None:
    exchange = stream("NaN")
    with pytest.raises(NotJson):
        same_sequence(exchange.events, [1], "the updates", exchange)


# --- how a message shows a value


@pytest.mark.parametrize("value", [None, "a\n\x1b[31m\u202eb\u2028", {"é": [1]}, object, {1: {2}}, "\ud800", 10**50])
def test_a_value_is_shown_on_one_line_that_cannot_control_a_terminal(value: object) -> None:
    assert shown(value).isascii()
    assert shown(value).isprintable()


def test_a_long_value_is_shortened_with_its_length() -> None:
    assert shown("x" * 1000) == f'"{"x" * (SHOWN_CHARACTERS - 1)}… (1002 characters)'
    assert shown("x" * (SHOWN_CHARACTERS - 2)) == f'"{"x" * (SHOWN_CHARACTERS - 2)}"'


def test_a_value_that_is_nested_too_deeply_does_not_break_the_message() -> None:
    with pytest.raises(Failed, match=r"^it: at \$ expected 1, received .* nested too deeply"):
        equal(nested(100_000), 1, "it")


@given(JSON)
def test_what_is_shown_in_full_is_the_value(value: object) -> None:
    text = shown(value)
    assume(len(text) <= SHOWN_CHARACTERS)
    assert json.loads(text) == value


def test_errors_by_schema_are_readable() -> None:
    assert schema_errors("updates", {"node": {}}) == []
    (error,) = schema_errors("updates", [])
    assert error.startswith("$: expected an object, ")
    assert error.endswith(" []")
