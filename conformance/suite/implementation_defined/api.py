"""What was observed of implementation-defined behaviour in joins, delivery and refusals."""

from conformance.authoring import Exchange, Server, SessionRecordings, observes, scenario
from conformance.suite.implementation_defined.recordings import different, exchanges_of, kind_of, share, streams
from conformance.suite.join.no_run import joined_after_the_end


@scenario(
    graph="counter",
    exchanges=("create thread", "create another thread", "create run", "join elsewhere", "poll run"),
    paced=True,
)
async def joined_through_another_thread(server: Server) -> None:
    """Join a run through the path of a thread to which it does not belong."""
    thread = await server.threads.create()
    other = await server.threads.create(name="create another thread")
    run = await server.runs.create(thread, input={"n": 4, "delay": 0.25}, stream_mode=["updates"])
    await server.runs.join_stream(other, run, name="join elsewhere", valid=False).ended()
    await server.runs.ended(thread, run)


@scenario(graph="counter", exchanges=("create thread", "stream", "poll run", "get state"), paced=True)
async def creator_leaves(server: Server) -> None:
    """Start a run with a POST stream, close the connection after the first event, and wait until the run ends."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input={"n": 5, "delay": 0.25}, stream_mode=["custom"], valid=False)
    await stream.seen(1, "custom")
    run = await stream.run_id()
    await stream.leave()
    await server.runs.ended(thread, run)
    await server.threads.get_state(thread)


# --- joining


@observes("join.metadata")
def metadata_of_joins(session: SessionRecordings) -> object:
    """Count the joins that receive the metadata event, and those that receive it first."""
    joins = [exchange for exchange in streams(session) if exchange.kind == "join"]
    with_metadata = [exchange for exchange in joins if "metadata" in exchange.events.names]
    first = sum(exchange.events[0].name == "metadata" for exchange in with_metadata)
    return {
        "received": share(len(with_metadata), len(joins), "joins"),
        "as the first event": share(first, len(with_metadata), "joins with metadata"),
    }


@observes("join.finished-status", on=[joined_after_the_end])
def joins_after_the_end(session: SessionRecordings) -> object:
    """Describe the join of a run that has ended, by whether a client read the run while it was active."""
    joined = [one for one in session.recordings.values() if one.scenario == "joined_after_the_end"]
    return {str(one.axes["before"]): described(one.all("join")[-1]) for one in joined}


@observes("join.through-another-thread", on=[joined_through_another_thread])
def join_through_another_thread(session: SessionRecordings) -> object:
    """Describe the join of a run through the path of another thread."""
    [join] = exchanges_of(session, "joined_through_another_thread", "join elsewhere")
    return described(join)


def described(exchange: Exchange) -> object:
    """Return status, event names and ending of an exchange."""
    names = different(event.name for event in exchange.events) if exchange.is_stream else []
    return {"status": exchange.status, "events": names, "ended": exchange.ending}


@observes("join.creator-leaves", on=[creator_leaves])
def run_without_its_creator(session: SessionRecordings) -> object:
    """Return the terminal status of a run whose creator closed the connection, and how many steps it completed."""
    status = exchanges_of(session, "creator_leaves", "poll run")[-1].json["status"]
    [state] = exchanges_of(session, "creator_leaves", "get state")
    count = state.json["values"].get("count")
    return {"run": status, "steps done": share(count if isinstance(count, int) else 0, 5, "steps")}


# --- delivery


@observes("delivery.first-event")
def first_event(session: SessionRecordings) -> object:
    """Return the seconds from the request to the first event of POST streams, the wait for a free worker included."""
    started = [exchange for exchange in streams(session) if exchange.kind == "stream" and exchange.events]
    took = sorted(exchange.events[0].t - exchange.sent_t for exchange in started)
    return {"median": round(took[len(took) // 2], 2), "longest": round(took[-1], 2)}


# --- refusals


def refusals(session: SessionRecordings) -> list[Exchange]:
    """Return the exchanges with an invalid request that the server answered with 4xx."""
    exchanges = (one for recording in session.recordings.values() for one in recording.exchanges if not one.valid)
    return [one for one in exchanges if one.status is not None and 400 <= one.status < 500]


@observes("errors.refusal-status")
def refusal_status(session: SessionRecordings) -> object:
    """Return the statuses with which each invalid request was refused, by the name of the exchange."""
    found: dict[str, set[int]] = {}
    for exchange in refusals(session):
        found.setdefault(exchange.name, set()).add(exchange.status or 0)
    return {name: sorted(statuses) for name, statuses in sorted(found.items())}


@observes("errors.refusal-body")
def refusal_body(session: SessionRecordings) -> object:
    """Return the media types of refusals, with the kind of their JSON value and its keys."""

    def words(exchange: Exchange) -> str:
        media = exchange.media_type or "no content type"
        try:
            value = exchange.json
        except ValueError:
            return f"{media}, not JSON"
        keys = f" with {', '.join(value)}" if isinstance(value, dict) else ""
        return f"{media}, {kind_of(value)}{keys}"

    return different(words(exchange) for exchange in refusals(session))
