"""How the official clients resume a stream: with the id of the last event that they received."""

import re
from collections.abc import Iterable
from itertools import islice

from conformance.authoring import (
    Event,
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
    is_join,
    same_values,
    scenario,
    showing_a_run,
    verifies,
)
from conformance.suite.clients.reconnect import COUNTING


@scenario(graph="counter", exchanges=("create thread", "stream", "after", "from the start"), paced=True)
async def resumed(server: Server) -> None:
    """A client streams a resumable run; after three events others join it, from the last id and from the start."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=["custom"], stream_resumable=True)
    await stream.seen(3, "custom")
    run, id = await stream.run_id(), stream.last_id
    after = server.runs.join_stream(thread, run, name="after", headers={"Last-Event-ID": id}) if id else None
    whole = server.runs.join_stream(thread, run, name="from the start", headers={"Last-Event-ID": "-1"})
    for one in (stream, after, whole):
        if one is not None:
            await one.ended()


@verifies("clients.resumption", on=resumed)
def test_a_join_brings_what_followed_an_id(recording: RecordingView) -> None:
    """Every event but a closing one has an id, and a join with the id of an event brings exactly what followed it."""
    stream = showing_a_run(recording["stream"])
    for event in stream.events:
        identified = event.block.id or event.name == "end"
        expect(identified, f"every event of a resumable run must have an id; event {event.position} has none", event)
    after = recording["after"]
    id = last_event_id(after.exchange)
    last = [event for event in stream.events if event.block.id == id][-1:]
    expect(last, "an event of the run must have the id that its client received last; none has", stream)
    expected = names_and_data(stream.events[last[0].position :])
    same_values(names_and_data(after.events), [pair for _, pair in expected], "what followed the id", after)


@verifies("clients.resumption", on=resumed)
def test_a_join_from_the_start_brings_everything(recording: RecordingView) -> None:
    """A join with the Last-Event-ID -1 brings every event of the run, including metadata."""
    stream, whole = showing_a_run(recording["stream"]), recording["from the start"]
    expected = [pair for _, pair in names_and_data(stream.events)]
    same_values(names_and_data(whole.events), expected, "the run from the start", whole)


def names_and_data(events: Iterable[Event]) -> list[tuple[Event, list[object]]]:
    """Return what must be the same in two streams of a run: all events but a closing one, which a server may omit."""
    return [(event, [event.name, event.value]) for event in events if event.name != "end"]


def last_event_id(exchange: Exchange) -> str | None:
    """Return the Last-Event-ID of a request, None if it has none."""
    return {name.lower(): value for name, value in exchange.request_headers}.get("last-event-id")


@condition
def with_an_event_id(exchange: FaultContext) -> bool:
    """Requests whose Last-Event-ID is the id of an event."""
    return last_event_id(exchange.exchange) not in (None, "-1")


@condition
def from_the_start(exchange: FaultContext) -> bool:
    """Requests whose Last-Event-ID asks for all events."""
    return last_event_id(exchange.exchange) == "-1"


@condition
def resumable(exchange: FaultContext) -> bool:
    """Runs that were started with `stream_resumable`."""
    return exchange.body.get("stream_resumable") is True


@fault("clients.resumption", where=is_join & with_an_event_id)
def replays_all_to_whoever_comes_back(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ignores the Last-Event-ID of a join, and sends the run from its start."""
    yield from exchange.sent_before
    yield from events


@fault("clients.resumption", where=is_join & with_an_event_id)
def repeats_the_event_of_the_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the event with the requested id again, before those that followed it."""
    yield from exchange.sent_before[-1:]
    yield from events


@fault("clients.resumption", where=is_join & from_the_start)
def takes_minus_one_for_now(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends only new events to a client that asks for all of them."""
    yield from islice(events, len(exchange.sent_before), None)


@fault("clients.resumption", where=is_join & with_an_event_id)
def loses_an_event_after_the_id(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Skips the first event after the requested id."""
    yield from islice(events, 1, None)


@fault("clients.resumption", part="bytes", where=resumable)
def sends_resumable_runs_without_ids(portions: Portions, exchange: FaultContext) -> FaultOutput:
    """Sends the events of resumable runs without ids."""
    for portion in portions:
        yield re.sub(rb"id:[^\r\n]*\r?\n", b"", portion)
