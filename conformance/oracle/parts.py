"""A stream of several modes as one stream for each mode: a difference in one mode must not hide those in the others.

A part keeps the errors, which end every mode.  It has no events that a server may leave out or add: so such an event
does not hide what comes after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from conformance.evidence.memo import memoized
from conformance.oracle.prediction import PredictedEvent, Prediction
from conformance.oracle.search import RecordedEvent
from conformance.protocol import MODES

_NAMES = frozenset({*MODES, "messages"})
Some = TypeVar("Some", RecordedEvent, PredictedEvent)


def modes_of(events: Iterable[RecordedEvent | PredictedEvent]) -> list[str]:
    """Return the modes of events, in order of appearance; `error` is none."""
    return [mode for mode in dict.fromkeys(event.mode for event in events) if mode != "error"]


@memoized
def predicted_part(prediction: Prediction, mode: str) -> Prediction:
    """Return what a prediction says of one mode."""
    return replace(prediction, events=tuple(part(prediction.events, mode)))


def part(events: Iterable[Some], mode: str) -> list[Some]:
    """Return the events of one mode that every server must send, and the errors."""
    return [one for one in events if one.mode == "error" or (one.mode == mode and not is_free(mode, one.data))]


def is_free(mode: str, data: Any) -> bool:
    """Return whether the specification leaves it to the server to send an event with this data.

    These are the checkpoint before the first step, and the chunks of the whole graph in the mode `events`, unless they
    carry the output of another mode.
    """
    if not isinstance(data, dict):
        return False
    if mode == "debug":
        return data.get("type") == "checkpoint" and data.get("step") == -1
    chunk = mode == "events" and data.get("event") == "on_chain_stream" and data.get("parent_ids") == []
    return chunk and not carries_another_mode(data)


def carries_another_mode(record: Any) -> bool:
    """Return whether the data of the mode `events` holds output of another mode: a pair of its name and the data."""
    data = record.get("data") if isinstance(record, dict) else None
    chunk = data.get("chunk") if isinstance(data, dict) else None
    return isinstance(chunk, list) and any(isinstance(one, str) and one in _NAMES for one in chunk[:2])
