"""How far a run of the counter is, as its updates, its state and a join tell."""

from typing import Any

from conformance.authoring import (
    MODES,
    Events,
    ExchangeView,
    RecordingView,
    expect,
    inconclusive,
    is_terminal,
    member,
    same_sequence,
    wire_name,
)

WIRES = {wire_name(mode) for mode in MODES}

AFTER = "state after the join"


def count_in(values: Any) -> int:
    """The counter's number in a state or in what a step returned, 0 if there is none."""
    count = member(values, "count")
    return count if isinstance(count, int) else 0


def counts(updates: Events) -> list[int]:
    """The numbers of these updates."""
    return [count_in(member(value, "step")) for value in updates.values]


def steps_told(stream: ExchangeView) -> list[int]:
    """The numbers of the steps that its events tell, in whatever mode."""
    return [max(count_in(value), count_in(member(value, "step"))) for value in stream.events.values]


def values_in(state: ExchangeView) -> dict[str, Any]:
    """The values that a state shows; cantTell where it cannot be read."""
    if not state.exchange.accepted:
        inconclusive(f"how far the run was is not known: `{state.name}` was answered {state.status}")
    values = member(state.json, "values")
    return values if isinstance(values, dict) else {}


def steps_done(state: ExchangeView) -> int:
    """How many steps a state of the counter shows."""
    return count_in(values_in(state))


def first_due(view: RecordingView) -> int:
    """The number of the first update that who had joined must get.

    A state may lag behind by one step, and no more: each step reads what the one before it wrote.
    """
    done = steps_done(view[AFTER])
    return done + 2 if done else 1


def unbroken_to_the_end(stream: ExchangeView, latest_first: int, n: int) -> None:
    """The updates begin with this number or an earlier one, and run on to the last."""
    if latest_first > n:
        inconclusive(f"the run was over before `{stream.name}` was answered")
    first = max(1, min([latest_first, *counts(stream["updates"])[:1]]))
    expected = [{"step": {"count": count}} for count in range(first, n + 1)]
    same_sequence(stream["updates"], expected, f"the updates of `{stream.name}`", stream.exchange)
    ended_with_the_run(stream)


def updates_of_a_joiner(stream: ExchangeView) -> Events:
    """Its updates; cantTell where there are none, since silence is no proof of what a joiner is spared."""
    updates = stream["updates"] if stream.exchange.is_stream else Events()
    return updates or inconclusive(f"`{stream.name}` brought no update at all")


def ended_with_the_run(stream: ExchangeView) -> None:
    """The server must have ended the stream."""
    exchange = stream.exchange
    expect(
        exchange.ending == "complete", f"`{exchange.name}` must end with the run, it was {exchange.ending}", exchange
    )


def is_over(created: ExchangeView) -> bool:
    """Whether the answer that tells of the new run says that it has ended."""
    return is_terminal(member(created.json, "status"))


def expect_joined(view: RecordingView, join: str, active: RecordingView) -> None:
    """The join must have been answered with a stream.

    A refusal tells nothing of a run that was over, unless a run that its creator was reading is refused as well.
    """
    stream = view[join]
    if is_over(view["create run"]) and not stream.exchange.is_stream and active["joiner"].exchange.is_stream:
        inconclusive("the run was over when its creation was answered, as join.background-run tells")
    stream.expect_stream()
