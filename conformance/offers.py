"""What a run's request asks of a server beyond running a graph, and which requirements speak of that.

A server that takes no request in some mode fails what is required of the mode; what is required of anything else cannot
be told from that refusal.  It reads request bodies and requirement ids, and judges nothing.
"""

from __future__ import annotations

from itertools import combinations

from .transcript import Exchange

_AREA = {"messages-tuple": "messages"}
_MODES_AREA = "modes"
_ALSO = {
    "messages-tuple": {"filtering", "delivery.tokens"},
    **{mode: {"delivery.each-mode"} for mode in ("values", "updates", "debug", "custom", "events")},
}
"""Areas and requirements that name a mode, beside its own area and `modes`."""

_STRING = ("a mode as a string", frozenset({_MODES_AREA, "transport.sdk-body"}))
_RESUMABLE = ("stream_resumable", frozenset({"clients.resumption"}))
_SUBGRAPHS = ("stream_subgraphs", frozenset({"subgraphs", "events.children"}))

Wish = tuple[str, frozenset[str]]
"""What is asked for, in words, and the areas and requirements that speak of it."""


def wishes(exchange: Exchange) -> frozenset[Wish]:
    """What a run's request asks for: each mode, any two together, a mode as a string, subgraphs, to be resumable."""
    body = exchange.request
    if not isinstance(body, dict):
        return frozenset()
    given = body.get("stream_mode")
    listed = given if isinstance(given, list) else [given]
    modes = sorted({mode for mode in listed if isinstance(mode, str)})
    found = {(f"the mode {mode}", _speak_of(mode)) for mode in modes}
    found |= {(f"{one} and {other} together", frozenset({_MODES_AREA})) for one, other in combinations(modes, 2)}
    found |= {_STRING} if isinstance(given, str) else set()
    found |= {_SUBGRAPHS} if body.get("stream_subgraphs") is True else set()
    found |= {_RESUMABLE} if body.get("stream_resumable") is True else set()
    return frozenset(found)


def _speak_of(mode: str) -> frozenset[str]:
    return frozenset({_AREA.get(mode, mode), _MODES_AREA, *_ALSO.get(mode, ())})


def speaks_of(requirement: str, wish: Wish) -> bool:
    """Whether a refusal of what was asked for is a matter of this requirement."""
    return bool(wish[1] & {requirement, requirement.partition(".")[0]})
