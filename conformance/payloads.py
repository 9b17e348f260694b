"""How to read what a server sent, which may be no object, no message, or tell no run.

It knows the few shapes that several areas look into; what must be there is said by their checks.
"""

from __future__ import annotations

from typing import Any

from .expect import cannot_tell
from .views import Heard


def member(value: Any, *keys: str) -> Any:
    """What stands under a path of keys; None where it leads through no object, or to nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_of(content: Any) -> str:
    """The text of a message's content, which is a string or a list of blocks; empty where there is none."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "".join(str(member(block, "text") or "") for block in blocks if member(block, "type") == "text")


def run_id_of(stream: Heard) -> str:
    """The run's id by the metadata event; cantTell where none tells it."""
    for event in stream["metadata"]:
        found = member(event.value, "run_id")
        if isinstance(found, str) and found:
            return found
    cannot_tell(f"no metadata event of `{stream.name}` tells the run's id")


def carried(stream: Heard) -> Heard:
    """The stream, if it brought metadata and a requested mode; cantTell if not, for it shows no run."""
    bases = {event.base for event in stream.events}
    if "metadata" not in bases or not bases & stream.requested:
        cannot_tell(f"`{stream.name}` carried no metadata event and event of a requested mode")
    return stream
