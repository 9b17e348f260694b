"""predictions.jsonl.xz: what each release of the library that differs yields for the runs of the suite."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.files import folder
from conformance.launch.environments import find_python, node_environment, python_environment
from conformance.launch.process import LaunchError
from conformance.oracle import libraries
from conformance.oracle.cases import observed_streams
from conformance.oracle.computing import node_predictor, predicted_lines, python_predictor
from conformance.oracle.libraries import Library
from conformance.oracle.prediction import Case
from conformance.protocol import requested_modes
from conformance.suite.any_run.plan import rows
from conformance.suite.any_run.scenarios import requests_of
from tests import golden

LONGEST_LINE = 2_500_000
"""The number of characters from which a prediction is not shipped: runs with huge inputs are computed when needed."""

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Release:
    """A release of the library that streams something else than the others.

    `packages` is empty for the one that is installed here.  Packages newer than `day` are not installed beside them.
    """

    packages: tuple[str, ...] = ()
    day: datetime.date | None = None

    def command(self) -> tuple[str, ...]:
        """Return the command of its predictor; creates its environment if there is none."""
        graphs = folder("fixtures_graphs") / "python"
        if not self.packages:
            return python_predictor(graphs)
        python = find_python(OLDEST_PYTHON)
        if python is None:
            raise LaunchError(f"{self.packages[0]} needs Python {OLDEST_PYTHON}")
        name = f"oracle-{self.packages[0].replace('==', '-')}"
        return python_predictor(graphs, str(python_environment(name, self.packages, python, self.day, print).python))


@dataclass(frozen=True)
class JavaScriptRelease(Release):
    """The library for JavaScript, in the versions that the graphs' package.json pins."""

    def command(self) -> tuple[str, ...]:
        return node_predictor(node_environment("oracle-js", folder("fixtures_graphs") / "js", print).folder)


RELEASES = (
    Release(),
    Release(("langchain-core==1.7.0", "langgraph==1.2.18")),
    Release(("langgraph==1.1.6", "langchain-core==1.2.30")),
    Release(("langgraph==0.4.8", "langchain-core==0.3.66"), datetime.date(2025, 6, 25)),
    JavaScriptRelease(),
)
"""The most recent first; releases between them stream the same."""


def cases() -> list[Case]:
    """Return the cases of the plan and of the golden recordings; a run without a thread also on a temporary one."""
    recorded = (stream.case for one in golden.good().recordings.values() for _, stream in observed_streams(one))
    found = {}
    for run in (*recorded, *planned()):
        for case in (run, replace(run, thread=True)):
            found[case.key] = case
    return list(found.values())


def planned() -> Iterator[Case]:
    """Yield the cases of the rows of `any_run`, so that they can be predicted before they are recorded."""
    for row in rows().values():
        requests = requests_of(row)
        for number, request in enumerate(requests, 1):
            inputs = tuple(one["input"] for one in requests[:number])
            modes = tuple(sorted(requested_modes(request)))
            yield Case("program", inputs, modes, request["stream_subgraphs"], row["thread"] != "none")


def library(release: Release) -> Library:
    """Return what a release predicts for the cases."""
    lines = predicted_lines(cases(), release.command())
    versions = json.loads(next(iter(lines.values())))["library"]
    name = " ".join(next(iter(versions.items())))
    return Library(name, versions, {key: one for key, one in lines.items() if len(one) <= LONGEST_LINE})


def write() -> bool:
    """Write the packed file."""
    found = list(_libraries())
    libraries.FILE.write_bytes(libraries.packed(found))
    print(f"             {libraries.FILE.name}: {libraries.FILE.stat().st_size // 1024} KiB")
    return True


def _libraries() -> Iterator[Library]:
    for release in RELEASES:
        made = library(release)
        print(f"             {made.name}: {len(made.lines)} predictions, {made.versions}")
        yield made
