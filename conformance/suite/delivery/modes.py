"""That events are delivered as they are produced: in each mode and in several, token by token, and to joiners.

No check compares seconds.  While a stream is read the server is asked about the run; an event that was seen before the
question, whose answer came before a later event did, was not held back.
"""

from typing import Any

from conformance.authoring import (
    MODES,
    Event,
    Events,
    ExchangeView,
    RecordingView,
    expect,
    fault,
    inconclusive,
    is_terminal,
    member,
    scenario,
    text_of,
    verifies,
    wire_name,
)
from conformance.suite.graphs import TOPIC
from conformance.suite.join.progress import expect_joined
from conformance.suite.join.scenarios import joined_beside_the_creator

STEPS = 6
COUNTING = {"n": STEPS, "delay": 0.5}
STEPWISE = ("values", "updates", "debug", "custom", "events")
"""The modes in which every step of a graph without a model is told."""

ASKED_AFTER = {
    "values": (2, 3),
    "updates": (2,),
    "messages-tuple": (3, 4, 5),
    "debug": (6, 8, 10),
    "custom": (2,),
    "events": (8, 12, 16, 20, 24),
}
"""After how many events of a mode the run is asked for: servers differ in what surrounds the second step."""
ASKED = "run while streaming"


async def _ask_along(server, thread, stream, modes, run=None):
    """Read the stream to its end, and ask for the run after some of the first events of each mode."""
    run = run or await stream.run_id()
    for mode in modes:
        for count in ASKED_AFTER[mode]:
            await stream.seen(count, mode)
            await server.runs.get(thread, run, name=ASKED)
    await stream.ended()


@scenario(graph="counter", exchanges=("create thread", "stream", "run while streaming"), mode=STEPWISE, paced=True)
async def counted_in_one_mode(server, mode):
    """Six slow steps, told in one mode."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=[mode])
    await _ask_along(server, thread, stream, [mode])


@scenario(
    graph="counter",
    exchanges=("create thread", "stream", "run while streaming"),
    modes=(("updates", "custom"), MODES),
    paced=True,
)
async def counted_in_several_modes(server, modes):
    """Six slow steps, told in several modes."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=COUNTING, stream_mode=list(modes))
    await _ask_along(server, thread, stream, [mode for mode in modes if mode in STEPWISE])


@scenario(
    graph="slow_tokens",
    exchanges=("create thread", "stream", "run while streaming"),
    modes=(("messages-tuple",), MODES),
    paced=True,
)
async def slowly_told_joke(server, modes):
    """Twelve slow tokens, alone or among all modes."""
    thread = await server.threads.create()
    stream = server.runs.stream(thread, input=TOPIC, stream_mode=list(modes))
    await _ask_along(server, thread, stream, ["messages-tuple"])


@scenario(graph="counter", exchanges=("create thread", "create run", "join", "run while streaming"), paced=True)
async def counted_to_a_joiner(server):
    """Six slow steps of a background run."""
    thread = await server.threads.create()
    run = await server.runs.create(thread, input=COUNTING, stream_mode=["updates"])
    await _ask_along(server, thread, server.runs.join_stream(thread, run), ["updates"], run)


def sent_at_once(view: RecordingView, early: Event, late: Event) -> None:
    """After the early event had been seen the run, asked then, went on, and the late event was still to come."""
    asked = [ask for ask in view.all(ASKED) if early.seq < ask.sent]
    expect(
        any(_goes_on(ask) and (ask.exchange.answered or late.seq) < late.seq for ask in asked),
        f"event {early.position} (`{early.name}`) must be sent while the run goes on, but after it had been seen "
        f"nothing that was asked was answered to that effect before event {late.position} came",
        early,
    )


def _goes_on(ask: ExchangeView) -> bool:
    """Whether the answer does not say that the run is over: a server need not have this resource, or these words."""
    return not ask.exchange.accepted or not is_terminal(member(ask.json, "status"))


def steps(stream: ExchangeView, mode: str) -> Events:
    """The events that tell of a step of the counter; cantTell if there is none after the second, which is judged."""
    found = Events(event for event in stream[mode] if _tells_a_step(event.value, mode))
    if len(found) < 3:
        inconclusive(f"of {STEPS} steps `{wire_name(mode)}` tells {len(found)}")
    return found


def _tells_a_step(value: Any, mode: str) -> bool:
    if mode == "debug":
        return bool(member(value, "type") == "task_result" and member(value, "payload", "name") == "step")
    if mode == "events":
        return bool(member(value, "event") == "on_chain_end" and member(value, "name") == "step")
    path = {"values": ["count"], "updates": ["step", "count"], "custom": ["step"]}[mode]
    return member(value, *path) is not None


@verifies("delivery.each-mode", on=counted_in_one_mode)
def test_an_event_comes_while_the_run_goes_on(recording: RecordingView) -> None:
    """The second step's event is there before the last step's, and before the run is over."""
    told = steps(recording["stream"], recording.axes["mode"])
    sent_at_once(recording, told[1], told[-1])


@verifies("delivery.several-modes", on=counted_in_several_modes)
def test_no_mode_waits_for_another(recording: RecordingView) -> None:
    """In every mode the second step's event is there before the last step's, and before the run is over."""
    for mode in recording.axes["modes"]:
        if mode in STEPWISE:
            told = steps(recording["stream"], mode)
            sent_at_once(recording, told[1], told[-1])


@verifies("delivery.joined", on=(counted_to_a_joiner, joined_beside_the_creator))
def test_a_joiner_gets_events_while_the_run_goes_on(
    counted_to_a_joiner: RecordingView, joined_beside_the_creator: RecordingView
) -> None:
    """The second step's update is there before the last step's, and before the run is over."""
    expect_joined(counted_to_a_joiner, "join", joined_beside_the_creator)
    told = steps(counted_to_a_joiner["join"], "updates")
    sent_at_once(counted_to_a_joiner, told[1], told[-1])


@verifies("delivery.tokens", on=slowly_told_joke)
def test_tokens_come_while_the_model_answers(recording: RecordingView) -> None:
    """The third token is there before the last one, and before the run is over."""
    stream = recording["stream"]
    tokens = Events(event for event in stream["messages-tuple"] if _text(event.value))
    expect(len(tokens) > 3, f"of twelve tokens came {len(tokens)}", stream.exchange)
    sent_at_once(recording, tokens[2], tokens[-1])


def _text(value: Any) -> str:
    return text_of(member(value[0], "content")) if isinstance(value, list) and value else ""


def held_back(events, late, until=("error",)):
    """Send the others at once, and what is held back before the next event of `until`, or when the run is over."""
    held = []
    for event in events:
        if late(event):
            held.append(event)
            continue
        if event.base in until:
            yield from held
            held.clear()
        yield event
    yield from held


def _holds(mode):
    def rewrite(events, exchange):
        return held_back(events, lambda event: event.base == mode)

    rewrite.__name__ = f"holds_{mode}_to_the_end"
    rewrite.__doc__ = f"Sends all `{mode}` events when the run is over."
    fault("delivery.each-mode", where=lambda x: x.is_stream and mode in x.modes)(rewrite)


for _mode in STEPWISE:
    _holds(_mode)


@fault("delivery.each-mode", where=lambda x: x.is_stream)
def holds_the_stream_to_the_end(events, exchange):
    """Collects the whole stream, and sends it when the run is over."""
    yield from list(events)


@fault("delivery.each-mode", where=lambda x: x.is_stream)
def sends_only_the_first_event_at_once(events, exchange):
    """Sends one event of each kind at once, and the others when the run is over."""
    seen: list[str] = []

    def late(event):
        seen.append(event.base)
        return seen.count(event.base) > 1

    yield from held_back(events, late)


@fault("delivery.each-mode", where=lambda x: x.is_stream)
def sends_in_blocks(events, exchange):
    """Sends when it has 4 KiB, or at the end."""
    block = []
    for event in events:
        block.append(event)
        if sum(len(one.bytes) for one in block) >= 4 << 10:
            yield from block
            block.clear()
    yield from block


@fault("delivery.several-modes", where=lambda x: x.is_stream and len(x.modes) > 1)
def sends_one_mode_after_the_other(events, exchange):
    """Sends the mode that is first in the alphabet at once, the others when the run is over."""
    yield from held_back(events, lambda event: event.base in sorted(exchange.modes)[1:])


@fault("delivery.joined", where=lambda x: x.is_join)
def holds_joins_to_the_end(events, exchange):
    """Collects what a joiner is to get, and sends it when the run is over."""
    yield from list(events)


@fault("delivery.tokens", where=lambda x: x.is_stream and "messages" in x.modes)
def holds_tokens_until_their_node_is_done(events, exchange):
    """Sends the tokens of a node together, before the node's update."""
    yield from held_back(events, lambda event: event.base == "messages", ("updates", "error"))
