"""The incomplete servers of the battery, declared: what each refuses, rewrites, and how slow or busy it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.authoring.conditions import (
    Condition,
    asks_for,
    everywhere,
    is_join,
    is_stateless,
    is_stream,
    of_graph,
    with_subgraphs,
)
from conformance.authoring.registry import Fault
from conformance.protocol import MODES

from . import rewrites as rewrite
from .rewrites import at, starts_run

UNPROCESSABLE, NOT_FOUND = 422, 404


@dataclass(frozen=True)
class Refusal:
    """Requests that the server answers with this status, without doing anything."""

    where: Condition
    status: int = UNPROCESSABLE


@dataclass(frozen=True)
class Pace:
    """How slow or busy a server is."""

    delay_s: float = 0.0
    """How long every request waits."""
    requests: int = 0
    """How many requests are served at the same time, 0 for any number; further ones wait."""
    refused_above: int = 0
    """How many requests are served before further ones are answered with 429, 0 for any number."""
    streamed_runs: int = 0
    """How many streamed runs are active at the same time, 0 for any number; further ones wait."""


@dataclass(frozen=True)
class IncompleteServer:
    """The official server with something missing."""

    refusals: tuple[Refusal, ...] = ()
    faults: tuple[Fault, ...] = ()
    pace: Pace = Pace()
    live: bool = False
    """Whether it differs in time only, so that a recording cannot show it."""


def _refuses(where: Condition, status: int = UNPROCESSABLE) -> IncompleteServer:
    return IncompleteServer(refusals=(Refusal(where, status),))


def _fault(function: Callable[..., Any], where: Condition, part: str = "events") -> Fault:
    return Fault("", function, part, where)


def _rewrites(function: Callable[..., Any], where: Condition = is_stream, part: str = "events") -> IncompleteServer:
    return IncompleteServer(faults=(_fault(function, where, part),))


SERVERS: dict[str, IncompleteServer] = {
    **{f"no_{mode.replace('-', '_')}": _refuses(starts_run & asks_for(mode)) for mode in MODES},
    "silent_debug": _rewrites(rewrite.leaves_out("debug")),
    "silent_events": _rewrites(rewrite.leaves_out("events")),
    "refuses_strings": _refuses(starts_run & rewrite.with_string),
    "refuses_lists": _refuses(starts_run & rewrite.with_list),
    "refuses_several": _refuses(starts_run & rewrite.with_several),
    "first_of_list": _rewrites(rewrite.only_first_mode, is_stream & rewrite.with_several),
    "no_stateless": _refuses(is_stateless, NOT_FOUND),
    "stateless_refuses_events": _refuses(is_stateless & asks_for("events")),
    "wraps_stateless": _rewrites(rewrite.wrapped, is_stateless),
    "no_join": _refuses(is_join, NOT_FOUND),
    "no_background_runs": _refuses(rewrite.starts_background_run, NOT_FOUND),
    "finished_joins_404": _refuses(rewrite.joins_ended_run, NOT_FOUND),
    "replays_to_joiners": _rewrites(rewrite.replayed, is_join),
    "ignores_subgraphs": _rewrites(rewrite.only_root, is_stream & with_subgraphs),
    "refuses_subgraphs": _refuses(starts_run & with_subgraphs),
    "only_root_namespaces": _rewrites(rewrite.without_namespaces),
    "no_nested_subgraphs": _rewrites(rewrite.only_one_level),
    "no_state": _refuses(at("/state"), NOT_FOUND),
    "empty_state": _rewrites(rewrite.empty_values, at("/state"), "answer"),
    "no_history": _refuses(at("/history", "POST"), NOT_FOUND),
    "no_run_resources": _refuses(rewrite.reads_run, NOT_FOUND),
    "runs_stay_running": _rewrites(rewrite.still_running, rewrite.reads_run | rewrite.reads_thread, "answer"),
    "lists_all_runs": _rewrites(rewrite.runs_of_all_threads, rewrite.reads_runs, "answer"),
    "no_info": _refuses(at("/info"), NOT_FOUND),
    "no_error_events": _rewrites(rewrite.leaves_out("error"), is_stream & of_graph("fails", "fails_inside")),
    "no_metadata_event": _rewrites(rewrite.leaves_out("metadata")),
    "metadata_without_attempt": _rewrites(rewrite.without_attempt),
    "unknown_message_form": _rewrites(rewrite.of_another_protocol),
    "whole_messages": _rewrites(rewrite.whole_answers),
    "unknown_extra_events": _rewrites(rewrite.with_heartbeat_events),
    "always_gzip": IncompleteServer(
        faults=(
            _fault(rewrite.declared_compressed, everywhere, "answer"),
            _fault(rewrite.compressed, is_stream, "bytes"),
        ),
        live=True,  # the recorder decodes bodies as they arrive
    ),
    "forbids_unknown_keys": _refuses(starts_run & rewrite.with_unspecified_key),
    "answers_in_1_5": IncompleteServer(pace=Pace(delay_s=1.5), live=True),
    "answers_in_3": IncompleteServer(pace=Pace(delay_s=3), live=True),
    "one_event_a_second": IncompleteServer(faults=(_fault(rewrite.spaced(1), is_stream),), live=True),
    "six_connections": IncompleteServer(pace=Pace(requests=6), live=True),
    "busy_above_eight": IncompleteServer(pace=Pace(refused_above=8), live=True),
    "one_run_at_a_time": IncompleteServer(pace=Pace(streamed_runs=1), live=True),
    "closes_after_60": IncompleteServer(faults=(_fault(rewrite.closed_after(60), is_stream),), live=True),
    "closes_after_silence": _rewrites(rewrite.closed_at_silence, is_stream & rewrite.is_silent_for_long),
}
