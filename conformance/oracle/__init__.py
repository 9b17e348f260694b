"""The library as the oracle: what langgraph itself streams for a run, compared with what a server sent.

The specification defines each stream mode as the output of a method of the library.  So for any graph, input, earlier
runs of the thread, modes and flag the right stream is known: the same graph, run in-process.  This package compares
recorded streams with such predictions.  It needs no langgraph: predictions are data, shipped in `predictions.jsonl.xz`
or computed by a predictor in a process of its own.

What is compared
    `observed_streams(recording)` returns each comparable stream of a recording as an `ObservedStream`: its `Case`
    (graph, inputs of the thread's runs, modes, flag, thread or not), its events, and the ids of run and thread.

    `compare_runs(one, other)` compares two runs of a graph that no library predicts.

Where predictions are from
    `shipped()` returns a `Library` for each release that streams something else than the others, most recent first.
    `computed(cases)` runs a predictor: by default langgraph of this interpreter with the reference graphs.

Comparing
    `first_difference(stream, library)` returns None or the first `Difference`, for creators and for joining readers;
    `differences` returns the first one in each mode.
    `best_fit(streams, libraries)` returns the library from which the fewest streams of a session differ, with the
    difference of each stream: a server must agree with one library as a whole.
    `observed_threads(recording)` returns each answer to GET /threads/{thread_id}/state and POST
    /threads/{thread_id}/history as an `ObservedThread`; `thread_difference(observed, library)` compares it.

A `Difference` names mode, kind, position, path, expected and actual part; `message` is the sentence, `area` the area of
requirements whose sentences it concerns, None if no sentence of the specification covers it.

Cost: a comparison takes 0.4 ms for the median stream of the golden recordings, 7 ms on average, because a few have
thousands of events; a prediction takes 10 to 100 ms, and a process starts in 2 s.  If the order has too many
possibilities, the search gives up after 20,000 comparisons, and the difference has the kind `undecided`.

What is not predicted: cancelled runs, interrupts and commands, assistants with a config, when an event arrives, and
how far parallel tasks come when one of them fails.
"""

from conformance.oracle.cases import case_of, observed_streams, observed_threads, recorded_events
from conformance.oracle.compare import compare_stream, moments_of
from conformance.oracle.computing import NoPrediction, computed, node_predictor, python_predictor
from conformance.oracle.difference import KINDS, UNDECIDED, Difference
from conformance.oracle.join import compare_join
from conformance.oracle.libraries import (
    Fit,
    Library,
    NotPredicted,
    ObservedStream,
    ObservedThread,
    best_fit,
    differences,
    first_difference,
    fitted,
    shipped,
    thread_difference,
)
from conformance.oracle.parts import carries_another_mode, is_free
from conformance.oracle.prediction import Case, PredictedEvent, Prediction
from conformance.oracle.relation import ObservedRun, compare_runs
from conformance.oracle.search import RecordedEvent
from conformance.oracle.thread_state import compare_history, compare_state

__all__ = [
    "KINDS",
    "UNDECIDED",
    "Case",
    "Difference",
    "Fit",
    "Library",
    "NoPrediction",
    "NotPredicted",
    "ObservedRun",
    "ObservedStream",
    "ObservedThread",
    "PredictedEvent",
    "Prediction",
    "RecordedEvent",
    "best_fit",
    "carries_another_mode",
    "case_of",
    "compare_history",
    "compare_join",
    "compare_runs",
    "compare_state",
    "compare_stream",
    "computed",
    "differences",
    "first_difference",
    "fitted",
    "is_free",
    "moments_of",
    "node_predictor",
    "observed_streams",
    "observed_threads",
    "python_predictor",
    "recorded_events",
    "shipped",
    "thread_difference",
]
