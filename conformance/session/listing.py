"""Lists the runs of a session before any of them is performed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.session.own_runs import ChosenRuns
from conformance.suite.generated.case import BY_STREAM, Case, Request
from conformance.wire.text import printable, shortened

INPUT_CHARACTERS = 100
"""How many characters of an input a line shows."""


def listed(runs: ChosenRuns) -> Iterator[str]:
    """Yield how many runs there are, and a line for each case."""
    yield runs.summary
    width = max(map(len, runs.cases))
    for name, case in runs.cases.items():
        yield printable(f"{name:<{width}}  {', '.join(_words(case))}: {_input(case.run)}")


def _words(case: Case) -> Iterator[str]:
    """Yield what a case is, in words."""
    yield "+".join(case.run.modes) + ("" if case.run.form == "list" else f" as {case.run.form}")
    if case.run.subgraphs:
        yield "with subgraphs"
    earlier = len(case.earlier)
    yield "no thread" if not case.thread else f"run {earlier + 1} of a thread" if earlier else "a new thread"
    yield "started by a stream" if case.start == BY_STREAM else "started in the background"
    yield f"readers: {case.readers}"


def _input(request: Request) -> str:
    return shortened(json.dumps(request.input, ensure_ascii=True), INPUT_CHARACTERS)
