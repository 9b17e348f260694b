"""Requests that a server should refuse, for what they name does not exist: an assistant, a thread, a mode.

Each scenario ends with a valid neighbour of the bad request: without it a refusal proves nothing.  Bodies that cannot
be used are the matter of `refusals_of_bodies`.
"""

import json
import re
import uuid

from conformance.authoring import (
    MODES,
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    scenario,
    shown,
    verifies,
)
from conformance.suite.graphs import PRINTED, TOPIC

USUAL = {"input": TOPIC, "stream_mode": ["updates"]}
PLACES = ("thread", "stateless")
NOBODY = "no-such-assistant"


async def place_of(server, place):
    return await server.threads.create() if place == "thread" else None


async def neighbour(server, thread):
    await server.runs.streamed(thread, name="neighbour", **USUAL)


@scenario(
    graph="joke", exchanges=("unknown assistant", "neighbour", "create thread"), named=("name", "uuid"), place=PLACES
)
async def unknown_assistant(server, named, place):
    """A run of an assistant that does not exist, then the same of one that does."""
    thread = await place_of(server, place)
    nobody = str(uuid.uuid4()) if named == "uuid" else f"{NOBODY}-{server.nonce}"
    await server.runs.streamed(thread, name="unknown assistant", assistant=nobody, valid=False, **USUAL)
    await neighbour(server, thread)


@scenario(
    graph="joke",
    exchanges=(
        "unknown thread",
        "create thread for a background run",
        "create run",
        "poll run",
        "create thread",
        "neighbour",
    ),
    thread_id=("unknown", "malformed"),
    request=("stream", "create"),
    long=True,
)
async def unknown_thread(server, thread_id, request):
    """A run on a thread that was never created, then the same on one that was."""
    nowhere = str(uuid.uuid4()) if thread_id == "unknown" else "xyz"
    if request == "stream":
        await server.runs.streamed(nowhere, name="unknown thread", valid=False, **USUAL)
    else:
        body = {"assistant_id": server.assistant, **USUAL}
        await server.ask("unknown thread", "POST", f"/threads/{nowhere}/runs", body, valid=False)
        created = await server.threads.create(name="create thread for a background run")
        await server.runs.ended(created, await server.runs.create(created, **USUAL))
    await neighbour(server, await server.threads.create())


@scenario(
    graph="joke",
    exchanges=("create thread", "unknown mode", "list runs", "neighbour"),
    asked=("bogus", ("updates", "bogus"), 5),
)
async def unknown_mode(server, asked):
    """A mode that does not exist, alone or in a list; then what runs the thread has; then a known mode."""
    thread = await server.threads.create()
    mode = list(asked) if isinstance(asked, tuple) else asked
    await server.runs.streamed(thread, name="unknown mode", input=TOPIC, stream_mode=mode, valid=False)
    await server.runs.list(thread)
    await neighbour(server, thread)


# --- what a refusal is


def is_refused(view: RecordingView, name: str) -> None:
    """Answered with 4xx and no event stream, where the valid neighbour was served."""
    bad = neighbour_was_served(view, name)
    expect(
        bad.refused, f"`{name}` should be refused with 4xx and no event stream, it was {answered(bad)}", bad.exchange
    )


def neighbour_was_served(view: RecordingView, name: str) -> ExchangeView:
    """The bad request, answered; a server that is busy or serves nobody does not refuse."""
    good, bad = view["neighbour"].exchange, view[name]
    if not (good.is_stream and any(event.base == "updates" for event in good.events)):
        inconclusive(f"the valid neighbour of `{name}` was not served either ({answered(view['neighbour'])})")
    bad.expect_answered()
    if bad.status in (429, 503):
        inconclusive(f"`{name}` was answered {bad.status}, the server is too busy; use a lower --concurrency")
    return bad


def answered(heard: ExchangeView) -> str:
    exchange = heard.exchange
    names = [event.name for event in exchange.events] if exchange.is_stream else []
    said = f" and the events {shown(names)}" if names else ""
    return f"answered {exchange.status} with {shown(exchange.header('content-type') or 'no content type')}{said}"


# --- what was wrong with a request, for faults that take what they should refuse


def refused(exchange):
    """A run was asked for and refused."""
    status = exchange.exchange.status
    return exchange.method == "POST" and "/runs" in exchange.path and status is not None and 400 <= status < 500


def of_nobody(exchange):
    """The assistant's name is one that no server has."""
    name = exchange.body.get("assistant_id")
    return isinstance(name, str) and bool(name.startswith(NOBODY) or re.fullmatch("[0-9a-f-]{36}", name))


def in_no_mode(exchange):
    asked = exchange.body.get("stream_mode")
    return asked == 5 or any(mode not in MODES for mode in ([asked] if isinstance(asked, str) else asked or ()))


def of_wrong_type(exchange):
    body = exchange.body
    flag, mode = body.get("stream_subgraphs"), body.get("stream_mode")
    return isinstance(flag, str) or isinstance(mode, dict) or body.get("assistant_id", "") is None


def unusable(exchange):
    return not isinstance(exchange.request, dict) or "assistant_id" not in exchange.request


def nowhere(exchange):
    """Nothing is wrong with the body, so it is the thread."""
    if unusable(exchange) or of_wrong_type(exchange):
        return False
    return "/threads/" in exchange.path and not (of_nobody(exchange) or in_no_mode(exchange))


def serve(answer, *events):
    """Answer with an event stream of (name, data)."""
    answer.status = 200
    answer.replace_header("content-type", "text/event-stream")
    answer.body = "".join(f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n" for name, data in events).encode()


METADATA = ("metadata", {"run_id": "1", "attempt": 1})
RUN = (METADATA, *(("updates", update) for update in PRINTED))
FAILURE = ("error", {"error": "NotFound", "message": "no such thing"})


# --- the requirements


@verifies("errors.unknown-assistant-runs-nothing", on=unknown_assistant)
def test_an_unknown_assistant_runs_nothing(recording: RecordingView) -> None:
    """It is refused, or all that comes is an error event."""
    bad = neighbour_was_served(recording, "unknown assistant")
    if not bad.exchange.accepted:
        return
    expect(bad.exchange.is_stream, f"an unknown assistant was {answered(bad)}", bad.exchange)
    for event in bad.exchange.events:
        if event.base not in ("metadata", "error", "end"):
            fail(f"an unknown assistant must run nothing, there came {shown(event.name)}", event)
    expect(bad["error"], f"an unknown assistant was {answered(bad)}, as if the run had succeeded", bad.exchange)


@fault("errors.unknown-assistant-runs-nothing", part="answer", where=lambda x: refused(x) and of_nobody(x))
def runs_a_default_graph(answer, exchange):
    """Takes its first graph for an assistant that it does not know."""
    serve(answer, *RUN)


@fault("errors.unknown-assistant-runs-nothing", part="answer", where=lambda x: refused(x) and of_nobody(x))
def succeeds_with_nothing_for_an_unknown_assistant(answer, exchange):
    """Sends an empty stream, as if the run had nothing to say."""
    serve(answer, METADATA)


@verifies("errors.unknown-assistant", on=unknown_assistant)
def test_an_unknown_assistant_is_refused(recording: RecordingView) -> None:
    """A name and an id that no assistant has are refused."""
    is_refused(recording, "unknown assistant")


@fault("errors.unknown-assistant", part="answer", where=lambda x: refused(x) and of_nobody(x))
def tells_of_an_unknown_assistant_in_the_stream(answer, exchange):
    """Answers 200 and sends an error event."""
    serve(answer, METADATA, FAILURE)


@fault("errors.unknown-assistant", part="answer", where=lambda x: refused(x) and of_nobody(x))
def crashes_at_an_unknown_assistant(answer, exchange):
    """Answers 500."""
    answer.refuse(500)


@verifies("errors.unknown-thread", on=unknown_thread)
def test_an_unknown_thread_is_refused(recording: RecordingView) -> None:
    """A thread that was never created is refused, also a malformed one, also for a background run."""
    if recording.axes["request"] == "create" and not recording["create run"].exchange.accepted:
        inconclusive("a background run on a created thread was not accepted either")
    is_refused(recording, "unknown thread")


@fault("errors.unknown-thread", part="answer", where=lambda x: refused(x) and nowhere(x))
def creates_a_thread_on_the_fly(answer, exchange):
    """Takes an unknown thread for a new one."""
    if exchange.is_stream:
        serve(answer, *RUN)
    else:
        answer.status, answer.json = 200, {"run_id": "1", "status": "pending"}


@fault("errors.unknown-thread", part="answer", where=lambda x: refused(x) and nowhere(x))
def crashes_at_an_unknown_thread(answer, exchange):
    """Answers 500."""
    answer.refuse(500)


@verifies("errors.unknown-mode", on=unknown_mode)
def test_an_unknown_mode_is_refused_and_runs_nothing(recording: RecordingView) -> None:
    """It is refused, and the thread has no run afterwards, as far as its runs can be listed."""
    is_refused(recording, "unknown mode")
    listing = recording["list runs"].exchange
    if listing.accepted:
        equal(listing.json, [], "the runs of the thread after an unknown mode", listing)


@fault("errors.unknown-mode", part="answer", where=lambda x: refused(x) and in_no_mode(x))
def drops_unknown_modes(answer, exchange):
    """Serves what it knows of the modes, and is silent about the rest."""
    serve(answer, *(RUN if "updates" in exchange.modes else [METADATA]))


@fault("errors.unknown-mode", part="answer", where=lambda x: x.method == "GET" and x.path.endswith("/runs"))
def leaves_a_run_of_an_unknown_mode(answer, exchange):
    """Creates the run first and looks at the modes then."""
    answer.json = [{"run_id": "1", "status": "error"}]
