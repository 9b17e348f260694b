"""What a joiner's events hold: what those of a POST stream of the same run would, failures included."""

from conformance.authoring import (
    MODES,
    Events,
    RecordingView,
    expect,
    fail,
    fault,
    inconclusive,
    member,
    rewritten,
    same_output,
    scenario,
    schema_errors,
    verifies,
    wire_name,
    without,
)
from conformance.suite.errors.failing import one_error_and_then_nothing
from conformance.suite.graphs import TOPIC
from conformance.suite.join.progress import AFTER, WIRES, values_in
from conformance.suite.join.scenarios import background, join_at_once, joined_from_the_start
from conformance.suite.transport.responses import posted_to_a_failing_graph

WAITING = {**TOPIC, "delay": 1.5}
"""The first step takes so long that there is time to join."""
ALL = {"stream_mode": list(MODES), "stream_subgraphs": True}


@scenario(graph="sub_model", long=True)
async def everything_streamed(server):
    """A graph that produces something in each mode and in a subgraph, by POST stream."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=WAITING, **ALL)


@scenario(graph="sub_model", exchanges=("create thread", "create run", "join", "state after the join"), paced=True)
async def everything_joined(server):
    """The same in the background, joined while the first step waits."""
    thread = await server.threads.create()
    run = await server.runs.create(thread, input=WAITING, **ALL)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


@scenario(graph="fails", exchanges=("create thread", "create run", "join", "state after the join"), paced=True)
async def failing_while_joined(server):
    """The second node fails, while a joiner reads."""
    thread, run = await background(server, modes=("updates", "custom"), delay=1)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


# --- the same events


def since_the_first_step(mode: str, events: Events) -> Events:
    """From the event on that tells that the first step is done; what comes before it a joiner may have missed."""
    tells = {
        "values": lambda value: member(value, "waited") is not None,
        "debug": lambda value: (member(value, "type"), member(value, "payload", "name")) == ("task_result", "wait"),
        "events": lambda value: (member(value, "event"), member(value, "name")) == ("on_chain_end", "wait"),
    }.get(mode, lambda value: True)
    first = next((index for index, value in enumerate(events.values) if tells(value)), len(events))
    return Events(events[first:])


@verifies("join.same-events", on=(everything_joined, everything_streamed))
def test_a_joiner_gets_what_a_post_stream_gets(
    everything_joined: RecordingView, everything_streamed: RecordingView
) -> None:
    """In each mode names and data are the same from the end of the first step on, ids and times aside."""
    joined, streamed = everything_joined["join"], everything_streamed["stream"]
    if "waited" in values_in(everything_joined[AFTER]):
        inconclusive("the first step was done before the join was answered")
    for mode in MODES:
        actual, expected = (since_the_first_step(mode, stream[mode]) for stream in (joined, streamed))
        if not expected:
            inconclusive(f"the POST stream has no `{wire_name(mode)}` event after its first step to compare with")
        what = f"`{wire_name(mode)}` of the joiner, compared with the POST stream"
        same_output(mode, actual, expected, what, joined.exchange)
    known = {"metadata", "end"} | {event.base for event in streamed.events}
    for event in joined.events:
        expect(event.base in known, f"`{event.name}` comes to a joiner, and not in a POST stream", event)


@verifies("join.same-events", on=joined_from_the_start)
def test_a_joiner_gets_the_modes_of_the_run(recording: RecordingView) -> None:
    """The mode that was given when the run was created comes, and no other."""
    stream = recording["join"]
    if not stream.exchange.is_stream:
        inconclusive(f"`join` was answered {stream.status}, and no event came")
    for event in stream.events:
        foreign = event.base in WIRES - {"updates"}
        expect(not foreign, f"the run was created with updates, and `{event.name}` came to a joiner", event)
    if not stream["updates"]:
        inconclusive("`join` brought no update at all")


@fault("join.same-events", where=lambda x: x.is_join)
def joins_in_values_whatever_was_asked(events, exchange):
    """Knows one mode for joiners."""
    for event in events:
        if event.base in ("metadata", "values", "error"):
            yield event


@fault("join.same-events", where=lambda x: x.is_join and "values" not in x.modes)
def adds_states_for_joiners(events, exchange):
    """Sends joiners a values event with every update, whatever was asked."""
    for event in events:
        yield event
        if event.name == "updates":
            yield event.named("values")


@fault("join.same-events", where=lambda x: x.is_join)
def loses_namespaces_on_joins(events, exchange):
    """Sends what a subgraph produced under the bare name of the mode."""
    for event in events:
        yield event.named(event.base)


@fault("join.same-events", where=lambda x: x.is_join)
def drops_custom_data_on_joins(events, exchange):
    """Stores what the graph's state tells, and forgets what its nodes write."""
    yield from without(events, "custom")


@fault("join.same-events", where=lambda x: x.is_join)
def sends_its_internal_frames_to_joiners(events, exchange):
    """Sends a joiner what its queue holds: pairs of mode and data."""
    for event in events:
        yield event.holding([event.name, event.value]) if event.base in exchange.modes else event


# --- failures


@verifies("join.error-reaches-the-joiner", on=(failing_while_joined, posted_to_a_failing_graph))
def test_a_joiner_hears_that_the_run_failed(
    failing_while_joined: RecordingView, posted_to_a_failing_graph: RecordingView
) -> None:
    """Who is connected when the run fails gets one error event, as in a POST stream, and the stream ends.

    Where that of a POST stream is spoilt too, which is the matter of errors.error-shape, its form is not judged here.
    """
    stream = failing_while_joined["join"]
    if not stream["error"] and values_in(failing_while_joined[AFTER]).get("log"):
        inconclusive("the run may have failed before the join was answered")
    one_error_and_then_nothing(stream)
    for event in stream["error"]:
        expect(event.name == "error", f"the event must be named error, it is `{event.name}`", event)
        elsewhere = posted_to_a_failing_graph["stream"]["error"]
        spoilt = any(schema_errors("error", other.value) for other in elsewhere)
        for problem in [] if spoilt else schema_errors("error", event.value):
            fail(f"the data of the error event: {problem}", event)


@fault("join.error-reaches-the-joiner", where=lambda x: x.is_join)
def ends_joins_of_failed_runs_without_a_word(events, exchange):
    """Just ends when the run fails."""
    yield from without(events, "error")


@fault("join.error-reaches-the-joiner", where=lambda x: x.is_join)
def tells_joiners_of_failures_in_a_bare_string(events, exchange):
    """Sends the text of the failure and nothing else."""
    yield from rewritten(events, "error", lambda value: "failed")
