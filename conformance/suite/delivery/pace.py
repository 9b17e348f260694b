"""That delivery works at any pace: a silent step, a reader that pauses, nodes that finish one after the other."""

import asyncio
from contextlib import suppress

from conformance.authoring import (
    CUT,
    HANG,
    Answer,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    expect,
    fail,
    fault,
    inconclusive,
    is_stream,
    of_graph,
    same_sequence,
    scenario,
    verifies,
)
from conformance.suite.custom import kinds_that_arrive, writes_each_kind
from conformance.suite.delivery.causality import ASKED, expect_delivered_while_active, held_back

PATIENCE_S = 8.0
"""Longest pause of the slow reader: a server may wait for its reader, and let other runs wait meanwhile."""
BULK = [f"{number:04} " + 995 * "x" for number in range(3000)]
"""More than a server may queue as events, or the buffers of a connection can hold while nobody reads it."""


@scenario(graph="silence", exchanges=("create thread", "stream", "state after the head"), long=True)
async def long_silence(server: Server) -> None:
    """Stream a step of six seconds; ask for the state as soon as status and headers have arrived."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"delay": 6}, stream_mode=["updates"])
    await stream.answered()
    await server.threads.get_state(thread, name="state after the head")
    await stream.ended()


@scenario(graph="echo", exchanges=("create thread", "create other thread", "stream", "meanwhile"), long=True)
async def slow_reader(server: Server) -> None:
    """Stop reading a long stream while another run of two seconds is streamed, then read the rest."""
    silence = server.on("silence")
    thread, other = await server.threads.create(), await silence.threads.create(name="create other thread")
    stream = server.runs.stream(thread, input={"payloads": BULK}, stream_mode=["custom"], slowly=True)
    await stream.seen(1, "metadata")
    stream.pause()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await silence.runs.streamed(other, name="meanwhile", input={"delay": 2}, stream_mode=["updates"])
    stream.resume()
    await stream.ended()


@scenario(graph="parallel", exchanges=("create thread", "stream", "run while streaming"), paced=True)
async def parallel_nodes(server: Server) -> None:
    """Stream a step of three nodes, and ask for the run when the first of them has finished."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"items": [], "scale": 2}, stream_mode=["updates"])
    await stream.seen(1, "updates")
    await server.runs.get(thread, await stream.run_id(), name=ASKED)
    await stream.ended()


silent_run = is_stream & of_graph("silence")
parallel_run = is_stream & of_graph("parallel")


# --- delivery.survives-silence ---


@verifies("delivery.survives-silence", on=long_silence)
def test_a_silent_step_does_not_end_the_stream(recording: RecordingView) -> None:
    """After six seconds without an event both updates still arrive, and the stream ends with its run."""
    stream = recording["stream"]
    expected = [{"sleep": {"slept": 6}}, {"after": {"done": True}}]
    same_sequence(stream["updates"], expected, "the updates of the silent graph", stream)
    for error in stream["error"]:
        fail("no node fails, so there must be no error event; one arrived", error)
    stream.expect_complete("with its run")


@fault("delivery.survives-silence", where=silent_run)
def closes_a_silent_stream(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends a stream that has had no event for some seconds."""
    for event in events:
        if event.base in exchange.modes:
            return
        yield event


@fault("delivery.survives-silence", where=silent_run)
def cuts_a_silent_connection(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Closes an idle connection, as a proxy with a short timeout does."""
    for event in events:
        yield CUT if event.base in exchange.modes else event


@fault("delivery.survives-silence", where=silent_run)
def reports_a_timeout_of_a_silent_run(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Treats a long step as hanging and ends the run with an error."""
    for event in events:
        if event.base in exchange.modes:
            yield event.named("error").holding({"error": "TimeoutError", "message": "the run was idle"})
            return
        yield event


# --- delivery.head-first ---


@verifies("delivery.head-first", on=long_silence)
def test_the_head_comes_before_the_first_step_is_done(recording: RecordingView) -> None:
    """Status and headers arrive before the first step has finished.

    A request that was sent after they had arrived was answered before the first update arrived.
    """
    stream, ask = recording["stream"].exchange, recording["state after the head"].exchange
    first = next(iter(recording["stream"]["updates"]), None)
    if stream.answered is None or ask.answered is None or first is None:
        inconclusive("the request after the headers was not answered, or no update arrived, so no order can be judged")
    expect(
        stream.answered < ask.sent < ask.answered < first.seq,
        "status and headers must be sent before the first step has finished; the first update had arrived before a "
        "request that was sent right after the headers was answered",
        stream,
    )


@fault("delivery.head-first", part="answer", where=is_stream)
def buffers_whole_answers(answer: Answer, exchange: FaultContext) -> None:
    """Sends status and headers together with the whole stream, as a proxy that buffers does."""
    answer.late = True


# --- delivery.slow-reader ---


@verifies("delivery.slow-reader", on=(slow_reader, writes_each_kind))
def test_a_slow_reader_loses_nothing(recording: RecordingView, writes: RecordingView) -> None:
    """A reader that pauses still receives every custom event in order, and the stream ends with its run."""
    stream = recording["stream"]
    stream.expect_stream()
    if str not in kinds_that_arrive(writes):
        inconclusive("no custom data that is text arrives, so none can be lost; custom.any-json judges that")
    same_sequence(stream["custom"], BULK, "the custom data", stream)
    stream.expect_complete("with its run")
    if len(stream["custom"].after(recording["meanwhile"].sent)) < len(BULK) / 2:
        inconclusive("the reader received most of the stream before it paused: the server sends its first event late")


@fault("delivery.slow-reader", where=is_stream)
def forgets_what_its_queue_cannot_hold(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Drops every event after the thousandth."""
    for number, event in enumerate(events):
        if number < 1000:
            yield event


@fault("delivery.slow-reader", where=is_stream)
def cuts_slow_readers_off(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Resets the connection when a thousand events wait for their reader."""
    for number, event in enumerate(events):
        yield event if number < 1000 else CUT


@fault("delivery.slow-reader", where=is_stream)
def forgets_the_end_when_its_queue_is_full(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends all events of a long stream but never ends it."""
    number = 0
    for number, event in enumerate(events):  # noqa: B007
        yield event
    if number > 1000:
        yield HANG


# --- delivery.parallel-at-completion ---


@verifies("delivery.parallel-at-completion", on=parallel_nodes)
def test_parallel_updates_come_as_the_nodes_finish(recording: RecordingView) -> None:
    """The updates of three parallel nodes arrive in the order in which the nodes finish, each before the next."""
    stream = recording["stream"]
    expected = [{name: {"items": [name]}} for name in ("b", "c", "a", "join")]
    same_sequence(stream["updates"], expected, "the updates of the parallel nodes", stream)
    first, second, third, _ = stream["updates"]
    expect_delivered_while_active(recording, first, third)
    separate = "nodes that finish one after the other must send their updates separately; these arrived together"
    expect(first.seq < second.seq < third.seq, separate, second)


@fault("delivery.parallel-at-completion", where=parallel_run)
def sends_parallel_updates_sorted_at_the_end_of_the_step(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the updates of one step together, sorted by the names of their nodes."""
    step: list[SentEvent] = []
    for event in events:
        if event.base == "updates" and {"a", "b", "c"} & set(event.value):
            step.append(event)
            continue
        yield from sorted(step, key=lambda one: list(one.value))
        step.clear()
        yield event
    yield from step


@fault("delivery.parallel-at-completion", where=parallel_run)
def sends_parallel_updates_at_the_end_of_the_step(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the updates of one step together, in the order in which the nodes finished."""

    def of_the_step(event: SentEvent) -> bool:
        return event.base == "updates" and "join" not in event.value

    yield from held_back(events, of_the_step, ("updates", "error"))
