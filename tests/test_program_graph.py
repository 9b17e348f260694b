"""The graph `program` does what its contract says, and the same in Python and JavaScript."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest

from conformance.files import folder
from conformance.launch.environments import node_environment
from conformance.launch.process import LaunchError
from conformance.oracle import Case, Prediction, computed, node_predictor
from conformance.suite.generated.programs import program

from .conftest import left_out

OUTPUT = ("values", "updates", "custom")
"""The modes in which both languages stream the same."""
EXAMPLE = [
    {"step": [{"custom": "hi"}, {"say": ["You ", "too"]}]},
    {"call": [{"step": [{"append": {"$repeat": "ab", "times": 2}}]}]},
]
"""The example of fixtures_graphs/README.md."""
EVERYTHING = [
    {"step": []},
    {"step": [{"write": None}, {"say": ["a", 0.3, "b"], "in": "tool", "tag": "t"}], "node": "c"},
    {"fan": [[{"append": 1}], [{"custom": 2}], [{"say": ["x"], "in": "task"}]]},
    {"loop": [{"step": [{"append": {"$repeat": [0, None], "times": 2}}], "node": "b"}], "times": 2},
    {"parallel": [[{"step": [{"append": "left"}]}], [{"call": [{"call": [{"step": [{"append": "deep"}]}]}]}]]},
    {"step": [{"custom": {"__proto__": 1}}, {"custom": "before"}, {"fail": "failed on purpose"}]},
]
PROGRAMS = [EXAMPLE, EVERYTHING, *(program(random.Random(seed), depth=2) for seed in range(12))]


def case(given: Any, modes: tuple[str, ...] = OUTPUT) -> Case:
    return Case("program", ({"program": given},), modes, subgraphs=True)


@cache
def in_python() -> dict[str, Prediction]:
    """Return what each program streams in Python."""
    return dict(computed([*map(case, PROGRAMS), case(EXAMPLE, ("messages",)), case(EVERYTHING, ("messages",))]))


def streamed(given: Any, mode: str) -> list[tuple[int, Any]]:
    """Return the depth and the data of the events of a mode."""
    events = in_python()[case(given).key].events
    return [(len(event.namespace), event.data) for event in events if event.mode == mode]


def test_the_example_of_the_contract() -> None:
    assert streamed(EXAMPLE, "custom") == [(0, "hi")]
    assert streamed(EXAMPLE, "updates") == [
        (0, {"begin": {"contract": 2, "done": 0}}),
        (0, {"a": {"log": ["You too"], "done": 1}}),
        (1, {"begin": {"contract": 2, "done": 0}}),
        (1, {"a": {"log": ["abab"], "done": 1}}),
        (0, {"call": {"log": ["abab"], "done": 2}}),
    ]
    final = {"program": EXAMPLE, "contract": 2, "done": 2, "log": ["You too", "abab"]}
    assert streamed(EXAMPLE, "values")[-1] == (0, final)


def test_the_nodes_of_each_instruction() -> None:
    nodes = [(depth, next(iter(data))) for depth, data in streamed(EVERYTHING, "updates")]
    assert [name for depth, name in nodes if depth == 0 and name != "speak_in_task"] == [
        "begin", "nothing", "join", "c", "each", "each", "each", "join", "b", "b",
        "branch", "branch", "join",
    ]  # fmt: skip
    assert max(depth for depth, _ in nodes) == 3


def test_what_the_instructions_return() -> None:
    last = streamed(EVERYTHING, "values")[-1][1]
    log = ["ab", 1, "x", [0, None, 0, None], [0, None, 0, None], "left", "deep"]
    assert {key: last[key] for key in ("done", "value", "log")} == {"done": 6, "value": None, "log": log}
    events = in_python()[case(EVERYTHING).key].events
    assert (events[-1].mode, events[-1].data["message"]) == ("error", "failed on purpose")
    assert events[-2].data == "before"
    assert events[-1].at == 0.3


def test_the_tokens_and_their_tags() -> None:
    messages = [one.data for one in in_python()[case(EVERYTHING, ("messages",)).key].events if one.mode == "messages"]
    said = [(piece["content"], about.get("tags")) for piece, about in messages if piece["content"]]
    assert said == [("a", ["t"]), ("b", ["t"]), ("x", None)]


def test_python_and_javascript_stream_the_same() -> None:
    graphs = folder("fixtures_graphs") / "js"
    try:
        environment = node_environment("oracle-js", graphs, print)
    except (LaunchError, OSError) as problem:
        left_out(f"the graphs cannot be run with Node: {problem}")
    in_javascript = computed([case(one) for one in PROGRAMS], node_predictor(environment.folder))
    for one in PROGRAMS:
        assert output(in_javascript[case(one).key]) == output(in_python()[case(one).key])


def output(prediction: Prediction) -> dict[str, list[Any]]:
    """Return the data of each mode, by depth, as both languages stream it; a node without an update has null or {}."""
    found: dict[str, list[Any]] = {}
    for event in prediction.events:
        data = event.data
        if event.mode == "updates":
            data = {name: update or None for name, update in data.items()}
        if event.mode != "error":
            found.setdefault(f"{event.mode} {len(event.namespace)}", []).append(data)
    return {name: sorted(data, key=repr) for name, data in found.items()}


@pytest.mark.parametrize("given", PROGRAMS[2:], ids=range(len(PROGRAMS) - 2))
def test_random_programs_reach_their_end(given: Any) -> None:
    events = in_python()[case(given).key].events
    fails = "fail" in repr(given)
    assert (events[-1].mode == "error") == fails
    if not fails:
        assert streamed(given, "values")[-1][1]["contract"] == 2
