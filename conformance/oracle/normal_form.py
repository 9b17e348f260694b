"""The normal form of an event: in what a recorded JSON value may differ from a predicted one.

- Keys that only the recorded value has are allowed, except where a graph's own output stands, and except tags of a
  model call that has none.  If metadata names a run or a thread, it is this one.
- Keys that the prediction has must be there with equal values; tags are compared as sets.
- Ids are paired, as `identity.Ids` does.
- Timestamps of the library or the server may be any timestamp.  What a graph wrote is equal by value.
- A message outside `messages` may have no id yet.
- What only describes the model's package (`ls_…`, versions) may be anything.
- A node without an update has null or an empty object in `updates`.
- The message of an error contains the predicted one; the word for its kind is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from conformance.oracle.identity import ID, RUN, THREAD, Ids, holds_id, without_ids

VALUE, MISSING_KEY, ADDITIONAL_KEY, IDENTITY = "value", "missing key", "additional key", "identity"

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
TIMES = frozenset({"timestamp", "created_at"})
"""Keys under which the library or the server writes a timestamp."""

FREE = re.compile(r"ls_\w+|lc_versions|versions|langgraph_version")
"""Keys of metadata that describe packages."""

Path = tuple[str | int, ...]

_WRITTEN_BY_GRAPH: dict[str, tuple[Path, ...]] = {
    "values": ((),),
    "updates": ((),),
    "custom": ((),),
    "debug": (("payload", "values"), ("payload", "input"), ("payload", "result")),
    "events": (("data", "input"), ("data", "output"), ("data", "chunk")),
    "state": (("values",),),
    "history": (("values",),),
}
"""Where nothing but a graph's own output stands, so that an additional key is wrong."""


_METADATA: dict[str, Path] = {"messages": (1,), "events": ("metadata",)}
"""Where servers say of which run an event is."""


class Part(NamedTuple):
    """A part of a recorded value that is not as predicted."""

    path: Path
    kind: str
    actual: Any
    expected: Any


def differing_parts(mode: str, actual: Any, expected: Any, ids: Ids) -> Iterator[Part]:
    """Yield every part in which an event's data is not as predicted; pair the ids on the way."""
    if mode == "error":
        return _parts_of_error(actual, expected)
    return _parts(actual, expected, (), ids, mode, False)


def _parts_of_error(actual: Any, expected: Any) -> Iterator[Part]:
    message = actual.get("message") if isinstance(actual, dict) else None
    if not isinstance(message, str) or expected["message"] not in message:
        yield Part(("message",), VALUE, message, expected["message"])


def differing_namespace(actual: tuple[str, ...], expected: tuple[str, ...], ids: Ids) -> bool:
    """Return whether two namespaces differ in more than ids; pair the ids on the way."""
    return len(actual) != len(expected) or any(
        not _same_text(one, other, ids) for one, other in zip(actual, expected, strict=True)
    )


def _parts(actual: Any, expected: Any, path: Path, ids: Ids, mode: str, exact: bool) -> Iterator[Part]:
    if mode == "updates" and len(path) == 1 and _no_update(actual) and _no_update(expected):
        return
    exact = exact or path in _WRITTEN_BY_GRAPH.get(mode, ())
    if isinstance(expected, dict | list) and _identical(actual, expected):
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _parts_of_object(actual, expected, path, ids, mode, exact)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _parts_of_list(actual, expected, path, ids, mode, exact)
    elif isinstance(expected, str) and isinstance(actual, str):
        if not (_same_text(actual, expected, ids) or (not exact and _both_times(actual, expected, path))):
            same = without_ids(actual) == without_ids(expected)
            yield Part(path, IDENTITY if same else VALUE, actual, expected)
    elif actual != expected or isinstance(actual, bool) != isinstance(expected, bool):
        yield Part(path, VALUE, actual, expected)


def _identical(actual: Any, expected: Any) -> bool:
    """Return whether two values are equal in every respect and hold no id to pair; quick, because most are."""
    if actual != expected:
        return False
    text = repr(expected)  # which tells true from 1
    return not holds_id(text) and repr(actual) == text


def _parts_of_object(
    actual: dict[str, Any], expected: dict[str, Any], path: Path, ids: Ids, mode: str, exact: bool
) -> Iterator[Part]:
    message = "content" in expected and "type" in expected  # to which a newer library may add fields
    names = {key: key if key in actual else _same_key(key, actual, ids) for key in expected}
    for key, name in names.items():
        if (not exact and _is_free(key)) or (key == "id" and message and _may_be_missing(actual, expected, mode)):
            continue
        if name is None:
            yield Part((*path, key), MISSING_KEY, None, expected[key])
        elif not (key == "id" and message and _same_id(actual[name], expected[key], ids)):
            yield from _parts(actual[name], expected[key], (*path, key), ids, mode, exact)
    if not exact and path == _METADATA.get(mode):
        yield from _parts_of_additions(actual, expected, path, ids)
    if exact and not message:
        for key in actual.keys() - set(names.values()):
            yield Part((*path, key), ADDITIONAL_KEY, actual[key], None)


def _may_be_missing(actual: dict[str, Any], expected: dict[str, Any], mode: str) -> bool:
    """Return whether the id of a message does not matter: a message of an input gets its id when it is stored."""
    return expected["id"] is None or (mode != "messages" and actual.get("id") is None)


@cache
def _is_free(key: str) -> bool:
    return FREE.fullmatch(key) is not None


def _parts_of_additions(actual: dict[str, Any], expected: dict[str, Any], path: Path, ids: Ids) -> Iterator[Part]:
    """Yield what is wrong in keys of metadata that only the recorded value has."""
    if "tags" not in expected and "tags" in actual and path == _METADATA["messages"] and actual["tags"]:
        yield Part((*path, "tags"), ADDITIONAL_KEY, actual["tags"], None)
    for key, own in (("run_id", RUN), ("thread_id", THREAD)):
        named = actual.get(key)
        if key not in expected and isinstance(named, str) and not ids.bind(named, own):
            yield Part((*path, key), IDENTITY, named, own)


def _parts_of_list(
    actual: list[Any], expected: list[Any], path: Path, ids: Ids, mode: str, exact: bool
) -> Iterator[Part]:
    if not exact and path[-1:] == ("tags",):
        actual, expected = sorted(actual, key=str), sorted(expected, key=str)
    if len(actual) != len(expected):
        yield Part(path, VALUE, actual, expected)
        return
    for number, (one, other) in enumerate(zip(actual, expected, strict=True)):
        yield from _parts(one, other, (*path, number), ids, mode, exact)


def _same_text(actual: str, expected: str, ids: Ids) -> bool:
    """Return whether two texts are equal but for ids, and pair these."""
    if not holds_id(expected):
        return actual == expected
    parts, others = ID.split(actual), ID.split(expected)  # texts and ids in turn
    if parts[::2] != others[::2]:
        return False
    return all(map(ids.bind, parts[1::2], others[1::2]))


def _same_id(actual: Any, expected: Any, ids: Ids) -> bool:
    """Return whether the ids of two messages can be the same, in whatever form they are written, and pair them.

    Releases write ids differently, and some write those of a message that was streamed in another form.
    """
    if not (isinstance(actual, str) and isinstance(expected, str) and actual and holds_id(expected)):
        return False
    extent = ids.extent
    if _same_text(actual, expected, ids):
        return True
    ids.undo(extent)
    same_form = bool(ID.fullmatch(actual) and ID.fullmatch(expected))
    return not same_form and ids.bind(actual, expected)


def _same_key(expected: str, actual: dict[str, Any], ids: Ids) -> str | None:
    """Return the key that is the expected one but for its ids, as in a map of checkpoints by namespace."""
    for key in actual if holds_id(expected) else ():
        extent = ids.extent
        if _same_text(key, expected, ids):
            return key
        ids.undo(extent)
    return None


def _no_update(value: Any) -> bool:
    """Return whether a node's part of an `updates` event says that the node returned no update."""
    return value is None or value == {}


def _both_times(actual: str, expected: str, path: Path) -> bool:
    return path[-1:] != () and path[-1] in TIMES and bool(TIMESTAMP.fullmatch(actual) and TIMESTAMP.fullmatch(expected))
