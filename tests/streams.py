"""Exchanges and events made in memory, with the times at which they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.evidence.exchange import Chunk, Exchange


def stream(name: str, arrivals: Iterable[tuple[float, bytes]], **changes: Any) -> Exchange:
    """Return a POST that is answered with an event stream, given its bytes with their arrival times in seconds.

    Running numbers follow the times; `changes` are fields of the exchange that differ from the usual ones.
    """
    chunks = [Chunk(_number(t), t, data) for t, data in arrivals]
    sent_t = changes.get("sent_t", 0.0)
    ended_t = changes.get("ended_t", chunks[-1].t if chunks else sent_t)
    request = {"kind": "stream", "method": "POST", "url": "http://h/threads/t/runs/stream", "request_headers": []}
    fields: dict[str, Any] = {
        **request,
        "body": None,
        "valid": True,
        "sent": _number(sent_t),
        "sent_t": sent_t,
        "status": 200,
        "headers": [("content-type", "text/event-stream")],
        "answered": _number(sent_t),
        "answered_t": sent_t,
        "chunks": chunks,
        "ending": "complete",
        "detail": "",
        "ended": _number(ended_t),
        "ended_t": ended_t,
    }
    return Exchange(name, **fields | changes)


def event(name: str, data: str = "{}") -> bytes:
    """Return an event as bytes."""
    return f"event: {name}\ndata: {data}\n\n".encode()


def _number(t: float) -> int:
    return round(t * 1000)
