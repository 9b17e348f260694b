"""Reads from recordings which run a stream shows, and its events in the form in which they are compared."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from conformance.evidence.exchange import JOIN, Event, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording, run_request
from conformance.oracle.libraries import ObservedStream, ObservedThread
from conformance.oracle.prediction import Case
from conformance.oracle.search import RecordedEvent
from conformance.protocol import (
    MODES,
    is_terminal,
    requested_modes,
    resource_of,
    starts_run,
    thread_in,
    wire_name,
)
from conformance.wire.endings import COMPLETE, LEFT
from conformance.wire.strict_json import NotJson

WIRE_MODES = tuple(wire_name(mode) for mode in MODES)
"""The wire names of the modes that the library defines."""

UNDERSTOOD = frozenset(
    {
        "assistant_id", "input", "stream_mode", "stream_subgraphs", "stream_resumable", "metadata",
        "on_disconnect", "multitask_strategy", "if_not_exists", "on_completion",
    }
)  # fmt: skip
"""Keys of a request that do not change what the graph does; a run with any other key is not predicted."""

DEFAULT_LIMIT = 10
"""How many entries a history has at most if the request does not say it."""


class Unreadable:
    """Stands for data that is not JSON; equal to nothing that is predicted."""

    def __repr__(self) -> str:
        return "data that is not JSON"


def case_of(recording: Recording, exchange: Exchange) -> Case | None:
    """Return the case of the run that an exchange starts; None if the run cannot be predicted.

    The earlier runs of the thread are the accepted requests before it in the recording.  A run cannot be predicted if
    its request, or that of an earlier run, has a key that is not understood or asks for a mode that is not the
    library's.
    """
    body = exchange.request
    thread = thread_in(exchange.path)
    if not (_starts_understood_run(exchange) and requested_modes(body) <= set(WIRE_MODES) and _modes_are_plain(body)):
        return None
    runs = [one for one in recording.exchanges if one.accepted and starts_run(one.method, one.path)]
    earlier = [one for one in runs if thread is not None and thread_in(one.path) == thread and one.sent < exchange.sent]
    if not all(map(_starts_understood_run, earlier)) or any(one.graph != exchange.graph for one in earlier):
        return None
    inputs = tuple(one.request["input"] for one in (*earlier, exchange))
    modes = tuple(sorted(requested_modes(body)))
    return Case(exchange.graph, inputs, modes, bool(body.get("stream_subgraphs")), thread is not None)


def _starts_understood_run(exchange: Exchange) -> bool:
    body = exchange.request
    starts = starts_run(exchange.method, exchange.path) and exchange.valid
    return starts and isinstance(body, dict) and "input" in body and body.keys() <= UNDERSTOOD


def _modes_are_plain(body: dict[str, Any]) -> bool:
    """Return whether no requested mode is `messages`, a mode of servers that the library does not have."""
    given = body.get("stream_mode")
    return given != "messages" and not (isinstance(given, list) and "messages" in given)


def observed_streams(recording: Recording) -> list[tuple[Exchange, ObservedStream]]:
    """Return every stream of a recording that can be compared with a prediction.

    These are streams that the server ended by the rules of HTTP, or that the reader left: of those who started the
    run, and of readers that joined it on its own thread without further wishes.  Events of modes that nobody requested
    are left out, because they hide every other difference; `modes.only-requested` judges them.
    """
    found = []
    for exchange in recording.exchanges:
        started = run_request(recording, exchange) if exchange.asks_for_stream and exchange.is_stream else None
        if started is None or exchange.ending not in (COMPLETE, LEFT) or not _is_plain(exchange):
            continue
        case = case_of(recording, started)
        joined = exchange.kind == JOIN
        thread = thread_in(exchange.path)
        if case is None or thread_in(started.path) != thread or (joined and exchange.ending == LEFT):
            continue
        ended = exchange.ending == COMPLETE
        at = exchange.answered_t - started.sent_t if joined and exchange.answered_t is not None else None
        modes = {*requested_modes(started.request), "error"}
        events = [one for one in recorded_events(exchange) if one.mode in modes]
        found.append((exchange, ObservedStream(case, events, exchange.run_id, thread, joined, ended, at)))
    return found


def observed_threads(recording: Recording) -> list[tuple[Exchange, ObservedThread]]:
    """Return every answer about the state or the history of a thread that can be compared with a prediction.

    These are the answers to requests after the thread's latest run is known to have ended.
    """
    found = []
    for exchange in recording.exchanges:
        about = resource_of(exchange.path) if exchange.valid and exchange.accepted else None
        started = _latest_run(recording, exchange) if about in ("state", "history") else None
        case = case_of(recording, started) if started is not None else None
        if started is not None and case is not None and _had_ended(recording, started, exchange):
            limit = _limit(exchange) if about == "history" else None
            thread = thread_in(exchange.path)
            found.append((exchange, ObservedThread(case, _answer(exchange), started.run_id, thread, limit)))
    return found


def _latest_run(recording: Recording, exchange: Exchange) -> Exchange | None:
    """Return the last accepted request before an exchange that started a run on its thread."""
    before = [one for one in recording.exchanges if one.starts_run and one.accepted and one.sent < exchange.sent]
    thread = thread_in(exchange.path)
    return next((one for one in reversed(before) if thread_in(one.path) == thread), None)


def _had_ended(recording: Recording, started: Exchange, exchange: Exchange) -> bool:
    """Return whether a stream of the run had ended, or its status was terminal, before an exchange."""
    before = [one for one in recording.exchanges if (one.ended or exchange.sent) < exchange.sent]
    of_run = [one for one in before if one.run_id is not None and one.run_id == started.run_id]
    return any(
        one.ending == COMPLETE if one.asks_for_stream else one is not started and _shows_the_end(one) for one in of_run
    )


def _shows_the_end(exchange: Exchange) -> bool:
    answer = _answer(exchange)
    return isinstance(answer, dict) and is_terminal(answer.get("status"))


def _limit(exchange: Exchange) -> int:
    """Return how many entries a request for a history asks for; the default is the official servers'."""
    body = exchange.request
    limit = body.get("limit") if isinstance(body, dict) else None
    return limit if isinstance(limit, int) else DEFAULT_LIMIT


def _answer(exchange: Exchange) -> Any:
    try:
        return exchange.json
    except NotJson:
        return Unreadable()


def _is_plain(exchange: Exchange) -> bool:
    """Return whether a request asks for all events of a run from now on."""
    resumes = any(name.lower() == "last-event-id" for name, _ in exchange.request_headers)
    wishes = parse_qs(exchange.path.partition("?")[2]).keys() - {"cancel_on_disconnect"}
    return exchange.valid and not wishes and not resumes


@memoized
def recorded_events(exchange: Exchange) -> list[RecordedEvent]:
    """Return the events of a stream that the library defines: those of the modes, and errors."""
    chosen = [event for event in exchange.events if event.base in (*WIRE_MODES, "error")]
    return [RecordedEvent(one.base, one.namespace, _data(one), one.position) for one in chosen]


def _data(event: Event) -> Any:
    try:
        return event.value
    except NotJson:
        return Unreadable()
