"""The golden recordings equal the library's output, and conforming variations of them do too."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.evidence.source import read_recordings, source_of
from conformance.oracle import (
    Fit,
    Library,
    ObservedStream,
    best_fit,
    fitted,
    observed_streams,
    observed_threads,
    shipped,
    thread_difference,
)
from conformance.oracle.libraries import packed, unpacked

from . import golden
from .oracle_faults import changed, comparable

STREAMS = [
    (recording, exchange, stream)
    for recording in golden.good().recordings.values()
    for exchange, stream in observed_streams(recording)
]
LIBRARY = shipped()[0]
REPORTS = Path(__file__).parents[1] / "reports"
MANY = 200
"""Streams with more events are left out where streams are compared often."""
SMALL = 20_000
"""So are streams of more bytes."""
OBSERVED = [stream for _, _, stream in STREAMS]


def differing(fit: Fit) -> list[str]:
    """Return a line for each stream that differs."""
    return [
        f"{recording.variant} {exchange.name}: {found.message}"
        for (recording, exchange, _), found in zip(STREAMS, fit.differences, strict=True)
        if found
    ]


def test_every_stream_is_what_the_library_yields() -> None:
    fit = best_fit(OBSERVED, shipped())
    assert differing(fit) == []
    assert fit.library is LIBRARY
    assert len(fit.unpredicted) < 5 < len(STREAMS)


def test_every_state_and_history_is_what_the_library_has() -> None:
    answers = [one for recording in golden.good().recordings.values() for _, one in observed_threads(recording)]
    predicted = [one for one in answers if LIBRARY.predicts(one.case)]
    assert {one.limit for one in predicted} >= {None, 3}
    assert len(predicted) > 100
    assert [found.message for one in predicted if (found := thread_difference(one, LIBRARY))] == []


@pytest.mark.parametrize("limit", [None, 3])
def test_another_state_or_history_differs(limit: int | None) -> None:
    answers = [one for _, one in observed_threads(golden.good().recordings["any_run[01]"])]
    answer = next(one for one in answers if one.limit == limit)
    other = [] if limit else answer.answer | {"values": {}}
    assert thread_difference(replace(answer, answer=other), LIBRARY) is not None


def test_a_state_that_was_read_while_the_run_was_active_is_not_compared() -> None:
    recording = golden.single("joined_in_the_middle")
    assert recording.all("poll state")
    assert observed_threads(recording) == []


def test_every_mode_creators_and_joining_readers_are_compared() -> None:
    compared = [stream for stream in OBSERVED if LIBRARY.predicts(stream.case)]
    modes = {mode for stream in compared for mode in stream.case.modes}
    assert modes == {"values", "updates", "messages", "custom", "debug", "events"}
    assert {stream.joined for stream in compared} == {True, False}
    assert {stream.case.thread for stream in compared} == {True, False}
    assert any(len(stream.case.inputs) > 1 for stream in compared)


@pytest.mark.parametrize("library", shipped()[1:], ids=lambda library: library.name)
def test_other_libraries_do_not_fit(library: Library) -> None:
    assert fitted(OBSERVED, library).count > 0


def test_no_conforming_variation_differs() -> None:
    recordings = comparable(LIBRARY, SMALL)
    of_events = [one for one in golden.registry().variations if one.part == "events"]
    varied = {one.name: list(changed(one, recordings)) for one in of_events}
    assert len([name for name, streams in varied.items() if streams]) >= 7
    for name, streams in varied.items():
        assert (name, [one.message for one in fitted(streams, LIBRARY).differences if one]) == (name, [])


@pytest.mark.parametrize(
    ("report", "library", "wrong"),
    [
        ("langgraph-dev-0.2.60", "langgraph 0.4.8", set()),
        ("langgraph-dev-0.15.9", "langgraph 1.2.18", set()),
        # Each event reaches only one of the readers of a run: a fault of this server.
        ("langgraphjs-1.5.1", "@langchain/langgraph 1.7.3", {"joined_beside_the_creator", "three_readers"}),
    ],
)
def test_the_published_recordings_of_a_server_fit_its_library(report: str, library: str, wrong: set[str]) -> None:
    recordings = read_recordings(source_of(REPORTS / report))
    found = [(one.variant, stream) for one in recordings for _, stream in observed_streams(one)]
    fit = best_fit([stream for _, stream in found], shipped())
    assert fit.library.name == library
    # The same fault shows in many rows of `any_run`, which tests of its checks look at.
    differing = {name for (name, _), one in zip(found, fit.differences, strict=True) if one}
    assert {name for name in differing if not name.startswith("any_run[")} == wrong


@pytest.mark.parametrize("seed", range(20))
def test_a_stream_without_one_of_its_events_differs(seed: int) -> None:
    dice = random.Random(seed)
    stream = dice.choice([one for one in OBSERVED if 2 < len(one.events) < MANY and not one.joined])
    if LIBRARY.predicts(stream.case):
        events = list(stream.events)
        del events[dice.randrange(len(events))]
        assert fitted([replace(stream, events=events)], LIBRARY).count == 1


def test_a_run_without_a_thread_may_be_performed_on_a_temporary_one() -> None:
    debugged = [one for one in OBSERVED if one.case.thread and "debug" in one.case.modes and len(one.case.inputs) == 1]
    moved = [_without_thread(one) for one in debugged]
    predicted = [one for one in moved if LIBRARY.predicts(one.case)]
    assert predicted
    assert not any(fitted(predicted, LIBRARY).differences)


def _without_thread(stream: ObservedStream) -> ObservedStream:
    return replace(stream, case=replace(stream.case, thread=False))


def test_packing_keeps_libraries() -> None:
    some = replace(LIBRARY, lines=dict(list(LIBRARY.lines.items())[:3]))
    other = Library("other", {"package": "1"}, {"key": '{"text": "\u2028"}'})
    assert list(unpacked(packed([some, other]))) == [some, other]
