"""How far a run of the graph `counter` is, read from its updates, its state and the answer that created it.

Step `k` produces the update `{"step": {"count": k}}`, and from then on the state shows the count `k`.
"""

from typing import Any

from conformance.authoring import (
    MODES,
    Events,
    ExchangeView,
    RecordingView,
    inconclusive,
    is_terminal,
    member,
    same_sequence,
    wire_name,
)

WIRES = {wire_name(mode) for mode in MODES}
"""The event names of all modes."""

AFTER = "state after the join"
"""The name of the exchange that reads the state as soon as a join has been answered."""


def count_in(values: Any) -> int:
    """Return the count in a state or in the output of a step; 0 if there is none."""
    count = member(values, "count")
    whole = isinstance(count, (int, float)) and count == int(count)
    return int(count) if whole else 0


def counts(updates: Events) -> list[int]:
    """Return the step number of each update."""
    return [count_in(member(value, "step")) for value in updates.values]


def steps_shown(stream: ExchangeView) -> list[int]:
    """Return the step number that each event shows, whatever its mode."""
    return [max(count_in(value), count_in(member(value, "step"))) for value in stream.events.values]


def values_in(state: ExchangeView) -> dict[str, Any]:
    """Return the values of a state; inconclusive if the request for the state was not accepted."""
    if not state.accepted:
        inconclusive(f"`{state.name}` was answered with {state.status}, so the progress of the run is unknown")
    values = member(state.json, "values")
    return values if isinstance(values, dict) else {}


def steps_done(state: ExchangeView) -> int:
    """Return how many steps a state shows."""
    return count_in(values_in(state))


def first_due(recording: RecordingView) -> int:
    """Return the number of the first update that must reach the client whose join has been answered.

    All are due if the state shows no step.  Otherwise the state may lag behind the run by one step, and not by more,
    because each step reads what the previous step wrote.
    """
    done = steps_done(recording[AFTER])
    return done + 2 if done else 1


def expect_every_update(stream: ExchangeView, *, due: int, last: int) -> None:
    """Expect every update from `due` to `last`, once and in order, and a stream that ends with the run.

    The stream may begin with an earlier update, but must then continue from there without a gap.
    """
    if due > last:
        inconclusive(f"the run had ended before `{stream.name}` was answered")
    first = max(1, min([due, *counts(stream["updates"])[:1]]))
    expected = [{"step": {"count": count}} for count in range(first, last + 1)]
    same_sequence(stream["updates"], expected, f"the updates of `{stream.name}`", stream)
    stream.expect_complete("with the run")


def updates_after_join(stream: ExchangeView) -> Events:
    """Return the updates that a joining client received; inconclusive if there are none.

    A stream without updates does not prove that the server holds back what was produced before the join.
    """
    updates = stream["updates"] if stream.is_stream else Events()
    return updates or inconclusive(f"`{stream.name}` carried no update")


def expect_answer_during(seconds: float, since: float | None, answer: ExchangeView) -> None:
    """Be inconclusive if a run of so many seconds may have ended before the answer arrived.

    `since` is a time before which the run cannot have started.  The graphs sleep in each step, so a run cannot take
    less than the sum of its delays.
    """
    passed = (answer.exchange.answered_t or 0.0) - (since or 0.0)
    if passed >= seconds:
        inconclusive(
            f"`{answer.name}` was answered {passed:.1f} s after a run of {seconds:g} s may have started, so the run "
            "may have ended before; lower --concurrency"
        )


def is_over(created: ExchangeView) -> bool:
    """Return whether the answer that created a run says that the run has ended."""
    return is_terminal(member(created.json, "status"))


def expect_joined(recording: RecordingView, join: str, beside: RecordingView) -> None:
    """Expect that a join was answered with an event stream.

    If the run had already ended when it was created, a refused join proves nothing, unless the server also refuses to
    join the run of `beside`, which was active.
    """
    stream = recording[join]
    if is_over(recording["create run"]) and not stream.is_stream and beside["joiner"].is_stream:
        inconclusive("the run had ended when `create run` was answered; see join.background-run")
    stream.expect_stream()
