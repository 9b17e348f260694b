"""Exactly the allowed orders of a prediction match, whatever the ids; properties on the predictions of real runs."""

import json
import random
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.oracle import (
    Case,
    PredictedEvent,
    Prediction,
    RecordedEvent,
    compare_join,
    compare_stream,
    computed,
)
from conformance.oracle.identity import RUN, THREAD, ids_in, without_ids
from conformance.oracle.join import SETTLED_S
from conformance.oracle.order import predecessors
from conformance.suite.generated.programs import program

from .oracle_random import allowed_order, streamed

MODES = ("values", "updates", "messages", "custom", "debug", "events")
LINEAR: list[Any] = [
    {"step": [{"custom": 1}, {"say": ["You ", "too"]}, {"append": "x"}]},
    {"call": [{"step": [{"custom": 1}, {"write": None}, {"say": ["in"], "in": "tool"}]}], "times": 2},
    {"step": [{"custom": 2}, {"wait": 1}, {"custom": 2}, {"wait": 1}]},
]
PARALLEL: list[Any] = [
    {"fan": [[{"custom": 1}, {"append": 1}], [{"custom": 1}, {"append": 1}], [{"say": ["a", "b"]}]]},
    {"parallel": [[{"step": [{"custom": 1}]}, {"fan": [[{"say": ["a"]}], [{"say": ["a"]}]]}], [{"step": []}]]},
]


def case(given: list[Any]) -> Case:
    return Case("program", ({"program": given},), MODES, subgraphs=True)


RANDOM = [program(random.Random(seed), depth=2, longest=2) for seed in range(4)]
PREDICTED = {one.key: one for one in (case(one) for one in (LINEAR, PARALLEL, *RANDOM))}


@cache
def predictions() -> list[Prediction]:
    """Return what langgraph yields for a linear program, a parallel one and random ones."""
    return list(computed(list(PREDICTED.values())).values())


drawn = settings(max_examples=25)
dices = st.integers(0, 2**32).map(random.Random)
numbers = st.integers(0, len(PREDICTED) - 1)


def given_ids(prediction: Prediction) -> dict[str, str]:
    """Return the ids that a server does not choose, each with itself."""
    return {one: one for one in ids_in(prediction.inputs)}


def sent(prediction: Prediction, dice: random.Random) -> tuple[list[RecordedEvent], str, str]:
    """Return an allowed stream with new ids, and the ids of its run and its thread."""
    names = given_ids(prediction)
    events = streamed(prediction, allowed_order(prediction, dice), names)
    return events, names.get(RUN, "run"), names.get(THREAD, "thread")


@drawn
@given(number=numbers, dice=dices)
def test_every_allowed_order_with_other_ids_matches(number: int, dice: random.Random) -> None:
    events, run, thread = sent(predictions()[number], dice)
    assert compare_stream(events, predictions()[number], run, thread) is None


@drawn
@given(number=numbers, dice=dices)
def test_a_dropped_event_is_found(number: int, dice: random.Random) -> None:
    events, run, thread = sent(predictions()[number], dice)
    events.pop(dice.randrange(len(events)))
    found = compare_stream(events, predictions()[number], run, thread)
    assert found is not None
    assert found.kind != "undecided"


@drawn
@given(number=numbers, dice=dices)
def test_the_beginning_is_enough_for_a_reader_that_left(number: int, dice: random.Random) -> None:
    events, run, thread = sent(predictions()[number], dice)
    beginning = events[: dice.randrange(len(events))]
    assert compare_stream(beginning, predictions()[number], run, thread, ended=False) is None
    assert compare_stream(beginning, predictions()[number], run, thread) is not None


@drawn
@given(number=numbers, dice=dices)
def test_a_doubled_event_is_found(number: int, dice: random.Random) -> None:
    events, run, thread = sent(predictions()[number], dice)
    place = dice.randrange(len(events))
    found = compare_stream(events[: place + 1] + events[place:], predictions()[number], run, thread)
    assert found is not None
    assert found.kind != "undecided"


def _content(event: RecordedEvent) -> str:
    return without_ids(json.dumps([event.namespace, event.data]))


@drawn
@given(dice=dices, mode=st.sampled_from(MODES))
def test_two_events_of_one_mode_in_the_wrong_order_are_found(dice: random.Random, mode: str) -> None:
    prediction = predictions()[0]
    assert not prediction.parallel
    events, run, thread = sent(prediction, dice)
    places = [place for place, event in enumerate(events) if event.mode == mode]
    one, other = next(
        (first, second)
        for first, second in dice.sample(list(pairwise(places)), len(places) - 1)
        if _content(events[first]) != _content(events[second])
    )
    events[one], events[other] = events[other], events[one]
    found = compare_stream(events, prediction, run, thread)
    assert found is not None
    assert found.kind != "undecided"


@drawn
@given(number=numbers, dice=dices)
def test_an_id_that_is_not_the_same_throughout_is_found(number: int, dice: random.Random) -> None:
    prediction = predictions()[number]
    events, run, thread = sent(prediction, dice)
    # An id that occurs once may be any id; that of a task or a model occurs at its start and at its end.
    ends = [place for place, one in enumerate(events) if one.mode == "events" and one.data["event"].endswith("_end")]
    place = dice.choice(ends)
    changed = {**events[place].data, "run_id": "11111111-1111-4111-8111-111111111111"}
    events[place] = events[place]._replace(data=changed)
    assert compare_stream(events, prediction, run, thread) is not None


@drawn
@given(number=numbers, dice=dices)
def test_what_a_joining_reader_received_matches(number: int, dice: random.Random) -> None:
    prediction = predictions()[number]
    names = given_ids(prediction)
    order = range(len(prediction.events))  # as yielded, so that what comes before a moment is not after it
    events = streamed(prediction, order, names)
    missed = dice.randrange(len(events) + 1)
    run, thread = names.get(RUN, "run"), names.get(THREAD, "thread")
    found = compare_join(events[missed:], prediction, run, thread)
    assert found is None


@drawn
@given(dice=dices)
def test_a_joining_reader_that_misses_an_event_between_others_is_found(dice: random.Random) -> None:
    prediction = predictions()[0]
    names = given_ids(prediction)
    events = streamed(prediction, range(len(prediction.events)), names)
    inner = [place for place, event in enumerate(events) if any(one.mode == event.mode for one in events[:place])]
    place = dice.choice(inner)
    assert compare_join(events[:place] + events[place + 1 :], prediction, names[RUN], names[THREAD]) is not None


def test_a_joining_reader_must_not_miss_what_came_after_a_wait() -> None:
    prediction = predictions()[0]
    names = given_ids(prediction)
    events = streamed(prediction, range(len(prediction.events)), names)
    late = [
        event for event, due in zip(events, prediction.events, strict=True) if due.at >= 2 or event.mode == "values"
    ]
    found = compare_join(late, prediction, names[RUN], names[THREAD])
    assert found is not None
    assert found.kind == "lost"


# --- the partial order, on small predictions written by hand


def test_a_joining_reader_must_not_miss_what_comes_after_its_join() -> None:
    prediction = next(one for one in predictions() if any(event.at > 0 for event in one.events))
    end = max(event.at for event in prediction.events)
    assert compare_join([], prediction, None, None) is None
    assert compare_join([], prediction, None, None, joined_at=end) is None
    found = compare_join([], prediction, None, None, joined_at=end - SETTLED_S - 0.01)
    assert found is not None
    assert found.kind == "lost"


def predicted(*events: tuple[str, object], parallel: bool = False) -> Prediction:
    found = tuple(PredictedEvent(mode, (), data, (1,), 0) for mode, data in events)
    return Prediction(found, frozenset({((), 1)}) if parallel else frozenset(), ())


def test_modes_of_one_step_are_free_against_each_other() -> None:
    assert predecessors(predicted(("custom", 1), ("custom", 2), ("updates", {"a": 1}), ("values", {}))) == [
        [], [0], [], [],
    ]  # fmt: skip


def test_updates_of_parallel_tasks_are_free() -> None:
    order = predecessors(predicted(("updates", {"a": 1}), ("updates", {"b": 1}), parallel=True))
    assert order == [[], []]


def test_an_update_of_a_parallel_task_comes_after_those_of_its_own_subgraph() -> None:
    inner = [PredictedEvent("updates", (f"{name}:1",), {"x": 1}, (1, 1), 0) for name in ("left", "right")]
    outer = [PredictedEvent("updates", (), {name: 1}, (1,), 0) for name in ("right", "left")]
    order = predecessors(Prediction((*inner, *outer), frozenset({((), 1)}), ()))
    assert order == [[], [], [1], [0]]


def test_a_step_binds_all_modes() -> None:
    first, second = PredictedEvent("custom", (), 1, (1,), 0), PredictedEvent("values", (), {}, (1,), 0)
    third = PredictedEvent("updates", (), {}, (2,), 0)
    order = predecessors(Prediction((first, second, third), frozenset(), ()))
    assert sorted(order[2]) == [0, 1]


def test_an_error_is_the_last_event() -> None:
    assert predecessors(predicted(("custom", 1), ("error", {"message": ""}))) == [[], [0]]
