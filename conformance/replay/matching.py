"""Finds the recorded exchange that answers a request.

Two scenarios may begin with the same requests, and a client other than the suite does not say which one it performs.
So a track is chosen by the requests received so far.  When the next request does not fit it, the track changes places
with another that begins in the same way, and the two swap the ids that they have sent.  A client that follows a single
recording receives exactly the recorded bytes.  It does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from conformance.evidence.recording import Recording
from conformance.replay.tracks import Form, RequestKey, Step, Track, tracks_of


@dataclass(frozen=True)
class _Strictness:
    """How a request is compared with recorded ones, and how many open steps of a track are considered."""

    loose: bool
    ahead: int | None

    def form(self, key: RequestKey) -> Form:
        return key.loose if self.loose else key.exact

    def same(self, one: RequestKey, other: RequestKey) -> bool:
        return self.form(one) == self.form(other)


_STRICTEST_FIRST = (
    _Strictness(loose=False, ahead=1),
    _Strictness(loose=False, ahead=None),
    _Strictness(loose=True, ahead=1),
    _Strictness(loose=True, ahead=None),
)
"""The ways to match, strictest first.  If the next step does not match, all open steps are tried, because concurrent
requests arrive in any order."""


class Matcher:
    """The tracks of some recordings, and which track each id that was sent belongs to."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        found = (track for recording in recordings for track in tracks_of(recording))
        self._tracks = sorted(found, key=lambda track: track.steps[0].exchange.sent)
        self._by_form: dict[Form, dict[Track, None]] = {}
        for track in self._tracks:
            for form in (form for step in track.steps for form in (step.key.exact, step.key.loose)):
                self._by_form.setdefault(form, {})[track] = None
        self._owners: dict[str, Track] = {}
        self._sent: set[str] = set()

    def take(self, key: RequestKey) -> tuple[Track, Step] | None:
        """Return the exchange that answers a request, and mark it as played; None if none fits.

        An exchange is played once, but the answer to a request that creates nothing can be repeated.
        """
        owner = self._owners.get(key.subject)
        for strictness in _STRICTEST_FIRST:
            found = (self._continued(owner, key, strictness) if owner else None) or self._started(key, strictness)
            if found is not None:
                self._play(*found, key)
                return found
        return self._repeated([owner] if owner else self._tracks, key)

    def _continued(self, track: Track, key: RequestKey, strictness: _Strictness) -> tuple[Track, Step] | None:
        """Return the next step of a track, or of one that takes its place."""
        if (step := self._open_step(track, key, strictness)) is not None:
            return track, step
        for other in self._by_form.get(strictness.form(key), ()):
            if (
                other is not track
                and _may_swap(track, other)
                and _open_steps(other, key, strictness, track.played)
                and _same_so_far(track, other, strictness)
            ):
                _swap(track, other)
                if (step := self._open_step(other, key, strictness)) is not None:
                    places = {track: other, other: track}
                    self._owners = {id: places.get(owner, owner) for id, owner in self._owners.items()}
                    return other, step
                _swap(other, track)
        return None

    def _started(self, key: RequestKey, strictness: _Strictness) -> tuple[Track, Step] | None:
        """Return the first step of a track that was not played yet."""
        candidates = self._by_form.get(strictness.form(key), ())
        fresh = [track for track in candidates if not track.played and strictness.same(track.steps[0].key, key)]
        fresh.sort(key=lambda track: track.variant != key.scenario)  # stable, so otherwise in the recorded order
        return next(((track, track.steps[0]) for track in fresh if self._fits(track, track.steps[0], key)), None)

    def _open_step(self, track: Track, key: RequestKey, strictness: _Strictness) -> Step | None:
        steps = _open_steps(track, key, strictness, track.played)
        return next((step for step in steps if self._fits(track, step, key)), None)

    def _repeated(self, tracks: Sequence[Track], key: RequestKey) -> tuple[Track, Step] | None:
        """Return the last played step whose answer can be repeated for this request."""
        for track in tracks:
            for step in (track.steps[number] for number in sorted(track.played, reverse=True)):
                if step.key.loose == key.loose and not step.creates and self._fits(track, step, key):
                    return track, step
        return None

    def _fits(self, track: Track, step: Step, key: RequestKey) -> bool:
        """Return whether the ids in a request are those of the step."""
        recorded = step.key.ids
        return len(recorded) == len(key.ids) and all(map(partial(self._same_id, track), recorded, key.ids))

    def _same_id(self, track: Track, recorded: str, requested: str) -> bool:
        """Return whether a requested id is the recorded one.

        For an id that has not occurred in the track it is enough that both were sent by other tracks, or neither.
        """
        current = track.current_id(recorded)
        if current is not None:
            return current == requested
        return (requested in self._sent) == (recorded in track.foreign)

    def _play(self, track: Track, step: Step, key: RequestKey) -> None:
        for recorded, requested in zip(step.key.ids, key.ids, strict=True):
            if track.current_id(recorded) is None:
                track.client_ids[recorded] = requested
        track.played.add(track.steps.index(step))
        track.scenario = track.scenario or key.scenario
        sent = [track.server_ids.get(id, id) for id in step.sent_ids]
        self._sent.update(sent)
        for id in filter(None, (key.subject, *sent)):
            self._owners.setdefault(id, track)


def _open_steps(track: Track, key: RequestKey, strictness: _Strictness, played: set[int]) -> list[Step]:
    """Return the steps of a track that a request may ask for by its form, if the steps in `played` are done."""
    steps = [step for number, step in enumerate(track.steps) if number not in played]
    return [step for step in steps[: strictness.ahead] if strictness.same(step.key, key)]


def _may_swap(one: Track, other: Track) -> bool:
    """Return whether the scenarios that the clients say they perform allow two tracks to change places."""
    return one.scenario in ("", other.variant) and other.scenario in ("", one.variant)


def _same_so_far(one: Track, other: Track, strictness: _Strictness) -> bool:
    """Return whether all played steps of a track are in the other too, and the other was not played further."""
    if not other.played <= one.played or max(one.played, default=0) >= len(other.steps):
        return False
    return all(strictness.same(one.steps[number].key, other.steps[number].key) for number in one.played)


def _swap(one: Track, other: Track) -> None:
    """Let two tracks change places: each continues what was played of the other, with the ids sent for it."""
    pairs = [(one.steps[number], other.steps[number]) for number in one.played]
    for mine, theirs in _paired((mine.sent_ids, theirs.sent_ids) for mine, theirs in pairs):
        sent = one.server_ids.get(mine, mine)
        one.server_ids[mine], other.server_ids[theirs] = other.server_ids.get(theirs, theirs), sent
    for mine, theirs in _paired((mine.key.ids, theirs.key.ids) for mine, theirs in pairs):
        _swap_entries(one.client_ids, mine, other.client_ids, theirs)
    one.played, other.played = other.played, one.played
    one.scenario, other.scenario = other.scenario, one.scenario


def _paired(lists: Iterable[tuple[Sequence[str], Sequence[str]]]) -> set[tuple[str, str]]:
    """Return the pairs of ids that have the same position and the same length, each id in one pair."""
    pairs = [pair for one, other in lists for pair in zip(one, other, strict=False) if len(pair[0]) == len(pair[1])]
    return set({theirs: (mine, theirs) for mine, theirs in dict(pairs).items()}.values())


def _swap_entries(one: dict[str, str], mine: str, other: dict[str, str], theirs: str) -> None:
    values = one.pop(mine, None), other.pop(theirs, None)
    if values[1] is not None:
        one[mine] = values[1]
    if values[0] is not None:
        other[theirs] = values[0]
