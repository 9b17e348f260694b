"""Compares a stream with a prediction; it needs no langgraph and does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.evidence.memo import memoized
from conformance.oracle.difference import Difference
from conformance.oracle.explain import explained
from conformance.oracle.identity import RUN, THREAD, Ids, ids_in
from conformance.oracle.order import Predecessors, predecessors
from conformance.oracle.prediction import Prediction
from conformance.oracle.search import RecordedEvent, Search, search

LONGEST_TAIL = 4
"""How many events an error overtakes at most, for libraries where it does."""


def compare_stream(
    recorded: Sequence[RecordedEvent], prediction: Prediction, run: str | None, thread: str | None,
    *, ended: bool = True,
) -> Difference | None:  # fmt: skip
    """Return the first difference between a stream that its creator read and a prediction; None if they agree.

    `run` and `thread` are the ids that the server gave them, None if unknown.  `ended` is false for a stream that its
    reader left: then events may be missing at its end.
    """
    found = _compared(recorded, prediction, pins(prediction, run, thread), ended)
    if found is not None and prediction.loses_tail:
        shorter = [_compared(recorded, one, pins(one, run, thread), ended) for one in _without_tail(prediction)]
        if None in shorter:
            return None
        return next((one for one in shorter if one is not None and one.mode == "error" and one.path), found)
    return found


def _compared(
    recorded: Sequence[RecordedEvent], prediction: Prediction, pinned: list[tuple[str, str]], ended: bool
) -> Difference | None:
    result = search(recorded, Search(prediction.events, order_of(prediction), Ids(pinned)))
    if result.complete and (not ended or len(recorded) == len(prediction.events)):
        return None
    return explained(recorded, Search(prediction.events, order_of(prediction), Ids(pinned)), result)


def _without_tail(prediction: Prediction) -> list[Prediction]:
    """Return the prediction of a failing run without the last events before the error; nothing for any other run."""
    *before, last = prediction.events or (None,)
    if last is None or last.mode != "error":
        return []
    return [
        replace(prediction, events=(*before[:-count], last))
        for count in range(1, min(LONGEST_TAIL, len(before)) + 1)
        if before[-count].mode not in ("values", "error")
    ]


@memoized
def order_of(prediction: Prediction) -> Predecessors:
    """Return the partial order of a prediction, computed once."""
    return predecessors(prediction)


@memoized
def moments_of(prediction: Prediction) -> dict[str, list[float]]:
    """Return, for each mode, when its events are yielded, in seconds of the run's waits."""
    found: dict[str, list[float]] = {}
    for event in prediction.events:
        found.setdefault(event.mode, []).append(event.at)
    return found


def pins(prediction: Prediction, run: str | None, thread: str | None) -> list[tuple[str, str]]:
    """Return the pairs of ids that are known: the run's, the thread's, and those that the inputs hold."""
    given = [(one, one) for one in dict.fromkeys(ids_in(prediction.inputs))]
    return given + [(actual, expected) for actual, expected in ((run, RUN), (thread, THREAD)) if actual]
