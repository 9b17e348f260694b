"""Where the official clients reconnect to a stream: at the path in its Location."""

from conformance.authoring import (
    EVERY_STREAM,
    Answer,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    condition,
    expect,
    fault,
    inconclusive,
    is_join,
    is_stream,
    scenario,
    showing_a_run,
    shown,
    verifies,
)

COUNTING = {"n": 6, "delay": 0.4}
"""Enough steps, of 0.4 s each, to reconnect during the run."""


@scenario(graph="counter", exchanges=("create thread", "stream", "rejoin"), paced=True)
async def come_back_to_location(server: Server) -> None:
    """While a client streams a run, a second one sends a GET to the Location of the stream, if it has one."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=["custom"])
    await stream.seen(2, "custom")
    if stream.location is not None:
        await server.runs.rejoin(stream.location).ended()
    await stream.ended()


@verifies("clients.location", on=EVERY_STREAM)
def test_a_location_is_a_path(stream: ExchangeView) -> None:
    """A stream has no Location, or one that starts with a slash and names no host."""
    location = stream.exchange.header("location")
    if stream.is_stream and location is not None:
        expect_path(location, stream)


def expect_path(location: str, stream: ExchangeView) -> None:
    """Expect that a Location is a path without scheme and host."""
    fits = location.startswith("/") and not location.startswith("//") and location.isprintable() and " " not in location
    expect(fits, f"Location must be a path relative to the base URL; it is {shown(location)}", stream)


@verifies("clients.location", on=come_back_to_location)
def test_a_run_goes_on_where_location_says(recording: RecordingView) -> None:
    """A GET of the Location while the run is active brings the rest of the run; a stream may have no Location."""
    stream = showing_a_run(recording["stream"])
    location = stream.exchange.header("location")
    if location is None:
        return
    expect_path(location, stream)
    rejoin, last = recording["rejoin"], stream["custom"][-1:]
    expect(last, "the run must write custom data; none arrived", stream)
    rejoin.expect_stream()
    if (rejoin.exchange.answered or last[0].seq) >= last[0].seq:
        inconclusive("the run had ended before `rejoin` was answered")
    complete = [event.value for event in rejoin["custom"][-1:]] == [last[0].value]
    expect(complete, f"the last event of `rejoin` must be that of the run, {shown(last[0].text)}", rejoin)
    rejoin.expect_complete("with the run")


@condition
def of_a_streamed_run(exchange: FaultContext) -> bool:
    """Joins of a run that another client streams."""
    return any(other.kind == "stream" for other in exchange.readers)


@condition
def with_a_location(exchange: FaultContext) -> bool:
    """Requests whose answer has a Location."""
    return exchange.exchange.header("location") is not None


@fault("clients.location", part="answer", where=is_stream & with_a_location)
def sends_an_absolute_location(answer: Answer, exchange: FaultContext) -> None:
    """Sends a Location with a scheme and a host."""
    location = exchange.exchange.header("location")
    answer.replace_header("location", f"http://server.example{location}")


@fault("clients.location", part="answer", where=is_stream & with_a_location)
def sends_the_location_of_another_host(answer: Answer, exchange: FaultContext) -> None:
    """Sends a Location without a scheme, but with the host that it has behind its proxy."""
    answer.replace_header("location", f"//internal.example{exchange.exchange.header('location')}")


@fault("clients.location", part="answer", where=is_join & of_a_streamed_run)
def knows_nothing_at_its_own_location(answer: Answer, exchange: FaultContext) -> None:
    """Answers 404 to a GET of its own Location."""
    answer.refuse(404)


@fault("clients.location", where=is_join & of_a_streamed_run)
def serves_nothing_at_its_own_location(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Answers a GET of its own Location with an empty stream."""
    yield b": nothing to see here\r\n\r\n"
