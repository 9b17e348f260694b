"""A failed check as a description of its cause sees it, and the form of a description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.authoring.expectations import Difference
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import JOIN, Event, Exchange
from conformance.evidence.recording import Recording, run_request
from conformance.protocol import requested_modes
from conformance.wire.strict_json import NotJson
from conformance.wire.text import shortened

NAMED = ("metadata", "error", "end")
"""The events that every stream may have, whatever was requested."""
NAME_CHARACTERS = 120
"""How many characters of a name a sentence shows."""
SHOWN_NAMES = 6
"""How many names of events a sentence lists."""


@dataclass(frozen=True)
class Case:
    """A failed check: its requirement and message, where it failed, what differed, and the session around it."""

    requirement: str
    message: str
    recording: Recording
    exchange: Exchange
    event: Event | None
    difference: Difference | None
    session: SessionRecordings

    @property
    def area(self) -> str:
        return self.requirement.partition(".")[0]

    @property
    def is_join(self) -> bool:
        return self.exchange.kind == JOIN

    @property
    def exchanges(self) -> Iterator[Exchange]:
        """Every exchange of the session."""
        return (exchange for recording in self.session.recordings.values() for exchange in recording.exchanges)

    @cached_property
    def requested(self) -> set[str]:
        """The event names of the modes that the run of this exchange was started with."""
        return modes_of(self.recording, self.exchange)

    @cached_property
    def names(self) -> list[str]:
        """The names of the events of this stream, each once, in the order of arrival."""
        return list(dict.fromkeys(event.base for event in self.exchange.events))

    @property
    def modes(self) -> list[str]:
        """The names without those that every stream may have."""
        return [name for name in self.names if name not in NAMED]

    @property
    def strange(self) -> list[str]:
        """The names that belong neither to a requested mode nor to what every stream may have."""
        return [name for name in self.modes if name not in self.requested]


Describe = Callable[[Case], str | None]
"""Returns what the recording shows as the cause of a failure, in one or two sentences; None if it does not apply."""


@dataclass(frozen=True)
class Description:
    """A cause that can be named: its name, and what finds it."""

    name: str
    describe: Describe


def modes_of(recording: Recording, exchange: Exchange) -> set[str]:
    """Return the event names of the modes that the run of an exchange was started with; empty if it is not known."""
    request = run_request(recording, exchange)
    return requested_modes(request.request) if request is not None else set()


def template(exchange: Exchange) -> str:
    """Return method and path of a request with placeholders for ids, and without what precedes `/threads` or `/runs`.

    `GET /threads/{thread_id}/runs/{run_id}/stream`
    """
    path = exchange.path.partition("?")[0]
    found = re.search(r"(/threads|/runs)(?:/.*)?$", path)
    known = path[path.index("/threads") :] if "/threads" in path else found[0] if found else path
    known = re.sub(r"/threads/(?!search$)[^/]+", "/threads/{thread_id}", known)
    return f"{exchange.method} " + re.sub(r"/runs/(?!stream$|wait$|batch$)[^/]+", "/runs/{run_id}", known)


def listed(names: list[str]) -> str:
    """Return names of events as a list in a sentence; a long list is shortened."""
    shown = [f"`{shortened(name, NAME_CHARACTERS) or '(empty)'}`" for name in names[:SHOWN_NAMES]]
    more = [f"{len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []
    *first, last = [*shown, *more]
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, singular: str) -> str:
    """Return a number with its noun."""
    return f"{number} {singular}" if number == 1 else f"{number} {singular}s"


def json_of(exchange: Exchange) -> Any:
    """Return the body of an answer as a JSON value, None if it is not JSON."""
    try:
        return exchange.json
    except NotJson:
        return None
