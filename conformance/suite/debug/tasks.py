"""The mode `debug`: the tasks of each step with what they were given and returned, and the checkpoint after them."""

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    Event,
    ExchangeView,
    RecordingView,
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
    debug_of_counter,
    debug_of_joke,
    debug_of_parallel,
    in_order,
    kind,
    payload,
    payloads_changed,
)
from conformance.suite.graphs import JOKE, REFINED, TOPIC


@verifies("debug.tasks", on=debug_of_joke, over="on")
def test_each_task_has_a_result_and_then_the_checkpoint_comes(debug_of_joke: Mapping[str, RecordingView]) -> None:
    """Each of the two steps shows its task with the input, the result, and then a checkpoint."""
    steps = [{"refine_topic": (TOPIC, REFINED)}, {"generate_joke": (REFINED, JOKE)}]
    shows_steps(debug_of_joke["thread"]["stream"], steps)


@verifies("debug.tasks", on=debug_of_parallel)
def test_the_checkpoint_follows_all_results_of_a_step(recording: RecordingView) -> None:
    """The first step shows three tasks and three results in whatever order, and one checkpoint after them."""
    fork = {node: (START, {"items": [node]}) for node in ("a", "b", "c")}
    shows_steps(recording["stream"], [fork, {"join": (FORKED, {"items": ["join"]})}])


@verifies("debug.tasks", on=debug_of_counter)
def test_each_visit_of_a_node_is_a_task(recording: RecordingView) -> None:
    """Each of the three steps shows a task of the repeated node, its result, and then a checkpoint."""
    given = [{"n": 3}, {"n": 3, "count": 1}, {"n": 3, "count": 2}]
    shows_steps(recording["stream"], [{"step": (came, {"count": k})} for k, came in enumerate(given, 1)])


@verifies("debug.tasks", on=EVERY_STREAM)
def test_nothing_is_told_twice_in_every_stream(stream: ExchangeView) -> None:
    """A task, its result and a step's checkpoint come once each in the debug events of one graph."""
    if not stream.exchange.is_stream or "debug" not in stream.requested:
        inconclusive(f"`{stream.name}` did not ask for debug")
    if (stream.run_request or {}).get("stream_subgraphs") and not stream["debug"].inside:
        inconclusive(f"`{stream.name}` may show several graphs under one name, which the area subgraphs judges")
    told = set()
    for event in stream["debug"]:
        entry = (event.name, event.value["type"], event.value["step"], member(payload(event), "id"))
        expect(entry not in told, f"{entry[1]} of step {entry[2]} came twice", event)
        told.add(entry)


def shows_steps(stream: ExchangeView, steps: Sequence[Mapping[str, Any]]) -> None:
    """The events that end in a checkpoint must be those of one step; checkpoints before the first task are free."""
    groups: list[list[Event]] = [[]]
    for event in stream["debug"].root:
        groups[-1].append(event)
        if kind(event) == "checkpoint":
            groups.append([])
    while groups and len(groups[0]) == 1 and kind(groups[0][0]) == "checkpoint":
        del groups[0]
    expect(not groups or not groups[-1], "after the last task or result no checkpoint came", stream.exchange)
    count = f"expected {len(steps)} steps, each with tasks and then a checkpoint, came {max(0, len(groups) - 1)}"
    expect(len(groups) - 1 == len(steps), count, stream.exchange)
    for group, nodes in zip(groups, steps, strict=False):
        shows_step(group, nodes)


def shows_step(group: Sequence[Event], nodes: Mapping[str, Any]) -> None:
    """Each node, with its input and result, must have a task and after it a result of the same id."""
    tasks: dict[Any, Any] = {}
    results = []
    for event in group[:-1]:
        told = payload(event)
        name, id = str(told.get("name")), told.get("id")
        expect(name in nodes, f"expected tasks of {', '.join(nodes)} only, came {shown(name)}", event)
        given, returned = nodes[name]
        if kind(event) == "task":
            fresh = isinstance(id, str) and id and id not in tasks
            expect(fresh, f"the task of `{name}` must have an id of its own, came {shown(id)}", event)
            tasks[id] = name
            came = in_order(told.get("input"))
            known = {key: came[key] for key in given if key in came} if isinstance(came, dict) else came
            equal(known, given, f"the input of `{name}`", event)
        else:
            expect(isinstance(id, str) and tasks.get(id) == name, f"no task before it has the id {shown(id)}", event)
            results.append(name)
            equal(as_object(told.get("result")), returned, f"the result of `{name}`", event)
    equal(sorted(tasks.values()), sorted(nodes), "the tasks before this checkpoint", group[-1])
    equal(sorted(results), sorted(nodes), "the results before this checkpoint", group[-1])


def as_object(result: Any) -> Any:
    """A result that is a list of pairs, as it was in the specification's time, as the object that it tells."""
    pairs = isinstance(result, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in result)
    return {str(key): value for key, value in result} if pairs else result


@fault("debug.tasks")
def tells_each_result_twice(events, exchange):
    """Listens to the graph twice, and sends every result a second time when the step is over."""
    told: list[Any] = []
    for event in events:
        if event.base == "debug" and event.value["type"] == "checkpoint":
            yield from told
            told = []
        elif event.base == "debug" and event.value["type"] == "task_result":
            told.append(event)
        yield event


@fault("debug.tasks")
def gives_results_an_id_of_their_own(events, exchange):
    """Makes a new id for each result."""
    yield from payloads_changed(events, lambda type, said: said | {"id": f"{type} of {said.get('id')}"})


@fault("debug.tasks")
def sends_results_before_tasks(events, exchange):
    """Sends the tasks of a step once one of them has a result."""
    held = []
    for event in events:
        if event.base == "debug" and event.value["type"] == "task":
            held.append(event)
            continue
        yield event
        if event.base == "debug":
            yield from held
            held.clear()


@fault("debug.tasks")
def sends_no_results(events, exchange):
    """Tells of tasks only when they start."""
    yield from without(events, "debug", lambda value: value["type"] == "task_result")


@fault("debug.tasks")
def sends_the_checkpoint_before_the_results(events, exchange):
    """Sends the results of a step after its checkpoint."""
    held = []
    for event in events:
        if event.base == "debug" and event.value["type"] == "task_result":
            held.append(event)
            continue
        yield event
        if event.base == "debug" and event.value["type"] == "checkpoint":
            yield from held
            held.clear()


@fault("debug.tasks")
def does_not_tell_the_input(events, exchange):
    """Leaves the input of every task out."""
    yield from payloads_changed(events, lambda type, said: {key: said[key] for key in said if key != "input"})
