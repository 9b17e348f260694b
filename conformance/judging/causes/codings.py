"""Causes that show in the content coding of a body."""

from __future__ import annotations

from conformance.evidence.exchange import Exchange

from .case import Case, Description

HELD_BACK = "must be delivered while the run is active"
"""What a check says if an event arrived too late."""


def is_not_encoded_as_declared(case: Case) -> str | None:
    """A body could not be decoded as its head says, or it is compressed although its head does not say so."""
    problem = case.exchange.coding_problem
    return f"{problem[0].upper()}{problem[1:]}{_unasked(case.exchange)}." if problem else None


def holds_back_what_it_compresses(case: Case) -> str | None:
    """A stream whose events arrive too late is compressed."""
    coding = case.exchange.coding
    if not coding or HELD_BACK not in case.message:
        return None
    return (
        f"The body is compressed with {coding}{_unasked(case.exchange)}. A compressor holds events back until it is "
        "flushed: flush it after each event, or do not compress text/event-stream."
    )


def _unasked(exchange: Exchange) -> str:
    return "" if exchange.asks_for_coding else ", although the request does not ask for that"


CODINGS = (
    Description("not-encoded-as-declared", is_not_encoded_as_declared),
    Description("compressed-and-held-back", holds_back_what_it_compresses),
)
