"""The silences that the JavaScript SDK bears, as the check of `clients.long-silence` follows them."""

from typing import Any

import pytest

from conformance.authoring.expectations import Failed
from conformance.evidence.exchange import Chunk, Exchange
from conformance.suite.clients.reconnect import stays_awake
from conformance.wire.endings import COMPLETE

BEAT, EVENT = b": heartbeat\n\n", b"event: updates\ndata: {}\n\n"


def exchange(ended: float, *came: tuple[float, bytes]) -> Exchange:
    """A stream whose head came at 0, with what came when, and its end."""
    chunks = [Chunk(number, t, data) for number, (t, data) in enumerate(came)]
    answered: dict[str, Any] = {"status": 200, "headers": [("content-type", "text/event-stream")], "answered_t": 0.0}
    end: dict[str, Any] = {"ending": COMPLETE, "ended": len(chunks), "ended_t": ended}
    return Exchange(
        "stream", "stream", "POST", "http://h/runs/stream", [], "{}", True, 0, 0.0, **answered, **end, chunks=chunks
    )


@pytest.mark.parametrize(
    ("ended", "came"),
    [
        (200, [(1, EVENT), (200, EVENT)]),  # no heartbeats, no limit
        (60, [(0, BEAT), (59, EVENT)]),  # one comment tells nothing of a pace
        (60, [(0, BEAT), (0, BEAT), (59, EVENT)]),  # nor do two at once
        (40, [(t, BEAT) for t in range(5, 40, 5)]),
        (20, [(5, BEAT), (10, BEAT), (20, EVENT)]),  # three times five are fifteen
        (9, [(1, BEAT), (2, BEAT), (8, EVENT)]),  # at least six
        (88, [(29, BEAT), (58, BEAT), (88, EVENT)]),  # at most thirty
        (40, [(5, BEAT), (13, BEAT), (14, BEAT), (37, EVENT)]),  # the widest gap counts
    ],
)
def test_a_silence_that_a_client_bears(ended: float, came: list[tuple[float, bytes]]) -> None:
    stays_awake(exchange(ended, *came))


@pytest.mark.parametrize(
    ("ended", "came", "message"),
    [
        (40, [(1, EVENT), (34, BEAT)], "a heartbeat came 33.0 s after anything else"),
        (40, [(5, BEAT), (10, BEAT), (26, EVENT)], "nothing came for 16.0 s, and a client waits for 15.0 s"),
        (40, [(1, BEAT), (2, BEAT), (9, EVENT)], "nothing came for 7.0 s, and a client waits for 6.0 s"),
        (90, [(29, BEAT), (58, BEAT)], "nothing came for 32.0 s, and a client waits for 30.0 s"),
    ],
)
def test_a_silence_that_a_client_takes_for_a_dead_connection(
    ended: float, came: list[tuple[float, bytes]], message: str
) -> None:
    with pytest.raises(Failed, match=message):
        stays_awake(exchange(ended, *came))
