"""Compares two runs of one graph with the same input, where no library predicts what they stream.

Ids may differ, as between a run and a prediction.  The order of the events of a mode is not compared, because nobody
knows which nodes of the graph run at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.oracle.difference import Difference
from conformance.oracle.explain import explained
from conformance.oracle.identity import Ids
from conformance.oracle.prediction import PredictedEvent
from conformance.oracle.search import RecordedEvent, Search, search


def compare_runs(
    events: Sequence[RecordedEvent], others: Sequence[RecordedEvent], known: Sequence[tuple[str, str]]
) -> Difference | None:
    """Return the first difference between the events of two runs; None if they agree.

    `known` are pairs of ids that correspond, of this run and of the other one: those of runs and threads.
    """
    expected = [PredictedEvent(one.mode, one.namespace, one.data, (), 0.0) for one in others]
    free: list[list[int]] = [[] for _ in expected]
    result = search(events, Search(expected, free, Ids(list(known))))
    if result.complete and len(events) == len(expected):
        return None
    return explained(events, Search(expected, free, Ids(list(known))), result)
