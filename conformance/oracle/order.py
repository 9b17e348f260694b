"""The partial order of a prediction: which events must come before which.

- A super-step binds all modes of a namespace: everything of a step comes before everything of the next.
- Within a step each mode keeps its own order, and modes are free against each other.
- Parallel tasks are free against each other, as far as their events can be told apart: by task in `debug`, by call in
  `messages`.  Nothing tells `updates` and `custom` apart, so there each event is free, except that an update comes
  after those of the subgraph of its node.
- A subgraph lies within the step of its parent.  In each mode its events come after the announcement of its task and
  before what the parent says of the task.
- `events` are a tree of tasks, and free against the other modes.
- An error is the last event.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from conformance.oracle.event_tree import order_of_events_mode
from conformance.oracle.prediction import PredictedEvent, Prediction, invocations

ANNOUNCED, SENT, TOLD, CLOSED = range(4)
"""The phases of a super-step: its tasks start; what they send; what became of them; the state after the step."""

Predecessors = list[list[int]]
Ends = dict[str, list[int]]
"""The last events of each mode."""


@dataclass
class Step:
    """A super-step of one namespace: its events by phase, mode and strand, and the subgraphs that run in it.

    A strand is a sequence of events that keep their order; `inner` holds the lanes of each task's invocations.
    """

    strands: dict[tuple[int, str, object], list[int]] = field(default_factory=lambda: defaultdict(list))
    inner: dict[str, dict[tuple[str, ...], Lane]] = field(default_factory=dict)

    def of(self, phase: int, mode: str) -> list[list[int]]:
        """Return the strands of a mode in a phase."""
        return [strand for (one, other, _), strand in self.strands.items() if (one, other) == (phase, mode)]

    @property
    def modes(self) -> list[str]:
        """The modes with events in the step itself."""
        return list(dict.fromkeys(mode for _, mode, _ in self.strands))


@dataclass
class Lane:
    """One invocation of a graph: its super-steps."""

    steps: dict[int, Step] = field(default_factory=lambda: defaultdict(Step))


def predecessors(prediction: Prediction) -> Predecessors:
    """Return, for each event of a prediction, the numbers of events that must come before it."""
    events = prediction.events
    order: Predecessors = [[] for _ in events]
    root = Lane()
    for number, event in enumerate(events):
        if event.mode == "error":
            order[number] = list(range(number))
        elif event.mode != "events":
            _place(root, number, event, prediction)
    _link(root, [], {}, events, order)
    order_of_events_mode(events, order)
    return order


def _place(root: Lane, number: int, event: PredictedEvent, prediction: Prediction) -> None:
    """Put an event into the step of the lane that its namespace and its steps name."""
    lane, path = root, tuple[str, ...]()
    for segments, step in zip(invocations(event.namespace), event.steps, strict=False):
        path = (*path, *segments)
        lane = lane.steps[step].inner.setdefault(segments[0], {}).setdefault(path, Lane())
    step = event.steps[-1]
    alone = (event.namespace, step) not in prediction.parallel
    strand = None if alone else _strand(number, event)
    lane.steps[step].strands[_phase(event, alone), event.mode, strand].append(number)


def _phase(event: PredictedEvent, alone: bool) -> int:
    if event.mode == "values" or (event.mode == "debug" and event.data["type"] == "checkpoint"):
        return CLOSED
    if not alone or event.mode not in ("debug", "updates"):
        return SENT
    return ANNOUNCED if event.mode == "debug" and event.data["type"] == "task" else TOLD


def _strand(number: int, event: PredictedEvent) -> object:
    """Return what tells the event from those of parallel tasks."""
    if event.mode == "debug" and event.data["type"] != "checkpoint":
        return event.data["payload"]["id"]
    if event.mode == "messages":
        return event.data[1].get("langgraph_checkpoint_ns"), event.data[0].get("id")
    return number if event.mode in ("updates", "custom") else None


def _link(
    lane: Lane, before: list[int], announced: Ends, events: Sequence[PredictedEvent], order: Predecessors
) -> Ends:
    """Set the predecessors in a lane and in those inside it; return the last events of each mode.

    `before` comes before everything in the lane, `announced` before the events of its mode.
    """
    last: Ends = {}
    for number in sorted(lane.steps):
        ends = _link_step(lane.steps[number], before, announced, events, order)
        before = [one for mode in ends for one in ends[mode]] or before
        announced = {}
        last |= ends
    return last


def _link_step(
    step: Step, before: list[int], announced: Ends, events: Sequence[PredictedEvent], order: Predecessors
) -> Ends:
    inner: dict[str, Ends] = {}
    for segment, lanes in step.inner.items():
        task = _announcement(step, segment, events)
        inner[segment] = _link_task(lanes.values(), before, {**announced, **task}, events, order)
    ends: Ends = {}
    for mode in dict.fromkeys([*step.modes, *(mode for found in inner.values() for mode in found)]):
        children = {segment: found[mode] for segment, found in inner.items() if mode in found}
        ends[mode] = _link_mode(step, mode, before + announced.get(mode, []), children, events, order)
    return ends


def _link_task(
    lanes: Iterable[Lane], before: list[int], announced: Ends, events: Sequence[PredictedEvent], order: Predecessors
) -> Ends:
    """Link the invocations of a subgraph in one task, one after another."""
    last: Ends = {}
    for lane in lanes:
        ends = _link(lane, before, announced, events, order)
        before = before + [one for mode in ends for one in ends[mode]]
        last |= ends
    return last


def _link_mode(
    step: Step, mode: str, before: list[int], children: dict[str, list[int]],
    events: Sequence[PredictedEvent], order: Predecessors,
) -> list[int]:  # fmt: skip
    """Link the events of a mode in a step, phase after phase; `children` are the last ones of each task's subgraph."""
    within = [number for ends in children.values() for number in ends]
    started = _chain(step.of(ANNOUNCED, mode), before, order)
    sent = _chain(step.of(SENT, mode), started, order)
    if mode == "debug":
        _results_after_children(step, children, events, order)
    if mode == "updates":
        _updates_after_children(step, children, events, order)
    told = _chain(step.of(TOLD, mode), _joined(sent, within, before), order)
    return _chain(step.of(CLOSED, mode), told, order)


def _chain(strands: list[list[int]], before: list[int], order: Predecessors) -> list[int]:
    """Set the predecessors of parallel strands that come after `before`; return their last events."""
    for strand in strands:
        order[strand[0]] += before
        for previous, number in pairwise(strand):
            order[number].append(previous)
    return [strand[-1] for strand in strands] or before


def _joined(sent: list[int], within: list[int], before: list[int]) -> list[int]:
    """Return the last events of a step and of its subgraphs; `before` if there are none."""
    return [*(number for number in sent if number not in before), *within] or before


def _announcement(step: Step, segment: str, events: Sequence[PredictedEvent]) -> Ends:
    """Return the `debug` event that announces the task of a subgraph, if it is predicted."""
    found = [number for number in _debug_of(step, segment, events) if events[number].data["type"] == "task"]
    return {"debug": found} if found else {}


def _results_after_children(
    step: Step, children: dict[str, list[int]], events: Sequence[PredictedEvent], order: Predecessors
) -> None:
    """Put the result of each task after the `debug` events of its subgraph."""
    for segment, ends in children.items():
        for number in _debug_of(step, segment, events):
            if events[number].data["type"] == "task_result":
                order[number] += ends


def _updates_after_children(
    step: Step, children: dict[str, list[int]], events: Sequence[PredictedEvent], order: Predecessors
) -> None:
    """Put the update of a task after those of its subgraph, if no other task of the step has the name of its node."""
    nodes = Counter(segment.partition(":")[0] for segment in children)
    ends = {segment.partition(":")[0]: last for segment, last in children.items()}
    for strand in step.of(SENT, "updates"):
        node = next(iter(events[strand[0]].data), "")
        if nodes[node] == 1:
            order[strand[0]] += ends[node]


def _debug_of(step: Step, segment: str, events: Sequence[PredictedEvent]) -> list[int]:
    """Return the `debug` events of the task that a segment of a namespace, `name:id`, names."""
    task = segment.partition(":")[2]
    return [
        number
        for (_, mode, _), strand in step.strands.items() if mode == "debug"
        for number in strand if events[number].data["payload"].get("id") == task
    ]  # fmt: skip
