"""What was seen of each freedom: small words and numbers for the report, never a judgement.

Here those of modes, joins, delivery and refusals; those of transport and framing stand in `freedoms_of_the_wire`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from conformance import Event, Exchange, Run, observes, requested, scenario

from .graphs import TOPIC

MOST = 8
"""How many different things an observation lists."""


@scenario(graph="sub_model")
async def custom_without_flag(server):
    """A node at the root and one inside a subgraph write data; the subgraphs' output is not asked for."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["custom"], valid=False)


@scenario(graph="counter", paced=True)
async def joined_through_another_thread(server):
    """A run of one thread is joined through the path of another."""
    thread = await server.threads.create()
    other = await server.threads.create(name="create another thread")
    run = await server.runs.create(thread, input={"n": 4, "delay": 0.25}, stream_mode=["updates"])
    await server.runs.join_stream(other, run, name="join elsewhere", valid=False).ended()
    await server.runs.ended(thread, run)


@scenario(graph="counter", paced=True)
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


def streams(run: Run) -> list[Exchange]:
    return [exchange for exchange in run.streams() if exchange.is_stream]


def events(run: Run, mode: str) -> Iterator[Event]:
    for exchange in streams(run):
        yield from (event for event in exchange.events if event.base == mode)


def payloads(run: Run, mode: str) -> Iterator[dict[str, object]]:
    """The data of a mode's events that are objects."""
    yield from (event.value for event in events(run, mode) if isinstance(event.value, dict))


def pieces(run: Run) -> Iterator[tuple[dict[str, object], dict[str, object], Event]]:
    """Piece and metadata of each well-formed message event."""
    for event in events(run, "messages"):
        value = event.value
        if isinstance(value, list) and len(value) == 2 and all(isinstance(part, dict) for part in value):
            yield value[0], value[1], event


def different(things: Iterable[str]) -> list[str]:
    """Each thing once, in order of appearance, not more than a report can show."""
    return list(dict.fromkeys(thing if len(thing) <= 80 else f"{thing[:79]}…" for thing in things))[:MOST]


def exchanges_of(run: Run, scenario: str, name: str) -> list[Exchange]:
    return [
        one for recording in run.recordings.values() if recording.scenario == scenario for one in recording.all(name)
    ]


def kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")


def share(count: int, of: int, what: str) -> str:
    return f"{count} of {of} {what}"


# --- modes


@observes("updates.empty-value")
def empty_update(run: Run) -> object:
    quiet = (update["nothing"] for update in payloads(run, "updates") if "nothing" in update)
    return different("an empty object" if value == {} else kind_of(value) for value in quiet)


@observes("messages.content-form")
def content_form(run: Run) -> object:
    return different(kind_of(piece.get("content")) for piece, _, _ in pieces(run))


@observes("messages.interleaving")
def interleaving(run: Run) -> object:
    """How often the next piece is another call's, on the graph whose two models answer at once."""
    ids = [str(piece.get("id")) for piece, _, event in pieces(run) if event.exchange.graph == "models_at_once"]
    changes = sum(one != other for one, other in pairwise(ids))
    return {"pieces": len(ids), "changes of call": changes}


@observes("messages.whole-messages")
def whole_messages(run: Run) -> object:
    """Pieces that repeat what their call has said before; no reference graph keeps messages in its state."""
    said: dict[tuple[int, str], str] = {}
    whole = count = 0
    for piece, _, event in pieces(run):
        key, text = (id(event.exchange), str(piece.get("id"))), piece.get("content")
        if isinstance(text, str):
            count += 1
            whole += len(said.get(key, "")) > 0 and text == said[key]
            said[key] = said.get(key, "") + text
    return share(whole, count, "pieces repeat a whole answer")


@observes("events.chain-stream")
def chain_stream(run: Run) -> object:
    return any(value.get("event") == "on_chain_stream" for value in payloads(run, "events"))


@observes("events.parent-ids")
def parent_ids(run: Run) -> object:
    return any("parent_ids" in value for value in payloads(run, "events"))


@observes("events.whole-name")
def whole_name(run: Run) -> object:
    def first(exchange: Exchange) -> Iterator[str]:
        for event in exchange.events:
            if event.base == "events" and isinstance(event.value, dict):
                yield str(event.value.get("name"))
                return

    return different(name for exchange in streams(run) for name in first(exchange))


@observes("modes.order-across-modes")
def order_across_modes(run: Run) -> object:
    """What comes from one event of `updates` to the next when all six modes are asked for, repetitions left out."""
    others = ("metadata", "error", "end", "events")
    patterns = []
    for exchange in streams(run):
        if exchange.kind == "stream" and len(requested(exchange)) == 6:
            names = [event.base for event in exchange.events if event.base not in others]
            collapsed = [name for name, before in zip(names, [None, *names], strict=False) if name != before]
            patterns += [" ".join(part.split()) for part in " ".join(collapsed).split("updates")[1:-1]]
    return different(f"updates {pattern}".strip() for pattern in patterns)


@observes("subgraphs.custom-without-flag", scenarios=["custom_without_flag"])
def inner_custom(run: Run) -> object:
    [stream] = exchanges_of(run, "custom_without_flag", "stream")
    inner = [event.name for event in stream.events if event.base == "custom" and event.value == {"from": "inner"}]
    return f"arrives as {re.sub(':[^|]+', ':{id}', inner[0])}" if inner else "does not arrive"


@observes("subgraphs.further-segments")
def further_segments(run: Run) -> object:
    """Segments of another form than node:id."""
    named = (event for exchange in streams(run) for event in exchange.events)
    return different(segment for event in named for segment in event.namespace if ":" not in segment)


# --- joining


@observes("join.metadata")
def metadata_for_joiners(run: Run) -> object:
    joins = [exchange for exchange in streams(run) if exchange.kind == "join"]
    told = [exchange for exchange in joins if any(event.name == "metadata" for event in exchange.events)]
    return {
        "received": share(len(told), len(joins), "joiners"),
        "as the first event": share(sum(one.events[0].name == "metadata" for one in told), len(told), "of them"),
    }


@observes("join.finished-status", scenarios=["joined_after_the_end"])
def joining_the_finished(run: Run) -> object:
    """By whether somebody had read the run while it was active."""
    joined = [one for one in run.recordings.values() if one.scenario == "joined_after_the_end"]
    return {str(one.axes["before"]): described(one.all("join")[-1]) for one in joined}


@observes("join.through-another-thread", scenarios=["joined_through_another_thread"])
def joining_elsewhere(run: Run) -> object:
    [join] = exchanges_of(run, "joined_through_another_thread", "join elsewhere")
    return described(join)


def described(exchange: Exchange) -> object:
    names = different(event.name for event in exchange.events) if exchange.is_stream else []
    return {"status": exchange.status, "events": names, "ended": exchange.how}


@observes("join.creator-leaves", scenarios=["creator_leaves"])
def creator_left(run: Run) -> object:
    status = exchanges_of(run, "creator_leaves", "poll run")[-1].json["status"]
    [state] = exchanges_of(run, "creator_leaves", "get state")
    count = state.json["values"].get("count")
    return {"run": status, "steps done": share(count if isinstance(count, int) else 0, 5, "steps")}


@observes("delivery.first-event")
def first_event(run: Run) -> object:
    """Seconds from the request to the first event of POST streams; they include waiting for a free worker."""
    begun = [exchange for exchange in streams(run) if exchange.kind == "stream" and exchange.events]
    took = sorted(exchange.events[0].t - exchange.sent_t for exchange in begun)
    return {"median": round(took[len(took) // 2], 2), "longest": round(took[-1], 2)}


# --- refusals


def refusals(run: Run) -> list[Exchange]:
    exchanges = (one for recording in run.recordings.values() for one in recording.exchanges if not one.valid)
    return [one for one in exchanges if one.status is not None and 400 <= one.status < 500]


@observes("errors.refusal-status")
def refusal_status(run: Run) -> object:
    found: dict[str, set[int]] = {}
    for exchange in refusals(run):
        found.setdefault(exchange.name, set()).add(exchange.status or 0)
    return {name: sorted(statuses) for name, statuses in sorted(found.items())}


@observes("errors.refusal-body")
def refusal_body(run: Run) -> object:
    def words(exchange: Exchange) -> str:
        try:
            value = exchange.json
        except ValueError:
            return f"{exchange.media_type or 'no content type'}, no JSON"
        keys = f" with {', '.join(value)}" if isinstance(value, dict) else ""
        return f"{exchange.media_type or 'no content type'}, {kind_of(value)}{keys}"

    return different(words(exchange) for exchange in refusals(run))
