"""Where the specification says one thing and every official server another: whether this server does as the specification says."""

from conformance.authoring import (
    Event,
    RecordingView,
    disputes,
    expect,
    fail,
    inconclusive,
    member,
    scenario,
    shown,
    text_of,
)
from conformance.suite.graphs import ANSWER, INNER_ANSWER, REFINED, ROOT_ANSWER, TOLD, TOPIC


@scenario(graph="quiet")
async def quiet_values(server):
    """The second of three steps writes nothing."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"log": ["start"]}, stream_mode=["values"])


@scenario(graph="joke", exchanges=("stream",))
async def joke_debug_without_thread(server):
    """The specification's first example in the mode debug, without a thread."""
    await server.runs.streamed(None, input=TOPIC, stream_mode=["debug"])


@scenario(graph="sub_model")
async def sub_model_without_flag(server):
    """A model at the root and one inside a subgraph; the subgraphs' output is not asked for."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages-tuple"])


@scenario(graph="tokens")
async def tokens_as_messages(server):
    """The mode that the specification names for filtering, line 743."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages"], valid=False)


@disputes("values.step-without-writes", on=quiet_values)
def test_a_step_without_writes_has_a_state(recording: RecordingView) -> None:
    """The state after step one comes once more after the quiet step."""
    stream = recording["stream"]
    logs = [member(event.value, "log") for event in stream["values"].root]
    if ["start", "one", "two"] not in logs:
        inconclusive("the run has no final state")
    expect(logs.count(["start", "one"]) == 2, f"no state of its own for the quiet step: {shown(logs)}", stream.exchange)


@disputes("debug.stateless-full-state", on=joke_debug_without_thread)
def test_debug_shows_the_state_without_a_thread(recording: RecordingView) -> None:
    """Each step is followed by a checkpoint with the full state."""
    stream = recording["stream"]
    types = [member(event.value, "type") for event in stream["debug"]]
    if "task" not in types:
        inconclusive("the stream shows no task")
    seen = [member(event.value, "payload", "values") for event in stream["debug"].root]
    for state in (REFINED, TOLD):
        expect(state in seen, f"no event shows the state {shown(state)}; there are {shown(types)}", stream.exchange)


@disputes("subgraphs.tokens-without-flag", on=sub_model_without_flag)
def test_tokens_of_a_subgraph_come_without_the_flag(recording: RecordingView) -> None:
    """The inner model's answer arrives in several pieces, as the root model's does."""
    stream = recording["stream"]
    calls = pieces_by_call(stream["messages"])
    if not any("".join(pieces) == ROOT_ANSWER for pieces in calls):
        inconclusive("not even the tokens of the root model came")
    found = [len(pieces) for pieces in calls if "".join(pieces) == INNER_ANSWER]
    expect(found, "no tokens of the model inside the subgraph came", stream.exchange)
    expect(max(found) > 1, "the answer of the model inside the subgraph came as one piece", stream.exchange)


@disputes("filtering.messages-mode", on=tokens_as_messages)
def test_the_mode_messages_streams_pairs(recording: RecordingView) -> None:
    """The tokens come as pairs of piece and metadata that names the node."""
    stream = recording["stream"]
    names = sorted({event.name for event in stream.events})
    spoken = [event for event in stream.events if event.base.partition("/")[0] == "messages"]
    if not spoken:
        inconclusive(f"nothing about messages came, only {shown(names)}")
    if not any(event.name == "messages" for event in spoken):
        fail(f"the older form came instead of pairs: {shown(names)}", spoken[0])
    for event in stream["messages"]:
        node = member(event.value[1], "langgraph_node") if is_pair(event) else None
        expect(node == "call_model", f"expected a pair of piece and metadata, came {shown(event.value)}", event)
    text = "".join(piece for pieces in pieces_by_call(stream["messages"]) for piece in pieces)
    expect(text == ANSWER, f"the pairs hold {shown(text)}", stream.exchange)


def pieces_by_call(events: list[Event]) -> list[list[str]]:
    """The texts of each model call, empty ones aside; what is no pair with text is passed over."""
    calls: dict[str, list[str]] = {}
    for event in events:
        text = text_of(member(event.value[0], "content")) if is_pair(event) else ""
        if text:
            calls.setdefault(str(member(event.value[0], "id")), []).append(text)
    return list(calls.values())


def is_pair(event: Event) -> bool:
    return isinstance(event.value, list) and len(event.value) == 2
