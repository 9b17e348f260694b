"""The programs of the family `any_run`, and the texts that stand in them.

Every program writes an update, custom data and tokens, so that every mode has something to show.  The first step has no
mark and the second one has SECOND in every mode, so that a reader can see that the second step has begun.
"""

from __future__ import annotations

from typing import Any

SECOND = "second-step"
"""A text that the second step writes in every mode, and the first one does not."""
FAILURE = "the program failed on purpose"
WAIT = {"wait": 0.3}
"""Stands between steps where a reader must have time to join."""

LONG = {"$repeat": "0123456789abcdef", "times": 4400}
"""A text of 70 kB, longer than any usual buffer; it is not kept in the state, which many events repeat."""

TEXTS: dict[str, list[Any]] = {
    "plain": ["Hello ", "there, ", "friend"],
    "escapes": ["a\\u00e9\\n ", "data: x\n\nevent: y\r\n", '"quoted" \t\\'],
    "scripts": ["안녕 ", "👩‍👩‍👧 ", "e\u0301\u2028\u0085 \ufeffx"],
    "falsy": ["0", " ", "null "],
    "equal": ["again ", "again ", "again "],
    "numbers": ["1.0 ", "1e3 ", "007"],
    "long": ["short ", {"$repeat": "word ", "times": 800}, " end"],
}
"""The tokens of an answer; none is empty."""

VALUES: dict[str, list[Any]] = {
    "plain": [{"a": 1, "b": [True, None]}, "text"],
    "escapes": [{"data: ": "event: \n\n"}, "\\n \\\\ \\u00e9"],
    "scripts": [{"ключ": "値"}, "🏳️‍🌈"],
    "falsy": [None, 0, False, "", [], {}],
    "equal": [[1], [1], [1]],
    "numbers": [9007199254740991, -0.5, 1e-7, [0.1, 100]],
    "long": [LONG, {"$repeat": [1, 2], "times": 400}],
}
"""What is written as custom data and into the state."""

Actions = list[dict[str, Any]]


def program(name: str, text: str, *, slow: bool) -> list[dict[str, Any]]:
    """Return a program by its name, with the texts of a name; a slow one waits between its steps."""
    first, second = _actions(text, slow=slow)
    pause = [{"step": [WAIT]}] if slow else []
    return [{"step": first}, *pause, *_middle(name, second, slow=slow), *pause, *_end(name)]


def _actions(text: str, *, slow: bool) -> tuple[Actions, Actions]:
    """Return the actions of the first step, and those of the second, which wait inside if they are slow."""
    values, tokens = VALUES[text], TEXTS[text]
    written: Actions = [{"custom": value} for value in values]
    appended: Actions = [{"append": value} for value in values if value is not LONG]
    pause: list[Any] = [0.3] if slow else []
    said = {"say": [*tokens, f" {SECOND}", *pause, " and on"], "tag": "spoken"}
    marked: Actions = [{"custom": SECOND}, {"append": SECOND}, said]
    wait: Actions = [WAIT] if slow else []
    return [*written, {"say": tokens}, *appended], [*marked[:1], *wait, *marked[1:]]


def _middle(name: str, second: Actions, *, slow: bool) -> list[dict[str, Any]]:
    """Return the instructions that make the program what its name says."""
    step = {"step": second, "node": "b"}
    inner = [{"step": second}]
    match name:
        case "parallel":
            return [{"parallel": [inner, [{"step": [*second, {"append": "right"}]}]]}]
        case "fan":
            return [{"fan": [second, [{"custom": "fanned"}, {"append": "fanned"}]]}]
        case "nested":
            return [{"call": [{"call": [{"step": [{"custom": "deep"}]}, {"call": inner}]}]}]
        case "repeated":
            return [{"call": inner, "times": 2}]
        case "tool or task":
            return [_spoken_in(step, "tool"), _spoken_in(step, "task")]
        case "two models":
            return [{"step": [*second, {"say": ["another ", "answer"], "tag": "other"}]}]
        case "fails":
            return [step, {"step": [{"custom": "before"}, {"fail": FAILURE}]}]
        case "fails inside":
            return [step, {"call": [{"step": [{"custom": "inside"}, {"fail": FAILURE}]}]}]
    return [step, {"loop": [{"step": [{"append": "round"}]}], "times": 2}, {"step": []}]


def _spoken_in(step: dict[str, Any], place: str) -> dict[str, Any]:
    actions = [{**action, "in": place} if "say" in action else action for action in step["step"]]
    return {**step, "step": actions}


def _end(name: str) -> list[dict[str, Any]]:
    return [{"step": [{"write": {"last": name}}, {"custom": "last"}], "node": "c"}]
