"""The scenarios of joins that several modules judge, and what all scenarios of joins have in common."""

from typing import Any

from conformance.authoring import Server, Stream, scenario
from conformance.suite.join.progress import AFTER

N = 10
COUNTING: dict[str, Any] = {"n": N, "delay": 0.35}
"""Enough steps, of 0.35 s each, to join in the middle."""
SLOW: dict[str, Any] = {"n": 3, "delay": 1}
"""Steps of 1 s, so that a client can join before the first one ends."""
CLIENTS: dict[str, dict[str, str]] = {
    "curl": {},
    "python-sdk": {"cancel_on_disconnect": "false"},
    "javascript-sdk": {"cancel_on_disconnect": "0"},
}
"""The query of a join: of the specification's curl line (940-947), and of the two official SDKs."""


async def background(server: Server, *, modes: tuple[str, ...] = ("updates",), **input: Any) -> tuple[str, str]:
    """Create a thread and a background run on it; return their ids."""
    thread = await server.threads.create()
    return thread, await server.runs.create(thread, input=input, stream_mode=list(modes))


async def join_at_once(server: Server, thread: str, run: str, **options: Any) -> Stream:
    """Join a run and read the state as soon as the join is answered: what the state does not show is still due."""
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
async def joined_from_the_start(server: Server, client: str) -> None:
    """A client joins a background run as soon as the run is created."""
    key = {} if server.needs_key else {"x-api-key": "any"}
    headers = {"Content-Type": "application/json", **key} if client == "curl" else {}
    thread, run = await background(server, **SLOW)
    stream = await join_at_once(server, thread, run, query=CLIENTS[client], headers=headers)
    await stream.ended()


@scenario(graph="counter", exchanges=("create thread", "creator", "joiner", "leaver"), paced=True)
async def joined_beside_the_creator(server: Server) -> None:
    """A client streams a run; after three updates two others join it, and one of them leaves after its first update."""
    thread = await server.threads.create()
    creator = server.runs.stream(thread, name="creator", input=COUNTING, stream_mode=["updates"])
    await creator.seen(3, "updates")
    run = await creator.run_id()
    joiner, leaver = (server.runs.join_stream(thread, run, name=name) for name in ("joiner", "leaver"))
    await leaver.seen(1, "updates")
    await leaver.leave()
    await creator.ended()
    await joiner.ended()
