"""The order of the mode `events`: a tree of tasks, each with its own calls.

`langgraph_checkpoint_ns` names the task of an event, from the root down.  What a task itself reports keeps its order.
Between two such events lie those of the tasks inside it, super-step after super-step; tasks of one step are free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from conformance.oracle.prediction import PredictedEvent, invocations

Path = tuple[tuple[str, ...], ...]


def order_of_events_mode(events: Sequence[PredictedEvent], order: list[list[int]]) -> None:
    """Set the predecessors of all events of this mode."""
    paths = {number: _path(event) for number, event in enumerate(events) if event.mode == "events"}
    steps = {path: events[number].data["metadata"].get("langgraph_step", 0) for number, path in reversed(paths.items())}
    _link(list(paths), (), [], paths, steps, order)


def _path(event: PredictedEvent) -> Path:
    """Return the tasks around an event; a numbered invocation belongs to its task."""
    name = (event.data.get("metadata") or {}).get("langgraph_checkpoint_ns") or ""
    return tuple(segments[:1] for segments in invocations([part for part in name.split("|") if part]))


def _link(
    numbers: list[int], task: Path, before: list[int],
    paths: dict[int, Path], steps: dict[Path, int], order: list[list[int]],
) -> list[int]:  # fmt: skip
    """Link the events of a task and of those inside it; return the last ones."""
    inside: list[int] = []
    for number in numbers:
        if len(paths[number]) > len(task):
            inside.append(number)
            continue
        before = _link_inside(inside, task, before, paths, steps, order)
        order[number] += before
        before, inside = [number], []
    return _link_inside(inside, task, before, paths, steps, order)


def _link_inside(
    numbers: list[int], task: Path, before: list[int],
    paths: dict[int, Path], steps: dict[Path, int], order: list[list[int]],
) -> list[int]:  # fmt: skip
    """Link the events of the tasks inside a task, which lie between two events of its own."""
    tasks: dict[int, dict[Path, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number in numbers:
        child = paths[number][: len(task) + 1]
        tasks[steps.get(child, 0)][child].append(number)
    for step in sorted(tasks):
        ends = [_link(inner, child, before, paths, steps, order) for child, inner in tasks[step].items()]
        before = [number for end in ends for number in end]
    return before
