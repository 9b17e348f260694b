"""Products that are conforming variations: what they change is free, for a reason that stands in the specification.

A product counts as conforming only if nothing else of any exchange is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from conformance.authoring.registry import REGISTRY
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording, run_request
from conformance.protocol import MODES, wire_name
from conformance.wire.strict_json import NotJson

WRITING = "how JSON is written is free, and so is a list of tags without tags: all values are equal"
KNOWN = frozenset({"metadata", "error", *map(wire_name, MODES)})
"""The names of events that the specification defines."""

ADDED = "with stream_subgraphs, events of other names than those of the modes are allowed, specification 695"
OBSERVED = "only what is implementation-defined is changed: no check looks at it, an observation describes it"


def why_conforming(good: SessionRecordings, faulty: SessionRecordings, touched: Collection[str]) -> str | None:
    """Return why the changes of a product are free; None if they are not known to be."""
    pairs = [(good.recordings[name], faulty.recordings[name]) for name in touched]
    if all(one.scenario in _observed() for one, _ in pairs):
        return OBSERVED
    reasons = ((WRITING, _meaning), (ADDED, _without_other_events))
    return next((why for why, meaning in reasons if all(_same(meaning, *pair) for pair in pairs)), None)


def _observed() -> set[str]:
    """Return the scenarios that are performed for observations alone."""
    checks = [*REGISTRY.checks, *REGISTRY.disputed]
    judged = {scenario.name for check in checks for scenario in check.scenarios}
    return {one.name for watched in REGISTRY.observations.values() for one in watched.scenarios} - judged


def _same(meaning: Callable[[Recording, Exchange], Any], good: Recording, faulty: Recording) -> bool:
    """Return whether all exchanges of two recordings have the same frame and the same meaning."""
    if len(good.exchanges) != len(faulty.exchanges):
        return False
    changed = [(one, other) for one, other in zip(good.exchanges, faulty.exchanges, strict=True) if one is not other]
    return all(_frame(one) == _frame(other) and meaning(good, one) == meaning(faulty, other) for one, other in changed)


def _frame(exchange: Exchange) -> Any:
    return exchange.status, exchange.headers, exchange.ending, exchange.answered


def _meaning(recording: Recording, exchange: Exchange) -> Any:
    """Return what is sent, apart from how JSON is written; the bytes if that is not known."""
    if not exchange.is_stream:
        return exchange.content
    try:
        return [(event.name, event.seq, event.block.id, _value(event.value)) for event in exchange.events]
    except NotJson:
        return exchange.content


def _without_other_events(recording: Recording, exchange: Exchange) -> Any:
    """Return what is sent, without events of other names if the run was started with `stream_subgraphs`."""
    meaning, started = _meaning(recording, exchange), run_request(recording, exchange)
    flagged = started is not None and isinstance(started.request, dict) and started.request.get("stream_subgraphs")
    if not (flagged is True and isinstance(meaning, list)):
        return meaning
    return [one for one in meaning if one[0].partition("|")[0] in KNOWN]


def _value(value: Any) -> Any:
    """Return a value in which unlike values are unequal, without empty lists of tags."""
    if isinstance(value, dict):
        return {key: _value(part) for key, part in value.items() if (key, part) != ("tags", [])}
    if isinstance(value, list):
        return [_value(part) for part in value]
    return (type(value) is bool, value)
