"""Cuts recordings into tracks, and brings requests into a form in which they can be compared.

A track holds the exchanges about one thread, or a single exchange without a thread.  It does no I/O.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.wire.strict_json import NotJson, parse_json

_SERVER_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<!\\w)[0-9a-f]{32}(?!\\w)"
"""What servers use as ids: UUIDs, with hyphens or without."""

_IN_RESPONSES = re.compile(_SERVER_ID.encode())
_IN_REQUESTS = re.compile(f"{_SERVER_ID}|(?<!\\w)[0-9a-f]{{16}}(?!\\w)")
"""Ids from the server and ids that the client chose, such as the nonce of a session."""

_ANY_ID = re.compile(_IN_REQUESTS.pattern.encode())

_RESOURCE = re.compile(r"/(?:threads|runs|assistants|store|info|ok)(?=[/?]|$)")
"""Where the API begins in a URL; before it is the base path of the server."""

_DEFAULTS = {"stream_mode": "values", "stream_subgraphs": False, "stream_resumable": False}
"""What an SDK sends where another client sends nothing."""


Form = tuple[str, str, str]
"""Method, path and body, with stars in place of ids."""


@dataclass(frozen=True)
class RequestKey:
    """A request in a form that can be compared: ids are replaced by stars, and listed in `ids` in their order.

    `loose` leaves out what clients may choose: the query, defaults, and whether a single mode is sent as a list.
    """

    exact: Form
    loose: Form
    ids: tuple[str, ...]
    subject: str
    """The first id in the path, usually that of the thread; empty if there is none."""
    scenario: str
    """The scenario for which a thread is created, if the client says so, as the suite does."""


def request_key(method: str, path: str, body: str | None) -> RequestKey:
    """Return the key of a request with this method, path (with its query) and body."""
    found = _RESOURCE.search(path)
    path = path[found.start() :] if found else path
    plain = path.partition("?")[0]
    in_path = [*_IN_REQUESTS.findall(plain), ""]
    ids = (*in_path[:-1], *_IN_REQUESTS.findall(body or ""))
    body, scenario = _without_scenario(body) if plain == "/threads" else (body, "")
    exact, loose = (method, _starred(path), _starred(body)), (method, _starred(plain), _starred(_loose(body)))
    return RequestKey(exact, loose, ids, in_path[0], scenario)


def _without_scenario(body: str | None) -> tuple[str | None, str]:
    """Return the body that creates a thread without the name of the scenario, and that name."""
    try:
        value = parse_json(body or "")
        scenario = str(value["metadata"].pop("scenario"))
    except (NotJson, LookupError, TypeError, AttributeError):
        return body, ""
    return json.dumps(value, separators=(",", ":")), scenario


def _starred(text: str | None) -> str:
    return _IN_REQUESTS.sub("*", text or "")


def _loose(body: str | None) -> str | None:
    try:
        value = parse_json(body or "")
    except NotJson:
        return body
    if isinstance(value, dict):
        value = {key: _single(inner) for key, inner in value.items()}
        value = {key: inner for key, inner in value.items() if inner is not None and _DEFAULTS.get(key) != inner}
    return json.dumps(value, sort_keys=True)


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


@dataclass(frozen=True)
class Step:
    """One exchange of a track."""

    exchange: Exchange
    key: RequestKey

    @property
    def creates(self) -> bool:
        """Whether the request creates a resource, so that a client which repeats it expects another one."""
        return self.exchange.method == "POST" and self.key.loose[1].endswith(("/threads", "/runs", "/runs/stream"))

    @cached_property
    def sent_ids(self) -> list[str]:
        """The ids in the response, in their order, each once."""
        fields = " ".join(value for _, value in self.exchange.headers).encode("latin-1", "replace")
        return [id.decode() for id in dict.fromkeys(_IN_RESPONSES.findall(fields + b" " + self.exchange.content))]


@dataclass(eq=False)
class Track:
    """The exchanges about one thread in the order of sending, and which of them were played.

    `server_ids` maps recorded ids to the ids that are sent in their place, where these differ; `client_ids` maps
    recorded ids of the client to those that the present client uses.  `foreign` are the ids that other tracks of the
    same recording send.
    """

    variant: str
    steps: list[Step] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)
    server_ids: dict[str, str] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)
    played: set[int] = field(default_factory=set)
    scenario: str = ""
    """The scenario that its client says it performs, empty if it does not say."""

    def current_id(self, recorded: str) -> str | None:
        """Return the id that client and server use in place of a recorded one; None if it has not occurred yet."""
        if recorded in self.client_ids:
            return self.client_ids[recorded]
        occurred = any(recorded in self.steps[number].sent_ids for number in self.played)
        return self.server_ids.get(recorded, recorded) if occurred else None

    def translated(self, data: bytes) -> bytes:
        """Return recorded bytes with the present ids, which have the length of the recorded ones."""
        ids = self.server_ids | self.client_ids
        if all(old == new for old, new in ids.items()):
            return data
        return _ANY_ID.sub(lambda found: ids.get(found[0].decode(), found[0].decode()).encode(), data)


def tracks_of(recording: Recording) -> list[Track]:
    """Cut a recording: a request belongs to the track in which the id that it is about occurred first."""
    tracks: list[Track] = []
    owners: dict[str, Track] = {}
    for exchange in recording.exchanges:
        step = Step(exchange, request_key(exchange.method, exchange.path, exchange.body))
        track = owners.get(step.key.subject) or Track(recording.variant)
        if not track.steps:
            tracks.append(track)
        track.steps.append(step)
        for id in filter(None, (step.key.subject, *step.sent_ids)):
            owners.setdefault(id, track)
    for track in tracks:
        others = (step for other in tracks if other is not track for step in other.steps)
        track.foreign = {id for step in others for id in step.sent_ids}
    return tracks
