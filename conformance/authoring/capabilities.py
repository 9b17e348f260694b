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
from conformance.evidence.exchange import JOIN, STREAM, Event, Events, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording, run_request
from conformance.protocol import MODES, requested_modes, resource_of, thread_in, wire_name
from conformance.wire.strict_json import NotJson

_OF_EVENTS = ("output", "payload", "id", "event")
"""The groups of capabilities that a check relies on only if it reads events."""

Shows = Callable[[Capability, Recording, Exchange], bool]


@memoized
def asked_for(recording: Recording, exchange: Exchange) -> frozenset[Capability]:
    """Return the capabilities that a valid exchange asks for and must show; none for a request that may be refused.

    A refused exchange shows no events, so it asks for those capabilities alone that a request names.
    """
    if not exchange.valid or exchange.status is None:
        return frozenset()
    found = _of_run_request(exchange) if exchange.starts_run else _of_other_request(exchange)
    if not exchange.accepted:
        return frozenset(one for one in found if _is_of_request(one))
    return frozenset(one for one in found if not one.graphs or exchange.graph in one.graphs)


@memoized
def shown_by(recording: Recording, exchange: Exchange) -> frozenset[Capability]:
    """Return the capabilities that an exchange shows: the server has them."""
    request = run_request(recording, exchange) if exchange.kind == JOIN else None
    asked = [*asked_for(recording, exchange), *(_of_modes(request.request) if request is not None else ())]
    return frozenset(one for one in asked if _SHOWS[one.id](one, recording, exchange))


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
    ids = [f"{group}.{mode}" for mode in modes for group in ("mode", *_OF_EVENTS)] or [f"event.{name}"]
    return [known[id] for id in ids if id in known]


def of_request(recording: Recording, exchange: Exchange) -> list[Capability]:
    """Return the capabilities that a check relies on if it looks at an exchange at all, in the catalogue's order."""
    order = list(catalogue.capabilities())
    asked = sorted(asked_for(recording, exchange), key=lambda one: (order.index(one.id), one.name))
    return [one for one in asked if not exchange.accepted or not _is_of_mode(one)]


def _of_run_request(exchange: Exchange) -> Iterator[Capability]:
    known = catalogue.capabilities()
    body = exchange.request if isinstance(exchange.request, dict) else {}
    yield from _of_form(body)
    if exchange.kind != STREAM:
        yield known["join.run"]
    elif thread_in(exchange.path) is None:
        yield from (known["stateless.stream"], known["stateless.events"])
        for mode in _modes(body):
            yield _named(known["stateless.mode"], f"the mode {mode} in runs without a thread")
    if exchange.kind == STREAM:
        yield known["event.metadata"]
        yield from _of_modes(body)
        yield from _of_subgraphs(body)


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


def _of_modes(body: Any) -> Iterator[Capability]:
    """Yield what the requested modes must show in a stream."""
    for mode in _modes(body):
        yield from of_event(mode)


def _of_subgraphs(body: dict[str, Any]) -> Iterator[Capability]:
    known = catalogue.capabilities()
    if body.get("stream_subgraphs") is True:
        yield from (known["output.subgraphs"], known["output.deeper"])


def _of_other_request(exchange: Exchange) -> Iterator[Capability]:
    known = catalogue.capabilities()
    if exchange.kind == JOIN:
        yield from (known["join.stream"], known["join.events"])
    elif (resource := resource_of(exchange.path)) is not None:
        yield known[f"resource.{resource}"]


def _is_of_mode(capability: Capability) -> bool:
    """Return whether a check relies on the capability only if it reads the events of a mode."""
    group, _, rest = capability.id.partition(".")
    return group in ("mode", "payload", "id", "event") or (group == "output" and rest in MODES)


def _is_of_request(capability: Capability) -> bool:
    return capability.id.partition(".")[0] not in _OF_EVENTS and capability.id != "stateless.events"


def _modes(body: Any) -> list[str]:
    given = body.get("stream_mode") if isinstance(body, dict) else None
    return [mode for mode in MODES if mode in (given if isinstance(given, list) else [given])]


@cache
def _named(capability: Capability, name: str) -> Capability:
    """Return a capability for one of the values that it stands for."""
    return replace(capability, name=name)


# --- whether an exchange shows a capability


def _events(exchange: Exchange) -> Events:
    return exchange.events if exchange.is_stream else Events()


def _of_mode(capability: Capability, exchange: Exchange) -> Iterator[Event]:
    wire = wire_name(capability.id.partition(".")[2])
    return (event for event in _events(exchange) if event.base == wire)


def _has_output(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return any(_of_mode(capability, exchange))


def _has_form(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return any(_is_well_formed(capability, _value(event)) for event in _of_mode(capability, exchange))


def _is_well_formed(capability: Capability, value: Any) -> bool:
    """Return whether the data of an event has the form that the mode defines."""
    match capability.id, value:
        case "payload.updates", dict():
            return len(value) == 1 and next(iter(value)) in capability.nodes
        case (
            ("payload.values", dict())
            | ("payload.messages-tuple", [{"content": _}, dict()])
            | ("id.messages-tuple", [{"content": _, "id": str()}, dict()])
            | ("payload.debug", {"type": _, "step": _, "payload": dict()})
            | ("payload.events", {"event": str(), "name": str(), "run_id": str(), "data": dict()})
        ):
            return True
    return False


def _has_event_of_the_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return bool(_bases_of_the_run(recording, exchange))


def _has_several_modes(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return len(_bases_of_the_run(recording, exchange)) > 1


def _bases_of_the_run(recording: Recording, exchange: Exchange) -> set[str]:
    request = run_request(recording, exchange)
    modes = requested_modes(request.request) if request is not None else set()
    return {event.base for event in _events(exchange)} & modes


def _is_stream(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.is_stream


def _names_its_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.is_stream and exchange.run_id is not None


def _has_inner_output(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    levels = 2 if capability.id == "output.deeper" else 1
    return any(
        len(event.namespace) >= levels or (event.base == "updates" and _names_one_of(capability.nodes, event))
        for event in _events(exchange)
    )


def _names_one_of(nodes: Collection[str], event: Event) -> bool:
    value = _value(event)
    return isinstance(value, dict) and not set(nodes).isdisjoint(value)


def _value(event: Event) -> Any:
    try:
        return event.value
    except NotJson:
        return None


def _created_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.accepted and exchange.run_id is not None


def _has_state(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    value = _json(exchange)
    return isinstance(value, dict) and bool(value.get("values"))


def _has_history(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return bool(_json(exchange)) and isinstance(_json(exchange), list)


def _is_the_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    value = _json(exchange)
    return isinstance(value, dict) and value.get("run_id") == exchange.run_id


def _lists_own_runs(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    value, thread = _json(exchange), thread_in(exchange.path)
    runs = value if isinstance(value, list) else [None]
    return all(isinstance(run, dict) and run.get("thread_id", thread) == thread for run in runs)


def _json(exchange: Exchange) -> Any:
    try:
        return exchange.json if exchange.accepted else None
    except NotJson:
        return None


_SHOWS: dict[str, Shows] = {
    **{f"mode.{mode}": _is_stream for mode in MODES},
    **{f"output.{mode}": _has_output for mode in MODES},
    **{f"payload.{mode}": _has_form for mode in MODES},
    "id.messages-tuple": _has_form,
    "event.metadata": _names_its_run,
    "form.string": _is_stream,
    "form.list": _is_stream,
    "form.several": _is_stream,
    "form.pair": _is_stream,
    "output.several": _has_several_modes,
    "flag.resumable": _is_stream,
    "flag.subgraphs": _is_stream,
    "output.subgraphs": _has_inner_output,
    "output.deeper": _has_inner_output,
    "stateless.stream": _is_stream,
    "stateless.mode": _is_stream,
    "stateless.events": _has_event_of_the_run,
    "join.run": _created_run,
    "join.stream": _is_stream,
    "join.events": _has_event_of_the_run,
    "resource.state": _has_state,
    "resource.history": _has_history,
    "resource.run": _is_the_run,
    "resource.runs": _lists_own_runs,
}
