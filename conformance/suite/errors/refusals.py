"""Requests that a server should refuse because they name an assistant, a thread or a mode that does not exist.

Each scenario also sends a valid request, the neighbour: if the server does not serve that one either, a refusal proves
nothing.  `refused_bodies.py` judges bodies that cannot be used.
"""

import uuid
from typing import Any

from conformance.authoring import (
    MODES,
    Answer,
    ExchangeView,
    FaultContext,
    RecordingView,
    Server,
    at_path,
    by_method,
    equal,
    expect,
    fail,
    fault,
    inconclusive,
    scenario,
    shown,
    verifies,
    wire_name,
)
from conformance.suite.errors.bad_requests import (
    FAILURE,
    METADATA,
    NOBODY,
    RUN,
    of_unknown_assistant,
    of_unknown_mode,
    of_unknown_thread,
    refused,
    serve,
)
from conformance.suite.graphs import TOPIC

USUAL: dict[str, Any] = {"input": TOPIC, "stream_mode": ["updates"]}
PLACES = ("thread", "stateless")


async def place_of(server: Server, place: str) -> str | None:
    """Create a thread and return its id; return None for a run without a thread."""
    return await server.threads.create() if place == "thread" else None


async def neighbour(server: Server, thread: str | None) -> None:
    """Stream a valid run."""
    await server.runs.streamed(thread, name="neighbour", **USUAL)


@scenario(
    graph="joke", exchanges=("unknown assistant", "neighbour", "create thread"), named=("name", "uuid"), place=PLACES
)
async def unknown_assistant(server: Server, named: str, place: str) -> None:
    """A run is requested for an assistant that does not exist, and then for one that exists."""
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
async def unknown_thread(server: Server, thread_id: str, request: str) -> None:
    """A run is requested on a thread that was never created, and then on one that was."""
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
async def unknown_mode(server: Server, asked: str | tuple[str, ...] | int) -> None:
    """A mode that does not exist is requested, alone or in a list; runs are listed; then a valid run is streamed."""
    thread = await server.threads.create()
    mode = list(asked) if isinstance(asked, tuple) else asked
    await server.runs.streamed(thread, name="unknown mode", input=TOPIC, stream_mode=mode, valid=False)
    await server.runs.list(thread)
    await neighbour(server, thread)


def expect_refused(recording: RecordingView, name: str) -> None:
    """Expect that a bad request was answered with 4xx and not with an event stream."""
    bad = bad_request(recording, name)
    expect(bad.refused, f"`{name}` should be refused with 4xx and no event stream; it was {answered(bad)}", bad)


def bad_request(recording: RecordingView, name: str) -> ExchangeView:
    """Return the bad request; inconclusive if its neighbour was not served either, or if the server is busy."""
    good, bad = recording["neighbour"], recording[name]
    if not (good.is_stream and any(event.base == "updates" for event in good.exchange.events)):
        inconclusive(f"the valid neighbour of `{name}` was not served either; it was {answered(good)}")
    bad.expect_answered()
    if bad.status in (429, 503):
        inconclusive(f"`{name}` was answered with {bad.status}: the server is busy; lower --concurrency")
    return bad


def answered(reply: ExchangeView) -> str:
    """Return how a request was answered, for a message: `answered with 200 and "text/html"`."""
    names = [event.name for event in reply.exchange.events] if reply.is_stream else []
    media = shown(reply.exchange.header("content-type") or "no content type")
    return f"answered with {reply.status} and {media}" + (f" and the events {shown(names)}" if names else "")


# --- errors.unknown-assistant-runs-nothing


@verifies("errors.unknown-assistant-runs-nothing", on=unknown_assistant)
def test_an_unknown_assistant_runs_nothing(recording: RecordingView) -> None:
    """A request for an unknown assistant is refused, or its stream has an error event and no output."""
    bad = bad_request(recording, "unknown assistant")
    if not bad.accepted:
        return
    expect(bad.is_stream, f"an unknown assistant must not run; the request was {answered(bad)}", bad)
    for event in bad.exchange.events:
        if event.base not in ("metadata", "error", "end"):
            if event.base not in map(wire_name, MODES):
                bad.expect_capability("event.error")  # it may be the error event, under another name
            fail(f"an unknown assistant must not run, so {shown(event.name)} must not be sent", event)
    expect(bad["error"], f"an unknown assistant must give an error event; the request was {answered(bad)}", bad)


@fault("errors.unknown-assistant-runs-nothing", part="answer", where=refused & of_unknown_assistant)
def runs_a_default_graph(answer: Answer, exchange: FaultContext) -> None:
    """Runs its first graph for an unknown assistant."""
    serve(answer, *RUN)


@fault("errors.unknown-assistant-runs-nothing", part="answer", where=refused & of_unknown_assistant)
def succeeds_with_nothing_for_an_unknown_assistant(answer: Answer, exchange: FaultContext) -> None:
    """Answers a request for an unknown assistant with a stream that has only metadata, as if the run had succeeded."""
    serve(answer, METADATA)


# --- errors.unknown-assistant


@verifies("errors.unknown-assistant", on=unknown_assistant)
def test_an_unknown_assistant_is_refused(recording: RecordingView) -> None:
    """A request for a name or an id that no assistant has is refused with 4xx and no event stream."""
    expect_refused(recording, "unknown assistant")


@fault("errors.unknown-assistant", part="answer", where=refused & of_unknown_assistant)
def tells_of_an_unknown_assistant_in_the_stream(answer: Answer, exchange: FaultContext) -> None:
    """Answers a request for an unknown assistant with 200 and an error event."""
    serve(answer, METADATA, FAILURE)


@fault("errors.unknown-assistant", part="answer", where=refused & of_unknown_assistant)
def crashes_at_an_unknown_assistant(answer: Answer, exchange: FaultContext) -> None:
    """Answers a request for an unknown assistant with 500."""
    answer.refuse(500)


# --- errors.unknown-thread


@verifies("errors.unknown-thread", on=unknown_thread)
def test_an_unknown_thread_is_refused(recording: RecordingView) -> None:
    """A run on a thread that was never created, or whose id is malformed, is refused with 4xx and no event stream."""
    if recording.axes["request"] == "create" and not recording["create run"].accepted:
        inconclusive("a background run on a thread that exists was not accepted either")
    expect_refused(recording, "unknown thread")


@fault("errors.unknown-thread", part="answer", where=refused & of_unknown_thread)
def creates_a_thread_on_the_fly(answer: Answer, exchange: FaultContext) -> None:
    """Creates a thread when it is asked for a run on an unknown one."""
    if exchange.is_stream:
        serve(answer, *RUN)
    else:
        answer.status, answer.json = 200, {"run_id": "1", "status": "pending"}


@fault("errors.unknown-thread", part="answer", where=refused & of_unknown_thread)
def crashes_at_an_unknown_thread(answer: Answer, exchange: FaultContext) -> None:
    """Answers a request for a run on an unknown thread with 500."""
    answer.refuse(500)


# --- errors.unknown-mode


@verifies("errors.unknown-mode", on=unknown_mode)
def test_an_unknown_mode_is_refused_and_runs_nothing(recording: RecordingView) -> None:
    """A request for an unknown mode is refused with 4xx and no event stream, and the thread has no run afterwards."""
    if isinstance(recording.axes["asked"], str):
        recording["unknown mode"].expect_capability("form.string")
    expect_refused(recording, "unknown mode")
    listing = recording["list runs"]
    if listing.accepted:  # no requirement demands that runs can be listed
        listing.expect_capability("resource.runs")
        equal(listing.json, [], "the runs of the thread after an unknown mode", listing)


@fault("errors.unknown-mode", part="answer", where=refused & of_unknown_mode)
def drops_unknown_modes(answer: Answer, exchange: FaultContext) -> None:
    """Serves the known modes of a request and ignores an unknown one."""
    serve(answer, *(RUN if "updates" in exchange.modes else [METADATA]))


@fault("errors.unknown-mode", part="answer", where=by_method("GET") & at_path("/runs"))
def leaves_a_run_of_an_unknown_mode(answer: Answer, exchange: FaultContext) -> None:
    """Creates the run before it validates the modes, so that the refused run stays on the thread."""
    answer.json = [{"run_id": "1", "status": "error"}]
