"""Which capabilities a request asks for.

A server that refuses a mode fails the requirements that govern the mode.  For every other requirement the refusal is
no evidence, and the outcome is inconclusive.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from conformance import catalogue
from conformance.catalogue import Capability
from conformance.evidence.exchange import Exchange
from conformance.protocol import MODES


def requested_capabilities(exchange: Exchange) -> frozenset[Capability]:
    """Return what a run request asks for: modes, pairs of modes, a mode as a string, subgraphs, resumability."""
    body = exchange.request
    if not isinstance(body, dict):
        return frozenset()
    known = catalogue.capabilities()
    given = body.get("stream_mode")
    modes = [mode for mode in MODES if mode in (given if isinstance(given, list) else [given])]
    asked = [known[f"mode.{mode}"] for mode in modes]
    asked += [_together(known["form.several"], pair) for pair in combinations(modes, 2)]
    asked += [known["form.string"]] if isinstance(given, str) else []
    asked += [known["flag.subgraphs"]] if body.get("stream_subgraphs") is True else []
    asked += [known["flag.resumable"]] if body.get("stream_resumable") is True else []
    return frozenset(asked)


def _together(several: Capability, modes: tuple[str, str]) -> Capability:
    return replace(several, name=" and ".join(modes) + " together")
