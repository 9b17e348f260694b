"""The mode `debug`: the tasks of each step with input and result, and the checkpoint that follows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    Event,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    equal,
    expect,
    fault,
    inconclusive,
    member,
    shown,
    verifies,
    without,
)
from conformance.suite.debug.checkpoints import (
    FORKED,
    START,
    change_payloads,
    debug_of_counter,
    debug_of_joke,
    debug_of_parallel,
    in_order,
    payload_of,
    type_of,
)
from conformance.suite.graphs import JOKE, REFINED, TOPIC

Step = Mapping[str, tuple[Any, Any]]
"""The input and the result of each node that runs in a step."""


@verifies("debug.tasks", on=debug_of_joke, over="on")
def test_each_task_has_a_result_and_then_the_checkpoint_comes(recordings: Mapping[str, RecordingView]) -> None:
    """Each of the two steps shows a task with its input, then the result of the task, then a checkpoint."""
    steps: list[Step] = [{"refine_topic": (TOPIC, REFINED)}, {"generate_joke": (REFINED, JOKE)}]
    shows_steps(recordings["thread"]["stream"], steps)


@verifies("debug.tasks", on=debug_of_parallel)
def test_the_checkpoint_follows_all_results_of_a_step(recording: RecordingView) -> None:
    """The first step shows three tasks and three results in any order, and one checkpoint after them."""
    fork = {node: (START, {"items": [node]}) for node in ("a", "b", "c")}
    shows_steps(recording["stream"], [fork, {"join": (FORKED, {"items": ["join"]})}])


@verifies("debug.tasks", on=debug_of_counter)
def test_each_visit_of_a_node_is_a_task(recording: RecordingView) -> None:
    """Each of the three steps shows a task of the repeated node, then its result, then a checkpoint."""
    inputs = [{"n": 3}, {"n": 3, "count": 1}, {"n": 3, "count": 2}]
    shows_steps(recording["stream"], [{"step": (given, {"count": count})} for count, given in enumerate(inputs, 1)])


@verifies("debug.tasks", on=EVERY_STREAM)
def test_nothing_is_told_twice_in_every_stream(stream: ExchangeView) -> None:
    """In the debug events of one graph, each task, each result and each step's checkpoint appears once."""
    if not stream.is_stream or "debug" not in stream.requested:
        inconclusive(f"`{stream.name}` did not ask for the mode `debug`")
    if (stream.run_request or {}).get("stream_subgraphs") and not stream["debug"].inside:
        inconclusive(f"`{stream.name}` may show several graphs under one name, which the area `subgraphs` judges")
    seen = set()
    for event in stream["debug"]:
        entry = (event.name, event.value["type"], event.value["step"], member(payload_of(event), "id"))
        expect(entry not in seen, f"the {entry[1]} of step {entry[2]} must be sent once; it was sent twice", event)
        seen.add(entry)


def shows_steps(stream: ExchangeView, steps: Sequence[Step]) -> None:
    """Fail unless the events up to each checkpoint are those of a step; checkpoints may precede the first task."""
    groups: list[list[Event]] = [[]]
    for event in stream["debug"].root:
        groups[-1].append(event)
        if type_of(event) == "checkpoint":
            groups.append([])
    while groups and len(groups[0]) == 1 and type_of(groups[0][0]) == "checkpoint":
        del groups[0]
    expect(not groups or not groups[-1], "a checkpoint must follow the last task or result; the stream ended", stream)
    received = max(0, len(groups) - 1)
    count = f"expected {len(steps)} steps, each with tasks and then a checkpoint; received {received}"
    expect(len(groups) - 1 == len(steps), count, stream)
    for group, step in zip(groups, steps, strict=False):
        shows_step(group, step)


def shows_step(group: Sequence[Event], step: Step) -> None:
    """Fail unless each node of the step has a task with its input, followed by a result of the same id.

    `group` are the events of the step; the last is its checkpoint.
    """
    tasks: dict[Any, str] = {}
    results = []
    for event in group[:-1]:
        payload = payload_of(event)
        name, id = str(payload.get("name")), payload.get("id")
        expect(name in step, f"expected only tasks of {', '.join(step)}; received one of {shown(name)}", event)
        given, returned = step[name]
        if type_of(event) == "task":
            fresh = isinstance(id, str) and id and id not in tasks
            expect(fresh, f"the task of `{name}` must have a new, non-empty id; received {shown(id)}", event)
            tasks[id] = name
            equal(in_part(payload.get("input"), given), given, f"the input of `{name}`", event)
        else:
            paired = isinstance(id, str) and tasks.get(id) == name
            expect(paired, f"the result of `{name}` must have the id of its earlier task; received {shown(id)}", event)
            results.append(name)
            equal(as_object(payload.get("result")), returned, f"the result of `{name}`", event)
    equal(sorted(tasks.values()), sorted(step), "the tasks before this checkpoint", group[-1])
    equal(sorted(results), sorted(step), "the results before this checkpoint", group[-1])


def in_part(received: Any, given: Mapping[str, Any]) -> Any:
    """Return the part of a task's input that has the expected keys."""
    found = in_order(received)
    return {key: found[key] for key in given if key in found} if isinstance(found, dict) else found


def as_object(result: Any) -> Any:
    """Return a result that is a list of key-value pairs, as in the specification's time, as an object."""
    pairs = isinstance(result, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in result)
    return {str(key): value for key, value in result} if pairs else result


@fault("debug.tasks")
def tells_each_result_twice(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends every result again when the step ends."""
    results: list[SentEvent] = []
    for event in events:
        if event.base == "debug" and event.value["type"] == "checkpoint":
            yield from results
            results = []
        elif event.base == "debug" and event.value["type"] == "task_result":
            results.append(event)
        yield event


@fault("debug.tasks")
def gives_results_an_id_of_their_own(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Gives each result an id that differs from its task's."""
    yield from change_payloads(events, lambda kind, payload: payload | {"id": f"{kind} of {payload.get('id')}"})


@fault("debug.tasks")
def sends_results_before_tasks(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the tasks of a step after the first result."""
    held: list[SentEvent] = []
    for event in events:
        if event.base == "debug" and event.value["type"] == "task":
            held.append(event)
            continue
        yield event
        if event.base == "debug":
            yield from held
            held.clear()


@fault("debug.tasks")
def sends_no_results(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends tasks without their results."""
    yield from without(events, "debug", lambda value: value["type"] == "task_result")


@fault("debug.tasks")
def sends_the_checkpoint_before_the_results(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the results of a step after its checkpoint."""
    held: list[SentEvent] = []
    for event in events:
        if event.base == "debug" and event.value["type"] == "task_result":
            held.append(event)
            continue
        yield event
        if event.base == "debug" and event.value["type"] == "checkpoint":
            yield from held
            held.clear()


@fault("debug.tasks")
def does_not_tell_the_input(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leaves the input out of every task."""
    yield from change_payloads(events, lambda kind, payload: {key: payload[key] for key in payload if key != "input"})
