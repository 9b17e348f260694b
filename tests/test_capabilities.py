"""What a server lacks is what was asked for, where it could be shown, and never was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.authoring.provided import lacking
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording

from .streams import event, stream

OWN = event("__stream_end__", '"over"')
"""An event that a server sends in every stream."""


def posted(
    mode: Any, *events: bytes, at: float = 0.0, graph: str = "joke", path: str = "/threads/t/runs/stream", **more: Any
) -> Exchange:
    """Return a streamed run in this mode, with its metadata event and these events."""
    head = event("metadata", '{"run_id": "r", "attempt": 1}')
    body = json.dumps({"assistant_id": graph, "input": {}, "stream_mode": mode, **more.pop("body", {})})
    arrivals = [(at + 0.1 * number, data) for number, data in enumerate((head, *events), 1)]
    return stream("stream", arrivals, sent_t=at, body=body, graph=graph, url=f"http://h{path}", **more)


def refused(mode: Any, status: int = 400, **more: Any) -> Exchange:
    """Return a run that the server refuses."""
    return posted(mode, status=status, headers=[("content-type", "application/json")], chunks=[], **more)


def state(values: Any, at: float, graph: str = "joke") -> Exchange:
    """Return the state of the thread, asked for at this moment."""
    body = json.dumps({"values": values}).encode()
    answer = {"kind": "request", "method": "GET", "headers": [("content-type", "application/json")]}
    return stream("state", [(at + 0.1, body)], sent_t=at, url="http://h/threads/t/state", graph=graph, **answer)


def absent(*exchanges: Exchange) -> set[str]:
    """Return the names of what the server lacks, given the exchanges of one recording for each."""
    return named({one.graph for one in exchanges}, *([one] for one in exchanges))


def named(graphs: set[str], *recordings: list[Exchange]) -> set[str]:
    every = [Recording("s", "s", {}, "joke", one) for one in recordings]
    return {one.name for one in lacking([(one, exchange) for one in every for exchange in one.exchanges], graphs)}


def test_a_form_that_only_runs_without_a_thread_have_is_lacking_on_threads() -> None:
    without_thread = posted("updates", event("updates", '{"one": {}}'), path="/runs/stream")
    found = absent(refused("updates"), posted(["updates"], event("updates", '{"one": {}}')), without_thread)
    assert "stream_mode as a string" in found
    assert not {name for name in found if "without a thread" in name}


def test_a_form_that_runs_without_a_thread_lack_is_named_so() -> None:
    without_thread = (
        refused("updates", path="/runs/stream"),
        posted(["updates"], event("updates", '{"one": {}}'), path="/runs/stream"),
    )
    found = absent(posted("updates", event("updates", '{"one": {}}')), *without_thread)
    assert "stream_mode as a string in runs without a thread" in found
    assert "stream_mode as a string" not in found


def test_events_beside_those_of_all_modes_are_no_misnamed_mode() -> None:
    complete = posted(["updates"], event("updates", '{"one": {}}'), OWN)
    assert "events of the mode debug" in absent(complete, posted(["debug"], OWN))


def test_events_of_an_unknown_name_may_be_a_misnamed_mode() -> None:
    complete = posted(["updates"], event("updates", '{"one": {}}'), OWN)
    found = absent(complete, posted(["debug"], event("debugging", "{}"), OWN))
    assert "events of the mode debug" not in found
    assert "debug events with type, step and payload" in found


def test_an_unknown_name_beside_another_mode_says_nothing_of_a_mode_that_was_asked_for_alone() -> None:
    together = posted(["debug", "updates"], event("updates", '{"one": {}}'), event("token", "1"))
    assert "events of the mode debug" in absent(together, posted(["debug"]))


def test_modes_that_every_stream_carries_unrequested_are_named() -> None:
    carried = posted(["updates"], event("values", "{}"), event("updates", '{"one": {}}'))
    lean = posted(["debug"], event("debug", '{"type": "task", "step": 1, "payload": {}}'))
    unrequested = "streams without `values` events that nobody requested"
    assert unrequested in absent(carried)
    assert unrequested not in absent(carried, lean)


@pytest.mark.parametrize(
    ("second", "lacks"), [(refused(["updates"], 409, at=5), True), (posted(["updates"], at=5), False)]
)
def test_a_second_run_on_a_thread_is_a_capability(second: Exchange, lacks: bool) -> None:
    first = posted(["updates"], event("updates", '{"one": {}}'))
    assert ("a second run on a thread" in named({"joke"}, [first, second])) == lacks


def test_a_run_beside_an_active_one_is_no_second_run() -> None:
    active = posted(["updates"], event("updates", '{"one": {}}'), ended_t=9.0)
    assert "a second run on a thread" not in named({"joke"}, [active, refused(["updates"], 409, at=5)])


def test_a_state_is_lacking_for_the_graph_for_which_it_is_always_empty() -> None:
    joke = [posted(["values"], event("values", "{}")), state({"joke": "x"}, 5)]
    counter = [posted(["values"], event("values", "{}"), graph="counter"), state({}, 5, "counter")]
    found = named({"joke", "counter"}, joke, counter)
    assert "the state of threads of the graph counter" in found
    assert "the state of threads of the graph joke" not in found


def test_an_empty_state_before_the_first_event_says_nothing() -> None:
    assert "the state of threads of the graph joke" not in named({"joke"}, [state({}, 0)])


def test_an_error_event_is_asked_of_graphs_that_fail() -> None:
    told = posted(["updates"], event("error", '{"error": "E", "message": "m"}'), graph="fails")
    wanted = "an error event when a node fails"
    assert wanted not in absent(told)
    assert wanted in absent(posted(["updates"], event("__stream_error__"), graph="fails"))
    assert wanted not in absent(posted(["updates"], event("updates", '{"one": {}}')))
