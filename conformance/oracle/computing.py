"""Computes predictions with a library that is installed somewhere, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.files import folder
from conformance.oracle.prediction import Case, Prediction, prediction_of

PREDICTORS = Path(__file__).parent / "predictors"
LONGEST_S = 900
"""For how long the library may run: the shipped predictions take two minutes."""


class NoPrediction(RuntimeError):
    """The library could not be run; the message ends with what it wrote to standard error."""


def python_predictor(graphs: Path, interpreter: str = sys.executable) -> tuple[str, ...]:
    """Return the command of the Python predictor for a folder with a langgraph.json."""
    return interpreter, str(PREDICTORS / "predict.py"), str(graphs)


def node_predictor(graphs: Path) -> tuple[str, ...]:
    """Return the command of the JavaScript predictor for a folder with a langgraph.json and node_modules."""
    loader = graphs / "node_modules" / "tsx" / "dist" / "loader.mjs"
    return "node", "--import", str(loader), str(PREDICTORS / "predict.mjs"), str(graphs)


def graph_predictor(places: Mapping[str, str], interpreter: str = sys.executable) -> tuple[str, ...]:
    """Return the command of the Python predictor for graphs by their names, each as MODULE:ATTRIBUTE."""
    return interpreter, str(PREDICTORS / "predict.py"), *(f"{name}={place}" for name, place in places.items())


def computed(cases: Sequence[Case], command: Sequence[str] | None = None) -> Mapping[str, Prediction]:
    """Return the prediction of each case, by its key; raises NoPrediction.

    `command` runs a predictor; by default that of this interpreter with the reference graphs.
    """
    lines = predicted_lines(cases, command or python_predictor(folder("fixtures_graphs") / "python"))
    return {key: prediction_of(json.loads(line)) for key, line in lines.items()}


def predicted_lines(cases: Sequence[Case], command: Sequence[str]) -> dict[str, str]:
    """Return the line that the predictor writes for each case, by the key of the case; raises NoPrediction."""
    distinct = {case.key: case for case in cases}
    given = "".join(json.dumps(case.data) + "\n" for case in distinct.values())
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, encoding="utf-8", check=False, timeout=LONGEST_S
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NoPrediction(f"the library could not be run: {problem}") from None
    lines = done.stdout.removesuffix("\n").split("\n")  # JSON may hold other line separators
    if done.returncode or len(lines) != len(distinct):
        raise NoPrediction(f"the library predicted {len(lines)} of {len(distinct)} runs: {done.stderr[-2000:]}")
    return dict(zip(distinct, lines, strict=True))
