"""Which silences the JavaScript SDK tolerates, as the check of `clients.long-silence` computes them."""

from __future__ import annotations

import pytest

from conformance.authoring.expectations import Failed
from conformance.suite.clients.heartbeats import expect_heartbeats

from .streams import event, stream

BEAT, EVENT = b": heartbeat\n\n", event("updates")


@pytest.mark.parametrize(
    ("ended", "arrivals"),
    [
        (200, [(1, EVENT), (200, EVENT)]),  # without heartbeats there is no limit
        (60, [(0, BEAT), (59, EVENT)]),  # one comment gives no interval
        (60, [(0, BEAT), (0, BEAT), (59, EVENT)]),  # nor do two at the same time
        (40, [(t, BEAT) for t in range(5, 40, 5)]),
        (20, [(5, BEAT), (10, BEAT), (20, EVENT)]),  # three times the interval, here 15 s
        (9, [(1, BEAT), (2, BEAT), (8, EVENT)]),  # at least 6 s
        (88, [(29, BEAT), (58, BEAT), (88, EVENT)]),  # at most 30 s
        (40, [(5, BEAT), (13, BEAT), (14, BEAT), (37, EVENT)]),  # the widest interval counts
    ],
)
def test_a_silence_that_the_client_tolerates(ended: float, arrivals: list[tuple[float, bytes]]) -> None:
    expect_heartbeats(stream("stream", arrivals, ended_t=ended))


@pytest.mark.parametrize(
    ("ended", "arrivals", "seconds"),
    [
        (40, [(1, EVENT), (34, BEAT)], ("33.0 s",)),
        (40, [(5, BEAT), (10, BEAT), (26, EVENT)], ("15.0 s", "16.0 s")),
        (40, [(1, BEAT), (2, BEAT), (9, EVENT)], ("6.0 s", "7.0 s")),
        (90, [(29, BEAT), (58, BEAT)], ("30.0 s", "32.0 s")),
    ],
)
def test_a_silence_that_the_client_takes_for_a_dead_connection(
    ended: float, arrivals: list[tuple[float, bytes]], seconds: tuple[str, ...]
) -> None:
    with pytest.raises(Failed) as raised:
        expect_heartbeats(stream("stream", arrivals, ended_t=ended))
    assert all(part in str(raised.value) for part in seconds)
