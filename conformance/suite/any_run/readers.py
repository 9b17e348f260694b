"""Readers of one run of `any_run`, compared with each other, byte for byte, in every mode and namespace."""

from __future__ import annotations

from collections import Counter

from conformance.authoring import Event, ExchangeView, RecordingView, expect, inconclusive, verifies
from conformance.suite.any_run.scenarios import any_run

SETTLED_S = 0.1
"""How long after the answer to a join an event of another reader arrives that the joining client must receive too."""

Sent = tuple[str, str]


def sent(event: Event) -> Sent:
    """Return what must be the same for every reader."""
    return event.name, event.text


def pairs(recordings: dict[str, RecordingView]) -> list[tuple[ExchangeView, ExchangeView]]:
    """Return each reader that joined in the middle, with the one that read from the start; inconclusive if none."""
    found = []
    for view in recordings.values():
        names = [name for name in ("run", "reader") if name in view and view[name].is_stream]
        if names and "second reader" in view:
            early, late = view[names[0]], view["second reader"]
            if late.is_stream and late.ending == "complete" and early.ending == "complete":
                found.append((early, late))
    return found or inconclusive("no client joined a run that another one read to its end")


@verifies("join.does-not-replay", on=any_run, over="row")
def test_no_reader_receives_what_another_had_before(recordings: dict[str, RecordingView]) -> None:
    """A joining client receives no event that another reader had received before the request of the join was sent."""
    for early, late in pairs(recordings):
        modes = early.requested
        later = Counter(sent(event) for event in early.events.after(late.sent))
        before = {sent(event) for event in early.events.before(late.sent) if event.base in modes}
        for event in late.events:
            later[sent(event)] -= 1
            replayed = later[sent(event)] < 0 and sent(event) in before
            expect(not replayed, f"`{event.name}` was sent again: another reader had it before the join", event)


@verifies("join.rest-of-run", on=any_run, over="row")
def test_every_reader_receives_what_another_receives(recordings: dict[str, RecordingView]) -> None:
    """A joining client receives every event that another reader receives from shortly after the join on."""
    for early, late in pairs(recordings):
        answered = (late.exchange.answered_t or 0.0) + SETTLED_S
        received = Counter(sent(event) for event in late.events)
        for event in early.events:
            if event.t > answered and event.base in early.requested:
                received[sent(event)] -= 1
                lost = received[sent(event)] < 0
                expect(not lost, f"`{late.name}` must receive `{event.name}`, as `{early.name}` did", late)
