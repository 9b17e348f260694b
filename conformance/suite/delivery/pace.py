"""That delivery is not upset by pace: a silent step, a reader that pauses, nodes that finish one after the other."""

import asyncio
from contextlib import suppress

from conformance.authoring import (
    CUT,
    HANG,
    ExchangeView,
    RecordingView,
    expect,
    fault,
    inconclusive,
    same_sequence,
    scenario,
    verifies,
)
from conformance.suite.custom import kinds_that_arrive, writes_each_kind
from conformance.suite.delivery.modes import ASKED, held_back, sent_at_once

PATIENCE_S = 8.0
"""How long a slow reader pauses at most: a server may wait for its reader, and let other runs wait."""
BULK = [f"{number:04} " + 995 * "x" for number in range(3000)]
"""More than a server may hold in a queue of events, or a connection that is not read in its buffers."""


@scenario(graph="silence", exchanges=("create thread", "stream", "state after the head"), long=True)
async def long_silence(server):
    """A step of six seconds; as soon as the stream has a head, something else is asked."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"delay": 6}, stream_mode=["updates"])
    await stream.answered()
    await server.threads.get_state(thread, name="state after the head")
    await stream.ended()


@scenario(graph="echo", exchanges=("create thread", "create other thread", "stream", "meanwhile"), long=True)
async def slow_reader(server):
    """The reader of a long stream reads nothing while another run of two seconds is served."""
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
async def parallel_nodes(server):
    """Three nodes in one step; the run is asked for when the first of them is done."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"items": [], "scale": 2}, stream_mode=["updates"])
    await stream.seen(1, "updates")
    await server.runs.get(thread, await stream.run_id(), name=ASKED)
    await stream.ended()


# --- silence and the head


@verifies("delivery.survives-silence", on=long_silence)
def test_a_silent_step_does_not_end_the_stream(recording: RecordingView) -> None:
    """After six seconds without an event both updates still arrive, and the stream ends as it should."""
    stream = recording["stream"]
    expected = [{"sleep": {"slept": 6}}, {"after": {"done": True}}]
    same_sequence(stream["updates"], expected, "the updates of the silent graph", stream.exchange)
    for error in stream["error"]:
        expect(False, "no node failed, and yet there is an error event", error)
    _expect_complete(stream)


def _expect_complete(stream: ExchangeView) -> None:
    exchange = stream.exchange
    expect(exchange.ending == "complete", f"the stream must end with its run; it ended as {exchange.ending}", exchange)


@fault("delivery.survives-silence", where=lambda x: x.is_stream and x.graph == "silence")
def closes_a_silent_stream(events, exchange):
    """Ends a stream on which there was nothing to send for some seconds."""
    for event in events:
        if event.base in exchange.modes:
            return
        yield event


@fault("delivery.survives-silence", where=lambda x: x.is_stream and x.graph == "silence")
def cuts_a_silent_connection(events, exchange):
    """Closes an idle connection, as a proxy with a short timeout does."""
    for event in events:
        yield CUT if event.base in exchange.modes else event


@fault("delivery.survives-silence", where=lambda x: x.is_stream and x.graph == "silence")
def reports_a_timeout_of_a_silent_run(events, exchange):
    """Takes a long step for one that hangs, and ends the run with an error."""
    for event in events:
        if event.base in exchange.modes:
            yield event.named("error").holding({"error": "TimeoutError", "message": "the run was idle"})
            return
        yield event


@verifies("delivery.head-first", on=long_silence)
def test_the_head_comes_before_the_first_step_is_done(recording: RecordingView) -> None:
    """Something asked when the head had been seen was answered before the first update came."""
    stream, ask = recording["stream"].exchange, recording["state after the head"].exchange
    first = next(iter(recording["stream"]["updates"]), None)
    if stream.answered is None or ask.answered is None or first is None:
        inconclusive("no answer came to what was asked when the head had been seen, or no update at all")
    expect(
        stream.answered < ask.sent < ask.answered < first.seq,
        "the head must be sent before the first step has finished, but the first update was there as soon",
        stream,
    )


@fault("delivery.head-first", part="answer", where=lambda x: x.is_stream)
def buffers_whole_answers(answer, exchange):
    """Sends the head together with the whole stream, as a proxy that buffers."""
    answer.late = True


# --- a slow reader


@verifies("delivery.slow-reader", on=(slow_reader, writes_each_kind))
def test_a_slow_reader_loses_nothing(slow_reader: RecordingView, writes_each_kind: RecordingView) -> None:
    """All that was written comes, in order, to a reader that had paused, and the stream ends as it should."""
    stream = slow_reader["stream"]
    stream.expect_stream()
    if str not in kinds_that_arrive(writes_each_kind):
        inconclusive("no custom data that is text arrives, as custom.any-json tells, so there is nothing to lose")
    same_sequence(stream["custom"], BULK, "the custom data", stream.exchange)
    _expect_complete(stream)
    if len(stream["custom"].after(slow_reader["meanwhile"].sent)) < len(BULK) / 2:
        inconclusive("the reader had most of the stream before it paused; the server sends its first event too late")


@fault("delivery.slow-reader", where=lambda x: x.is_stream)
def forgets_what_its_queue_cannot_hold(events, exchange):
    """Drops every event beyond the thousandth."""
    for number, event in enumerate(events):
        if number < 1000:
            yield event


@fault("delivery.slow-reader", where=lambda x: x.is_stream)
def cuts_slow_readers_off(events, exchange):
    """Resets the connection when a thousand events wait for their reader."""
    for number, event in enumerate(events):
        yield event if number < 1000 else CUT


@fault("delivery.slow-reader", where=lambda x: x.is_stream)
def forgets_the_end_when_its_queue_is_full(events, exchange):
    """Sends all events of a long stream, and never ends it."""
    number = 0
    for number, event in enumerate(events):  # noqa: B007
        yield event
    if number > 1000:
        yield HANG


# --- parallel nodes


@verifies("delivery.parallel-at-completion", on=parallel_nodes)
def test_parallel_updates_come_as_the_nodes_finish(recording: RecordingView) -> None:
    """The updates of the three nodes come in the order of their delays, each before the next is produced."""
    stream = recording["stream"]
    expected = [{name: {"items": [name]}} for name in ("b", "c", "a", "join")]
    same_sequence(stream["updates"], expected, "the updates of the parallel nodes", stream.exchange)
    first, second, third, _ = stream["updates"]
    sent_at_once(recording, first, third)
    expect(first.seq < second.seq < third.seq, "updates of nodes that finish one by one came together", second)


@fault("delivery.parallel-at-completion", where=lambda x: x.is_stream and x.graph == "parallel")
def sends_parallel_updates_sorted_at_the_end_of_the_step(events, exchange):
    """Sends the updates of one step together, sorted by their nodes' names."""
    step = []
    for event in events:
        if event.base == "updates" and {"a", "b", "c"} & set(event.value):
            step.append(event)
            continue
        yield from sorted(step, key=lambda one: list(one.value))
        step.clear()
        yield event
    yield from step


@fault("delivery.parallel-at-completion", where=lambda x: x.is_stream and x.graph == "parallel")
def sends_parallel_updates_at_the_end_of_the_step(events, exchange):
    """Sends the updates of one step together, in the order in which the nodes were done."""

    def of_the_step(event):
        return event.base == "updates" and "join" not in event.value

    yield from held_back(events, of_the_step, ("updates", "error"))
