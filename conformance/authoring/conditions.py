"""Conditions that select the exchanges that a fault touches: `where=is_join & of_graph("counter")`."""

from __future__ import annotations

from collections.abc import Callable

from conformance.authoring.rewriting import FaultContext
from conformance.protocol import wire_name


class Condition:
    """A predicate on an exchange; conditions are combined with `&`, `|` and `~`."""

    def __init__(self, holds: Callable[[FaultContext], object]) -> None:
        self._holds = holds

    def __call__(self, exchange: FaultContext) -> bool:
        return bool(self._holds(exchange))

    def __and__(self, other: Condition) -> Condition:
        return Condition(lambda exchange: self(exchange) and other(exchange))

    def __or__(self, other: Condition) -> Condition:
        return Condition(lambda exchange: self(exchange) or other(exchange))

    def __invert__(self) -> Condition:
        return Condition(lambda exchange: not self(exchange))


condition = Condition
"""Turns a function of an exchange into a condition; used as a decorator."""


@condition
def everywhere(exchange: FaultContext) -> bool:
    """Every exchange."""
    return True


@condition
def is_stream(exchange: FaultContext) -> bool:
    """Requests for an event stream, by POST or as a join."""
    return exchange.is_stream


@condition
def is_join(exchange: FaultContext) -> bool:
    """Joins of a run."""
    return exchange.is_join


@condition
def starts_stream(exchange: FaultContext) -> bool:
    """Requests that start a run and stream it."""
    return exchange.is_stream and not exchange.is_join


@condition
def is_stateless(exchange: FaultContext) -> bool:
    """Streams of runs without a thread."""
    return exchange.stateless


@condition
def with_subgraphs(exchange: FaultContext) -> bool:
    """Runs that were started with `stream_subgraphs`."""
    return exchange.subgraphs


def of_graph(*names: str) -> Condition:
    """Requests for one of these reference graphs."""
    return Condition(lambda exchange: exchange.graph in names)


def asks_for(*modes: str) -> Condition:
    """Runs that were started with all of these modes."""
    wanted = {wire_name(mode) for mode in modes}
    return Condition(lambda exchange: wanted <= exchange.modes)


def by_method(method: str) -> Condition:
    """Requests with this HTTP method."""
    return Condition(lambda exchange: exchange.method == method)


def at_path(ending: str) -> Condition:
    """Requests whose path has this ending."""
    return Condition(lambda exchange: exchange.path.endswith(ending))
