"""How delivery is judged without comparing seconds, and the faults that hold events back.

While a scenario reads a stream it asks the server for the run.  An event was not held back if it arrived before such a
request was sent, the answer says that the run is active, and that answer arrived before a later event of the stream.
A request that was answered only after the later event shows nothing, and keeps the scenario from sending the next one.
"""

from collections.abc import Callable, Iterator

from conformance.authoring import (
    Event,
    ExchangeView,
    RecordingView,
    SentEvent,
    expect,
    inconclusive,
    is_terminal,
    member,
)

ASKED = "run while streaming"
"""The exchange that asks for the run while the stream is read."""


def expect_delivered_while_active(recording: RecordingView, early: Event, late: Event) -> None:
    """Fail unless the run was still active after `early` had arrived, as seen before `late` arrived."""
    asked = recording.all(ASKED)
    shown = any(_shows_active_run(ask) and early.seq < ask.sent and not _answered_after(ask, late) for ask in asked)
    if not shown and any(ask.sent < late.seq and _answered_after(ask, late) for ask in asked):
        inconclusive(
            f"a request for the run was sent before event {late.position} (`{late.name}`) and answered only after it: "
            "a slow answer does not show what was held back; lower --concurrency"
        )
    expect(
        shown,
        f"event {early.position} (`{early.name}`) must be delivered while the run is active; no request for the run "
        f"that was sent after it arrived was answered with an active run before event {late.position} arrived",
        early,
    )


def _answered_after(ask: ExchangeView, late: Event) -> bool:
    return ask.exchange.answered is None or ask.exchange.answered > late.seq


def _shows_active_run(ask: ExchangeView) -> bool:
    """Return whether the run may still be active: only a terminal status says that it is not, a refusal does not."""
    return not ask.accepted or not is_terminal(member(ask.json, "status"))


def held_back(
    events: Iterator[SentEvent], late: Callable[[SentEvent], bool], until: tuple[str, ...] = ("error",)
) -> Iterator[SentEvent]:
    """Yield events at once, `late` ones only before the next event whose mode is in `until`, or when the run ends."""
    held: list[SentEvent] = []
    for event in events:
        if late(event):
            held.append(event)
            continue
        if event.base in until:
            yield from held
            held.clear()
        yield event
    yield from held
