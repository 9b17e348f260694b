"""Whether a server does what the specification states where every official server does something else."""

from conformance.authoring import (
    Event,
    RecordingView,
    Server,
    disputes,
    expect,
    inconclusive,
    member,
    scenario,
    shown,
    text_of,
)
from conformance.suite.graphs import ANSWER, FINAL_STATE, INNER_ANSWER, REFINED, ROOT_ANSWER, TOPIC


@scenario(graph="quiet")
async def quiet_values(server: Server) -> None:
    """Stream a run of three steps, of which the second writes nothing."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input={"log": ["start"]}, stream_mode=["values"])


@scenario(graph="joke", exchanges=("stream",))
async def joke_debug_without_thread(server: Server) -> None:
    """Stream the first example of the specification in the mode `debug`, without a thread."""
    await server.runs.streamed(None, input=TOPIC, stream_mode=["debug"])


@scenario(graph="sub_model")
async def sub_model_without_flag(server: Server) -> None:
    """Stream a run with a model in the root graph and another in a subgraph, without `stream_subgraphs`."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages-tuple"])


@scenario(graph="tokens")
async def tokens_as_messages(server: Server) -> None:
    """Stream a run in the mode `messages`, which the specification names for filtering (743)."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["messages"], valid=False)


@disputes("values.step-without-writes", on=quiet_values)
def test_a_step_without_writes_has_a_state(recording: RecordingView) -> None:
    """The state after the first step is sent again after the second step, which writes nothing."""
    stream = recording["stream"]
    logs = [member(event.value, "log") for event in stream["values"].root]
    if ["start", "one", "two"] not in logs:
        inconclusive("the stream does not hold the final state of the run")
    again = f"the state after the first step must be sent twice; received the states {shown(logs)}"
    expect(logs.count(["start", "one"]) == 2, again, stream)


@disputes("debug.stateless-full-state", on=joke_debug_without_thread)
def test_debug_shows_the_state_without_a_thread(recording: RecordingView) -> None:
    """A checkpoint with the full state follows each step."""
    stream = recording["stream"]
    types = [member(event.value, "type") for event in stream["debug"]]
    if "task" not in types:
        inconclusive("the stream shows no task")
    seen = [member(event.value, "payload", "values") for event in stream["debug"].root]
    for state in (REFINED, FINAL_STATE):
        missing = f"a checkpoint must show the state {shown(state)}; the stream has the types {shown(types)}"
        expect(state in seen, missing, stream)


@disputes("subgraphs.tokens-without-flag", on=sub_model_without_flag)
def test_tokens_of_a_subgraph_come_without_the_flag(recording: RecordingView) -> None:
    """The answer of the inner model arrives in several message chunks, like that of the root model."""
    stream = recording["stream"]
    calls = texts_by_call(stream["messages"])
    if not any("".join(texts) == ROOT_ANSWER for texts in calls):
        inconclusive("the stream does not hold the tokens of the root model either")
    found = [len(texts) for texts in calls if "".join(texts) == INNER_ANSWER]
    expect(found, "the answer of the model in the subgraph must be streamed; the stream does not hold it", stream)
    several = "the answer of the model in the subgraph must arrive in several message chunks; it arrived in one"
    expect(max(found) > 1, several, stream)


@disputes("filtering.messages-mode", on=tokens_as_messages)
def test_the_mode_messages_streams_pairs(recording: RecordingView) -> None:
    """The tokens arrive as pairs of message chunk and metadata, and the metadata names the node."""
    stream = recording["stream"]
    names = sorted({event.name for event in stream.events})
    about_messages = [event for event in stream.events if event.base.partition("/")[0] == "messages"]
    if not about_messages:
        inconclusive(f"the stream holds no messages, only {shown(names)}")
    older = f"tokens must arrive as events named `messages`; received the older form: {shown(names)}"
    expect(any(event.name == "messages" for event in about_messages), older, about_messages[0])
    for event in stream["messages"]:
        node = member(event.value[1], "langgraph_node") if is_pair(event) else None
        pair = f"the data must be a pair of message chunk and metadata of `call_model`; received {shown(event.value)}"
        expect(node == "call_model", pair, event)
    text = "".join(part for texts in texts_by_call(stream["messages"]) for part in texts)
    expect(text == ANSWER, f"the chunks must join to {shown(ANSWER)}; together they are {shown(text)}", stream)


def texts_by_call(events: list[Event]) -> list[list[str]]:
    """Return the texts of the message chunks of each model call; events that are not pairs with text are skipped."""
    calls: dict[str, list[str]] = {}
    for event in events:
        text = text_of(member(event.value[0], "content")) if is_pair(event) else ""
        if text:
            calls.setdefault(str(member(event.value[0], "id")), []).append(text)
    return list(calls.values())


def is_pair(event: Event) -> bool:
    """Return whether the data of an event is a list of two."""
    return isinstance(event.value, list) and len(event.value) == 2
