"""What the modules of the suite are written with: scenarios, checks, faults and expectations.

Everything that a module of the suite needs is exported here.  Nothing heavy is imported, because the pytest plugin
brings this package into every pytest of its environment.
"""

from conformance.authoring.client import Reply, Server, Stream
from conformance.authoring.conditions import (
    Condition,
    asks_for,
    at_path,
    by_method,
    condition,
    everywhere,
    is_join,
    is_stateless,
    is_stream,
    of_graph,
    starts_stream,
    with_subgraphs,
)
from conformance.authoring.declare import disputes, fault, observes, scenario, variation, verifies
from conformance.authoring.expectations import (
    equal,
    expect,
    fail,
    first_difference,
    inconclusive,
    same_sequence,
    same_values,
    schema_errors,
    shown,
)
from conformance.authoring.library import (
    ComparedStream,
    compared_streams,
    compared_threads,
    difference_of_runs,
    predicted_streams,
)
from conformance.authoring.payloads import member, run_id_of, showing_a_run, text_of
from conformance.authoring.projection import projected, same_output
from conformance.authoring.provided import KNOWN_NAMES, names_of_its_own, unknown_names
from conformance.authoring.registry import EVERY_STREAM, WHOLE_SESSION, Check, Scenario
from conformance.authoring.rewriting import (
    CUT,
    HANG,
    Answer,
    FaultContext,
    FaultOutput,
    Portions,
    SentEvent,
    SentEvents,
    rewritten,
    without,
)
from conformance.authoring.views import ExchangeView, RecordingView, SessionRecordings
from conformance.evidence.exchange import Event, Events, Exchange
from conformance.evidence.memo import memoized
from conformance.evidence.recording import Recording
from conformance.oracle import carries_another_mode
from conformance.oracle import is_free as is_free_event
from conformance.protocol import MODES, TERMINAL_STATUSES, is_terminal, requested_modes, thread_in, wire_name
from conformance.wire.endings import SILENCE

__all__ = [
    "CUT",
    "EVERY_STREAM",
    "HANG",
    "KNOWN_NAMES",
    "MODES",
    "SILENCE",
    "TERMINAL_STATUSES",
    "WHOLE_SESSION",
    "Answer",
    "Check",
    "ComparedStream",
    "Condition",
    "Event",
    "Events",
    "Exchange",
    "ExchangeView",
    "FaultContext",
    "FaultOutput",
    "Portions",
    "Recording",
    "RecordingView",
    "Reply",
    "Scenario",
    "SentEvent",
    "SentEvents",
    "Server",
    "SessionRecordings",
    "Stream",
    "asks_for",
    "at_path",
    "by_method",
    "carries_another_mode",
    "compared_streams",
    "compared_threads",
    "condition",
    "difference_of_runs",
    "disputes",
    "equal",
    "everywhere",
    "expect",
    "fail",
    "fault",
    "first_difference",
    "inconclusive",
    "is_free_event",
    "is_join",
    "is_stateless",
    "is_stream",
    "is_terminal",
    "member",
    "memoized",
    "names_of_its_own",
    "observes",
    "of_graph",
    "predicted_streams",
    "projected",
    "requested_modes",
    "rewritten",
    "run_id_of",
    "same_output",
    "same_sequence",
    "same_values",
    "scenario",
    "schema_errors",
    "showing_a_run",
    "shown",
    "starts_stream",
    "text_of",
    "thread_in",
    "unknown_names",
    "variation",
    "verifies",
    "wire_name",
    "with_subgraphs",
    "without",
]
