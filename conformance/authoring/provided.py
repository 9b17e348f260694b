"""Which capabilities the exchanges of a session show, and which the server lacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from conformance.authoring.capabilities import asked_for, of_modes, unrequested
from conformance.catalogue import Capability
from conformance.evidence.exchange import JOIN, STREAM, Event, Events, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording, run_request
from conformance.protocol import MODES, requested_modes, resource_of, thread_in, wire_name
from conformance.wire.strict_json import NotJson

Shows = Callable[[Capability, Recording, Exchange], bool]


@memoized
def shown_by(recording: Recording, exchange: Exchange) -> frozenset[Capability]:
    """Return the capabilities that an exchange shows: the server has them."""
    request = run_request(recording, exchange) if exchange.kind == JOIN else None
    asked = [*asked_for(recording, exchange), *(of_modes(request.request) if request is not None else ())]
    return frozenset(one for one in asked if _SHOWS[one.id](one, recording, exchange))


def lacking(exchanges: Iterable[tuple[Recording, Exchange]], deployed: Collection[str]) -> frozenset[Capability]:
    """Return the capabilities that exchanges with deployed graphs ask for and none shows."""
    every = list(exchanges)
    asked = (asked_for(*one) for one in every if one[1].graph in deployed and not _shows_a_new_thread(*one))
    unshown = frozenset[Capability]().union(*asked).difference(*(shown_by(*one) for one in every))
    absent = unshown.difference(_perhaps_misnamed(unshown, every))
    ids = {one.id for one in absent}
    return frozenset(one for one in absent if not ids.intersection(one.needs))


def _perhaps_misnamed(unshown: Collection[Capability], exchanges: list[tuple[Recording, Exchange]]) -> set[Capability]:
    """Return the outputs of modes that no event has the name of, and that may have come under another name."""
    outputs = {one for one in unshown if one.id.partition(".")[0] == "output" and one.id.partition(".")[2] in MODES}
    if not outputs:
        return set()
    own = names_of_its_own(exchanges)
    return {one for one in outputs if any(names - own for names in _unknown_names_where_asked(one, exchanges))}


def _unknown_names_where_asked(output: Capability, exchanges: list[tuple[Recording, Exchange]]) -> list[set[str]]:
    """Return the unknown names in each stream on a thread that asks for a mode, and for no other one if possible."""
    streams = [one for recording, one in exchanges if one.kind == STREAM and output in asked_for(recording, one)]
    on_threads = [one for one in streams if thread_in(one.path) is not None]
    alone = [one for one in on_threads if len(requested_modes(one.request)) == 1]
    return [unknown_names(one) for one in alone or on_threads]


def unknown_names(exchange: Exchange) -> set[str]:
    """Return the names of events of which it is not known what they are."""
    return {event.base for event in _events(exchange)} - KNOWN_NAMES


@memoized
def _beside_all_modes(recording: Recording, exchange: Exchange) -> set[str]:
    """Return the unknown names in a stream in which every mode of its run has events of its name."""
    request = run_request(recording, exchange)
    modes = requested_modes(request.request) if request is not None else set()
    return unknown_names(exchange) if modes and modes <= {event.base for event in _events(exchange)} else set()


def names_of_its_own(exchanges: Iterable[tuple[Recording, Exchange]]) -> set[str]:
    """Return the unknown event names that a server sends beside the output of all modes: they are no misnamed mode."""
    return set[str]().union(*(_beside_all_modes(*one) for one in exchanges))


def _events(exchange: Exchange) -> Events:
    return exchange.events if exchange.is_stream else Events()


def _of_mode(capability: Capability, exchange: Exchange) -> Iterator[Event]:
    wire = wire_name(capability.id.partition(".")[2])
    return (event for event in _events(exchange) if event.base == wire)


KNOWN_NAMES = {wire_name(mode) for mode in MODES} | {"metadata", "error", "end", "heartbeat", "ping", "keep-alive"}
"""Event names of which it is known that they are, or are not, the output of a mode."""


def _has_output(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return any(_of_mode(capability, exchange))


def _has_requested_modes_only(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    """Return whether no event has the name of the mode, which nobody requested."""
    names = {name for name, one in unrequested(recording, exchange).items() if one == capability}
    return exchange.is_stream and not any(event.base in names for event in _events(exchange))


def _has_form(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return any(_is_well_formed(capability, _value(event)) for event in _of_mode(capability, exchange))


def _is_well_formed(capability: Capability, value: Any) -> bool:
    """Return whether the data of an event has the form that the mode defines."""
    match capability.id, value:
        case "payload.updates", dict():
            return len(value) == 1 and next(iter(value)) in capability.nodes
        case (
            ("payload.values", dict())
            | ("payload.messages-tuple", [{"content": str() | list()}, dict()])
            | ("id.messages-tuple", [{"content": str() | list(), "id": str()}, dict()])
            | ("payload.debug", {"type": _, "step": _, "payload": dict()})
            | ("payload.events", {"event": str(), "name": str(), "run_id": str(), "data": dict()})
        ):
            return True
    return False


def _has_event_of_the_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return bool(_bases_of_the_run(recording, exchange))


def _has_several_modes(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    """Return whether events of several modes arrived, or others whose modes their names do not tell."""
    bases = _bases_of_the_run(recording, exchange)
    unnamed = {event.base for event in _events(exchange)} - bases - {"metadata", "error", "end"}
    return len(bases) + len(unnamed) > 1 or bool(unnamed)


def _bases_of_the_run(recording: Recording, exchange: Exchange) -> set[str]:
    request = run_request(recording, exchange)
    modes = requested_modes(request.request) if request is not None else set()
    return {event.base for event in _events(exchange)} & modes


def _bases_before(recording: Recording, exchange: Exchange, moment: int) -> set[str]:
    """Return the modes of the run of which events had arrived at a moment."""
    return {event.base for event in exchange.events.before(moment)} & _bases_of_the_run(recording, exchange)


def _is_stream(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.is_stream


def _names_its_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.is_stream and exchange.run_id is not None


def _has_error(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return any(event.base == "error" for event in _events(exchange))


def _has_inner_output(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    """Return whether an event from inside a subgraph arrived, under whatever name."""
    levels = 2 if capability.id == "output.deeper" else 1
    return any(len(event.namespace) >= levels or _is_from(capability.nodes, event) for event in _events(exchange))


def _is_from(nodes: Collection[str], event: Event) -> bool:
    """Return whether an event of updates or debug names one of the nodes."""
    return event.base.startswith(("updates", "debug")) and any(f'"{node}"' in event.text for node in nodes)


def _value(event: Event) -> Any:
    try:
        return event.value
    except NotJson:
        return None


def _is_accepted(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.accepted


def _created_run(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    return exchange.accepted and exchange.run_id is not None


def _has_state(capability: Capability, recording: Recording, exchange: Exchange) -> bool:
    value = _json(exchange)
    return isinstance(value, dict) and bool(value.get("values"))


def _shows_a_new_thread(recording: Recording, exchange: Exchange) -> bool:
    """Return whether the answer is a state that may be empty, because no event of a run had arrived before."""
    value = _json(exchange) if resource_of(exchange.path) == "state" else None
    if not isinstance(value, dict) or "values" not in value or value["values"]:
        return False
    return not any(_bases_before(recording, one, exchange.sent) for one in recording.exchanges if one.is_stream)


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
    "event.error": _has_error,
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
    "stateless.form": _is_stream,
    "stateless.events": _has_event_of_the_run,
    "only.requested": _has_requested_modes_only,
    "thread.next-run": _is_accepted,
    "join.run": _created_run,
    "join.stream": _is_stream,
    "join.events": _has_event_of_the_run,
    "resource.state": _has_state,
    "resource.history": _has_history,
    "resource.run": _is_the_run,
    "resource.runs": _lists_own_runs,
}
