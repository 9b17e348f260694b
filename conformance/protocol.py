"""The words and paths of the streaming API: modes, statuses, which run and thread a request is about.

It reads values, paths and bodies; it knows nothing of recordings and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

MODES = ("values", "updates", "messages-tuple", "debug", "custom", "events")
"""The stream modes of the specification's table, lines 218-223."""

_WIRE_NAMES = {"messages-tuple": "messages"}
"""The event names of the modes that are sent under another name."""

TERMINAL_STATUSES = ("success", "error", "timeout", "interrupted")
"""Run statuses after which a run does not continue."""

BUSY = (429, 503)
"""The HTTP statuses by which a server says that it is busy: Too Many Requests, Service Unavailable."""

ID_PATTERN = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""A UUID in the form that the official servers use for threads and runs."""

_RUN_PATH = re.compile(r"(?:/threads/(?P<thread>[^/?]+))?/runs/(?P<run>[^/?]+)")
_THREAD_PATH = re.compile(r"/threads/([^/?]+)")
_RESOURCES = {
    "state": re.compile(r"/threads/[^/?]+/state$"),
    "history": re.compile(r"/threads/[^/?]+/history$"),
    "runs": re.compile(r"/threads/[^/?]+/runs$"),
    "run": re.compile(r"/threads/[^/?]+/runs/[^/?]+$"),
}
_COLLECTIONS = frozenset({"stream", "wait", "batch", "crons", "cancel", "search"})
"""Path segments after `/runs/` that are not the id of a run."""


def wire_name(mode: str) -> str:
    """Return the event name of a mode, specification 645-701: `messages-tuple` is sent as `messages`."""
    return _WIRE_NAMES.get(mode, mode)


def requested_modes(body: Any) -> set[str]:
    """Return the wire names of the modes that the body of a run request asks for; `values` if it names none."""
    given = body.get("stream_mode", "values") if isinstance(body, Mapping) else "values"
    modes = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    return {wire_name(mode) for mode in modes if isinstance(mode, str)}


def is_terminal(status: Any) -> bool:
    """Return whether a run with this status has ended."""
    return isinstance(status, str) and status in TERMINAL_STATUSES


def starts_run(method: str, path: str) -> bool:
    """Return whether a request starts a run: POST to `…/runs` or `…/runs/stream`."""
    return method == "POST" and path.partition("?")[0].endswith(("/runs", "/runs/stream"))


def run_in(path: str) -> str | None:
    """Return the id of the run that a path names, None if it names none."""
    found = _RUN_PATH.search(path)
    return unquote(found["run"]) if found and found["run"] not in _COLLECTIONS else None


def thread_in(path: str) -> str | None:
    """Return the id of the thread that a path names, None if it names none."""
    found = _THREAD_PATH.search(path)
    return unquote(found[1]) if found else None


def resource_of(path: str) -> str | None:
    """Return which resource of a thread a path names: state, history, runs or run; None if another one."""
    bare = path.partition("?")[0]
    return next((name for name, pattern in _RESOURCES.items() if pattern.search(bare)), None)
