"""What was seen of each freedom: small words and numbers for the report, never a judgement.

Here those of modes, joins, delivery and refusals; those of transport and framing stand in `freedoms_of_the_wire`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from conformance.authoring import Event, Exchange, SessionRecordings, observes, requested_modes, scenario
from conformance.suite.graphs import TOPIC
from conformance.suite.join.no_run import joined_after_the_end

MOST = 8
"""How many different things an observation lists."""


@scenario(graph="sub_model")
async def custom_without_flag(server):
    """A node at the root and one inside a subgraph write data; the subgraphs' output is not asked for."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["custom"], valid=False)


@scenario(
    graph="counter",
    exchanges=("create thread", "create another thread", "create run", "join elsewhere", "poll run"),
    paced=True,
)
async def joined_through_another_thread(server):
    """A run of one thread is joined through the path of another."""
    thread = await server.threads.create()
    other = await server.threads.create(name="create another thread")
    run = await server.runs.create(thread, input={"n": 4, "delay": 0.25}, stream_mode=["updates"])
    await server.runs.join_stream(other, run, name="join elsewhere", valid=False).ended()
    await server.runs.ended(thread, run)


@scenario(graph="counter", exchanges=("create thread", "stream", "poll run", "get state"), paced=True)
async def creator_leaves(server):
    """The creator of a run closes the connection after its first event; the run is watched to its end."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"n": 5, "delay": 0.25}, stream_mode=["custom"], valid=False)
    await stream.seen(1, "custom")
    run = await stream.run_id()
    await stream.leave()
    await server.runs.ended(thread, run)
    await server.threads.get_state(thread)


# --- what there is to look at


def streams(session: SessionRecordings) -> list[Exchange]:
    return [exchange for exchange in session.streams() if exchange.is_stream]


def events(session: SessionRecordings, mode: str) -> Iterator[Event]:
    for exchange in streams(session):
        yield from (event for event in exchange.events if event.base == mode)


def payloads(session: SessionRecordings, mode: str) -> Iterator[dict[str, object]]:
    """The data of a mode's events that are objects."""
    yield from (event.value for event in events(session, mode) if isinstance(event.value, dict))


def pieces(session: SessionRecordings) -> Iterator[tuple[dict[str, object], dict[str, object], Event]]:
    """Piece and metadata of each well-formed message event."""
    for event in events(session, "messages"):
        value = event.value
        if isinstance(value, list) and len(value) == 2 and all(isinstance(part, dict) for part in value):
            yield value[0], value[1], event


def different(things: Iterable[str]) -> list[str]:
    """Each thing once, in order of appearance, not more than a report can show."""
    return list(dict.fromkeys(thing if len(thing) <= 80 else f"{thing[:79]}…" for thing in things))[:MOST]


def exchanges_of(session: SessionRecordings, scenario: str, name: str) -> list[Exchange]:
    return [
        one
        for recording in session.recordings.values()
        if recording.scenario == scenario
        for one in recording.all(name)
    ]


def kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")


def share(count: int, of: int, what: str) -> str:
    return f"{count} of {of} {what}"


# --- modes


@observes("updates.empty-value")
def empty_update(session: SessionRecordings) -> object:
    quiet = (update["nothing"] for update in payloads(session, "updates") if "nothing" in update)
    return different("an empty object" if value == {} else kind_of(value) for value in quiet)


@observes("messages.content-form")
def content_form(session: SessionRecordings) -> object:
    return different(kind_of(piece.get("content")) for piece, _, _ in pieces(session))


@observes("messages.interleaving")
def interleaving(session: SessionRecordings) -> object:
    """How often the next piece is another call's, on the graph whose two models answer at once."""
    ids = [str(piece.get("id")) for piece, _, event in pieces(session) if event.exchange.graph == "models_at_once"]
    changes = sum(one != other for one, other in pairwise(ids))
    return {"pieces": len(ids), "changes of call": changes}


@observes("messages.whole-messages")
def whole_messages(session: SessionRecordings) -> object:
    """Pieces that repeat what their call has said before; no reference graph keeps messages in its state."""
    said: dict[tuple[int, str], str] = {}
    whole = count = 0
    for piece, _, event in pieces(session):
        key, text = (id(event.exchange), str(piece.get("id"))), piece.get("content")
        if isinstance(text, str):
            count += 1
            whole += len(said.get(key, "")) > 0 and text == said[key]
            said[key] = said.get(key, "") + text
    return share(whole, count, "pieces repeat a whole answer")


@observes("events.chain-stream")
def chain_stream(session: SessionRecordings) -> object:
    return any(value.get("event") == "on_chain_stream" for value in payloads(session, "events"))


@observes("events.parent-ids")
def parent_ids(session: SessionRecordings) -> object:
    return any("parent_ids" in value for value in payloads(session, "events"))


@observes("events.whole-name")
def whole_name(session: SessionRecordings) -> object:
    def first(exchange: Exchange) -> Iterator[str]:
        for event in exchange.events:
            if event.base == "events" and isinstance(event.value, dict):
                yield str(event.value.get("name"))
                return

    return different(name for exchange in streams(session) for name in first(exchange))


@observes("modes.order-across-modes")
def order_across_modes(session: SessionRecordings) -> object:
    """What comes from one event of `updates` to the next when all six modes are asked for, repetitions left out."""
    others = ("metadata", "error", "end", "events")
    patterns = []
    for exchange in streams(session):
        if exchange.kind == "stream" and len(requested_modes(exchange.request)) == 6:
            names = [event.base for event in exchange.events if event.base not in others]
            collapsed = [name for name, before in zip(names, [None, *names], strict=False) if name != before]
            patterns += [" ".join(part.split()) for part in " ".join(collapsed).split("updates")[1:-1]]
    return different(f"updates {pattern}".strip() for pattern in patterns)


@observes("subgraphs.custom-without-flag", on=[custom_without_flag])
def inner_custom(session: SessionRecordings) -> object:
    [stream] = exchanges_of(session, "custom_without_flag", "stream")
    inner = [event.name for event in stream.events if event.base == "custom" and event.value == {"from": "inner"}]
    return f"arrives as {re.sub(':[^|]+', ':{id}', inner[0])}" if inner else "does not arrive"


@observes("subgraphs.further-segments")
def further_segments(session: SessionRecordings) -> object:
    """Segments of another form than node:id."""
    named = (event for exchange in streams(session) for event in exchange.events)
    return different(segment for event in named for segment in event.namespace if ":" not in segment)


# --- joining


@observes("join.metadata")
def metadata_for_joiners(session: SessionRecordings) -> object:
    joins = [exchange for exchange in streams(session) if exchange.kind == "join"]
    told = [exchange for exchange in joins if any(event.name == "metadata" for event in exchange.events)]
    return {
        "received": share(len(told), len(joins), "joiners"),
        "as the first event": share(sum(one.events[0].name == "metadata" for one in told), len(told), "of them"),
    }


@observes("join.finished-status", on=[joined_after_the_end])
def joining_the_finished(session: SessionRecordings) -> object:
    """By whether somebody had read the run while it was active."""
    joined = [one for one in session.recordings.values() if one.scenario == "joined_after_the_end"]
    return {str(one.axes["before"]): described(one.all("join")[-1]) for one in joined}


@observes("join.through-another-thread", on=[joined_through_another_thread])
def joining_elsewhere(session: SessionRecordings) -> object:
    [join] = exchanges_of(session, "joined_through_another_thread", "join elsewhere")
    return described(join)


def described(exchange: Exchange) -> object:
    names = different(event.name for event in exchange.events) if exchange.is_stream else []
    return {"status": exchange.status, "events": names, "ended": exchange.ending}


@observes("join.creator-leaves", on=[creator_leaves])
def creator_left(session: SessionRecordings) -> object:
    status = exchanges_of(session, "creator_leaves", "poll run")[-1].json["status"]
    [state] = exchanges_of(session, "creator_leaves", "get state")
    count = state.json["values"].get("count")
    return {"run": status, "steps done": share(count if isinstance(count, int) else 0, 5, "steps")}


@observes("delivery.first-event")
def first_event(session: SessionRecordings) -> object:
    """Seconds from the request to the first event of POST streams; they include waiting for a free worker."""
    begun = [exchange for exchange in streams(session) if exchange.kind == "stream" and exchange.events]
    took = sorted(exchange.events[0].t - exchange.sent_t for exchange in begun)
    return {"median": round(took[len(took) // 2], 2), "longest": round(took[-1], 2)}


# --- refusals


def refusals(session: SessionRecordings) -> list[Exchange]:
    exchanges = (one for recording in session.recordings.values() for one in recording.exchanges if not one.valid)
    return [one for one in exchanges if one.status is not None and 400 <= one.status < 500]


@observes("errors.refusal-status")
def refusal_status(session: SessionRecordings) -> object:
    found: dict[str, set[int]] = {}
    for exchange in refusals(session):
        found.setdefault(exchange.name, set()).add(exchange.status or 0)
    return {name: sorted(statuses) for name, statuses in sorted(found.items())}


@observes("errors.refusal-body")
def refusal_body(session: SessionRecordings) -> object:
    def words(exchange: Exchange) -> str:
        try:
            value = exchange.json
        except ValueError:
            return f"{exchange.media_type or 'no content type'}, no JSON"
        keys = f" with {', '.join(value)}" if isinstance(value, dict) else ""
        return f"{exchange.media_type or 'no content type'}, {kind_of(value)}{keys}"

    return different(words(exchange) for exchange in refusals(session))
