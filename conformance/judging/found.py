"""What a session found on the server, whatever was judged: graphs, modes, forms of requests, paths; pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from conformance import catalogue
from conformance.authoring.capabilities import asked_for
from conformance.authoring.provided import shown_by
from conformance.authoring.views import SessionRecordings
from conformance.catalogue import Capability
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.judging.causes.answers import reason
from conformance.protocol import BUSY, MODES
from conformance.wire.strict_json import NotJson, parse_json

Exchanges = list[tuple[Recording, Exchange]]

GROUPS = {
    "modes": tuple(f"mode.{mode}" for mode in MODES),
    "forms": ("form.string", "form.list", "form.several", "flag.subgraphs", "flag.resumable"),
    "paths": (
        "stateless.stream", "join.run", "join.stream",
        "resource.state", "resource.history", "resource.run", "resource.runs",
    ),
}  # fmt: skip
"""The capabilities that requests ask for, as the summary groups them."""


def found(session: SessionRecordings, lacks: Collection[str]) -> dict[str, Any]:
    """Return what the recordings show, as `found` of report.json; `lacks` is what the target declares absent."""
    facts = session.facts
    every = [(recording, one) for recording in session.recordings.values() for one in recording.exchanges]
    tried = sorted({recording.graph for recording in session.recordings.values()})
    content: dict[str, Any] = {
        "wrong_address": facts.wrong_address,
        "contract": _contract(session),
        "graphs": _split(tried, facts.deployed),
    }
    shown = {one.id for pair in every for one in shown_by(*pair)}
    for group, ids in GROUPS.items():
        asked = {id for pair in every if pair[1].graph in facts.deployed for id in _asked(*pair)}
        content[group] = _split([id for id in ids if id in asked], shown)
    refusals = _refusals(every, facts.deployed, [*facts.lacking])
    content["refused"] = {id: reason(exchanges[0]) for id, exchanges in refusals.items()}
    content["declare"] = [name(id) for id, one in refusals.items() if _alike(one) and name(id) not in lacks]
    return content


def name(id: str) -> str:
    """Return what a target declares to lack a capability: the mode, or the capability's id."""
    return id.removeprefix("mode.")


def _split(names: Iterable[str], there: Collection[str]) -> dict[str, list[str]]:
    every = list(names)
    return {
        "served": [one for one in every if one in there],
        "missing": [one for one in every if one not in there],
    }


def _asked(recording: Recording, exchange: Exchange) -> Iterator[str]:
    return (one.id for one in asked_for(recording, exchange))


def _refusals(every: Exchanges, deployed: Collection[str], lacking: list[Capability]) -> dict[str, list[Exchange]]:
    """Return, by capability, the requests for it with deployed graphs, where the server refused all of them.

    A request that asks for several lacking ones counts only where no request asks for one of them alone.
    """
    ids = {one.id for one in lacking}.intersection(*[{id for group in GROUPS.values() for id in group}])
    requests: dict[str, list[tuple[int, Exchange]]] = {}
    for recording, exchange in every if ids else ():
        for id in ids.intersection(_asked(recording, exchange)) if exchange.graph in deployed else ():
            requests.setdefault(id, []).append((len(ids.intersection(_asked(recording, exchange))), exchange))
    order = [id for id in catalogue.capabilities() if all(map(_is_refused, (one for _, one in requests.get(id, ()))))]
    fewest = {id: min(count for count, _ in requests[id]) for id in order if id in requests}
    return {id: [one for count, one in requests[id] if count == few] for id, few in fewest.items()}


def _is_refused(exchange: Exchange) -> bool:
    return (exchange.status or 0) >= 400 and exchange.status not in BUSY


def _alike(exchanges: list[Exchange]) -> bool:
    """Return whether all were refused with the same words, apart from numbers and ids."""
    return len({re.sub(r"[0-9a-f-]*\d[0-9a-f-]*", "", reason(one)) for one in exchanges}) == 1


def _contract(session: SessionRecordings) -> int | None:
    """Return the version of the graphs' contract, which runs of `program` write into their state; None if unknown."""
    for recording in session.recordings.values() if "program" in session.facts.deployed else ():
        for exchange in recording.exchanges:
            for event in exchange.events if recording.graph == "program" and exchange.is_stream else ():
                version = contract_in(event.text) if event.name == "values" else None
                if version is not None:
                    return version
    return None


def contract_in(text: str) -> int | None:
    """Return the version of the contract that a state of `program` names, None if it names none."""
    try:
        state = parse_json(text)
    except NotJson:
        return None
    version = state.get("contract") if isinstance(state, dict) else None
    return version if type(version) is int else None
