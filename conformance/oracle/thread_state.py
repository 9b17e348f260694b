"""Compares the state and the history of a thread with those of the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.oracle.compare import pins
from conformance.oracle.difference import ADDITIONAL_EVENT, MISSING_EVENT, Difference
from conformance.oracle.identity import Ids
from conformance.oracle.normal_form import differing_parts
from conformance.oracle.prediction import Prediction


def compare_state(answer: Any, prediction: Prediction, run: str | None, thread: str | None) -> Difference | None:
    """Return the first difference of the answer to GET /threads/{thread_id}/state after the run; None if they agree.

    The values, the next nodes and the step are compared.
    """
    ids = Ids(pins(prediction, run, thread))
    expected = {key: prediction.history[0][key] for key in ("values", "next", "step")}
    return _first("state", _checkpoint(answer), expected, ids, None)


def compare_history(
    answer: Any, prediction: Prediction, run: str | None, thread: str | None, *, limit: int
) -> Difference | None:
    """Return the first difference of the answer to POST /threads/{thread_id}/history after the run.

    Values, next nodes, steps, and which checkpoint is whose parent are compared, for at most `limit` checkpoints.
    """
    entries = answer if isinstance(answer, list) else []
    expected = prediction.history[:limit]
    ids = Ids(pins(prediction, run, thread))
    for position, (entry, due) in enumerate(zip(entries, expected, strict=False), 1):
        if found := _first("history", _checkpoint(entry), due, ids, position):
            return found
    return _surplus(entries, expected)


def _surplus(entries: Sequence[Any], expected: Sequence[Mapping[str, Any]]) -> Difference | None:
    """Return the difference of a history that is too long or too short."""
    if len(entries) > len(expected):
        position = len(expected) + 1
        return Difference("history", ADDITIONAL_EVENT, position, (), None, _checkpoint(entries[position - 1]))
    if len(entries) < len(expected):
        return Difference("history", MISSING_EVENT, None, (), expected[len(entries)], None)
    return None


def _checkpoint(answer: Any) -> dict[str, Any]:
    """Return what is compared of a state as the API returns it; a key that it lacks is absent."""
    fields = answer if isinstance(answer, dict) else {}
    found = {key: fields[key] for key in ("values", "next") if key in fields}
    if isinstance(fields.get("metadata"), dict) and "step" in fields["metadata"]:
        found["step"] = fields["metadata"]["step"]
    return found | {"checkpoint_id": _id(fields, "checkpoint"), "parent_id": _id(fields, "parent_checkpoint")}


def _id(fields: Mapping[str, Any], key: str) -> Any:
    """Return the id of a checkpoint, which stands in an object or beside it."""
    inside = fields.get(key)
    return inside.get("checkpoint_id") if isinstance(inside, dict) else fields.get(f"{key}_id")


def _first(
    what: str, actual: Mapping[str, Any], expected: Mapping[str, Any], ids: Ids, position: int | None
) -> Difference | None:
    part = next(differing_parts(what, dict(actual), dict(expected), ids), None)
    return part and Difference(what, part.kind, position, part.path, part.expected, part.actual)
