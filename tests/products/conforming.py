"""Products that are conforming variations: what they change is free, for a reason that stands in the specification.

A product counts as conforming only if nothing else of any exchange is changed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from conformance.authoring.registry import REGISTRY
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Exchange
from conformance.wire.strict_json import NotJson

WRITING = "how JSON is written is free, and so is a list of tags without tags: all values are equal"
OBSERVED = "only what is implementation-defined is changed: no check looks at it, an observation describes it"


def why_conforming(good: SessionRecordings, faulty: SessionRecordings, touched: Collection[str]) -> str | None:
    """Return why the changes of a product are free; None if they are not known to be."""
    if all(good.recordings[name].scenario in _observed() for name in touched):
        return OBSERVED
    pairs = [(good.recordings[name].exchanges, faulty.recordings[name].exchanges) for name in touched]
    same = all(len(one) == len(other) and all(map(_mean_the_same, one, other)) for one, other in pairs)
    return WRITING if same else None


def _observed() -> set[str]:
    """Return the scenarios that are performed for observations alone."""
    checks = [*REGISTRY.checks, *REGISTRY.disputed]
    judged = {scenario.name for check in checks for scenario in check.scenarios}
    return {one.name for watched in REGISTRY.observations.values() for one in watched.scenarios} - judged


def _mean_the_same(one: Exchange, other: Exchange) -> bool:
    return one is other or (_frame(one) == _frame(other) and _meaning(one) == _meaning(other))


def _frame(exchange: Exchange) -> Any:
    return exchange.status, exchange.headers, exchange.ending, exchange.answered


def _meaning(exchange: Exchange) -> Any:
    """Return what is sent, apart from how JSON is written; the bytes if that is not known."""
    if not exchange.is_stream:
        return exchange.content
    try:
        return [(event.name, event.seq, event.block.id, _value(event.value)) for event in exchange.events]
    except NotJson:
        return exchange.content


def _value(value: Any) -> Any:
    """Return a value in which unlike values are unequal, without empty lists of tags."""
    if isinstance(value, dict):
        return {key: _value(part) for key, part in value.items() if (key, part) != ("tags", [])}
    if isinstance(value, list):
        return [_value(part) for part in value]
    return (type(value) is bool, value)
