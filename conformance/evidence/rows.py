"""An exchange as rows of text: what was sent and received, with running numbers and times.

Nothing in a row can control a terminal or break a line.
"""

from __future__ import annotations

from conformance.evidence.exchange import Event, Exchange
from conformance.wire.text import shortened

ROW_CHARACTERS = 400
"""How many characters of an event or a body a row shows."""

ROWS_BEFORE = 2
"""How many events before the first difference the evidence shows."""


def event_row(event: Event) -> str:
    """Return an event as it arrived: running number, time and the beginning of its bytes."""
    text = event.block.raw.decode("utf-8", "replace")
    return f"#{event.seq} {event.t:.3f} s  {shortened(text, ROW_CHARACTERS)}"


def head_row(exchange: Exchange) -> str:
    """Return status and content type, and the body if the answer is not a stream."""
    if exchange.status is None:
        return "no answer"
    body = "" if exchange.is_stream else shortened(exchange.content.decode("utf-8", "replace"), ROW_CHARACTERS)
    media = shortened(exchange.header("content-type") or "", ROW_CHARACTERS)
    return f"#{exchange.answered} {exchange.answered_t:.3f} s  HTTP {exchange.status} {media} {body}"


def end_row(exchange: Exchange) -> str:
    """Return how the exchange ended."""
    when = f"#{exchange.ended} {exchange.ended_t:.3f} s" if exchange.ended is not None else ""
    return f"{when}  {exchange.ending} {shortened(exchange.detail, ROW_CHARACTERS)}"


def rows_around(event: Event) -> list[str]:
    """Return the rows of an event and of the few before it."""
    first = max(0, event.position - 1 - ROWS_BEFORE)
    return [event_row(one) for one in event.exchange.events[first : event.position]]


def last_rows(exchange: Exchange) -> list[str]:
    """Return the rows of the last few events and of the end."""
    events = exchange.events[-ROWS_BEFORE - 1 :] if exchange.is_stream else []
    return [*map(event_row, events), end_row(exchange)]
