"""Random streams that a prediction allows, and random damage to them, for the tests of the oracle."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from typing import Any

from conformance.oracle.compare import order_of
from conformance.oracle.identity import ID
from conformance.oracle.prediction import Prediction
from conformance.oracle.search import RecordedEvent


def allowed_order(prediction: Prediction, dice: random.Random) -> list[int]:
    """Return the numbers of the predicted events in a random order that keeps all predecessors first."""
    waiting = [set(before) for before in order_of(prediction)]
    rest, done = set(range(len(waiting))), list[int]()
    while rest:
        number = dice.choice(sorted(one for one in rest if waiting[one] <= set(done)))
        rest.remove(number)
        done.append(number)
    return done


def streamed(prediction: Prediction, numbers: Sequence[int], names: dict[str, str]) -> list[RecordedEvent]:
    """Return the events as a server would send them, each id replaced by another one; `names` holds these."""
    events = [prediction.events[number] for number in numbers]
    return [
        RecordedEvent(one.mode, tuple(renamed(one.namespace, names)), renamed(one.data, names), position)
        for position, one in enumerate(events, 1)
    ]


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Return a JSON value with each id replaced, in keys too."""
    if isinstance(value, str):
        return ID.sub(lambda found: found[0].replace(found[1], _name(found[1], names)), value)
    if isinstance(value, dict):
        return {renamed(key, names): renamed(item, names) for key, item in value.items()}
    return [renamed(item, names) for item in value] if isinstance(value, (list, tuple)) else value


def _name(id: str, names: dict[str, str]) -> str:
    return names.setdefault(id, str(uuid.UUID(int=random.Random(f"{len(names)} {id}").getrandbits(128))))
