"""The scenarios of joins: a run is started, and clients join it at its start, in its middle or beside its creator."""

from conformance.authoring import scenario
from conformance.suite.join.progress import AFTER, count_in

N = 10
COUNTING = {"n": N, "delay": 0.35}
SLOW = {"n": 3, "delay": 1}
"""Few steps, and time enough to join before the first is done."""
CLIENTS = {
    "curl": {},
    "python-sdk": {"cancel_on_disconnect": "false"},
    "javascript-sdk": {"cancel_on_disconnect": "0"},
}
"""The query with which the specification's curl line (940-947) and the two official clients join."""


async def background(server, *, modes=("updates",), **input):
    """A thread and a background run on it."""
    thread = await server.threads.create()
    return thread, await server.runs.create(thread, input=input, stream_mode=list(modes))


async def join_at_once(server, thread, run, **options):
    """Join, and look at the state as soon as the join is answered: what it does not show is to come."""
    stream = server.runs.join_stream(thread, run, **options)
    await stream.answered()
    await server.threads.get_state(thread, name=AFTER)
    return stream


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "join", "state after the join"),
    client=tuple(CLIENTS),
    paced=True,
)
async def joined_from_the_start(server, client):
    """The only reader joins as soon as the run is created."""
    key = {} if server.needs_key else {"x-api-key": "any"}
    headers = {"Content-Type": "application/json", **key} if client == "curl" else {}
    thread, run = await background(server, **SLOW)
    stream = await join_at_once(server, thread, run, query=CLIENTS[client], headers=headers)
    await stream.ended()


@scenario(
    graph="counter", exchanges=("create thread", "create run", "poll state", "join", "state after the join"), paced=True
)
async def joined_in_the_middle(server):
    """The only reader joins when the state shows the third step; nobody read before."""
    thread, run = await background(server, **COUNTING)
    await server.threads.state_when(thread, lambda values: count_in(values) >= 3)
    stream = await join_at_once(server, thread, run)
    await stream.ended()


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "first", "second", "state after the join", "third"),
    paced=True,
)
async def three_readers(server):
    """Two join as soon as the run is created, a third when the first of them has had three updates."""
    thread, run = await background(server, **COUNTING)
    readers = [server.runs.join_stream(thread, run, name=name) for name in ("first", "second")]
    for reader in readers:
        await reader.answered()
    await server.threads.get_state(thread, name=AFTER)
    await readers[0].seen(3, "updates")
    for reader in (*readers, server.runs.join_stream(thread, run, name="third")):
        await reader.ended()


@scenario(graph="counter", exchanges=("create thread", "creator", "joiner", "leaver"), paced=True)
async def joined_beside_the_creator(server):
    """A run is streamed; after three updates two readers join it, and one of them leaves after its first."""
    thread = await server.threads.create()
    creator = server.runs.stream(thread, name="creator", input=COUNTING, stream_mode=["updates"])
    await creator.seen(3, "updates")
    run = await creator.run_id()
    joiner, leaver = (server.runs.join_stream(thread, run, name=name) for name in ("joiner", "leaver"))
    await leaver.seen(1, "updates")
    await leaver.leave()
    await creator.ended()
    await joiner.ended()


@scenario(
    graph="counter",
    exchanges=("create thread", "create run", "reader", "run while read", "poll run", "state at the end"),
    long=True,
)
async def left_by_its_only_reader(server):
    """The only reader leaves after two updates; the run is awaited, and its state read."""
    thread, run = await background(server, **COUNTING)
    reader = server.runs.join_stream(thread, run, name="reader")
    await reader.seen(2, "updates")
    await server.runs.get(thread, run, name="run while read")
    await reader.leave()
    await server.runs.ended(thread, run)
    await server.threads.get_state(thread, name="state at the end")
