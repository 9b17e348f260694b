"""Computes what the library streams for the runs of a session, and keeps it beside the recordings.

The predictions are a file, so that `judge` compares with the same ones later, on a machine without the library.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import RecordingSource
from conformance.files import folder
from conformance.oracle import Case, Library, NoPrediction, node_predictor, observed_streams, observed_threads
from conformance.oracle.computing import Predictor, graph_predictor, python_predictor
from conformance.oracle.libraries import packed, unpacked
from conformance.session.own_runs import ChosenRuns
from conformance.settings import UsageError

FILE = "predictions.jsonl.xz"
"""The predictions, beside the recordings."""
PROCESSES = min(4, os.cpu_count() or 1)
"""How many processes predict at once at most."""
CASES_OF_A_PROCESS = 50
"""A process is started for so many cases: it takes as long to start as to predict them."""

Say = Callable[[str], None]
Predict = Callable[[Sequence[Recording]], tuple[Library, ...]]
"""Returns the libraries that predict the runs of recordings; none if no library is at hand."""


def computed_libraries(source: RecordingSource) -> tuple[Library, ...]:
    """Return the libraries whose predictions are beside the recordings; none if there is no such file."""
    return tuple(unpacked(source.read(FILE))) if FILE in source.names() else ()


def prepare(recordings: Iterable[Recording], runs: ChosenRuns, libraries: Sequence[Library]) -> None:
    """Note in each recording with which libraries its runs are compared, and whether they can be."""
    for one in recordings:
        one.deterministic = one.graph not in runs.not_deterministic
        one.libraries = libraries if one.deterministic else ()


@contextmanager
def predicting(runs: ChosenRuns, places: Sequence[str], redactor: Redactor, say: Say) -> Iterator[Predict]:
    """Run the library at the given places; yield the function that predicts runs.  Raises UsageError."""
    command = command_of(runs, places)
    if command is None:
        if not runs.holds_user_data:
            say("langgraph is not installed here, so the streams are judged without it")
        yield lambda recordings: ()
        return
    with ExitStack() as stack:
        started: list[Predictor] = []

        def predict(recordings: Sequence[Recording]) -> tuple[Library, ...]:
            cases = list({case.key: case for case in _cases(recordings, runs)}.values())
            try:
                while len(started) < min(PROCESSES, 1 + len(cases) // CASES_OF_A_PROCESS):
                    started.append(stack.enter_context(Predictor(command)))
                return _predicted(cases, started, redactor)
            except NoPrediction as problem:
                say(f"the streams are judged without the library: {problem}")
                return ()

        yield predict


def keep(libraries: Sequence[Library], recordings: Path) -> None:
    """Write the predictions beside the recordings."""
    if libraries:
        (recordings / FILE).write_bytes(packed(libraries))


def command_of(runs: ChosenRuns, places: Sequence[str]) -> tuple[str, ...] | None:
    """Return the command of the predictor, None if no library is at hand; raises UsageError."""
    if not places:
        at_hand = not runs.holds_user_data and importlib.util.find_spec("langgraph") is not None
        return python_predictor(folder("fixtures_graphs") / "python") if at_hand else None
    if len(places) == 1 and Path(places[0]).is_dir():
        given = Path(places[0]).resolve()
        if not (given / "langgraph.json").is_file():
            raise UsageError(f"--library {places[0]}: the folder has no langgraph.json")
        return node_predictor(given) if (given / "node_modules").is_dir() else python_predictor(given)
    graphs = dict.fromkeys(case.graph for case in runs.cases.values())
    return graph_predictor(dict(_place(text, list(graphs)) for text in places))


def _place(text: str, graphs: Sequence[str]) -> tuple[str, str]:
    """Return an assistant and the module and attribute that hold its graph; raises UsageError."""
    assistant, equals, place = text.partition("=")
    if not equals:
        assistant, place = graphs[0] if len(graphs) == 1 else "", text
    if assistant not in graphs or not all(place.partition(":")):
        known = ", ".join(graphs)
        raise UsageError(
            f"--library must be a folder with a langgraph.json, or ASSISTANT=MODULE:ATTRIBUTE with one of the "
            f"assistants {known}; {text!r} is neither"
        )
    return assistant, place


def _cases(recordings: Iterable[Recording], runs: ChosenRuns) -> Iterator[Case]:
    """Yield each run whose stream or thread can be compared; a run without a thread also on a temporary one."""
    for one in recordings:
        if one.graph not in runs.not_deterministic:
            streams = [stream.case for _, stream in observed_streams(one)]
            yield from (*streams, *(answer.case for _, answer in observed_threads(one)))
            yield from (replace(case, thread=True) for case in streams if not case.thread)


def _predicted(cases: Sequence[Case], started: Sequence[Predictor], redactor: Redactor) -> tuple[Library, ...]:
    """Return the library with its predictions, computed by several processes at once; raises NoPrediction."""
    if not cases:
        return ()
    with ThreadPoolExecutor(len(started)) as pool:
        parts = [cases[number :: len(started)] for number in range(len(started))]
        found = list(pool.map(lambda one, part: one.lines(part), started, parts))
    lines = {key: redactor.text(line) for one in found for key, line in one.items()}
    versions = json.loads(next(iter(lines.values())))["library"]
    return (Library("computed", versions, lines),)
