"""The header field `x-api-key`, which every curl line of the specification sends."""

from conformance.authoring import (
    ExchangeView,
    RecordingView,
    expect,
    fail,
    fault,
    inconclusive,
    same_sequence,
    scenario,
    schema_errors,
    verifies,
)
from conformance.suite.join.progress import steps_told
from conformance.suite.join.scenarios import joined_from_the_start

INPUT = {"n": 2, "delay": 0}
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
async def with_an_api_key(server):
    """Everything the specification shows, each request with a key: the one given to the suite, or an arbitrary one.

    A server that needs no key serves a run without one as well, which tells that only the key can be in the way.
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


@verifies("auth.api-key-accepted", on=with_an_api_key)
def test_a_thread_is_created_with_a_key(recording: RecordingView) -> None:
    """POST /threads is served."""
    created = sent_with_a_key(recording["create thread"])
    for problem in schema_errors("thread", created.json):
        fail(f"a thread must have been created: {problem}", created.exchange)


@verifies("auth.api-key-accepted", on=with_an_api_key)
def test_runs_are_streamed_with_a_key(recording: RecordingView) -> None:
    """Streams with and without a thread are complete."""
    for name in ("on a thread", "stateless"):
        stream = sent_with_a_key(recording[name])
        same_sequence(stream["updates"], COUNTED, f"the updates of the run `{name}`", stream.exchange)


@verifies("auth.api-key-accepted", on=(with_an_api_key, joined_from_the_start), over="client")
def test_a_run_is_joined_with_a_key(
    with_an_api_key: RecordingView, joined_from_the_start: dict[str, RecordingView]
) -> None:
    """A join is served to the end of the run, where one without a key is."""
    join = sent_with_a_key(with_an_api_key["join"])
    others = [view["join"] for view in joined_from_the_start.values()]
    if not any(3 in steps_told(other) for other in others if other.exchange.is_stream):
        inconclusive("no other join tells of the last step either, with a key or without, so the key is not in the way")
    expect(3 in steps_told(join), "a join with a key must tell of the last step, nothing that does came", join.exchange)


def sent_with_a_key(heard: ExchangeView) -> ExchangeView:
    if all(name.lower() != "x-api-key" for name, _ in heard.exchange.request_headers):
        inconclusive(f"`{heard.name}` was sent without a key")
    return heard


def carries_a_key(exchange):
    return any(name.lower() == "x-api-key" for name, _ in exchange.exchange.request_headers)


@fault("auth.api-key-accepted", part="answer", where=carries_a_key)
def refuses_the_field(answer, exchange):
    """Takes a header field that it does not know for a bad request."""
    answer.refuse(400)


@fault("auth.api-key-accepted", part="answer", where=lambda x: carries_a_key(x) and x.kind == "stream")
def wants_another_field_to_stream(answer, exchange):
    """Knows only Authorization where runs are streamed."""
    answer.refuse(401)


@fault("auth.api-key-accepted", part="answer", where=lambda x: carries_a_key(x) and x.is_join)
def wants_another_field_to_join(answer, exchange):
    """Knows only Authorization where runs are joined."""
    answer.refuse(401)
