"""What is known about the run of a stream that the suite closed at a limit.

A response that the suite closed is not one that the server failed to end, unless the run is known to have ended
before: because the server says so, because it knows no such run, because another stream of the run had ended, or
because a run without a thread had sent its final state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording
from conformance.protocol import is_terminal, run_in, thread_in
from conformance.wire.endings import COMPLETE, LIMITS, OWN_LIMITS
from conformance.wire.strict_json import NotJson

STATUS_AT_THE_LIMIT = "status at the limit"
"""The exchange that asks for a run when a stream of it reaches a limit; every scenario may perform it."""

ENDING_S = 5.0
"""How long a server may take to end a stream when its run has ended; official servers take a tenth of a second."""

SILENT_S = 30.0
"""How long a stream must be silent after the final state of a run that cannot be asked for."""

LAST_KEYS = {
    "accumulate": "count", "echo": "echoed", "joke": "joke", "sub_model": "inner_answer", "tokens": "joke",
}  # fmt: skip
"""The key that the last node of a reference graph writes, and no other; see fixtures_graphs/README.md."""


@memoized
def cut_short(recording: Recording, exchange: Exchange) -> bool:
    """Return whether the suite closed an exchange that the server might have continued."""
    answered_otherwise = exchange.asks_for_stream and exchange.status is not None and not exchange.is_stream
    return exchange.ending in LIMITS and not answered_otherwise and ended_run(recording, exchange) is None


@memoized
def ended_run(recording: Recording, exchange: Exchange) -> str | None:
    """Return how it is known that the run of a stream had ended when the suite closed it; None if it is not known."""
    if not exchange.asks_for_stream or exchange.ending not in OWN_LIMITS or exchange.ended is None:
        return None
    if thread_in(exchange.path) is None:
        return _final_state(exchange)
    return next(_told(recording, exchange), None) or next(_ended_elsewhere(recording, exchange), None)


def _told(recording: Recording, exchange: Exchange) -> Iterator[str]:
    """Yield what the server said about the run after the last event of the stream."""
    for asked in recording.all(STATUS_AT_THE_LIMIT):
        if asked.sent > _last_event(exchange) and exchange.run_id and run_in(asked.path) == exchange.run_id:
            if asked.status == 404:
                yield f"`{asked.name}` was answered with 404: there is no such run"
            elif asked.accepted and is_terminal(status := _status(asked)):
                yield f"`{asked.name}` was answered with the status {status}"


def _status(asked: Exchange) -> Any:
    try:
        return asked.json.get("status") if isinstance(asked.json, dict) else None
    except NotJson:
        return None


def _ended_elsewhere(recording: Recording, exchange: Exchange) -> Iterator[str]:
    """Yield the streams of the same run that showed events and ended, long enough before this one was closed."""
    for other in recording.exchanges:
        same = other is not exchange and other.asks_for_stream and other.run_id == exchange.run_id is not None
        if same and other.ending == COMPLETE and other.ended is not None and other.events:
            waited = (exchange.ended_t or 0.0) - (other.ended_t or 0.0)
            if other.ended > _last_event(exchange) and waited >= ENDING_S:
                yield f"`{other.name}`, another stream of the run, had ended {waited:.0f} s before"


def _final_state(exchange: Exchange) -> str | None:
    """Return that a run without a thread had shown its end and then sent nothing for long; None if it had not."""
    last = exchange.events[-1] if exchange.events else None
    if last is None or (exchange.ended_t or 0.0) - last.t < SILENT_S:
        return None
    shown = last.base == "error" or any(_shows_the_end(event, exchange.graph) for event in exchange.events.root)
    return f"it had shown the final state, and then nothing for {SILENT_S:g} s" if shown else None


def _shows_the_end(event: Any, graph: str) -> bool:
    key = LAST_KEYS.get(graph)
    try:
        value = event.value if event.base in ("values", "updates") else None
    except NotJson:
        return False
    outputs = [value] if event.base == "values" else list(value.values()) if isinstance(value, dict) else []
    return any(isinstance(output, dict) and output.get(key) is not None for output in outputs)


def _last_event(exchange: Exchange) -> int:
    """Return the running number of the last event, or of the request if there is none."""
    return exchange.events[-1].seq if exchange.events else exchange.sent
