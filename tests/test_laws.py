"""The laws for any graph: they hold on the official server, and each fails when what it speaks of is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from conformance.authoring.conditions import starts_stream
from conformance.authoring.registry import Fault, Variant
from conformance.authoring.rewriting import FaultContext, FaultOutput, SentEvent, SentEvents
from conformance.authoring.views import SessionRecordings
from conformance.evidence.recording import Recording
from conformance.faults.apply import apply
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.suite.any_run.scenarios import any_run
from conformance.suite.generated.laws import LAWS, SHAPES

from . import golden
from .streams import event, stream

BY_NAME = {law.name.removeprefix("test_"): law for law in LAWS}
RECORDED = [name for name in BY_NAME if name != "the_chunks_are_the_message"]
"""The laws that the golden recordings show; their graph keeps no messages."""
RUN = "01a20000-0000-7000-8000-000000000001"


@cache
def rows() -> tuple[Recording, ...]:
    return tuple(one for one in golden.good().recordings.values() if one.scenario == "any_run")


def outcome(name: str, recordings: list[Recording] | tuple[Recording, ...]) -> str:
    """Return the outcome of a law over recordings."""
    law = BY_NAME[name]
    variants = {one.axes["row"]: Variant(any_run, one.axes) for one in recordings}
    item = Item(law, () if law.scope else (variants,), {})
    return judge(item, SessionRecordings(recordings)).word


def damaged(change: Callable[[SentEvent], SentEvent], every: int = 1) -> list[Recording]:
    """Return the recordings; in every so many of them the events of each stream that starts a run are changed."""

    def rewrite(events: SentEvents, exchange: FaultContext) -> FaultOutput:
        yield from map(change, events)

    fault = Fault("", rewrite, "events", starts_stream)
    return [one if number % every else apply(fault, one) or one for number, one in enumerate(rows())]


def of_mode(mode: str, change: Callable[[Any], Any]) -> Callable[[SentEvent], SentEvent]:
    """Return a change of the data of the events of a mode."""
    return lambda event: event.holding(change(event.value)) if event.base == mode else event


@pytest.mark.parametrize("name", RECORDED)
def test_every_law_holds_on_the_official_server(name: str) -> None:
    assert outcome(name, rows()) == PASSED


@pytest.mark.parametrize("mode", SHAPES)
def test_data_of_another_shape_is_noticed(mode: str) -> None:
    assert outcome(f"every_event_of_{mode}_has_its_shape", damaged(of_mode(mode, lambda value: 5))) == FAILED


def test_a_state_that_is_not_the_last_values_is_noticed() -> None:
    older = damaged(of_mode("values", lambda value: {**value, "log": ["older"]}))
    assert outcome("the_last_values_are_the_state", older) == FAILED


def test_a_namespace_that_no_task_has_is_noticed() -> None:
    renamed = damaged(lambda event: event.named(event.name.replace("call:", "call:f")))
    assert outcome("every_namespace_was_announced", renamed) == FAILED


@pytest.mark.parametrize("mode", ["updates", "values", "custom", "messages", "debug", "events"])
def test_two_runs_that_differ_are_noticed(mode: str) -> None:
    odd = damaged(of_mode(mode, lambda value: {"another": "value"}), every=2)
    assert outcome("two_runs_are_alike", odd) == FAILED


def test_two_runs_of_a_graph_that_is_not_deterministic_are_not_compared() -> None:
    assert outcome("two_runs_are_alike", [replace(one, deterministic=False) for one in rows()]) == INCONCLUSIVE


def told(*pieces: str, kept: str = "Hi there") -> Recording:
    """Return a run that streams these pieces of a message, and whose thread keeps one."""
    body = json.dumps({"assistant_id": "agent", "input": {}, "stream_mode": ["messages-tuple"]})
    chunks = [[{"type": "AIMessageChunk", "id": "m-1", "content": text}, {}] for text in pieces]
    events = [event("metadata", json.dumps({"run_id": RUN})), *(event("messages", json.dumps(one)) for one in chunks)]
    run = stream("run", [(0.1, b"".join(events))], body=body, ending="complete")
    values = {"values": {"messages": [{"type": "ai", "id": "m-1", "content": kept}]}, "next": []}
    state = stream("state", [(0.2, json.dumps(values).encode())], kind="request", method="GET")
    state.headers = [("content-type", "application/json")]
    return Recording("any_run", "any_run[01]", {"row": "01"}, "agent", [run, state], None)


def test_chunks_add_up_to_the_message() -> None:
    assert outcome("the_chunks_are_the_message", [told("Hi ", "there")]) == PASSED
    assert outcome("the_chunks_are_the_message", [told("Hi ", "Hi there")]) == FAILED
    assert outcome("the_chunks_are_the_message", [told("Hi ", "there", kept="")]) == FAILED
