"""Cases and predictions: which run is meant, and what the library streams for it, as plain data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from conformance.oracle.identity import RUN


@dataclass(frozen=True)
class Case:
    """A run whose stream can be predicted.

    `inputs` are those of all runs of the thread so far, and of this run at the end; `modes` are wire names.  `thread`
    is false for a run without a thread.
    """

    graph: str
    inputs: tuple[Any, ...]
    modes: tuple[str, ...]
    subgraphs: bool = False
    thread: bool = True

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The case as a predictor reads it."""
        return {
            "graph": self.graph,
            "runs": [{"input": given} for given in self.inputs],
            "modes": sorted(self.modes),
            "subgraphs": self.subgraphs,
            "thread": self.thread,
        }

    @cached_property
    def key(self) -> str:
        """A digest that names the case in the shipped file."""
        return key_of(self.data)


def key_of(data: Mapping[str, Any]) -> str:
    """Return the digest of a case as a predictor reads it."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:24]


class PredictedEvent(NamedTuple):
    """An event that the library yields.

    `steps` are the super-steps of the root graph, of the subgraph in it, and so on down to the namespace; -1 is before
    the first.  `at` is when it is yielded, in seconds of the run's waits: a whole run without waits happens at 0.
    """

    mode: str
    namespace: tuple[str, ...]
    data: Any
    steps: tuple[int, ...]
    at: float


@dataclass(frozen=True)
class Prediction:
    """What a library streams for a case, in the order in which it yields it.

    `parallel` are the super-steps with more than one task, each as namespace and step.  `history` are the checkpoints
    of the thread after the run, newest first: values, next, step, checkpoint_id, parent_id; empty for a run without a
    thread.  `inputs` are those of the case.  `loses_tail` is true if an error overtakes events that wait to be sent.
    """

    events: tuple[PredictedEvent, ...]
    parallel: frozenset[tuple[tuple[str, ...], int]]
    history: tuple[Mapping[str, Any], ...]
    inputs: Sequence[Any] = ()
    loses_tail: bool = False


def prediction_of(data: Mapping[str, Any]) -> Prediction:
    """Return the prediction that a line of a predictor holds."""
    return Prediction(
        tuple(
            PredictedEvent(mode, tuple(namespace), _free_of_name(mode, value), tuple(steps), at)
            for mode, namespace, value, steps, at in data["events"]
        ),
        frozenset((tuple(namespace), step) for namespace, step in data["parallel"]),
        tuple(data["history"]),
        [run["input"] for run in data["case"]["runs"]],
        any(name.startswith("@") for name in data["library"]),
    )


def _free_of_name(mode: str, data: Any) -> Any:
    """Return the data without the name of the root graph in `events`: some servers name it as it is deployed."""
    root = mode == "events" and data.get("run_id") == RUN
    return {key: value for key, value in data.items() if key != "name"} if root else data


def invocations(namespace: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the segments of a namespace, one tuple for each subgraph on the way to it.

    The second and later invocations of a subgraph in one task have a number of their own: `("call:…", "1")`.
    """
    found: list[tuple[str, ...]] = []
    for segment in namespace:
        if ":" not in segment and found:
            found[-1] = (*found[-1], segment)
        else:
            found.append((segment,))
    return found
