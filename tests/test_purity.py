"""Judging depends on recordings and session facts alone: not on what was judged before, nor on shared objects."""

import random
from dataclasses import replace

import pytest

from conformance.authoring.registry import Fault
from conformance.authoring.views import SessionRecordings
from conformance.evidence.recording import Recording, run_request, shows_a_run
from conformance.faults.apply import apply
from conformance.faults.proof import row

from . import golden

FAULTS = {fault.name: fault for fault in golden.registry().faults}
ONCE_DIFFERENT = ("tells_no_run_id", "ends_the_creator_s_stream_for_a_joiner", "redirects_to_a_trailing_slash")
"""Faults for which shared and fresh objects gave different answers before."""
SAMPLE = [*ONCE_DIFFERENT, *random.Random(11).sample(sorted(FAULTS), 5)]


def fresh(recording: Recording) -> Recording:
    """Return a copy that shares no cached value with the original."""
    return replace(recording, exchanges=[replace(exchange) for exchange in recording.exchanges])


def answers(recording: Recording) -> list[tuple[bool, int | None]]:
    """Return, for each exchange, whether it shows a run, and which exchange started that run."""
    places = {id(exchange): number for number, exchange in enumerate(recording.exchanges)}
    starts = [run_request(recording, exchange) for exchange in recording.exchanges]
    shown = [shows_a_run(recording, exchange) for exchange in recording.exchanges]
    return [(one, None if start is None else places[id(start)]) for one, start in zip(shown, starts, strict=True)]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_shared_and_fresh_objects_give_the_same_answers(fault: Fault) -> None:
    for recording in golden.table().recordings.values():
        assert answers(recording)  # fills the caches that a rewritten recording might share
        if (faulty := apply(fault, recording)) is not None:
            assert answers(faulty) == answers(fresh(faulty))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_row_of_the_fault_table_does_not_depend_on_other_rows(name: str) -> None:
    items = list(golden.table_items().values())
    alone = SessionRecordings(map(fresh, golden.table().recordings.values()))
    expected = row(FAULTS[name], alone, items)
    after_others = [row(FAULTS[other], golden.table(), items) for other in [*reversed(SAMPLE), name]][-1]
    assert {item.id: outcome for item, outcome in after_others.red.items()} == {
        item.id: outcome for item, outcome in expected.red.items()
    }
