"""Judges recordings: hands a check what it asks for, and turns what happens into an outcome.

It knows no pytest and does no network I/O; the pytest item, `lg-conformance judge` and the fault table all call it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .declare import EVERY_STREAM, REGISTRY, WHOLE_RUN, Check, Variant, axes_id
from .expect import CannotTell, Failed
from .transcript import Event, Exchange, NotJson
from .views import Heard, Run, View

PASSED, FAILED, CANNOT_TELL = "passed", "failed", "cantTell"
INAPPLICABLE, UNTESTED = "inapplicable", "untested"
OUTCOMES = (PASSED, FAILED, CANNOT_TELL, INAPPLICABLE, UNTESTED)
"""EARL's words, https://www.w3.org/TR/EARL10-Schema/#OutcomeValue."""


class SuiteError(Exception):
    """The suite itself is at fault: a check raised what it must not."""


@dataclass(frozen=True)
class Evidence:
    """Where a failure shows: recording and exchange, the request as a curl line, and rows of the wire with times.

    `marked` is the index of the row at which the first divergence shows, None where no single row does.
    """

    recording: str
    exchange: str
    curl: str
    rows: tuple[str, ...]
    marked: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a check: EARL's word, why, and the evidence."""

    word: str
    message: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, eq=False)
class Item:
    """One check with the scenario variants that it is handed."""

    check: Check
    arguments: Mapping[str, Variant | Mapping[Any, Variant]]
    axes: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.check.name}[{axes_id(self.axes)}]" if self.axes else self.check.name

    @property
    def variants(self) -> list[Variant]:
        """The scenario variants it looks at; none for a check with a scope, which looks at all."""
        groups = (value.values() if isinstance(value, Mapping) else [value] for value in self.arguments.values())
        return list(itertools.chain(*groups))

    @property
    def scenario(self) -> str:
        """What it looks at, in words for the report."""
        return self.check.scope or ", ".join(variant.id for variant in self.variants)


def items_of(check: Check) -> Iterator[Item]:
    """Expand a check over the axes of its scenarios; a parameter that has an axis of `over` gets a mapping."""
    if check.scope:
        yield Item(check, {}, {})
        return
    scenarios = {name: REGISTRY.scenarios[name] for name in check.parameters}
    axes: dict[str, tuple[Any, ...]] = {}
    for scenario in scenarios.values():
        axes |= {axis: values for axis, values in scenario.axes.items() if axis not in check.over}
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        arguments: dict[str, Variant | Mapping[Any, Variant]] = {}
        for name, scenario in scenarios.items():
            fitting = [
                v
                for v in scenario.variants()
                if all(chosen.get(axis, value) == value for axis, value in v.axes.items())
            ]
            open_axes = [axis for axis in scenario.axes if axis in check.over]
            arguments[name] = {_key(v, open_axes): v for v in fitting} if open_axes else fitting[0]
        yield Item(check, arguments, chosen)


def _key(variant: Variant, axes: list[str]) -> Any:
    values = tuple(variant.axes[axis] for axis in axes)
    return values[0] if len(values) == 1 else values


def judge(item: Item, run: Run) -> Outcome:
    """Judge one item over the recordings of a run; raises SuiteError where the suite is at fault."""
    if item.check.scope and not run.recordings:
        return Outcome(UNTESTED, "there are no recordings")
    if item.check.scope == EVERY_STREAM:
        return _judge_every_stream(item.check, run)
    if item.check.scope == WHOLE_RUN:
        return _run(item.check, {item.check.parameters[0]: run}, list(run.streams()), run)
    for variant in item.variants:
        if variant.id not in run.recordings:
            return Outcome(UNTESTED, f"there is no recording of `{variant.id}`")
    views: list[View] = []

    def view(variant: Variant) -> View:
        views.append(View(run.recordings[variant.id], run, item.check.requirement))
        return views[-1]

    arguments = {
        name: {key: view(one) for key, one in given.items()} if isinstance(given, Mapping) else view(given)
        for name, given in item.arguments.items()
    }
    exchanges = [exchange for one in views for exchange in one.recording.exchanges]
    outcome = _run(item.check, arguments, exchanges, run)
    if outcome.word == PASSED and not any(exchange.accepted for view in views for exchange in view.looked_at):
        return Outcome(CANNOT_TELL, "nothing that the check looked at was accepted by the server" + run.way_out())
    return outcome


def _judge_every_stream(check: Check, run: Run) -> Outcome:
    """The worst outcome over all streams; only a stream that carried something counts for passing."""
    counted = 0
    for exchange in run.streams():
        if check.name not in exchange.memo:
            stream = Heard(exchange, run, check.requirement)
            exchange.memo[check.name] = _run(check, {check.parameters[0]: stream}, [exchange], run)
        outcome: Outcome = exchange.memo[check.name]
        if outcome.word == FAILED:
            return outcome
        counted += outcome.word == PASSED and run.carried(exchange)
    if counted:
        return Outcome(PASSED)
    return Outcome(CANNOT_TELL, "no stream carried a metadata event and an event of a requested mode" + run.way_out())


def _run(check: Check, arguments: Mapping[str, Any], exchanges: list[Exchange], run: Run) -> Outcome:
    try:
        check.function(**arguments)
    except Failed as failure:
        return Outcome(FAILED, str(failure), _evidence(failure.where, exchanges, run))
    except CannotTell as reason:
        return Outcome(CANNOT_TELL, str(reason))
    except NotJson as reason:
        return Outcome(CANNOT_TELL, str(reason))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as problem:
        if (bad := _first_bad_payload(exchanges)) is None:
            raise SuiteError(f"{check.name}: {type(problem).__name__}: {problem}") from problem
        return Outcome(CANNOT_TELL, f"a payload does not match its schema, so this cannot be looked up: {bad}")
    except Exception as problem:
        raise SuiteError(f"{check.name}: {type(problem).__name__}: {problem}") from problem
    return Outcome(PASSED)


def _first_bad_payload(exchanges: Iterable[Exchange]) -> str | None:
    from . import schema  # jsonschema is slow to import, and nearly no run comes here

    for exchange in exchanges:
        for event in exchange.events if exchange.is_stream else ():
            name = schema.for_event(event.name)
            try:
                problems = schema.errors(name, event.value) if name else []
            except NotJson as problem:
                return str(problem)
            if problems:
                return f"event {event.position} (`{event.name}`) of `{exchange.name}`: {problems[0]}"
    return None


ROWS_BEFORE = 2
"""How many events before the first divergence the evidence shows."""


def _evidence(where: Event | Exchange | None, exchanges: list[Exchange], run: Run) -> tuple[Evidence, ...]:
    exchange = where.exchange if isinstance(where, Event) else where or (exchanges[0] if exchanges else None)
    if exchange is None:
        return ()
    marked: int | None = None
    if isinstance(where, Event):
        first = max(0, where.position - 1 - ROWS_BEFORE)
        rows = [wire_row(event) for event in exchange.events[first : where.position]]
        marked = len(rows) - 1
    else:
        events = exchange.events[-ROWS_BEFORE - 1 :] if exchange.is_stream else []
        rows = [_head(exchange), *(wire_row(event) for event in events), wire_end(exchange)]
    return (Evidence(run.file_of(exchange), exchange.name, printable(exchange.curl), tuple(rows), marked),)


def wire_row(event: Event) -> str:
    """An event as it came, on one line: number, time and what may be shown of its bytes."""
    text = event.block.raw.decode("utf-8", "replace")
    return f"#{event.seq} {event.t:.3f} s  {_short(text)}"


def _head(exchange: Exchange) -> str:
    if exchange.status is None:
        return "no answer"
    body = "" if exchange.is_stream else _short(exchange.content.decode("utf-8", "replace"))
    media = _short(exchange.header("content-type") or "")
    return f"#{exchange.answered} {exchange.answered_t:.3f} s  HTTP {exchange.status} {media} {body}"


def wire_end(exchange: Exchange) -> str:
    """How an exchange ended, on one line."""
    when = f"#{exchange.ended} {exchange.ended_t:.3f} s" if exchange.ended is not None else ""
    return f"{when}  {exchange.how} {_short(exchange.detail)}"


def _short(text: str, most: int = 400) -> str:
    return printable(text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)")


def printable(text: str) -> str:
    """The text with everything escaped that could act on a terminal or break a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
