"""How the official clients come back to a stream: where Location says, with an id, and when they deem it dead."""

import re
from itertools import islice

from conformance.authoring import (
    CUT,
    EVERY_STREAM,
    Event,
    Exchange,
    ExchangeView,
    RecordingView,
    expect,
    fault,
    inconclusive,
    same_sequence,
    same_values,
    scenario,
    showing_a_run,
    shown,
    verifies,
)

COUNTING = {"n": 6, "delay": 0.4}

SILENT_S = 40
"""A silence that shows heartbeats which are more than 30 s apart; nothing shorter does."""


@scenario(graph="counter", exchanges=("create thread", "stream", "rejoin"), paced=True)
async def come_back_to_location(server):
    """While a run is active a second reader goes where the first one's Location says, if it has one."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=["custom"])
    await stream.seen(2, "custom")
    if stream.location is not None:
        await server.runs.rejoin(stream.location).ended()
    await stream.ended()


@scenario(graph="counter", exchanges=("create thread", "stream", "after", "from the start"), paced=True)
async def resumed(server):
    """A resumable run is joined after its third event and from its start, and read to its end by all."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=["custom"], stream_resumable=True)
    await stream.seen(3, "custom")
    run, id = await stream.run_id(), stream.last_id
    after = server.runs.join_stream(thread, run, name="after", headers={"Last-Event-ID": id}) if id else None
    whole = server.runs.join_stream(thread, run, name="from the start", headers={"Last-Event-ID": "-1"})
    for one in (stream, after, whole):
        if one is not None:
            await one.ended()


@scenario(graph="silence", long=True)
async def silent_for_long(server):
    """A step that takes longer than any heartbeat may be away."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"delay": SILENT_S}, stream_mode=["updates"])
    await stream.seen(1, "metadata")
    stream.silent_for(SILENT_S)
    await stream.ended()


# --- clients.location


@verifies("clients.location", on=EVERY_STREAM)
def test_a_location_is_a_path(stream: ExchangeView) -> None:
    """Every stream has no Location, or one that begins with a slash and names no host."""
    location = stream.exchange.header("location")
    if stream.exchange.is_stream and location is not None:
        is_path(location, stream.exchange)


def is_path(location: str, exchange: Exchange) -> None:
    fits = location.startswith("/") and not location.startswith("//") and location.isprintable() and " " not in location
    expect(fits, f"Location must be a path from the base URL on, it is {shown(location)}", exchange)


@verifies("clients.location", on=come_back_to_location)
def test_a_run_goes_on_where_location_says(recording: RecordingView) -> None:
    """A GET of it while the run is active brings the rest of the run; without one no client comes back."""
    stream = showing_a_run(recording["stream"])
    location = stream.exchange.header("location")
    if location is None:
        return
    is_path(location, stream.exchange)
    back, last = recording["rejoin"], stream["custom"][-1:]
    expect(last, "the run wrote nothing", stream.exchange)
    back.expect_stream()
    if (back.exchange.answered or last[0].seq) >= last[0].seq:
        inconclusive("the run was over before the reader that came back had an answer")
    heard = [event.value for event in back["custom"][-1:]] == [last[0].value]
    expect(heard, f"the reader that came back did not hear the end of the run, {shown(last[0].text)}", back.exchange)
    how = back.exchange.ending
    expect(how == "complete", f"the stream at Location did not end as HTTP says ({how})", back.exchange)


def comes_back(exchange):
    """Whether it joins a run that another reader of the scenario has begun, and still reads."""
    return exchange.is_join and any(other.kind == "stream" for other in exchange.readers)


def sends_location(exchange):
    return exchange.is_stream and exchange.exchange.header("location") is not None


@fault("clients.location", part="answer", where=sends_location)
def sends_an_absolute_location(answer, exchange):
    """Sends a Location with its own scheme and host."""
    location = exchange.exchange.header("location")
    answer.replace_header("location", f"http://server.example{location}")


@fault("clients.location", part="answer", where=sends_location)
def sends_the_location_of_another_host(answer, exchange):
    """Sends a Location with the host by which it is known behind its proxy, and no scheme."""
    answer.replace_header("location", f"//internal.example{exchange.exchange.header('location')}")


@fault("clients.location", part="answer", where=comes_back)
def knows_nothing_at_its_own_location(answer, exchange):
    """Answers 404 to a reader that comes back."""
    answer.refuse(404)


@fault("clients.location", where=comes_back)
def serves_nothing_at_its_own_location(events, exchange):
    """Answers a reader that comes back with an empty stream."""
    yield b": nothing to see here\r\n\r\n"


# --- clients.resumption


def told(event: Event) -> list[object]:
    return [event.name, event.value]


@verifies("clients.resumption", on=resumed)
def test_a_join_brings_what_followed_an_id(recording: RecordingView) -> None:
    """Every event has an id; after the one that is named come exactly those which came after it."""
    stream = showing_a_run(recording["stream"])
    for event in stream.events:
        having = event.block.id or event.name == "end"
        expect(having, f"event {event.position} of a resumable run has no id", event)
    after = recording["after"]
    id = last_event_id(after.exchange)
    last = [event for event in stream.events if event.block.id == id][-1:]
    expect(last, "no event of the run has the id that its reader had seen last", stream.exchange)
    expected = [told(event) for event in stream.events[last[0].position :]]
    same_values(((event, told(event)) for event in after.events), expected, "what followed the id", after.exchange)


@verifies("clients.resumption", on=resumed)
def test_a_join_from_the_start_brings_everything(recording: RecordingView) -> None:
    """With Last-Event-ID -1 all events come, metadata included."""
    stream, whole = showing_a_run(recording["stream"]), recording["from the start"]
    expected = [told(event) for event in stream.events]
    same_values(((event, told(event)) for event in whole.events), expected, "the run from the start", whole.exchange)


def last_event_id(exchange: Exchange) -> str | None:
    """The id that a reader which comes back had seen last."""
    return {name.lower(): value for name, value in exchange.request_headers}.get("last-event-id")


def resumes(exchange):
    """Whether it comes back with the id of an event."""
    return exchange.is_join and last_event_id(exchange.exchange) not in (None, "-1")


def begins_anew(exchange):
    """Whether it asks for all events from the start."""
    return exchange.is_join and last_event_id(exchange.exchange) == "-1"


@fault("clients.resumption", where=resumes)
def replays_all_to_whoever_comes_back(events, exchange):
    """Takes no heed of the id, and sends the run from its start."""
    yield from exchange.sent_before
    yield from events


@fault("clients.resumption", where=resumes)
def repeats_the_event_of_the_id(events, exchange):
    """Sends the event of the id as well."""
    yield from exchange.sent_before[-1:]
    yield from events


@fault("clients.resumption", where=begins_anew)
def takes_minus_one_for_now(events, exchange):
    """Sends a reader that asks for all no more than what is still to come."""
    yield from islice(events, len(exchange.sent_before), None)


@fault("clients.resumption", where=resumes)
def loses_an_event_after_the_id(events, exchange):
    """Is off by one to the other side."""
    yield from islice(events, 1, None)


@fault("clients.resumption", part="bytes", where=lambda x: x.body.get("stream_resumable") is True)
def sends_resumable_runs_without_ids(portions, exchange):
    """Does not know of resumable runs."""
    for portion in portions:
        yield re.sub(rb"id:[^\r\n]*\r?\n", b"", portion)


# --- clients.long-silence

WIDEST_S = 30.0
"""How far apart heartbeats may be: the longest silence that the JavaScript SDK bears once it has seen two of them."""

SHORTEST_S, TIMES = 6.0, 3
"""That silence is at least so long, and so many times the widest gap between two heartbeats."""


@verifies("clients.long-silence", on=silent_for_long)
def test_a_long_silence_is_borne_by_server_and_client(recording: RecordingView) -> None:
    """The updates after it arrive, and where comments come they never stay away for too long.

    Times are compared here, because the requirement is about nothing else; they are those of the reader.
    """
    stream = recording["stream"]
    updates, expected = stream["updates"], [{"sleep": {"slept": SILENT_S}}, {"after": {"done": True}}]
    stays_awake(stream.exchange)
    same_sequence(updates, expected, "the updates after a long silence", stream.exchange)


def stays_awake(exchange: Exchange) -> None:
    """Follow the stream as the JavaScript SDK does: each comment may widen the silence that is borne from then on."""
    borne, before, comment = None, exchange.answered_t or exchange.sent_t, None
    for block, chunk in exchange.arrivals:
        now = chunk.t
        _expect_short(now - before, borne, exchange)
        if block.comments:
            far = f"a heartbeat came {now - before:.1f} s after anything else, expected at most {WIDEST_S:g} s"
            expect(now - before <= WIDEST_S, far, exchange)
            if comment is not None and now > comment:
                borne = max(borne or 0.0, min(max(TIMES * (now - comment), SHORTEST_S), WIDEST_S))
            comment = now
        before = now
    _expect_short((exchange.ended_t or before) - before, borne, exchange)


def _expect_short(silence: float, borne: float | None, exchange: Exchange) -> None:
    long = f"after heartbeats nothing came for {silence:.1f} s, and a client waits for {borne or 0:.1f} s"
    expect(borne is None or silence <= borne, long, exchange)


def heartbeats(portions, kept):
    """The portions, of those that are comments alone only the ones whose number, from 1 on, is kept."""
    number = 0
    for portion in portions:
        number += portion.startswith(b":")
        if not portion.startswith(b":") or kept(number):
            yield portion


@fault("clients.long-silence", part="bytes")
def stops_its_heartbeats(portions, exchange):
    """Sends three heartbeats and no more."""
    yield from heartbeats(portions, lambda number: number <= 3)


@fault("clients.long-silence", part="bytes")
def sends_a_heartbeat_now_and_then(portions, exchange):
    """Sends a heartbeat after more than thirty seconds."""
    yield from heartbeats(portions, lambda number: number % 7 == 0)


def takes_long(exchange):
    """Whether a step of the run takes longer than half a minute."""
    return exchange.graph == "silence" and (exchange.body.get("input") or {}).get("delay", 0) > 30


@fault("clients.long-silence", where=takes_long)
def cuts_a_connection_that_idles_for_long(events, exchange):
    """Closes a connection on which no event came for half a minute."""
    for event in events:
        yield CUT if event.base in exchange.modes else event
