"""Computes predictions with a library that is installed somewhere, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Self

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
    with Predictor(command) as predictor:
        return predictor.lines(cases)


class Predictor:
    """A predictor that runs until it is closed, because it takes seconds to start."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it; raises NoPrediction."""
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the predictor
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True, encoding="utf-8"
            )
        except OSError as problem:
            self._said.close()
            raise NoPrediction(f"the library could not be run: {problem}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def lines(self, cases: Sequence[Case]) -> dict[str, str]:
        """Return the line for each case, by the key of the case; raises NoPrediction."""
        distinct = {case.key: case for case in cases}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        writing = threading.Thread(target=self._write, args=(self._process.stdin, list(distinct.values())))
        late = threading.Timer(LONGEST_S, self._process.kill)
        writing.start()
        late.start()
        lines = list(islice(self._process.stdout, len(distinct)))
        late.cancel()
        writing.join()
        if len(lines) < len(distinct):
            raise NoPrediction(f"the library predicted {len(lines)} of {len(distinct)} runs: {self._last_words()}")
        return dict(zip(distinct, (line.removesuffix("\n") for line in lines), strict=True))

    @staticmethod
    def _write(stdin: IO[str], cases: Sequence[Case]) -> None:
        """Hand over the cases while the lines are read, because neither end may fill."""
        with suppress(BrokenPipeError):
            stdin.writelines(json.dumps(case.data) + "\n" for case in cases)
            stdin.flush()

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read().decode("utf-8", "replace")[-2000:]
