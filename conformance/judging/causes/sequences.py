"""Causes that show in which of the expected events were received, and in which order."""

from __future__ import annotations

import json
from typing import Any

from .case import Case, Description, counted


def _keys(values: list[Any]) -> list[str]:
    """Return each value as text that is the same for equal values; 1 and 1.0 are the same number."""
    return [json.dumps(_numbers(value), sort_keys=True) for value in values]


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _positions(part: list[str], whole: list[str]) -> list[int] | None:
    """Return where the items of `part` stand in `whole` in the same order; None if they do not."""
    positions = []
    remaining = enumerate(whole)
    for item in part:
        position = next((index for index, other in remaining if other == item), None)
        if position is None:
            return None
        positions.append(position)
    return positions


def loses_events(case: Case) -> str | None:
    """Some of the expected events are missing, and the others are in order."""
    pair = _sequences(case)
    if pair is None or not pair[1] or len(pair[1]) >= len(pair[0]):
        return None
    expected, received = pair
    positions = _positions(received, expected)
    if positions is None:
        return None
    missing = [index for index in range(len(expected)) if index not in positions]
    return f"The stream has {len(received)} of the {len(expected)} expected events, in order; {_which(case, missing)}."


def _which(case: Case, missing: list[int]) -> str:
    assert case.difference is not None
    expected = case.difference.expected
    count = len(expected)
    if missing == list(range(count - len(missing), count)):
        return f"the last {len(missing)} are missing" if len(missing) > 1 else "the last one is missing"
    if missing == list(range(len(missing))):
        return f"the first {len(missing)} are missing" if len(missing) > 1 else "the first one is missing"
    if not any(isinstance(expected[index], dict) for index in missing) and len(missing) > 1:
        present = [expected[index] for index in range(count) if index not in missing]
        if all(isinstance(one, dict) for one in present):
            return "every event that is missing holds something else than an object"
    shown = ", ".join(str(index + 1) for index in missing[:5])
    return f"missing: number {shown}" + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")


def receives_none(case: Case) -> str | None:
    """None of the expected events was received."""
    pair = _sequences(case)
    if pair is None or pair[1] or not pair[0]:
        return None
    return f"None of the {counted(len(pair[0]), 'expected event')} was received."


def repeats_events(case: Case) -> str | None:
    """All expected events were received in order, and some of them again."""
    pair = _sequences(case)
    if pair is None or len(pair[1]) <= len(pair[0]) or _positions(*pair) is None:
        return None
    expected, received = pair
    extra = len(received) - len(expected)
    if not set(received) <= set(expected):
        return None
    return f"All {len(expected)} expected events were received, and {extra} of them again."


def reorders_events(case: Case) -> str | None:
    """The expected events were received in another order."""
    pair = _sequences(case)
    if pair is None or sorted(pair[0]) != sorted(pair[1]):
        return None
    return f"All {len(pair[0])} expected events were received, in another order."


def _sequences(case: Case) -> tuple[list[str], list[str]] | None:
    if case.difference is None or not case.difference.sequences:
        return None
    return _keys(case.difference.expected), _keys(case.difference.received)


SEQUENCES = (
    Description("events-lost", loses_events),
    Description("events-absent", receives_none),
    Description("events-repeated", repeats_events),
    Description("events-reordered", reorders_events),
)
