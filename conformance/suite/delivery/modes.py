"""That the server delivers events as they are produced: in each mode, in several, token by token, and to joins."""

from typing import Any

from conformance.authoring import (
    MODES,
    Events,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    Stream,
    asks_for,
    condition,
    expect,
    fault,
    inconclusive,
    is_join,
    is_stream,
    member,
    scenario,
    text_of,
    verifies,
    wire_name,
)
from conformance.suite.delivery.causality import ASKED, expect_delivered_while_active, held_back
from conformance.suite.graphs import TOPIC
from conformance.suite.join.progress import expect_joined
from conformance.suite.join.scenarios import joined_beside_the_creator

STEPS = 6
COUNTING = {"n": STEPS, "delay": 0.5}
STEPWISE = ("values", "updates", "debug", "custom", "events")
"""The modes that show every step of a graph without a model."""

ASKED_AFTER = {
    "values": (2, 3),
    "updates": (2,),
    "messages-tuple": (3, 4, 5),
    "debug": (6, 8, 10),
    "custom": (2,),
    "events": (8, 12, 16, 20, 24),
}
"""After how many events of a mode the run is asked for: servers differ in what they send around the second step."""


async def _ask_along(server: Server, thread: str, stream: Stream, modes: list[str], run: str | None = None) -> None:
    """Read the stream to its end, and ask for the run after some of the first events of each mode."""
    run = run or await stream.run_id()
    for mode in modes:
        for count in ASKED_AFTER[mode]:
            await stream.seen(count, mode)
            await server.runs.get(thread, run, name=ASKED)
    await stream.ended()


@scenario(graph="counter", exchanges=("create thread", "stream", "run while streaming"), mode=STEPWISE, paced=True)
async def counted_in_one_mode(server: Server, mode: str) -> None:
    """Stream six slow steps in one mode, and ask for the run meanwhile."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=[mode])
    await _ask_along(server, thread, stream, [mode])


@scenario(
    graph="counter",
    exchanges=("create thread", "stream", "run while streaming"),
    modes=(("updates", "custom"), MODES),
    paced=True,
)
async def counted_in_several_modes(server: Server, modes: tuple[str, ...]) -> None:
    """Stream six slow steps in several modes, and ask for the run meanwhile."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=list(modes))
    await _ask_along(server, thread, stream, [mode for mode in modes if mode in STEPWISE])


@scenario(
    graph="slow_tokens",
    exchanges=("create thread", "stream", "run while streaming"),
    modes=(("messages-tuple",), MODES),
    paced=True,
)
async def slowly_told_joke(server: Server, modes: tuple[str, ...]) -> None:
    """Stream twelve slow tokens, alone or in all modes, and ask for the run meanwhile."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=TOPIC, stream_mode=list(modes))
    await _ask_along(server, thread, stream, ["messages-tuple"])


@scenario(graph="counter", exchanges=("create thread", "create run", "join", "run while streaming"), paced=True)
async def counted_to_a_joiner(server: Server) -> None:
    """Create a background run with six slow steps, join it, and ask for the run meanwhile."""
    thread = await server.threads.create()
    run = await server.runs.create(thread, input=COUNTING, stream_mode=["updates"])
    await _ask_along(server, thread, server.runs.join_stream(thread, run), ["updates"], run)


def expect_steps_at_once(recording: RecordingView, stream: ExchangeView, mode: str) -> None:
    """Fail unless the second step of the counter was delivered while the run was active, and before the last step.

    Inconclusive if the mode shows fewer than three steps: then no step follows the second.
    """
    steps = Events(event for event in stream[mode] if _shows_step(event.value, mode))
    if len(steps) < 3:
        inconclusive(f"`{wire_name(mode)}` shows {len(steps)} of {STEPS} steps, too few to judge when they were sent")
    expect_delivered_while_active(recording, steps[1], steps[-1])


def _shows_step(value: Any, mode: str) -> bool:
    if mode == "debug":
        return bool(member(value, "type") == "task_result" and member(value, "payload", "name") == "step")
    if mode == "events":
        return bool(member(value, "event") == "on_chain_end" and member(value, "name") == "step")
    path = {"values": ["count"], "updates": ["step", "count"], "custom": ["step"]}[mode]
    return member(value, *path) is not None


# --- delivery.each-mode ---


@verifies("delivery.each-mode", on=counted_in_one_mode)
def test_an_event_comes_while_the_run_goes_on(recording: RecordingView) -> None:
    """The event of the second step arrives while the run is active, and before the event of the last step."""
    expect_steps_at_once(recording, recording["stream"], recording.axes["mode"])


def _holds(mode: str) -> None:
    """Declare the fault that holds back the events of one mode."""

    def rewrite(events: SentEvents, exchange: FaultContext) -> FaultOutput:
        return held_back(events, lambda event: event.base == mode)

    rewrite.__name__ = f"holds_{mode}_to_the_end"
    rewrite.__doc__ = f"Sends all `{mode}` events only when the run has ended."
    fault("delivery.each-mode", where=is_stream & asks_for(mode))(rewrite)


for _mode in STEPWISE:
    _holds(_mode)


@fault("delivery.each-mode", where=is_stream)
def holds_the_stream_to_the_end(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Collects the whole stream and sends it when the run has ended."""
    yield from list(events)


@fault("delivery.each-mode", where=is_stream)
def sends_only_the_first_event_at_once(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the first event of each mode at once, and all others when the run has ended."""
    seen: list[str] = []

    def late(event: SentEvent) -> bool:
        seen.append(event.base)
        return seen.count(event.base) > 1

    yield from held_back(events, late)


@fault("delivery.each-mode", where=is_stream)
def sends_in_blocks(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Collects events until it has 4 KiB or the run has ended."""
    block: list[SentEvent] = []
    for event in events:
        block.append(event)
        if sum(len(one.bytes) for one in block) >= 4 << 10:
            yield from block
            block.clear()
    yield from block


# --- delivery.several-modes ---


@verifies("delivery.several-modes", on=counted_in_several_modes)
def test_no_mode_waits_for_another(recording: RecordingView) -> None:
    """In every mode the event of the second step arrives while the run is active, and before that of the last step."""
    for mode in recording.axes["modes"]:
        if mode in STEPWISE:
            expect_steps_at_once(recording, recording["stream"], mode)


@condition
def asks_for_several_modes(exchange: FaultContext) -> bool:
    """Runs that were started with more than one mode."""
    return len(exchange.modes) > 1


@fault("delivery.several-modes", where=is_stream & asks_for_several_modes)
def sends_one_mode_after_the_other(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the alphabetically first mode at once, and the others when the run has ended."""
    yield from held_back(events, lambda event: event.base in sorted(exchange.modes)[1:])


# --- delivery.joined ---


@verifies("delivery.joined", on=(counted_to_a_joiner, joined_beside_the_creator))
def test_a_joiner_gets_events_while_the_run_goes_on(recording: RecordingView, beside: RecordingView) -> None:
    """A join receives the update of the second step while the run is active, and before that of the last step."""
    expect_joined(recording, "join", beside)
    expect_steps_at_once(recording, recording["join"], "updates")


@fault("delivery.joined", where=is_join)
def holds_joins_to_the_end(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Collects the events of a join and sends them when the run has ended."""
    yield from list(events)


# --- delivery.tokens ---


@verifies("delivery.tokens", on=slowly_told_joke)
def test_tokens_come_while_the_model_answers(recording: RecordingView) -> None:
    """The third token arrives while the run is active, and before the last token."""
    stream = recording["stream"]
    tokens = Events(event for event in stream["messages-tuple"] if _text(event.value))
    expect(len(tokens) > 3, f"the model's twelve tokens must arrive separately; {len(tokens)} arrived", stream)
    expect_delivered_while_active(recording, tokens[2], tokens[-1])


def _text(value: Any) -> str:
    return text_of(member(value[0], "content")) if isinstance(value, list) and value else ""


@fault("delivery.tokens", where=is_stream & asks_for("messages-tuple"))
def holds_tokens_until_their_node_is_done(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the tokens of a node together, before the node's update."""
    yield from held_back(events, lambda event: event.base == "messages", ("updates", "error"))


@fault("delivery.tokens", where=is_stream & asks_for("messages-tuple"))
def holds_tokens_to_the_end(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends all tokens when the run has ended."""
    yield from held_back(events, lambda event: event.base == "messages")
