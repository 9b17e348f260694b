"""Reading what a server sent, which may not be an object or a message, or may not name a run.

It knows the few shapes that several areas read; what must be there is said by their checks.
"""

from __future__ import annotations

from typing import Any

from conformance.authoring.expectations import inconclusive
from conformance.authoring.views import ExchangeView


def member(value: Any, *keys: str) -> Any:
    """Return what is under a path of keys; None if the path leads through something that is not an object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_of(content: Any) -> str:
    """Return the text of a message's content, which is a string or a list of blocks; empty if there is none."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "".join(str(member(block, "text") or "") for block in blocks if member(block, "type") == "text")


def run_id_of(stream: ExchangeView) -> str:
    """Return the run's id from the metadata event; inconclusive if no such event names it."""
    for event in stream["metadata"]:
        found = member(event.value, "run_id")
        if isinstance(found, str) and found:
            return found
    inconclusive(f"no metadata event of `{stream.name}` names the run's id")


def showing_a_run(stream: ExchangeView) -> ExchangeView:
    """Return the stream if it carried a metadata event and an event of a requested mode; inconclusive if not."""
    bases = {event.base for event in stream.events}
    if "metadata" not in bases or not bases & stream.requested:
        inconclusive(f"`{stream.name}` did not carry a metadata event and an event of a requested mode")
    return stream
