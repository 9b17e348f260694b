"""A difference in one mode, or an event that is free, does not hide the differences in other modes."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from conformance.authoring.library import compared_streams
from conformance.oracle import Difference, ObservedStream, differences, observed_streams, shipped
from conformance.oracle.parts import is_free, modes_of
from conformance.oracle.search import RecordedEvent
from conformance.suite.any_run.blame import Blame
from conformance.suite.any_run.plan import rows

from . import golden

LIBRARY = shipped()[0]
ROWS = [one for one in golden.good().recordings.values() if one.scenario == "any_run"]
STREAMS = [stream for row in ROWS for _, stream in observed_streams(row) if not stream.joined]
SEVERAL = [one for one in STREAMS if len(modes_of(one.events)) > 2 and len(one.events) < 100]
CHUNK = {"event": "on_chain_stream", "parent_ids": [], "data": {"chunk": {}}, "name": "x", "run_id": "r", "tags": []}


def without_one_of(stream: ObservedStream, mode: str) -> ObservedStream:
    """Return a stream without an event in the middle of a mode, which no free event replaces."""
    of_mode = [one for one in stream.events if one.mode == mode and not is_free(mode, one.data)]
    lost = of_mode[len(of_mode) // 2]
    return replace(stream, events=[one for one in stream.events if one is not lost])


def test_the_rows_have_streams_of_several_modes() -> None:
    assert len(SEVERAL) > 10


@pytest.mark.parametrize("seed", range(12))
def test_a_difference_in_one_mode_does_not_hide_one_in_another(seed: int) -> None:
    dice = random.Random(seed)
    stream = dice.choice(SEVERAL)
    modes = dice.sample(modes_of(stream.events), 2)
    for mode in modes:
        stream = without_one_of(stream, mode)
    assert {one.mode for one in differences(stream, LIBRARY)} >= set(modes)


@pytest.mark.parametrize("stream", [one for one in STREAMS if "events" in modes_of(one.events)][:6])
def test_a_chunk_of_the_whole_graph_does_not_hide_a_lost_event(stream: ObservedStream) -> None:
    chunk = RecordedEvent("events", (), CHUNK, 1)
    more = replace(stream, events=[chunk, *stream.events])
    assert [one.position for one in differences(more, LIBRARY)] == [1], "the chunk is the only difference"
    lost = replace(stream, events=[chunk, *without_one_of(stream, "events").events])
    found = [one.position for one in differences(lost, LIBRARY)]
    assert found
    assert 1 not in found


def test_a_stream_without_a_difference_has_none_in_any_mode() -> None:
    assert [found for stream in STREAMS for found in differences(stream, LIBRARY)] == []


@pytest.mark.parametrize(("start", "requirement"), [("stream", "join.rest-of-run"), ("background", None)])
def test_what_a_joining_reader_lacks_is_its_own_if_the_creator_of_the_run_has_it(
    start: str, requirement: str | None
) -> None:
    """Another run lacks an event of the same mode for its creator, so the mode itself may be at fault."""
    lost = Difference("custom", "lost", None, (), "last", None)
    streams = compared_streams(ROWS)
    creator = next(one for one in streams if not one.joined and one.recording.axes["row"] == "29")
    reader = next(one for one in streams if one.joined and rows()[one.recording.axes["row"]]["start"] == start)
    differing = {id(creator): replace(lost, kind="missing event"), id(reader): lost}
    blame = Blame([replace(one, difference=differing.get(id(one))) for one in streams])
    assert blame.requirement_of(replace(reader, difference=lost)) == requirement


def test_a_chunk_of_the_whole_graph_that_carries_another_mode_is_not_free() -> None:
    assert is_free("events", CHUNK)
    assert not is_free("events", CHUNK | {"data": {"chunk": ["values", {}]}})
    assert not is_free("events", CHUNK | {"parent_ids": ["x"]})
    assert not is_free("updates", CHUNK)
