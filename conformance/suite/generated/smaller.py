"""Smaller cases that may still show a failure, and how large a case is; pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.authoring import MODES
from conformance.suite.generated.case import BY_STREAM, FORMS, READERS, Case, Request
from conformance.suite.generated.drawing import GRAPH

Program = list[Any]

PLAIN_VALUE = "x"
"""Stands for any value that is written."""
PLAIN_TOKENS = ["a ", "b"]
"""Stand for any tokens that are said."""


def weight(case: Case) -> tuple[int, ...]:
    """Return how large a case is: what a reader has to understand, the most important first."""
    requests = (*case.earlier, case.run)
    return (
        len(requests) + READERS.index(case.readers) + (case.start != BY_STREAM),
        sum(_nodes(one.input) for one in requests),
        sum(len(one.modes) + one.subgraphs for one in requests),
        sum(len(json.dumps(one.input)) for one in requests),
        sum(FORMS.index("list") != FORMS.index(one.form) for one in requests),
        sum(mode != MODES[0] for one in requests for mode in one.modes),
    )


def smaller(case: Case) -> Iterator[Case]:
    """Yield cases with less weight, those that lose most first; every one of them is possible, and none comes twice."""
    seen = {json.dumps(case.data)}
    for one in _candidates(case):
        key = json.dumps(one.data)
        if key not in seen and one.is_possible and weight(one) < weight(case):
            seen.add(key)
            yield one


def _candidates(case: Case) -> Iterator[Case]:
    for count in dict.fromkeys((0, *range(len(case.earlier)))):
        yield replace(case, earlier=case.earlier[:count])
        yield replace(case, earlier=case.earlier[len(case.earlier) - count :])
    for readers in READERS[: READERS.index(case.readers)]:
        yield replace(case, readers=readers, start=BY_STREAM)
        yield replace(case, readers=readers)
    yield replace(case, start=BY_STREAM)
    for one in _requests(case.run, case.graph):
        yield replace(case, run=one)
    for number, earlier in enumerate(case.earlier):
        for one in _requests(earlier, case.graph):
            yield replace(case, earlier=(*case.earlier[:number], one, *case.earlier[number + 1 :]))


def _requests(request: Request, graph: str) -> Iterator[Request]:
    """Yield simpler requests; only the input of the graph `program` is understood."""
    programs = _programs(request.input["program"]) if graph == GRAPH else iter(())
    yield from (replace(request, modes=(mode,), form="list") for mode in request.modes)
    yield from _first(programs, request)
    for mode in request.modes:
        yield replace(request, modes=tuple(one for one in request.modes if one != mode))
    yield replace(request, subgraphs=False)
    yield replace(request, form="list")
    yield replace(request, modes=MODES[:1])


def _first(programs: Iterator[Program], request: Request) -> Iterator[Request]:
    return (replace(request, input={"program": program}) for program in programs)


def _programs(program: Program) -> Iterator[Program]:
    """Yield simpler programs."""
    yield from _shorter(program)
    for number, instruction in enumerate(program):
        for one in _instructions(instruction):
            yield [*program[:number], *one, *program[number + 1 :]]


def _shorter(items: Sequence[Any], least: int = 0) -> Iterator[list[Any]]:
    """Yield parts of a list with at least so many items: its halves, and it without one item."""
    half = len(items) // 2
    shorter = [list(items[:half]), list(items[half:]), *([*items[:n], *items[n + 1 :]] for n in range(len(items)))]
    yield from (one for one in shorter if least <= len(one) < len(items))


def _instructions(instruction: dict[str, Any]) -> Iterator[Program]:
    """Yield what can stand for an instruction: its parts, or a simpler one."""
    for key in ("call", "loop"):
        if key in instruction:
            yield instruction[key]
            yield from ([{**instruction, key: inner}] for inner in _programs(instruction[key]))
    if "parallel" in instruction:
        yield from instruction["parallel"]
        yield from _branches(instruction, "parallel", _programs)
    if "fan" in instruction:
        yield from ([{"step": actions}] for actions in instruction["fan"])
        yield from _branches(instruction, "fan", _steps)
    if "step" in instruction:
        yield from ([{**instruction, "step": actions}] for actions in _steps(instruction["step"]))
    for key in instruction.keys() & {"times", "node"}:
        if instruction[key] != 1:
            rest = {name: value for name, value in instruction.items() if name != key}
            yield [rest if key == "node" or "call" in rest else {**rest, "times": 1}]


def _branches(instruction: dict[str, Any], key: str, simpler: Any) -> Iterator[Program]:
    """Yield the instruction with fewer branches, or with a simpler one."""
    branches = instruction[key]
    yield from ([{key: fewer}] for fewer in _shorter(branches, least=1))
    for number, branch in enumerate(branches):
        for one in simpler(branch):
            yield [{key: [*branches[:number], one, *branches[number + 1 :]]}]


def _steps(actions: list[Any]) -> Iterator[list[Any]]:
    """Yield simpler lists of actions."""
    yield from _shorter(actions)
    for number, action in enumerate(actions):
        for one in _actions(action):
            yield [*actions[:number], one, *actions[number + 1 :]]


def _actions(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "say" in action:
        yield {"say": PLAIN_TOKENS}
        yield from ({**action, "say": fewer} for fewer in _shorter(action["say"], least=1))
        yield from ({name: value for name, value in action.items() if name != key} for key in ("tag", "in"))
    for key in action.keys() & {"custom", "append", "write"}:
        yield {key: PLAIN_VALUE}
        yield from ({key: value} for value in _values(action[key]))


def _values(value: Any) -> Iterator[Any]:
    """Yield simpler JSON values."""
    if isinstance(value, str):
        yield from ("".join(part) for part in _shorter(value))
    if isinstance(value, list):
        yield from value
        yield from _shorter(value)
    if isinstance(value, dict) and "$repeat" not in value:
        yield from value.values()
        yield from ({name: one for name, one in value.items() if name != key} for key in value)
    if isinstance(value, dict) and "$repeat" in value:
        yield from ({**value, "times": value["times"] // part} for part in (8, 2) if value["times"] >= part)


def _nodes(value: Any) -> int:
    """Return how many values there are in a JSON value, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_nodes, inner))
