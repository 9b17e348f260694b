"""A difference between what a server sent and what the library yields, in words, and which area it concerns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.oracle.normal_form import ADDITIONAL_KEY, IDENTITY, MISSING_KEY, VALUE, Path
from conformance.wire.text import cut_where_different

MISSING_EVENT, ADDITIONAL_EVENT, ORDER, NAMESPACE = "missing event", "additional event", "order", "namespace"
LOST, UNDECIDED = "lost", "undecided"
KINDS = (
    VALUE, MISSING_KEY, ADDITIONAL_KEY, IDENTITY, MISSING_EVENT, ADDITIONAL_EVENT, ORDER, NAMESPACE, LOST, UNDECIDED,
)  # fmt: skip
"""What can differ.  `lost` is an event that a joining reader must have received; `undecided` is no difference: the
search for an allowed order gave up."""

LONGEST_SHOWN = 160
"""How many characters of a value a message shows."""


@dataclass(frozen=True)
class Difference:
    """The first difference of a stream, a state or a history.

    `mode` is the wire name of the mode, `error`, `state` or `history`.  `position` is the number of the event in its
    stream, from 1, or of the entry in a history.  For a missing event it is the number of the event before which it is
    due, None at the end.  `path` leads to the part that differs, empty for the event as a whole.  `expected` and
    `actual` are that part.
    """

    mode: str
    kind: str
    position: int | None
    path: Path
    expected: Any
    actual: Any
    namespace: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The part that differs, for example `payload.result`."""
        return ".".join(map(str, self.path))

    @property
    def area(self) -> str | None:
        """The area of requirements whose sentences the difference concerns; None if no sentence covers it."""
        return area_of(self)

    @property
    def message(self) -> str:
        """The difference as a sentence: what was expected, what the server sent, and where."""
        part = f" at `{self.place}`" if self.path else ""
        expected, actual = cut_where_different(_json(self.expected), _json(self.actual), LONGEST_SHOWN)
        words = {"expected": expected, "actual": actual, "mode": self.mode}
        return f"{self._where}{part}: {_SENTENCES[self.kind].format(**words)}"

    @property
    def _where(self) -> str:
        if self.mode == "state":
            return "the state of the thread"
        if self.mode == "history":
            return f"entry {self.position} of the history" if self.position else "the end of the history"
        if self.kind in (MISSING_EVENT, LOST, UNDECIDED):
            return f"before event {self.position}" if self.position else "the stream"
        return f"event {self.position} (`{self.mode}`)"


def most_telling(differences: Sequence[Difference]) -> Difference:
    """Return the first of an event's differences that a sentence of the specification covers; the first if none is."""
    return next((one for one in differences if one.area is not None), differences[0])


_SENTENCES = {
    VALUE: "expected {expected}; the server sent {actual}",
    MISSING_KEY: "expected the key with {expected}; the server sent no such key",
    ADDITIONAL_KEY: "expected no such key in the output of the graph; the server sent {actual}",
    IDENTITY: "expected the same id wherever the run has the same one ({expected}); the server sent {actual}",
    MISSING_EVENT: "expected `{mode}` {expected}; the server did not send it",
    ADDITIONAL_EVENT: "expected no event here; the server sent {actual}",
    ORDER: "expected {expected} first; the server sent {actual} before it",
    NAMESPACE: "expected {expected}; the server sent {actual}",
    LOST: "expected `{mode}` {expected}, which comes after what the reader received; the server did not send it",
    UNDECIDED: "the order has too many possibilities to be decided",
}


def _json(value: Any) -> str:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, default=repr).encode("utf-8", "backslashreplace").decode()


def area_of(difference: Difference) -> str | None:
    """Return the area of requirements that a difference concerns; None if no sentence of the specification covers it.

    An order across namespaces, a namespace and what only subgraphs send concern `subgraphs`; everything else concerns
    the area of its mode.
    """
    if difference.kind == UNDECIDED or _uncovered(difference):
        return None
    if difference.kind == NAMESPACE or (difference.namespace and difference.kind in (MISSING_EVENT, ADDITIONAL_EVENT)):
        return "subgraphs"
    if difference.kind == LOST:
        return "join"
    return _AREAS.get(difference.mode, difference.mode)


_AREAS = {"error": "errors", "history": "state"}

_DEBUG_FIELDS = frozenset({"type", "step", "timestamp", "payload"})
_PAYLOAD_FIELDS = frozenset({"id", "name", "input", "triggers", "error", "result", "interrupts", "values", "next"})
_EVENT_FIELDS = frozenset({"event", "name", "run_id", "tags", "data", "parent_ids"})
_MESSAGE_FIELDS = frozenset({"content", "type", "id"})
_EMPTY_MESSAGE_FIELDS = frozenset(
    {"additional_kwargs", "response_metadata", "name", "id", "tool_calls", "invalid_tool_calls", "tool_call_chunks",
     "usage_metadata", "example", "chunk_position"}
)  # fmt: skip
"""Fields of a message that a server may leave out where they say nothing."""
_METADATA_FIELDS = frozenset({"langgraph_node", "langgraph_step", "langgraph_checkpoint_ns", "tags", "run_id"})


def _is_empty_field_of_a_message(difference: Difference) -> bool:
    """Return whether the server left out a field that says nothing, or gave an id to a message that has none."""
    name, expected = difference.path[-1], difference.expected
    left_out = difference.kind == MISSING_KEY and name in _EMPTY_MESSAGE_FIELDS and not expected
    return left_out or (difference.kind == VALUE and name == "id" and expected is None)


def _uncovered(difference: Difference) -> bool:
    """Return whether only the library knows the part that differs: fields that the specification does not name."""
    path = difference.path
    if not path or difference.kind == NAMESPACE:
        return False
    if _is_empty_field_of_a_message(difference):
        return True
    match difference.mode:
        case "debug":
            inner = path[0] == "payload" and len(path) > 1 and path[1] not in _PAYLOAD_FIELDS
            return path[0] not in _DEBUG_FIELDS or inner
        case "events":
            return path[0] not in _EVENT_FIELDS and path not in (("metadata",), ("metadata", "langgraph_node"))
        case "messages" if len(path) > 1:
            return path[1] not in (_MESSAGE_FIELDS if path[0] == 0 else _METADATA_FIELDS)
    return False
