"""What the events of a joined stream hold: the same as those of a POST stream of the same run, failures included."""

from itertools import dropwhile
from typing import Any

from conformance.authoring import (
    MODES,
    Events,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvents,
    Server,
    asks_for,
    expect,
    fail,
    fault,
    inconclusive,
    is_join,
    member,
    rewritten,
    same_output,
    scenario,
    schema_errors,
    verifies,
    wire_name,
    without,
)
from conformance.suite.errors.failing import expect_one_error_at_the_end
from conformance.suite.graphs import TOPIC
from conformance.suite.join.progress import AFTER, WIRES, values_in
from conformance.suite.join.scenarios import background, join_at_once, joined_from_the_start
from conformance.suite.transport.responses import posted_to_a_failing_graph

WAITING = {**TOPIC, "delay": 1.5}
"""The first step takes 1.5 s, so that a client can join before it ends."""
ALL: dict[str, Any] = {"stream_mode": list(MODES), "stream_subgraphs": True}


@scenario(graph="sub_model", long=True)
async def everything_streamed(server: Server) -> None:
    """A POST stream carries a run that produces output in every mode, in the root graph and in a subgraph."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=WAITING, **ALL)


@scenario(graph="sub_model", exchanges=("create thread", "create run", "join", "state after the join"), paced=True)
async def everything_joined(server: Server) -> None:
    """The same run is started in the background, and a client joins it during its first step."""
    thread = await server.threads.create()
    run = await server.runs.create(thread, input=WAITING, **ALL)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


@scenario(graph="fails", exchanges=("create thread", "create run", "join", "state after the join"), paced=True)
async def failing_while_joined(server: Server) -> None:
    """The second node of a background run fails while a joining client reads."""
    thread, run = await background(server, modes=("updates", "custom"), delay=1)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


# --- join.same-events


@verifies("join.same-events", on=(everything_joined, everything_streamed))
def test_a_joiner_gets_what_a_post_stream_gets(joined: RecordingView, streamed: RecordingView) -> None:
    """After the first step a joined stream has the names and data of a POST stream; only ids and times may differ."""
    join, post = joined["join"], streamed["stream"]
    if "waited" in values_in(joined[AFTER]):
        inconclusive("the first step had ended before `join` was answered")
    for mode in MODES:
        actual, expected = (since_the_first_step(mode, stream[mode]) for stream in (join, post))
        if not expected:
            inconclusive(f"the POST stream has no `{wire_name(mode)}` event after its first step to compare with")
        same_output(mode, actual, expected, f"`{wire_name(mode)}` of `join`, compared with the POST stream", join)
    known = {"metadata", "end"} | {event.base for event in post.events}
    for event in join.events:
        expect(event.base in known, f"`join` must not carry `{event.name}`, which the POST stream does not have", event)


def since_the_first_step(mode: str, events: Events) -> Events:
    """Return the events of a mode from the one on that shows the end of the first step.

    A client that joins during the first step may miss the events before it.
    """
    return Events(dropwhile(lambda event: not _shows_the_first_step(mode, event.value), events))


def _shows_the_first_step(mode: str, value: Any) -> bool:
    """Return whether an event shows that the first step has ended; every event of some modes does."""
    match mode:
        case "values":
            return member(value, "waited") is not None
        case "debug":
            return (member(value, "type"), member(value, "payload", "name")) == ("task_result", "wait")
        case "events":
            return (member(value, "event"), member(value, "name")) == ("on_chain_end", "wait")
    return True


@verifies("join.same-events", on=joined_from_the_start)
def test_a_joiner_gets_the_modes_of_the_run(recording: RecordingView) -> None:
    """A joining client receives events of the mode that the run was created with, and of no other mode."""
    stream = recording["join"]
    if not stream.is_stream:
        inconclusive(f"`join` was answered with {stream.status}, so there are no events to judge")
    for event in stream.events:
        foreign = event.base in WIRES - {"updates"}
        expect(not foreign, f"the run was created with updates, so `join` must not carry `{event.name}`", event)
    if not stream["updates"]:
        inconclusive("`join` carried no update")


@fault("join.same-events", where=is_join)
def joins_in_values_whatever_was_asked(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends values to every joining client, and no other mode."""
    for event in events:
        if event.base in ("metadata", "values", "error"):
            yield event


@fault("join.same-events", where=is_join & ~asks_for("values"))
def adds_states_for_joiners(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends joining clients a values event with every update, although the run was created without values."""
    for event in events:
        yield event
        if event.name == "updates":
            yield event.named("values")


@fault("join.same-events", where=is_join)
def loses_namespaces_on_joins(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the output of subgraphs to joining clients under the bare name of the mode."""
    for event in events:
        yield event.named(event.base)


@fault("join.same-events", where=is_join)
def drops_custom_data_on_joins(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends joining clients the output of the graph, but not the custom data that its nodes write."""
    yield from without(events, "custom")


@fault("join.same-events", where=is_join)
def sends_its_internal_frames_to_joiners(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends joining clients the entries of its queue, which are pairs of event name and data."""
    for event in events:
        yield event.holding([event.name, event.value]) if event.base in exchange.modes else event


# --- join.error-reaches-the-joiner


@verifies("join.error-reaches-the-joiner", on=(failing_while_joined, posted_to_a_failing_graph))
def test_a_joiner_hears_that_the_run_failed(joined: RecordingView, posted: RecordingView) -> None:
    """A client that is connected when the run fails receives one error event, as in a POST stream; the stream ends.

    The shape of the event is judged only if the error event of a POST stream has the right shape, see
    errors.error-shape.
    """
    stream = joined["join"]
    if not stream["error"] and values_in(joined[AFTER]).get("log"):
        inconclusive("the run may have failed before `join` was answered, so the missing error event proves nothing")
    expect_one_error_at_the_end(stream)
    for event in stream["error"]:
        expect(event.name == "error", f"the event must be named error; it is named `{event.name}`", event)
        misshapen = any(schema_errors("error", other.value) for other in posted["stream"]["error"])
        for problem in [] if misshapen else schema_errors("error", event.value):
            fail(f"the data of the error event: {problem}", event)


@fault("join.error-reaches-the-joiner", where=is_join)
def ends_joins_of_failed_runs_without_a_word(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends a joined stream without an error event when the run fails."""
    yield from without(events, "error")


@fault("join.error-reaches-the-joiner", where=is_join)
def tells_joiners_of_failures_in_a_bare_string(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends joining clients an error event whose data is a string instead of an object."""
    yield from rewritten(events, "error", lambda value: "failed")
