"""A fault can be restricted to a condition, and what its products change is judged, or shown to be free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import FaultContext, FaultOutput, SentEvents
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.faults.apply import apply

from . import golden
from .products.conditions import CONDITIONS, Condition, restricted
from .products.conforming import WRITING, why_conforming
from .products.measure import Product, judged, sample

INSIDE = next(one for one in CONDITIONS if one.name == "only events inside a subgraph")
JOINS = next(one for one in CONDITIONS if one.name == "only readers that join")


def holds_all(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends everything at the end."""
    yield from list(events)


def ends_early(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the first event alone."""
    yield next(events)


def writes_json_otherwise(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Writes the same values in another way."""
    for event in events:
        yield event.saying(f" {event.text} ")


def of_events(function: object) -> Fault:
    return Fault("", function, "events", lambda context: True)  # type: ignore[arg-type]


def with_inner_events() -> Recording:
    return golden.good().recordings["everything_streamed"]


def stream(recording: Recording) -> Exchange:
    return recording.all("stream")[0]


def inner_and_root(exchange: Exchange) -> tuple[list[tuple[bytes, int]], list[tuple[bytes, int]]]:
    parts = exchange.events.inside, exchange.events.root
    inside, root = ([(event.block.raw, event.seq) for event in part] for part in parts)
    return inside, root


def test_events_that_a_fault_does_not_choose_stay_as_they_are() -> None:
    good = with_inner_events()
    faulty = apply(restricted(of_events(holds_all), INSIDE), good)
    assert faulty is not None
    held, others = inner_and_root(stream(faulty))
    inside, root = inner_and_root(stream(good))
    assert others == root
    assert [raw for raw, _ in held] == [raw for raw, _ in inside]
    assert held != inside


def test_the_others_are_sent_on_when_a_fault_takes_no_more_events() -> None:
    good = with_inner_events()
    faulty = apply(restricted(of_events(ends_early), INSIDE), good)
    assert faulty is not None
    inside, root = inner_and_root(stream(good))
    assert inner_and_root(stream(faulty)) == (inside[:1], root)


def test_a_condition_on_runs_selects_exchanges() -> None:
    good = golden.good().recordings["any_run[01]"]
    faulty = apply(restricted(of_events(holds_all), JOINS), good)
    assert faulty is not None
    changed = {one.name for one, other in zip(good.exchanges, faulty.exchanges, strict=True) if one is not other}
    assert changed == {"reader", "second reader"}


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_every_condition_holds_of_some_exchange_and_not_of_all(condition: Condition) -> None:
    recordings = golden.good().recordings.values()
    streams = [FaultContext(one, recording) for recording in recordings for one in recording.exchanges if one.is_stream]
    held = {condition.holds(context) for context in streams}
    assert held == {True, False}


def test_a_product_that_only_writes_json_in_another_way_is_conforming() -> None:
    good = golden.good()
    name = "any_run[01]"
    varied = apply(of_events(writes_json_otherwise), good.recordings[name])
    lost = apply(of_events(ends_early), good.recordings[name])
    assert varied is not None
    assert lost is not None
    assert why_conforming(good, replaced(varied), {name}) == WRITING
    assert why_conforming(good, replaced(lost), {name}) is None


def replaced(recording: Recording) -> SessionRecordings:
    return SessionRecordings([recording])


def test_a_product_that_changes_nothing_is_not_meaningful() -> None:
    fault = golden.registry().faults[0]
    assert judged(Product(replace(fault, where=lambda context: False), (JOINS,))) is None


def test_a_small_sample_is_caught() -> None:
    results = list(sample(20, seed=5))
    missed = [str(one.product) for one in results if one.item is None and not one.conforming]
    assert len(results) == 20
    assert len(missed) <= 1, missed
