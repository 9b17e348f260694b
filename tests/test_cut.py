"""A stream that the suite closed never makes a check fail for what it did not show.

The golden recordings are those of a good server, so every failure on the beginning of one would blame the suite's own
limits on a server.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.judging.judge import judge
from conformance.suite.modes.consistency import _runs
from conformance.wire.endings import LENGTH, SILENCE, SIZE, STOPPED

from . import golden

KEPT: dict[str, Callable[[int], int]] = {
    "nothing": lambda count: 0,
    "the first two events": lambda count: min(2, count),
    "half of the events": lambda count: count // 2,
    "all events but the last": lambda count: max(0, count - 1),
    "all events": lambda count: count,
}
CHOSEN: dict[str, Callable[[int], bool]] = {
    "every stream": lambda number: True,
    "every first of two streams": lambda number: number % 2 == 0,
}


def cut(exchange: Exchange, kept: int, ending: str) -> Exchange:
    """Return the beginning of a stream, with so many events, as if the suite had closed it then."""
    chunks: list[Chunk] = []
    for block, chunk in exchange.arrivals:
        if kept == 0:
            break
        chunks.append(Chunk(chunk.seq, chunk.t, block.raw))
        kept -= block.dispatched
    seq, t = (chunks[-1].seq, chunks[-1].t) if chunks else (exchange.answered, exchange.answered_t)
    return replace(exchange, chunks=chunks, ending=ending, detail="the suite closed it", ended=seq, ended_t=t)


def shortened(
    recording: Recording, chosen: Callable[[int], bool], kept: Callable[[int], int], ending: str
) -> Recording:
    """Return a recording with the chosen streams cut."""
    streams = [exchange for exchange in recording.exchanges if exchange.is_stream and exchange.ending == "complete"]
    changed = {id(one): cut(one, kept(len(one.events)), ending) for number, one in enumerate(streams) if chosen(number)}
    return replace(recording, exchanges=[changed.get(id(one), one) for one in recording.exchanges])


def failures(session: SessionRecordings) -> Sequence[tuple[str, str]]:
    """Return the items that fail although they pass on the golden recordings."""
    passing = (item for id, item in golden.items().items() if golden.outcomes()[id].word == "passed")
    outcomes = ((item.id, judge(item, session)) for item in passing)
    return [(id, outcome.message) for id, outcome in outcomes if outcome.word == "failed"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("chosen", CHOSEN)
@pytest.mark.parametrize("kept", KEPT)
def test_no_check_fails_on_the_beginning_of_a_good_stream(kept: str, chosen: str) -> None:
    good = golden.table().recordings.values()
    session = SessionRecordings([shortened(one, CHOSEN[chosen], KEPT[kept], STOPPED) for one in good])
    assert failures(session) == []


@pytest.mark.parametrize("ending", [SILENCE, LENGTH, SIZE])
def test_no_limit_of_an_exchange_fails_a_check(ending: str) -> None:
    good = golden.table().recordings.values()
    session = SessionRecordings([shortened(one, CHOSEN["every stream"], KEPT["all events"], ending) for one in good])
    assert failures(session) == []


def test_a_rule_for_every_stream_that_an_event_breaks_stays_broken() -> None:
    item = golden.items()["test_every_event_has_a_name_and_one_json_value"]
    recording = golden.table().recordings["posted_on_a_thread"]
    stream = recording.all("stream")[0]
    wrong = replace(stream, chunks=[Chunk(stream.answered or 0, 0.0, b"event: updates\ndata: {\n\n")], ending=STOPPED)
    exchanges = [wrong if one is stream else one for one in recording.exchanges]
    assert judge(item, SessionRecordings([replace(recording, exchanges=exchanges)])).word == "failed"


def test_what_follows_a_run_that_was_cut_is_compared_with_no_other_run() -> None:
    """The run that was cut may not have started, so what the thread holds after it is unknown."""
    good = golden.good().recordings["two_threads"]
    names = ["left 1", "right 1", "left 2", "right 2"]
    assert [stream.name for stream, _ in _runs(good)] == names
    cut_first = [cut(one, 0, SILENCE) if one.name == "left 1" else one for one in good.exchanges]
    assert [stream.name for stream, _ in _runs(replace(good, exchanges=cut_first))] == [*names[:2], "right 2"]
