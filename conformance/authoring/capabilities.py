"""Which capabilities an exchange asks for; `provided.py` tells which of them it shows.

A check that looks through a capability at something else says nothing about a server that lacks it: the requirement
that governs the capability fails, and this check is inconclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

from conformance import catalogue
from conformance.catalogue import Capability
from conformance.evidence.exchange import JOIN, STREAM, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording, run_request
from conformance.protocol import MODES, requested_modes, resource_of, thread_in, wire_name

_OF_EVENTS = ("output", "payload", "id", "event", "only")
"""The groups of capabilities that a check relies on only if it reads events."""


@memoized
def asked_for(recording: Recording, exchange: Exchange) -> frozenset[Capability]:
    """Return the capabilities that a valid exchange asks for and must show; none for a request that may be refused.

    A refused exchange shows no events, so it asks for those capabilities alone that a request names.
    """
    if not exchange.valid or exchange.status is None:
        return frozenset()
    found = _of_run_request(recording, exchange) if exchange.starts_run else _of_other_request(recording, exchange)
    if not exchange.accepted:
        return frozenset(one for one in found if _is_of_request(one))
    return frozenset(one for one in found if not one.graphs or exchange.graph in one.graphs)


def of_event(name: str) -> list[Capability]:
    """Return the capabilities that a check relies on if it reads the events of a mode, or the metadata events."""
    known = catalogue.capabilities()
    modes = [mode for mode in MODES if wire_name(mode) == wire_name(name)]
    ids = [f"{group}.{mode}" for mode in modes for group in ("mode", *_OF_EVENTS)] or [f"event.{name}"]
    return [known[id] for id in ids if id in known]


@memoized
def of_request(recording: Recording, exchange: Exchange) -> tuple[Capability, ...]:
    """Return the capabilities that a check relies on if it looks at an exchange at all, in the catalogue's order.

    A request without a thread, or for a run in the background, also relies on what only a stream on a thread can show.
    """
    order = list(catalogue.capabilities())
    relied = set(asked_for(recording, exchange))
    if exchange.starts_run and exchange.valid and not exchange.accepted and exchange.status is not None:
        relied.update(_of_form(_body(exchange)))
    found = sorted(relied, key=lambda one: (order.index(one.id), one.name))
    return tuple(one for one in found if not exchange.accepted or not _is_of_mode(one))


def unrequested(recording: Recording, exchange: Exchange) -> dict[str, Capability]:
    """Return, by event name, the capabilities that a stream relies on for the modes that its run did not ask for."""
    request = run_request(recording, exchange) if exchange.asks_for_stream else None
    if request is None or not exchange.valid:
        return {}
    known = catalogue.capabilities()["only.requested"]
    names = [name for name in map(wire_name, MODES) if name not in requested_modes(request.request)]
    return {name: _named(known, f"streams without `{name}` events that nobody requested") for name in names}


def _of_run_request(recording: Recording, exchange: Exchange) -> Iterator[Capability]:
    known = catalogue.capabilities()
    body = _body(exchange)
    if _follows_a_run(recording, exchange):
        yield known["thread.next-run"]
    if exchange.kind != STREAM:
        yield known["join.run"]
        return
    if thread_in(exchange.path) is None:
        yield from (known["stateless.stream"], known["stateless.events"])
        yield from (_stateless(one) if _is_of_request(one) else one for one in _of_form(body))
    else:
        yield from _of_form(body)
        yield from unrequested(recording, exchange).values()
    yield from (known["event.metadata"], known["event.error"])
    yield from of_modes(body)
    yield from _of_subgraphs(body)


def _stateless(capability: Capability) -> Capability:
    """Return the capability for a part of a request, in runs without a thread."""
    id = "stateless.mode" if capability.id.startswith("mode.") else "stateless.form"
    return _named(catalogue.capabilities()[id], f"{capability.name} in runs without a thread")


def _follows_a_run(recording: Recording, exchange: Exchange) -> bool:
    """Return whether the thread of a request has had a run, which is over as far as its stream shows."""
    thread = thread_in(exchange.path)
    runs = (one for one in recording.exchanges if one.starts_run and one.accepted and one.sent < exchange.sent)
    return thread is not None and any(
        thread_in(one.path) == thread and (one.kind != STREAM or (one.ended or exchange.sent) < exchange.sent)
        for one in runs
    )


def _body(exchange: Exchange) -> dict[str, Any]:
    return exchange.request if isinstance(exchange.request, dict) else {}


def _of_form(body: dict[str, Any]) -> Iterator[Capability]:
    """Yield what the fields of a run request ask for."""
    known = catalogue.capabilities()
    given = body.get("stream_mode")
    yield from (known[f"mode.{mode}"] for mode in _modes(body))
    yield from (known[f"flag.{flag}"] for flag in ("subgraphs", "resumable") if body.get(f"stream_{flag}") is True)
    if isinstance(given, (str, list)):
        yield known["form.string" if isinstance(given, str) else "form.list"]
    if isinstance(given, list) and len(given) > 1:
        yield known["form.several"]
        yield from (
            _named(known["form.pair"], " and ".join(pair) + " together") for pair in combinations(_modes(body), 2)
        )
        yield from [known["output.several"]] if len(_modes(body)) > 1 else []


def of_modes(body: Any) -> Iterator[Capability]:
    """Yield what the requested modes must show in a stream."""
    for mode in _modes(body):
        yield from of_event(mode)


def _of_subgraphs(body: dict[str, Any]) -> Iterator[Capability]:
    known = catalogue.capabilities()
    if body.get("stream_subgraphs") is True:
        yield from (known["output.subgraphs"], known["output.deeper"])


def _of_other_request(recording: Recording, exchange: Exchange) -> Iterator[Capability]:
    known = catalogue.capabilities()
    if exchange.kind == JOIN:
        yield from (known["join.stream"], known["join.events"])
    elif (resource := resource_of(exchange.path)) is not None:
        yield known[f"resource.{resource}"]
        if resource in ("state", "history") and not _follows_a_failure(recording, exchange):
            yield _named(known[f"resource.{resource}"], f"the {resource} of threads of the graph {exchange.graph}")


def _follows_a_failure(recording: Recording, exchange: Exchange) -> bool:
    """Return whether a run of the thread failed before: what is left then is what a requirement of its own is about."""
    thread = thread_in(exchange.path)
    streams = (one for one in recording.streams() if one.is_stream and one.sent < exchange.sent)
    return any(event.base == "error" for one in streams if thread_in(one.path) == thread for event in one.events)


def _is_of_mode(capability: Capability) -> bool:
    """Return whether a check relies on the capability only if it reads the events of a mode."""
    group, _, rest = capability.id.partition(".")
    return group in ("mode", "payload", "id", "event", "only") or (group == "output" and rest in MODES)


def _is_of_request(capability: Capability) -> bool:
    return capability.id.partition(".")[0] not in _OF_EVENTS and capability.id != "stateless.events"


def _modes(body: Any) -> list[str]:
    given = body.get("stream_mode") if isinstance(body, dict) else None
    return [mode for mode in MODES if mode in (given if isinstance(given, list) else [given])]


@cache
def _named(capability: Capability, name: str) -> Capability:
    """Return a capability for one of the values that it stands for."""
    return replace(capability, name=name)
