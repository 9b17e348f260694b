"""That delivery is the same for clients that accept compressed bodies, as SDKs and browsers do."""

from conformance.authoring import (
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    condition,
    fault,
    is_stream,
    scenario,
    verifies,
)
from conformance.suite.delivery.causality import ASKED
from conformance.suite.delivery.modes import COUNTING, expect_steps_at_once

EVERY_CODING = "gzip, deflate, br, zstd"
"""What browsers send, and the Python SDK if the packages for br and zstd are installed."""
CLIENT_HEADERS = {
    "sdk": {"Accept": "text/event-stream", "Accept-Encoding": EVERY_CODING},
    "browser": {"Accept": "*/*", "Accept-Encoding": EVERY_CODING},
}


@scenario(
    graph="counter",
    exchanges=("create thread", "stream", "run while streaming"),
    client=tuple(CLIENT_HEADERS),
    paced=True,
)
async def counted_to_a_client(server: Server, client: str) -> None:
    """Stream six slow steps to a client that accepts compressed bodies, and ask for the run meanwhile."""
    thread = await server.threads.create()
    headers = CLIENT_HEADERS[client]
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=["updates"], headers=headers)
    await stream.seen(2, "updates")
    await server.runs.get(thread, await stream.run_id(), name=ASKED)
    await stream.ended()


@condition
def accepts_compression(exchange: FaultContext) -> bool:
    """Requests whose answer may be compressed."""
    return exchange.exchange.asks_for_coding


# --- delivery.each-mode ---


@verifies("delivery.each-mode", on=counted_to_a_client)
def test_a_client_that_accepts_compression_gets_events_at_once(recording: RecordingView) -> None:
    """Compressed or not, the update of the second step arrives while the run is active, before that of the last."""
    expect_steps_at_once(recording, recording["stream"], "updates")


@fault("delivery.each-mode", where=is_stream & accepts_compression)
def compresses_the_stream_as_a_whole(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Compresses streams for clients that accept it, and flushes the compressor only at the end."""
    yield from list(events)
