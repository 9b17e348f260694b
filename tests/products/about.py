"""What is known about the run that an exchange is about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from conformance.authoring.rewriting import FaultContext
from conformance.evidence.exchange import Exchange
from conformance.protocol import MODES, run_in, starts_run, thread_in, wire_name


@dataclass(frozen=True)
class About:
    """What is known about the run of an exchange.

    `place` counts the readers of a run from 1, the client that started it included; 0 for a request that is not a
    stream.  `earlier` counts the runs that the thread had before.
    """

    request: dict[str, Any]
    thread: bool
    background: bool
    joined: bool
    late: bool
    place: int
    readers: int
    earlier: int
    after_failure: bool
    fails: bool

    @property
    def stream(self) -> bool:
        """Whether the exchange is a stream of the run."""
        return self.place > 0

    @property
    def form(self) -> Any:
        """The key `stream_mode` of the request."""
        return self.request.get("stream_mode")

    @cached_property
    def modes(self) -> list[str]:
        """The wire names of the requested modes, in the order of the request."""
        given = [self.form] if isinstance(self.form, str) else self.form if isinstance(self.form, list) else []
        return [wire_name(mode) for mode in given if isinstance(mode, str)]

    @property
    def sorted(self) -> bool:
        """Whether the modes are in the order of the specification's table."""
        order = [wire_name(mode) for mode in MODES]
        return self.modes == [mode for mode in order if mode in self.modes]

    @cached_property
    def program(self) -> str:
        """The input of the run, as text."""
        return json.dumps(self.request.get("input"))


_KNOWN: WeakKeyDictionary[Exchange, list[About | None]] = WeakKeyDictionary()


def about(context: FaultContext) -> About | None:
    """Return what is known about the run of an exchange; None if the exchange is about no run."""
    known = _KNOWN.get(context.exchange)
    if known is None:
        known = _KNOWN[context.exchange] = [_about(context)]
    return known[0]


def _about(context: FaultContext) -> About | None:
    started = _started(context)
    if started is None or not isinstance(started.request, dict):
        return None
    exchange, thread = context.exchange, thread_in(started.path)
    streams = sorted([one for one in context.readers if one is not exchange], key=lambda one: one.sent)
    before = [one for one in context.earlier if one.starts_run and one.sent < started.sent and thread is not None]
    earlier = [one for one in before if thread_in(one.path) == thread]
    is_stream = exchange.asks_for_stream
    return About(
        started.request,
        thread is not None,
        started.kind == "request",
        context.is_join,
        any(event.base != "metadata" and event.seq < exchange.sent for one in streams for event in one.events),
        1 + sum(one.sent < exchange.sent for one in streams) if is_stream else 0,
        len(streams) + is_stream,
        len(earlier),
        any(_fails(one) for one in earlier[-1:]),
        any(map(_fails, [exchange, started, *streams])),
    )


def _started(context: FaultContext) -> Exchange | None:
    """Return the request that started the run of an exchange: for a resource of a thread, its latest run."""
    exchange = context.exchange
    if starts_run(exchange.method, exchange.path):
        return exchange
    started = [one for one in context.earlier if one.accepted and one.starts_run]
    if (run := run_in(exchange.path)) is not None:
        return next((one for one in started if one.run_id == run), None)
    thread = thread_in(exchange.path)
    return next((one for one in reversed(started) if thread is not None and thread_in(one.path) == thread), None)


def _fails(exchange: Exchange) -> bool:
    return exchange.is_stream and any(event.base == "error" for event in exchange.events)
