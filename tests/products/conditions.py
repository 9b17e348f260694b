"""The conditions that faults are restricted to: exchanges by their run and reader, and events by their content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import FaultContext, SentEvent, sent
from conformance.protocol import MODES, wire_name
from tests.products.about import About, about

LONG, HUGE = 1_000, 16_000
"""How many characters the data of an event has that is called long, and huge."""


@dataclass(frozen=True)
class Condition:
    """What a fault is restricted to: the exchanges of some runs, or some events."""

    name: str
    run: Callable[[About], object] | None = None
    event: Callable[[SentEvent], bool] | None = None

    def holds(self, context: FaultContext) -> bool:
        """Return whether an exchange meets the condition, or any of its events does."""
        if self.run is not None:
            known = about(context)
            return known is not None and bool(self.run(known))
        exchange = context.exchange
        return exchange.is_stream and any(map(self._chooses, map(sent, exchange.events)))

    def _chooses(self, event: SentEvent) -> bool:
        return self.event is not None and self.event(event)


def restricted(fault: Fault, *conditions: Condition) -> Fault:
    """Return a fault that touches only what meets all conditions."""
    chosen = [one.event for one in conditions if one.event is not None and fault.part == "events"]
    return replace(
        fault,
        where=partial(_where, fault, conditions),
        chooses=(lambda event: all(one(event) for one in chosen)) if chosen else None,
    )


def _where(fault: Fault, conditions: tuple[Condition, ...], context: FaultContext) -> bool:
    return all(one.holds(context) for one in conditions) and fault.where(context)


RUNS: dict[str, Callable[[About], object]] = {
    "the client that starts the run": lambda run: run.stream and not run.joined,
    "readers that join": lambda run: run.joined,
    "readers that join at the start": lambda run: run.joined and not run.late,
    "readers that join in the middle": lambda run: run.joined and run.late,
    "readers that join a streamed run": lambda run: run.joined and not run.background,
    "readers of a background run": lambda run: run.joined and run.background,
    "the second reader of a run": lambda run: run.place == 2,
    "the third reader of a run": lambda run: run.place == 3,
    "runs with one reader": lambda run: run.readers == 1,
    "runs with several readers": lambda run: run.readers > 1,
    "without a thread": lambda run: not run.thread,
    "on a thread": lambda run: run.thread,
    "the first run of a thread": lambda run: run.thread and not run.earlier,
    "a later run of a thread": lambda run: run.earlier,
    "a run after one that failed": lambda run: run.after_failure,
    "runs that fail": lambda run: run.fails,
    "runs that succeed": lambda run: not run.fails,
    "a mode as a string": lambda run: isinstance(run.form, str),
    "a list of one mode": lambda run: isinstance(run.form, list) and len(run.modes) == 1,
    "a list of several modes": lambda run: len(run.modes) > 1,
    "modes in another order": lambda run: not run.sorted,
    "two modes": lambda run: len(run.modes) == 2,
    "four modes or more": lambda run: len(run.modes) >= 4,
    "six modes": lambda run: len(run.modes) == 6,
    "with the flag": lambda run: run.request.get("stream_subgraphs") is True,
    "without the flag": lambda run: run.request.get("stream_subgraphs") is not True,
    "with the flag and several modes": lambda run: run.request.get("stream_subgraphs") is True and len(run.modes) > 1,
    "with the flag, no thread": lambda run: run.request.get("stream_subgraphs") is True and not run.thread,
    "a later run with several readers": lambda run: run.earlier and run.readers > 1,
    "the graph program": lambda run: run.request.get("assistant_id") == "program",
    "graphs other than program": lambda run: run.request.get("assistant_id") != "program",
    "programs with a subgraph": lambda run: '"call"' in run.program,
    "programs with parallel subgraphs": lambda run: '"parallel"' in run.program,
    "programs with parallel steps": lambda run: '"fan"' in run.program,
    "programs with a loop": lambda run: '"loop"' in run.program,
    "programs that call a model in a tool": lambda run: '"tool"' in run.program,
    "programs that wait": lambda run: '"wait"' in run.program,
    **{f"with {mode}": lambda run, mode=mode: wire_name(mode) in run.modes for mode in MODES},  # type: ignore[misc]
    **{f"without {mode}": lambda run, mode=mode: wire_name(mode) not in run.modes for mode in MODES},  # type: ignore[misc]
}  # fmt: skip

EVENTS: dict[str, Callable[[SentEvent], bool]] = {
    "events of the root graph": lambda event: not event.namespace,
    "events inside a subgraph": lambda event: bool(event.namespace),
    "events two levels deep": lambda event: "|" in event.namespace,
    "long events": lambda event: len(event.text) >= LONG,
    "huge events": lambda event: len(event.text) >= HUGE,
    "short events": lambda event: len(event.text) < LONG,
    "events with a line break in a text": lambda event: "\\n" in event.text,
    "events with a backslash or a quotation mark": lambda event: "\\\\" in event.text or '\\"' in event.text,
    "events outside ASCII": lambda event: not event.text.isascii() or "\\u" in event.text,
    "events with a falsy value": lambda event: event.text in ("null", "0", "false", '""', "[]", "{}"),
    "events with a fraction": lambda event: ".5" in event.text or "e-" in event.text,
    "events without an object": lambda event: not event.text.startswith("{"),
    **{f"{mode} events": lambda event, mode=mode: event.base == wire_name(mode) for mode in MODES},  # type: ignore[misc]
    **{
        f"{mode} events inside": lambda event, mode=mode: event.base == wire_name(mode) and event.namespace  # type: ignore[misc]
        for mode in MODES
        if mode != "events"  # which has no namespaces
    },
}

CONDITIONS = [
    *(Condition(f"only {name}", run=holds) for name, holds in RUNS.items()),
    *(Condition(f"only {name}", event=holds) for name, holds in EVENTS.items()),
]
"""Every condition; none of them may be dropped because its products are not caught."""
