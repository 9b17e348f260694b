"""The header field `x-api-key`, which every curl line of the specification sends."""

from typing import Any

from conformance.authoring import (
    Answer,
    ExchangeView,
    FaultContext,
    RecordingView,
    Server,
    condition,
    expect,
    fail,
    fault,
    inconclusive,
    is_join,
    same_sequence,
    scenario,
    schema_errors,
    starts_stream,
    verifies,
)
from conformance.suite.join.progress import expect_answer_during, steps_shown
from conformance.suite.join.scenarios import joined_from_the_start

INPUT: Any = {"n": 2, "delay": 0}
JOINED_S = 0.9
"""How long the run that is joined takes at least."""
COUNTED = [{"step": {"count": 1}}, {"step": {"count": 2}}]


@scenario(
    graph="counter",
    exchanges=(
        "create thread without a key",
        "without a key",
        "create thread",
        "create thread to join",
        "create run",
        "join",
        "on a thread",
        "stateless",
    ),
    paced=True,
)
async def with_an_api_key(server: Server) -> None:
    """Send every kind of request that the specification shows with a key: the suite's own, or an arbitrary one.

    If the server needs no key, a run without a key is streamed as well; it shows that only the key makes a difference.
    """
    fields = {"input": INPUT, "stream_mode": ["updates"]}
    streams = []
    if not server.needs_key:
        bare = await server.threads.create(name="create thread without a key")
        streams.append(server.runs.stream(bare, name="without a key", **fields))
    key = {} if server.needs_key else {"x-api-key": f"arbitrary-{server.nonce}"}
    thread = await server.threads.create(headers=key)
    other = await server.threads.create(name="create thread to join", headers=key)
    slow = {"n": 3, "delay": 0.3, "count": 0}
    run = await server.runs.create(other, headers=key, input=slow, stream_mode=["updates"])
    streams.append(server.runs.join_stream(other, run, headers=key))
    streams.append(server.runs.stream(thread, name="on a thread", headers=key, **fields))
    streams.append(server.runs.stream(None, name="stateless", headers=key, **fields))
    for stream in streams:
        await stream.ended()


# --- auth.api-key-accepted ---


def sent_with_a_key(exchange: ExchangeView) -> ExchangeView:
    """Return the exchange if its request carried a key; inconclusive if not."""
    if all(name.lower() != "x-api-key" for name, _ in exchange.exchange.request_headers):
        inconclusive(f"`{exchange.name}` was sent without a key, so it does not show whether a key is accepted")
    return exchange


@verifies("auth.api-key-accepted", on=with_an_api_key)
def test_a_thread_is_created_with_a_key(recording: RecordingView) -> None:
    """POST /threads with a key creates a thread."""
    created = sent_with_a_key(recording["create thread"])
    for problem in schema_errors("thread", created.json):
        fail(f"a request with a key must create a thread; the answer is not a thread: {problem}", created)


@verifies("auth.api-key-accepted", on=with_an_api_key)
def test_runs_are_streamed_with_a_key(recording: RecordingView) -> None:
    """Requests with a key stream all updates of the run, with and without a thread."""
    for name in ("on a thread", "stateless"):
        stream = sent_with_a_key(recording[name])
        same_sequence(stream["updates"], COUNTED, f"the updates of the run `{name}`", stream)


@verifies("auth.api-key-accepted", on=(with_an_api_key, joined_from_the_start), over="client")
def test_a_run_is_joined_with_a_key(recording: RecordingView, others: dict[str, RecordingView]) -> None:
    """A join with a key streams the run to its last step, as joins without a key do."""
    join = sent_with_a_key(recording["join"])
    joins = [other["join"] for other in others.values()]
    if not any(3 in steps_shown(other) for other in joins if other.is_stream):
        inconclusive("no other join shows the last step, with or without a key, so the key makes no difference")
    shows_the_end = 3 in steps_shown(join)
    if not shows_the_end:
        expect_answer_during(JOINED_S, recording["create run"].exchange.sent_t, join)
    expect(shows_the_end, "a join with a key must stream the last step of the run; no event shows it", join)


@condition
def carries_a_key(exchange: FaultContext) -> bool:
    """Requests with the header field x-api-key."""
    return any(name.lower() == "x-api-key" for name, _ in exchange.exchange.request_headers)


@fault("auth.api-key-accepted", part="answer", where=carries_a_key)
def refuses_the_field(answer: Answer, exchange: FaultContext) -> None:
    """Answers 400 to a header field that it does not know."""
    answer.refuse(400)


@fault("auth.api-key-accepted", part="answer", where=carries_a_key & starts_stream)
def wants_another_field_to_stream(answer: Answer, exchange: FaultContext) -> None:
    """Accepts only Authorization when a run is streamed."""
    answer.refuse(401)


@fault("auth.api-key-accepted", part="answer", where=carries_a_key & is_join)
def wants_another_field_to_join(answer: Answer, exchange: FaultContext) -> None:
    """Accepts only Authorization when a run is joined."""
    answer.refuse(401)
