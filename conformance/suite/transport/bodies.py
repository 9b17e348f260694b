"""That the body of a stream is what its head announces, and that its end is the end of what the server sends."""

from conformance.authoring import (
    EVERY_STREAM,
    Answer,
    ExchangeView,
    FaultContext,
    RecordingView,
    Server,
    at_path,
    condition,
    expect,
    fault,
    inconclusive,
    is_stream,
    scenario,
    showing_a_run,
    verifies,
)
from conformance.suite.graphs import TOPIC

DISCONNECTED = "disconnected without sending a response"
"""What the HTTP library says if the server closed an idle connection, which it may do at any time."""


@scenario(graph="joke")
async def posted_without_accept(server: Server) -> None:
    """Stream a run with a request that does not say which media types and codings its client accepts."""
    thread = await server.threads.create()
    headers = {"Accept": None, "Accept-Encoding": None}
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"], headers=headers)


@scenario(graph="joke", exchanges=("create thread", "stream", "get state"))
async def asked_again_on_the_connection(server: Server) -> None:
    """Stream a run, and ask for the state on the same connection."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"], kept=True)
    await server.threads.get_state(thread, kept=True)


@condition
def says_nothing_of_media_types(exchange: FaultContext) -> bool:
    """Requests without the header Accept."""
    return all(name.lower() != "accept" for name, _ in exchange.exchange.request_headers)


# --- transport.stream-on-thread ---


@verifies("transport.stream-on-thread", on=posted_without_accept)
def test_a_request_without_accept_is_answered_with_an_event_stream(recording: RecordingView) -> None:
    """The server does not ask the client to say that it accepts text/event-stream."""
    showing_a_run(recording["stream"])


@fault("transport.stream-on-thread", part="answer", where=is_stream & says_nothing_of_media_types)
def wants_accept(answer: Answer, exchange: FaultContext) -> None:
    """Answers 406 to a request that does not accept text/event-stream explicitly."""
    answer.refuse(406)


# --- transport.ends ---


@verifies("transport.ends", on=EVERY_STREAM)
def test_every_body_is_what_its_head_announces(stream: ExchangeView) -> None:
    """The head announces either chunks or a length, and the body has the content coding that the head names."""
    if not stream.is_stream:
        return
    exchange = stream.exchange
    chunked = "chunked" in (exchange.header("transfer-encoding") or "").lower()
    length = exchange.header("content-length")
    both = f"the head must announce either chunks or a length; it announces both (Content-Length: {length})"
    expect(not (chunked and length is not None), both, stream)
    coding = (exchange.header("content-encoding") or "identity").strip().lower()
    applied = coding == "identity" or exchange.coding or not exchange.content
    problem = exchange.coding_problem or ("" if applied else f"it declares {coding}, but the body is not encoded")
    expect(not problem, f"the body must have the content coding that Content-Encoding declares; {problem}", stream)


@verifies("transport.ends", on=asked_again_on_the_connection)
def test_nothing_follows_the_end_of_a_body(recording: RecordingView) -> None:
    """After the final chunk, or the announced length, the connection carries the next answer and nothing before it."""
    recording["stream"].expect_complete("with its final chunk or its announced length, and nothing may follow")
    state = recording["get state"]
    if DISCONNECTED in state.exchange.detail:
        inconclusive("the server closed the connection when the next request was sent")
    state.expect_answered()
    state.expect_complete("without bytes that do not belong to it")


@fault("transport.ends", part="answer", where=is_stream)
def announces_a_length_beside_chunks(answer: Answer, exchange: FaultContext) -> None:
    """Sends a Content-Length beside chunks."""
    answer.replace_header("transfer-encoding", "chunked")
    answer.replace_header("content-length", "65536")


@fault("transport.ends", part="answer", where=is_stream)
def declares_a_coding_that_it_does_not_apply(answer: Answer, exchange: FaultContext) -> None:
    """Declares the content coding gzip, and sends the body as it is."""
    answer.replace_header("content-encoding", "gzip")


@fault("transport.ends", part="answer", where=at_path("/state"))
def sends_bytes_between_two_answers(answer: Answer, exchange: FaultContext) -> None:
    """Sends a second final chunk, which a client takes for the beginning of the next answer."""
    answer.ending = "broken"
