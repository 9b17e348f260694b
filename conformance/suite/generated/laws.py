"""What must hold of a run of any graph, within the run and between runs; for graphs that no contract describes.

These checks are not part of a profile: a session of own graphs adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from conformance.authoring import (
    WHOLE_SESSION,
    Check,
    Event,
    Exchange,
    ExchangeView,
    Recording,
    RecordingView,
    SessionRecordings,
    difference_of_runs,
    equal,
    expect,
    fail,
    inconclusive,
    member,
    schema_errors,
    text_of,
)
from conformance.suite.any_run.readers import READERS, active_readers
from conformance.suite.any_run.runs import EARLIER
from conformance.suite.any_run.scenarios import any_run
from conformance.suite.modes.consistency import comparable_streams

SHAPE_LAW = "The data of every event of the mode is valid by its JSON Schema."

Rows = dict[str, RecordingView]

UNFIT = (
    "test_a_run_that_does_not_fail_has_no_error_event",
    "test_what_starts_ends_in_every_stream",
    "test_a_graph_streams_the_same_each_time",
)
"""Checks of all streams that need to know the graph: which nodes fail or are tried again, and which run together."""

SHAPES = {
    "values": "values.full-state",
    "updates": "updates.node-sequence",
    "messages": "messages.pair",
    "debug": "debug.envelope",
    "events": "events.envelope",
}
"""The requirement that says what the data of a mode looks like."""


def streams_of(recordings: Rows) -> Iterator[tuple[RecordingView, ExchangeView]]:
    """Yield the stream of each client that started its run and read it alone, to its end.

    Some servers divide the events among several readers, which `any_run.readers` judges.
    """
    for view in recordings.values():
        for stream in view.all("run") if "run" in view and is_read_alone(view.recording) else ():
            if stream.is_stream and stream.ending == "complete":
                yield view, stream


def is_read_alone(recording: Recording) -> bool:
    """Return whether no client joins the run of a recording before its end."""
    return not any(recording.all(name) for name in READERS[1:])


def have_their_shape(mode: str, recordings: Rows) -> None:
    """Fail at the first event of a mode whose data is not valid by the JSON Schema of the mode."""
    found = 0
    for view in recordings.values():
        for stream in active_readers(view):
            for event in stream[mode] if stream.is_stream else ():
                found += 1
                for problem in schema_errors(mode, event.value):
                    fail(f"event {event.position} (`{event.name}`) of `{stream.name}`: {problem}", event)
    if not found:
        inconclusive(f"no run of these graphs yields an event of the mode {mode}")


def the_last_values_are_the_state(recordings: Rows) -> None:
    """After a run that succeeded, the state of the thread holds the last values of its stream, and nothing is next.

    Runs that wait for a person are left out.
    """
    judged = 0
    for view, stream in streams_of(recordings):
        shown = [event for event in stream["values"] if not event.namespace]
        if not shown or "state" not in view or stream["error"] or member(shown[-1].value, "__interrupt__"):
            continue
        state = view["state"]
        last = shown[-1].value
        values = member(state.json, "values")
        kept = {key: values[key] for key in last if key in values} if isinstance(values, dict) else values
        equal(kept, last, "the values of the state, in the keys of the last `values` event", state)
        equal(member(state.json, "next"), [], "the nodes that are next after the run", state)
        judged += 1
    if not judged:
        inconclusive("no run with the mode values succeeded on a thread")


def the_chunks_are_the_message(recordings: Rows) -> None:
    """The contents of the chunks of a message, joined in order, are the message that the thread holds in the end."""
    judged = 0
    for view, stream in streams_of(recordings):
        kept = _messages(member(view["state"].json, "values")) if "state" in view else {}
        told: dict[str, str] = {}
        for event in stream["messages"]:
            piece = event.value[0] if isinstance(event.value, list) and event.value else None
            if (id := str(member(piece, "id"))) in kept and member(piece, "type") in ("AIMessageChunk", "ai"):
                told[id] = told.get(id, "") + text_of(member(piece, "content"))
        for id, text in told.items():
            equal(text, kept[id], f"the joined chunks of the message {id} in `{stream.name}`", stream)
            judged += 1
    if not judged:
        inconclusive("no message of a model stands in the state of a thread under the id of its chunks")


def _messages(value: Any) -> dict[str, str]:
    """Return the text of each message of a model that stands anywhere in a state, by its id."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id: text for part in inner for id, text in _messages(part).items()}
    if member(value, "type") == "ai" and isinstance(member(value, "id"), str):
        found[value["id"]] = text_of(value.get("content"))
    return found


def every_namespace_was_announced(recordings: Rows) -> None:
    """Where `debug` is there too, the task of every namespace was announced before by its parent graph."""
    judged = 0
    for _, stream in streams_of(recordings):
        tasks: set[tuple[str, ...]] = set()
        asked = "debug" in stream.requested and member(stream.run_request, "stream_subgraphs")
        for event in stream.events if asked else ():
            if event.base == "debug" and member(event.value, "type") == "task":
                task = member(event.value, "payload")
                around = [*_invocations(event)][-1:] or [()]
                tasks.add((*around[0], f"{member(task, 'name')}:{member(task, 'id')}"))
            for place in _invocations(event) if event.base != "events" else ():
                what = f"the namespace of `{event.name}` must name a task that `debug` announced before"
                expect(place in tasks, what, event)
                judged += 1
    if not judged:
        inconclusive("no run of these graphs streams anything from inside a subgraph beside debug")


def _invocations(event: Event) -> Iterator[tuple[str, ...]]:
    """Yield the namespace of each subgraph on the way to an event, without the numbers of repeated invocations."""
    path: tuple[str, ...] = ()
    for segment in event.namespace:
        if ":" in segment:
            path = (*path, segment)
            yield path


def two_runs_are_alike(session: SessionRecordings) -> None:
    """Runs of one graph with the same input yield the same events of a mode, whatever else was requested, and how.

    Graphs that are declared not to be deterministic are left out.
    """
    known = [one for one in session.recordings.values() if one.deterministic]
    comparable = {
        id(stream) for one in known for stream in one.exchanges if stream.name == EARLIER or is_read_alone(one)
    }
    compared = 0
    for (graph, mode, *_), streams in comparable_streams(session).items():
        judgeable = [one for one in streams if id(one) in comparable and not _fails(one)]
        for stream in judgeable[1:] if mode != "error" else ():
            compared += 1
            if (difference := difference_of_runs(mode, stream, judgeable[0])) is not None:
                what = f"{mode} of two runs of {graph} with the same input differ"
                hint = f"if that is what the graph does, declare it with --not-deterministic {graph}"
                at = difference.position
                fail(f"{what}: {difference.message}; {hint}", stream.events[at - 1] if at else stream)
    if not compared:
        inconclusive("no two complete runs of a deterministic graph can be compared")


def _fails(stream: Exchange) -> bool:
    return any(event.base == "error" for event in stream.events)


def _law(requirement: str, name: str, function: Callable[[Any], None], text: str | None = None) -> Check:
    """Return the check of a law by the name that reports show; `text` describes it instead of the function's own."""

    def check(recordings: Any) -> None:
        function(recordings)

    check.__name__, check.__doc__ = f"test_{name}", text or function.__doc__
    if function is two_runs_are_alike:
        return Check(requirement, check, scope=WHOLE_SESSION)
    return Check(requirement, check, (any_run,), ("row",))


LAWS = (
    *(
        _law(requirement, f"every_event_of_{mode}_has_its_shape", partial(have_their_shape, mode), SHAPE_LAW)
        for mode, requirement in SHAPES.items()
    ),
    _law("state.readable-at-close", "the_last_values_are_the_state", the_last_values_are_the_state),
    _law("messages.deltas", "the_chunks_are_the_message", the_chunks_are_the_message),
    _law("subgraphs.namespace", "every_namespace_was_announced", every_namespace_was_announced),
    _law("modes.each-unchanged", "two_runs_are_alike", two_runs_are_alike),
)
"""The checks of the laws."""
