"""Which capabilities an exchange asks for, and which of them it shows.

A check that looks through a capability at something else says nothing about a server that lacks it: the requirement
that governs the capability fails, and this check is inconclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
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
from conformance.wire.strict_json import NotJson

_OF_EVENTS = ("mode", "payload", "id", "event")
"""The groups of capabilities that a check relies on only if it reads the events."""

Shows = Callable[[Recording, Exchange], bool]


@memoized
def asked_for(recording: Recording, exchange: Exchange) -> frozenset[Capability]:
    """Return the capabilities that a valid exchange asks for and must show; none for a request that may be refused."""
    if not exchange.valid or exchange.status is None:
        return frozenset()
    found = _asked_of_stream(exchange) if exchange.kind == STREAM else _asked_of_others(exchange)
    if not exchange.accepted:
        return frozenset(found)
    return frozenset(one for one in found if not one.graphs or exchange.graph in one.graphs)


@memoized
def shown_by(recording: Recording, exchange: Exchange) -> frozenset[Capability]:
    """Return the capabilities that an exchange shows: the server has them."""
    if exchange.kind == JOIN:
        return frozenset(one for one in _of_joined_run(recording, exchange) if _shows(one, recording, exchange))
    return frozenset(one for one in asked_for(recording, exchange) if _shows(one, recording, exchange))


def lacking(exchanges: Iterable[tuple[Recording, Exchange]], deployed: Collection[str]) -> frozenset[Capability]:
    """Return the capabilities that exchanges with deployed graphs ask for and none shows."""
    every = list(exchanges)
    asked = (asked_for(*one) for one in every if one[1].graph in deployed)
    absent = frozenset[Capability]().union(*asked).difference(*(shown_by(*one) for one in every))
    ids = {one.id for one in absent}
    return frozenset(one for one in absent if not ids.intersection(one.needs))


def of_event(name: str) -> list[Capability]:
    """Return the capabilities that a check relies on if it reads the events of a mode, or the metadata events."""
    known = catalogue.capabilities()
    modes = [mode for mode in MODES if wire_name(mode) == wire_name(name)]
    ids = [f"{group}.{mode}" for mode in modes for group in ("mode", "payload", "id")] or [f"event.{name}"]
    return [known[id] for id in ids if id in known]


def of_request(recording: Recording, exchange: Exchange) -> list[Capability]:
    """Return the capabilities that a check relies on if it looks at an exchange: all of them if it was refused."""
    asked = asked_for(recording, exchange)
    return [one for one in asked if not exchange.accepted or one.id.partition(".")[0] not in _OF_EVENTS]


def _asked_of_stream(exchange: Exchange) -> Iterator[Capability]:
    known = catalogue.capabilities()
    body = exchange.request if isinstance(exchange.request, dict) else {}
    given = body.get("stream_mode")
    yield known["event.metadata"]
    for mode in _modes(body):
        yield from of_event(mode)
    yield from (_together(known["form.several"], pair) for pair in combinations(_modes(body), 2))
    if isinstance(given, (str, list)):
        yield known["form.string" if isinstance(given, str) else "form.list"]
    yield from (known[f"flag.{flag}"] for flag in ("subgraphs", "resumable") if body.get(f"stream_{flag}") is True)
    if thread_in(exchange.path) is None:
        yield from (known["stateless.stream"], known["stateless.events"])


def _asked_of_others(exchange: Exchange) -> Iterator[Capability]:
    known = catalogue.capabilities()
    if exchange.kind == JOIN:
        yield from (known["join.stream"], known["join.events"])
    elif exchange.starts_run:
        yield known["join.run"]
    elif (resource := resource_of(exchange.path)) is not None:
        yield known[f"resource.{resource}"]


def _of_joined_run(recording: Recording, exchange: Exchange) -> Iterator[Capability]:
    """Yield what a join asks for, and what it can show of the modes that the joined run was started with."""
    yield from _asked_of_others(exchange)
    request = run_request(recording, exchange)
    for mode in _modes(request.request if request is not None else None):
        yield from of_event(mode)


def _modes(body: Any) -> list[str]:
    given = body.get("stream_mode") if isinstance(body, dict) else None
    return [mode for mode in MODES if mode in (given if isinstance(given, list) else [given])]


@cache
def _together(several: Capability, modes: tuple[str, str]) -> Capability:
    return replace(several, name=" and ".join(modes) + " together")


# --- whether an exchange shows a capability


def _shows(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    group, _, rest = capability.id.partition(".")
    if group in ("mode", "payload", "id"):
        named = (event for event in _events(exchange) if event.base == wire_name(rest))
        return any(group == "mode" or _has_form(capability, group, rest, event) for event in named)
    return _SHOWS[capability.id](recording, exchange)


def _events(exchange: Exchange) -> Any:
    return exchange.events if exchange.is_stream else ()


def _has_form(capability: Capability, group: str, mode: str, event: Any) -> bool:
    """Return whether the data of an event has the form that the mode defines."""
    try:
        value = event.value
    except NotJson:
        return False
    match mode, value:
        case "messages-tuple", [{"content": _, "id": str()}, dict()] if group == "id":
            return True
        case "messages-tuple", [{"content": _}, dict()] if group == "payload":
            return True
        case "values", dict():
            return True
        case "updates", dict():
            return len(value) == 1 and next(iter(value)) in capability.nodes
        case "debug", {"type": _, "step": _, "payload": dict()}:
            return True
        case "events", {"event": str(), "name": str(), "run_id": str(), "data": dict()}:
            return True
    return mode == "custom"


def _has_event_of_the_run(recording: Recording, exchange: Exchange) -> bool:
    request = run_request(recording, exchange)
    modes = requested_modes(request.request) if request is not None else set()
    return any(event.base in modes for event in _events(exchange))


def _is_stream(recording: Recording, exchange: Exchange) -> bool:
    return exchange.is_stream


def _names_its_run(recording: Recording, exchange: Exchange) -> bool:
    return exchange.is_stream and exchange.run_id is not None


def _has_namespace(recording: Recording, exchange: Exchange) -> bool:
    return any(event.namespace for event in _events(exchange))


def _created_run(recording: Recording, exchange: Exchange) -> bool:
    return exchange.accepted and exchange.run_id is not None


def _has_state(recording: Recording, exchange: Exchange) -> bool:
    value = _json(exchange)
    return isinstance(value, dict) and bool(value.get("values"))


def _has_history(recording: Recording, exchange: Exchange) -> bool:
    return bool(_json(exchange)) and isinstance(_json(exchange), list)


def _is_the_run(recording: Recording, exchange: Exchange) -> bool:
    value = _json(exchange)
    return isinstance(value, dict) and value.get("run_id") == exchange.run_id


def _lists_own_runs(recording: Recording, exchange: Exchange) -> bool:
    value, thread = _json(exchange), thread_in(exchange.path)
    runs = value if isinstance(value, list) else []
    return isinstance(value, list) and all(
        isinstance(run, dict) and run.get("thread_id", thread) == thread for run in runs
    )


def _json(exchange: Exchange) -> Any:
    try:
        return exchange.json if exchange.accepted else None
    except NotJson:
        return None


_SHOWS: dict[str, Shows] = {
    "event.metadata": _names_its_run,
    "form.string": _has_event_of_the_run,
    "form.list": _has_event_of_the_run,
    "form.several": _is_stream,
    "flag.subgraphs": _has_namespace,
    "flag.resumable": _is_stream,
    "stateless.stream": _is_stream,
    "stateless.events": _has_event_of_the_run,
    "join.run": _created_run,
    "join.stream": _is_stream,
    "join.events": _has_event_of_the_run,
    "resource.state": _has_state,
    "resource.history": _has_history,
    "resource.run": _is_the_run,
    "resource.runs": _lists_own_runs,
}
