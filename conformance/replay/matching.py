"""Which recorded exchange answers a request: recordings cut into tracks, and the ids that each track has told.

A track is what was asked about one thread, or one request without a thread.  Two scenarios may begin alike, and a
client does not say which of them it performs; so a track is chosen by what was asked so far, and when the next request
does not fit, it changes places with one that began in the same way: the two exchange the ids that they told.  (The
suite says it, in the metadata of the threads that it makes.)  A client that follows one recording gets its very bytes.
No I/O.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.wire.strict_json import NotJson, parse_json

_TOLD = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<!\\w)[0-9a-f]{32}(?!\\w)"
"""What servers tell as ids: UUIDs, with hyphens or without."""

_IN_ANSWERS = re.compile(_TOLD.encode())
_IN_REQUESTS = re.compile(f"{_TOLD}|(?<!\\w)[0-9a-f]{{16}}(?!\\w)")
"""What a client names: an id that a server told, or one of its own making, as a nonce is."""

_ALL = re.compile(_IN_REQUESTS.pattern.encode())

_RESOURCE = re.compile(r"/(?:threads|runs|assistants|store|info|ok)(?=[/?]|$)")
"""Where the API begins in a URL; what stands before is the server's base path."""

_DEFAULTS = {"stream_mode": "values", "stream_subgraphs": False, "stream_resumable": False}
"""What an SDK sends where another client sends nothing."""


Form = tuple[str, str, str]
"""Method, path and body, with stars for ids."""


@dataclass(frozen=True)
class Ask:
    """A request in a form that can be compared: ids are stars, and stand apart in `named`, in their order.

    `loose` leaves out what clients choose as they like: the query, defaults, and whether one mode comes in a list.
    """

    exact: Form
    loose: Form
    named: tuple[str, ...]
    subject: str
    """The first id of the path, as a rule the thread; empty where there is none."""
    scenario: str
    """What a thread is made for, where its maker says so, as the suite does."""


def ask(method: str, path: str, body: str | None) -> Ask:
    """A request by method, path with query, and body."""
    found = _RESOURCE.search(path)
    path = path[found.start() :] if found else path
    plain = path.partition("?")[0]
    ids = [*_IN_REQUESTS.findall(plain), ""]
    named = (*ids[:-1], *_IN_REQUESTS.findall(body or ""))
    body, scenario = _unnamed(body) if plain == "/threads" else (body, "")
    exact, loose = (method, _starred(path), _starred(body)), (method, _starred(plain), _starred(_loose(body)))
    return Ask(exact, loose, named, ids[0], scenario)


def _unnamed(body: str | None) -> tuple[str | None, str]:
    """The body that makes a thread without the name of the scenario, and that name."""
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
    ask: Ask

    @property
    def makes(self) -> bool:
        """Whether it made something, so that asking again wants another."""
        return self.exchange.method == "POST" and self.ask.loose[1].endswith(("/threads", "/runs", "/runs/stream"))

    @cached_property
    def tells(self) -> list[str]:
        """The ids in its answer, in their order, each once."""
        fields = " ".join(value for _, value in self.exchange.headers).encode("latin-1", "replace")
        return [id.decode() for id in dict.fromkeys(_IN_ANSWERS.findall(fields + b" " + self.exchange.content))]


@dataclass(eq=False)
class Track:
    """The exchanges about one thread in the order of sending, and how far they were played.

    `told` has what was told in place of a recorded id where it is another, `given` the client's own ids by the
    recorded ones; `elsewhere` are the ids that other tracks of the same recording tell.
    """

    variant: str
    steps: list[Step] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    told: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    played: set[int] = field(default_factory=set)
    scenario: str = ""
    """What its client says that it performs."""

    def live(self, recorded: str) -> str | None:
        """The id that client and server speak of where the recording has this one; None for one not yet spoken of."""
        if recorded in self.given:
            return self.given[recorded]
        known = any(recorded in self.steps[number].tells for number in self.played)
        return self.told.get(recorded, recorded) if known else None

    def translated(self, data: bytes) -> bytes:
        """Recorded bytes with the ids that this track tells: other ids of the same length."""
        names = self.told | self.given
        if all(old == new for old, new in names.items()):
            return data
        return _ALL.sub(lambda found: names.get(found[0].decode(), found[0].decode()).encode(), data)


def tracks_of(recording: Recording) -> list[Track]:
    """Cut a recording: a request belongs to the track that told, or first asked for, the id it is about."""
    tracks: list[Track] = []
    owners: dict[str, Track] = {}
    for exchange in recording.exchanges:
        step = Step(exchange, ask(exchange.method, exchange.path, exchange.body))
        track = owners.get(step.ask.subject) or Track(recording.variant)
        if not track.steps:
            tracks.append(track)
        track.steps.append(step)
        for id in filter(None, (step.ask.subject, *step.tells)):
            owners.setdefault(id, track)
    for track in tracks:
        others = (step for other in tracks if other is not track for step in other.steps)
        track.elsewhere = {id for step in others for id in step.tells}
    return tracks


@dataclass(frozen=True)
class _How:
    """How a request is compared, and how many of a track's open steps are looked at."""

    loose: bool
    ahead: int | None

    def form(self, ask: Ask) -> Form:
        return ask.loose if self.loose else ask.exact

    def same(self, one: Ask, other: Ask) -> bool:
        return self.form(one) == self.form(other)


_HOW = (_How(False, 1), _How(False, None), _How(True, 1), _How(True, None))
"""The best match first; requests that are under way at once come in any order, so the next step is not the only one."""


class Tracks:
    """All tracks of some recordings, and whose the ids are that were told."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        found = (track for recording in recordings for track in tracks_of(recording))
        self._tracks = sorted(found, key=lambda track: track.steps[0].exchange.sent)
        self._by_form: dict[Form, dict[Track, None]] = {}
        for track in self._tracks:
            for form in (form for step in track.steps for form in (step.ask.exact, step.ask.loose)):
                self._by_form.setdefault(form, {})[track] = None
        self._owners: dict[str, Track] = {}
        self._told: set[str] = set()

    def take(self, asked: Ask) -> tuple[Track, Step] | None:
        """The exchange that answers a request, not played before unless it is only asked again; None if none fits."""
        owner = self._owners.get(asked.subject)
        for how in _HOW:
            found = (self._next(owner, asked, how) if owner else None) or self._begun(asked, how)
            if found is not None:
                self._play(*found, asked)
                return found
        return self._again([owner] if owner else self._tracks, asked)

    def _next(self, track: Track, asked: Ask, how: _How) -> tuple[Track, Step] | None:
        """The next exchange of a track, or of one that may take its place."""
        if (step := self._open(track, asked, how)) is not None:
            return track, step
        for other in self._by_form.get(how.form(asked), ()):
            if (
                other is not track
                and _may_change(track, other)
                and _open(other, asked, how, track.played)
                and _alike(track, other, how)
            ):
                self._exchange(track, other)
                if (step := self._open(other, asked, how)) is not None:
                    places = {track: other, other: track}
                    self._owners = {id: places.get(owner, owner) for id, owner in self._owners.items()}
                    return other, step
                self._exchange(other, track)
        return None

    def _begun(self, asked: Ask, how: _How) -> tuple[Track, Step] | None:
        having = self._by_form.get(how.form(asked), ())
        fresh = [track for track in having if not track.played and how.same(track.steps[0].ask, asked)]
        fresh.sort(key=lambda track: track.variant != asked.scenario)  # stable: else in recorded order
        return next(((track, track.steps[0]) for track in fresh if self._fits(track, track.steps[0], asked)), None)

    def _open(self, track: Track, asked: Ask, how: _How) -> Step | None:
        return next((step for step in _open(track, asked, how, track.played) if self._fits(track, step, asked)), None)

    def _again(self, tracks: Sequence[Track], asked: Ask) -> tuple[Track, Step] | None:
        for track in tracks:
            for step in (track.steps[number] for number in sorted(track.played, reverse=True)):
                if step.ask.loose == asked.loose and not step.makes and self._fits(track, step, asked):
                    return track, step
        return None

    def _fits(self, track: Track, step: Step, asked: Ask) -> bool:
        """Whether the ids in a request are those of the step."""
        named = step.ask.named
        return len(named) == len(asked.named) and all(map(partial(self._same, track), named, asked.named))

    def _same(self, track: Track, recorded: str, named: str) -> bool:
        """Whether an id is the recorded one, or, where this track has not spoken of it, as known or strange as that."""
        live = track.live(recorded)
        return live == named if live is not None else (named in self._told) == (recorded in track.elsewhere)

    def _play(self, track: Track, step: Step, asked: Ask) -> None:
        for recorded, named in zip(step.ask.named, asked.named, strict=True):
            if track.live(recorded) is None:
                track.given[recorded] = named
        track.played.add(track.steps.index(step))
        track.scenario = track.scenario or asked.scenario
        told = [track.told.get(id, id) for id in step.tells]
        self._told.update(told)
        for id in filter(None, (asked.subject, *told)):
            self._owners.setdefault(id, track)

    def _exchange(self, one: Track, other: Track) -> None:
        """Have two tracks that began alike change places: what was told of one was told of the other."""
        pairs = [(one.steps[number], other.steps[number]) for number in one.played]
        for mine, theirs in _paired((mine.tells, theirs.tells) for mine, theirs in pairs):
            told = one.told.get(mine, mine)
            one.told[mine], other.told[theirs] = other.told.get(theirs, theirs), told
        for mine, theirs in _paired((mine.ask.named, theirs.ask.named) for mine, theirs in pairs):
            _change_places(one.given, mine, other.given, theirs)
        one.played, other.played = other.played, one.played
        one.scenario, other.scenario = other.scenario, one.scenario


def _open(track: Track, asked: Ask, how: _How, played: set[int]) -> list[Step]:
    """The steps of a track that a request could be, going by its form, when so much is played."""
    steps = [step for number, step in enumerate(track.steps) if number not in played]
    return [step for step in steps[: how.ahead] if how.same(step.ask, asked)]


def _may_change(one: Track, other: Track) -> bool:
    """Whether two tracks may change places: not where a client says what it performs, and the other is not that."""
    return one.scenario in ("", other.variant) and other.scenario in ("", one.variant)


def _alike(one: Track, other: Track, how: _How) -> bool:
    """Whether what was played of one stands in the other too, which was not played further."""
    if not other.played <= one.played or max(one.played, default=0) >= len(other.steps):
        return False
    return all(how.same(one.steps[number].ask, other.steps[number].ask) for number in one.played)


def _paired(lists: Iterable[tuple[Sequence[str], Sequence[str]]]) -> set[tuple[str, str]]:
    """Ids that stand in the same place and are of the same form, each once."""
    pairs = [pair for one, other in lists for pair in zip(one, other, strict=False) if len(pair[0]) == len(pair[1])]
    return set({theirs: (mine, theirs) for mine, theirs in dict(pairs).items()}.values())


def _change_places(one: dict[str, str], mine: str, other: dict[str, str], theirs: str) -> None:
    values = one.pop(mine, None), other.pop(theirs, None)
    if values[1] is not None:
        one[mine] = values[1]
    if values[0] is not None:
        other[theirs] = values[0]
