"""When the official clients take a silent connection for dead, and whether heartbeats prevent that."""

from collections.abc import Callable, Iterator

from conformance.authoring import (
    CUT,
    Exchange,
    FaultContext,
    FaultOutput,
    Portions,
    RecordingView,
    SentEvents,
    Server,
    condition,
    expect,
    fault,
    of_graph,
    same_sequence,
    scenario,
    verifies,
)

SILENT_S = 40
"""Long enough to show heartbeats that are more than 30 s apart."""

WIDEST_S = 30.0
"""How far apart heartbeats may be: the longest silence that the JavaScript SDK tolerates after two heartbeats."""

SHORTEST_S, TIMES = 6.0, 3
"""The SDK tolerates at least this silence, and this many times the widest gap between two heartbeats."""


@scenario(graph="silence", long=True)
async def silent_for_long(server: Server) -> None:
    """A run is streamed in which one step takes 40 s."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"delay": SILENT_S}, stream_mode=["updates"])
    await stream.seen(1, "metadata")
    stream.silent_for(SILENT_S)
    await stream.ended()


@verifies("clients.long-silence", on=silent_for_long)
def test_a_long_silence_is_borne_by_server_and_client(recording: RecordingView) -> None:
    """The updates arrive after a step of 40 s, and heartbeats, if the server sends any, are not too far apart."""
    stream = recording["stream"]
    updates, expected = stream["updates"], [{"sleep": {"slept": SILENT_S}}, {"after": {"done": True}}]
    expect_heartbeats(stream.exchange)
    same_sequence(updates, expected, "the updates after a long silence", stream)


def expect_heartbeats(exchange: Exchange) -> None:
    """Expect no silence after which the JavaScript SDK closes the connection.

    A heartbeat is a block with a comment.  Each one may extend the silence that the SDK tolerates from then on.
    Times are compared here because the requirement is about nothing else; they are those of the suite's reader.
    """
    tolerated: float | None = None
    comment: float | None = None
    last = exchange.answered_t or exchange.sent_t
    for block, chunk in exchange.arrivals:
        now = chunk.t
        _expect_tolerated(now - last, tolerated, exchange)
        if block.comments:
            far = f"a heartbeat must follow other data within {WIDEST_S:g} s; it came after {now - last:.1f} s"
            expect(now - last <= WIDEST_S, far, exchange)
            if comment is not None and now > comment:
                tolerated = max(tolerated or 0.0, min(max(TIMES * (now - comment), SHORTEST_S), WIDEST_S))
            comment = now
        last = now
    _expect_tolerated((exchange.ended_t or last) - last, tolerated, exchange)


def _expect_tolerated(silence: float, tolerated: float | None, exchange: Exchange) -> None:
    if tolerated is not None:
        long = f"after these heartbeats the JavaScript SDK waits {tolerated:.1f} s; the silence lasted {silence:.1f} s"
        expect(silence <= tolerated, long, exchange)


def with_heartbeats(portions: Portions, kept: Callable[[int], bool]) -> Iterator[bytes]:
    """Yield the portions without the heartbeats whose number, counted from 1, is not kept."""
    number = 0
    for portion in portions:
        number += portion.startswith(b":")
        if not portion.startswith(b":") or kept(number):
            yield portion


@condition
def with_a_long_step(exchange: FaultContext) -> bool:
    """Runs of the graph `silence` whose step takes longer than 30 s."""
    return bool((exchange.body.get("input") or {}).get("delay", 0) > 30)


@fault("clients.long-silence", part="bytes")
def stops_its_heartbeats(portions: Portions, exchange: FaultContext) -> FaultOutput:
    """Sends three heartbeats, and no further ones."""
    yield from with_heartbeats(portions, lambda number: number <= 3)


@fault("clients.long-silence", part="bytes")
def sends_a_heartbeat_now_and_then(portions: Portions, exchange: FaultContext) -> FaultOutput:
    """Sends heartbeats that are more than 30 seconds apart."""
    yield from with_heartbeats(portions, lambda number: number % 7 == 0)


@fault("clients.long-silence", where=of_graph("silence") & with_a_long_step)
def cuts_a_connection_that_idles_for_long(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Closes a connection on which no event was sent for half a minute."""
    for event in events:
        yield CUT if event.base in exchange.modes else event
