"""Draws cases of the graph `program`: the same ones for the same seed."""

from __future__ import annotations

import random
from typing import Any

from conformance.authoring import MODES
from conformance.suite.any_run.programs import FAILURE, SECOND, WAIT
from conformance.suite.generated.case import (
    AFTER_THE_END,
    AT_START,
    BY_STREAM,
    CREATOR,
    IN_BACKGROUND,
    IN_THE_MIDDLE,
    ONE_LEAVES,
    TWO,
    Case,
    Request,
)
from conformance.suite.generated.programs import program

GRAPH = "program"

PAUSE = {"step": [WAIT]}
MARK = {"step": [{"custom": SECOND}, {"append": SECOND}, {"say": [SECOND]}], "node": "b"}
"""Shows in every mode that the run is under way: a reader in the middle joins then."""

THREADS = {"none": 4, "new": 9, "second run": 4, "third run": 1, "after a failure": 2}
"""The kinds of threads, with how often they are drawn in twenty cases."""
JOINED = (AT_START, IN_THE_MIDDLE, TWO, ONE_LEAVES, AFTER_THE_END)


def drawn(number: int, seed: int) -> dict[str, Case]:
    """Return so many cases, by their names."""
    width = len(str(number))
    return {f"{place:0{width}}": case(random.Random(f"{seed}.{place}")) for place in range(1, number + 1)}


def case(dice: random.Random) -> Case:
    """Return a random case."""
    kind = dice.choices(list(THREADS), list(THREADS.values()))[0]
    readers = dice.choice(JOINED) if kind != "none" and dice.random() < 0.5 else CREATOR
    start = dice.choice([BY_STREAM, IN_BACKGROUND]) if readers != CREATOR else BY_STREAM
    return Case(GRAPH, _request(dice, _program(dice, readers)), _earlier(dice, kind), kind != "none", start, readers)


def _earlier(dice: random.Random, kind: str) -> tuple[Request, ...]:
    """Return the earlier runs of a thread of a kind."""
    if kind == "after a failure":
        return (_request(dice, [*program(dice, longest=1, may_fail=False), {"step": [{"fail": FAILURE}]}]),)
    number = {"second run": 1, "third run": 2}.get(kind, 0)
    return tuple(_request(dice, program(dice, longest=2, may_fail=False)) for _ in range(number))


def _request(dice: random.Random, given: list[Any]) -> Request:
    modes = tuple(dice.sample(MODES, dice.choice([1, 1, 2, 3, len(MODES)])))
    form = dice.choice(["list", "backward", *(["string"] if len(modes) == 1 else [])])
    return Request({"program": given}, modes, form, dice.random() < 0.6)


def _program(dice: random.Random, readers: str) -> list[Any]:
    """Return a program that waits in the middle, if somebody must have time to join."""
    if readers in (CREATOR, AFTER_THE_END):
        return program(dice)
    return [*program(dice, longest=2, may_fail=False), PAUSE, MARK, PAUSE, *program(dice, longest=2)]
