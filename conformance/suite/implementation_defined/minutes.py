"""What becomes of runs that take minutes, as those of agents do: they are performed only with the option --long."""

from collections.abc import Iterator
from typing import Any

from conformance.authoring import Exchange, Recording, Server, SessionRecordings, member, observes, scenario
from conformance.suite.implementation_defined.recordings import different, share

STEPS = 20
"""How many steps the streaming run has: as many as the contract of the graph allows."""
SILENT_UPDATES = 2
"""How many updates the silent run has."""
EXPECTED = ("metadata", "updates", "end")
"""The names of the events that these runs have."""


@scenario(graph=("silence", "counter"), exchanges=("create thread", "stream", "join"), long=True, seconds=())
async def runs_for_long(server: Server, seconds: float) -> None:
    """Stream a run that is silent, or that has twenty slow steps, for so many seconds, and join it at once."""
    thread = await server.threads.create()
    given = {"delay": seconds} if server.graph == "silence" else {"n": STEPS, "delay": seconds / STEPS}
    stream = server.runs.stream(thread, input=given, stream_mode=["updates"])
    stream.silent_for(seconds)
    join = server.runs.join_stream(thread, await stream.run_id())
    join.silent_for(seconds)
    await stream.ended()
    await join.ended()


@observes("delivery.minutes")
def minutes(session: SessionRecordings) -> object:
    """Describe the streams of runs that last as long as the option --long says."""
    found = [one for one in session.recordings.values() if one.scenario == "runs_for_long"]
    described = {key: text for recording in found for key, text in _described(recording)}
    return described or "not performed; the option --long SECONDS performs it"


def _described(recording: Recording) -> Iterator[tuple[str, str]]:
    """Yield the name of each stream and how it went; the reason alone if there is none."""
    how = "silent" if recording.graph == "silence" else "streaming"
    run = f"{how} for {recording.axes['seconds']} s"
    for exchange in recording.streams():
        yield f"{run}, {'creator' if exchange.name == 'stream' else 'joining client'}", _went(recording, exchange)
    if recording.stopped:
        yield run, recording.stopped


def _went(recording: Recording, exchange: Exchange) -> str:
    """Say how a stream went: its ending, how much of the run it showed, what else came, and how long it took."""
    if not exchange.is_stream:
        return f"answered with {exchange.status or exchange.detail}"
    ending = "complete" if exchange.ending == "complete" else f"{exchange.ending} ({exchange.detail})"
    seconds = f"after {(exchange.ended_t or exchange.sent_t) - exchange.sent_t:.0f} s"
    updates = [event.value for event in exchange.events if event.base == "updates"]
    due = SILENT_UPDATES if recording.graph == "silence" else STEPS
    shown = share(sum(_is_due(value, recording.graph) for value in updates), due, "updates")
    foreign = different(event.name for event in exchange.events if event.base not in EXPECTED)
    comments = sum(len(block.comments) for block in exchange.blocks)
    parts = [f"{ending} {seconds}", shown, f"foreign events: {', '.join(foreign) or 'none'}", f"{comments} comments"]
    return "; ".join(parts)


def _is_due(value: Any, graph: str) -> bool:
    """Return whether an update is one of the graph's own."""
    nodes = ("sleep", "after") if graph == "silence" else ("step",)
    return any(isinstance(member(value, node), dict) for node in nodes)
