"""Random programs for the reference graph `program`: the same ones for the same seed."""

from __future__ import annotations

import random
from typing import Any

DEPTH = 3
"""How many levels of subgraphs the graph has below its root."""

TEXTS = ("plain", "", "line\nbreak", "data: x\n\n", "\u2028\\u0041", "e\u0301 \U0001f469\u200d\U0001f4bb", "null", "[]")
VALUES: tuple[Any, ...] = (
    None, False, True, 0, 1, -1, 2**53 - 1, 0.1, 1e300, [], {}, [None], [[]], {"toString": 1, "constructor": None},
    {"": "", "a|b": 0}, "2026-01-01T00:00:00Z", "00000000-0000-4000-8000-000000000001",
    {"$repeat": "long text ", "times": 50}, {"$repeat": [1, "x"], "times": 20},
)  # fmt: skip
TOKENS = ("You ", "said:", "\n", "\u2028", "\U0001f469", "\u200d", "0", " ", "\\", "\u0301")


def program(dice: random.Random, depth: int = DEPTH, longest: int = 3, may_fail: bool = True) -> list[Any]:
    """Return a program of at most `longest` instructions for a graph with so many levels below.

    Nothing fails beside other work, because how far that work comes is left to chance.
    """
    found = [instruction(dice, depth, may_fail) for _ in range(dice.randint(1, longest))]
    return [*found, {"step": [{"fail": "failed on purpose"}]}] if may_fail and dice.random() < 0.1 else found


def instruction(dice: random.Random, depth: int, may_fail: bool) -> Any:
    """Return an instruction for a graph with so many levels below."""
    kind = dice.choice(["step", "step", "step", "nothing", "fan", "loop", *(["call", "parallel"] if depth else [])])
    if kind == "step":
        return {"step": actions(dice), "node": dice.choice("abc")}
    if kind == "nothing":
        return {"step": []}
    if kind == "fan":
        return {"fan": [actions(dice, plain=False) for _ in range(dice.randint(1, 4))]}
    if kind == "loop":
        return {"loop": [{"step": actions(dice)}], "times": dice.randint(1, 2)}
    if kind == "call":
        return {"call": program(dice, depth - 1, 2, may_fail), "times": dice.randint(1, 2)}
    return {"parallel": [program(dice, depth - 1, 2, False) for _ in range(dice.randint(1, 3))]}


def actions(dice: random.Random, plain: bool = True) -> list[Any]:
    """Return the actions of a step; `plain` allows a write that replaces a value."""
    return [action(dice, plain) for _ in range(dice.randint(1, 3))]


def action(dice: random.Random, plain: bool) -> Any:
    """Return one action that does not fail."""
    kind = dice.choice(["custom", "custom", "append", "say", "say", "write" if plain else "append", "wait"])
    if kind == "say":
        speech = [dice.choice(TOKENS) for _ in range(dice.randint(1, 5))]
        tag = {"tag": dice.choice(["t", "u"])} if dice.random() < 0.5 else {}
        return {"say": speech, "in": dice.choice(["node", "tool", "task"]), **tag}
    if kind == "wait":
        return {"wait": dice.choice([0, 0.01])}
    return {kind: dice.choice([*VALUES, *TEXTS])}
