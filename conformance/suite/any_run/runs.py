"""What a recording says of its run: what kind of thread it has, whether it fails, and for how long it waits.

That is read from the requests where the graph is `program`, whose input says what happens, otherwise from the streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.authoring import Exchange, Recording, member

EARLIER = "run before"
"""The exchange of a run that the thread had before."""
RUNS = ("run", "create run")
"""The exchanges that start the run itself."""

NO_THREAD, NEW, SECOND_RUN, AFTER_A_FAILURE = "none", "new", "second run", "after a failure"
"""The kinds of threads."""


def thread_kind(recording: Recording) -> str:
    """Return what kind of thread the run of a recording has."""
    if not recording.all("create thread"):
        return NO_THREAD
    earlier = recording.all(EARLIER)
    if not earlier:
        return NEW
    return AFTER_A_FAILURE if any(_fails(one, recording) for one in earlier) else SECOND_RUN


def fails(recording: Recording) -> bool:
    """Return whether the run of a recording fails."""
    return any(_fails(one, recording) for name in RUNS for one in recording.all(name))


def waits_s(recording: Recording) -> float:
    """Return for how many seconds the program of a run waits at least; 0 for another graph."""
    started = [one for name in RUNS for one in recording.all(name)]
    return sum(float(one["wait"]) for run in started for one in actions(program_of(run)) if "wait" in one)


def program_of(exchange: Exchange) -> Any:
    """Return the program that a request hands to the graph `program`; None for any other request."""
    return member(exchange.request, "input", "program") if exchange.graph == "program" else None


def actions(program: Any) -> Iterator[dict[str, Any]]:
    """Yield every action and instruction of a program, at any depth."""
    if isinstance(program, dict):
        yield program
    for part in program.values() if isinstance(program, dict) else program if isinstance(program, list) else ():
        yield from actions(part)


def _fails(exchange: Exchange, recording: Recording) -> bool:
    if (program := program_of(exchange)) is not None:
        return any("fail" in one for one in actions(program))
    streams = [one for one in recording.streams() if one.is_stream and one.run_id == exchange.run_id is not None]
    return any(event.base == "error" for one in streams for event in one.events)
