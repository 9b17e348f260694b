"""Prepares the environment and the services that a server needs, starts it, and reports how long that took."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from conformance.launch.cache import CachedEnvironment, Say
from conformance.launch.environments import find_python, node_environment, node_version, python_environment
from conformance.launch.process import LaunchError, missing_posix
from conformance.launch.server import Recipe, Running, launched
from conformance.launch.services import SERVICES

KINDS = ("none", "python", "node")


@dataclass(frozen=True)
class Plan:
    """The table `launch` of a target file, validated."""

    recipe: Recipe
    here: Path
    """The folder of the target file."""
    graphs: Path | None = None
    """The folder with graphs and langgraph.json; None for a server that has its own."""
    files: Path | None = None
    """A folder whose files replace those of a copy of `graphs`, with the server's package.json; kind node."""
    kind: str = "none"
    version: str = ""
    requires: tuple[int, ...] = ()
    """The oldest version of Python or Node that can be used."""
    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    """What must be importable in the suite's own environment, which is used instead of one made from `packages`."""
    install: str = ""
    """The command line that installs what is missing."""
    needs: tuple[str, ...] = ()
    """Services that run beside the server, members of SERVICES."""
    last_day: date | None = None
    """The day after which no package was uploaded that is installed; None for the newest packages."""
    graph_path: str = ""
    """The path, with {graph}, at which each graph is served; empty if all are served at the same URL."""

    @property
    def has_own_python(self) -> bool:
        """Whether a Python environment is created for it."""
        return self.kind == "python" and not self.modules


def missing(plan: Plan) -> str:
    """Return what the plan needs but this machine lacks, with how to install it; empty if nothing is missing."""
    if lacking := missing_posix():
        return f"{plan.recipe.name} needs {lacking}; start the server yourself, and give its address with --url"
    wants = [_missing_modules(plan), _missing_interpreter(plan), _missing_program(plan)]
    wants += [SERVICES[service].missing() for service in plan.needs]
    return "; ".join(f"{plan.recipe.name} needs {want}" for want in wants if want)


def _missing_modules(plan: Plan) -> str:
    absent = [module for module in plan.modules if importlib.util.find_spec(module) is None]
    return f"{', '.join(absent)}, not found by {sys.executable}: {plan.install}" if absent else ""


def _missing_interpreter(plan: Plan) -> str:
    wanted = ".".join(map(str, plan.requires))
    if plan.has_own_python and find_python(plan.requires) is None:
        ways = f"`apt-get install python{wanted} python{wanted}-venv`, `pyenv install {wanted}` or python.org"
        return f"Python {wanted} or newer with venv, not found on PATH or in pyenv: {ways}"
    if plan.kind == "node" and node_version() < plan.requires:
        found = ".".join(map(str, node_version()))
        present = f"found {found}" if found else "not found on PATH"
        return f"Node {wanted} or newer and npm, {present}: `apt-get install nodejs npm` (if new enough) or nodejs.org"
    return ""


def _missing_program(plan: Plan) -> str:
    program = plan.recipe.command[0]
    if "{" in program or plan.kind == "node" or shutil.which(program):
        return ""
    return f"{program}, not found on PATH: {plan.install or 'install it, or give its path'}"


@contextmanager
def started(plan: Plan, say: Say) -> Iterator[Running]:
    """Start the server of the plan and what it needs, and stop everything at exit; raises LaunchError."""
    if problem := missing(plan):
        raise LaunchError(problem)
    with ExitStack() as stack:
        environment = _environment(plan, say)
        graphs = environment.folder if environment and plan.kind == "node" else plan.graphs
        values: dict[str, object] = {"here": plan.here, "version": plan.version, "graphs": graphs}
        recipe, steps, inputs = plan.recipe, [str(environment)] if environment else [], []
        if environment and plan.kind == "python":
            values["python"] = environment.python
            # The caller's PYTHONPATH leads to modules of another environment; an empty one counts as unset.
            recipe = replace(recipe, environment={"PYTHONPATH": "", **recipe.environment})
        for kind in (SERVICES[name] for name in plan.needs):
            start = time.monotonic()
            service = stack.enter_context(kind.start())
            values |= service.values
            inputs.append(service.input)
            steps.append(f"{kind.title} started in {time.monotonic() - start:.1f} s")
        running = stack.enter_context(launched(recipe, graphs, values, inputs))
        version = running.version or plan.version
        steps.append(f"ready in {running.ready_s:.1f} s")
        say(f"started {' '.join(filter(None, (recipe.name, version)))}: {', '.join(steps)}")
        yield replace(running, version=version)


def own_urls(plan: Plan, url: str) -> dict[str, str]:
    """Return the base URL of each graph, empty if all graphs are served at the server's URL."""
    if not plan.graph_path or plan.graphs is None:
        return {}
    graphs = json.loads((plan.graphs / "langgraph.json").read_text("utf-8"))["graphs"]
    return {graph: url + plan.graph_path.format(graph=graph) for graph in graphs}


def _environment(plan: Plan, say: Say) -> CachedEnvironment | None:
    name = "-".join(filter(None, (plan.recipe.name, plan.version)))
    if plan.has_own_python:
        python = find_python(plan.requires)
        assert python, "missing() checks this"
        return python_environment(name, plan.packages, python, plan.last_day, say)
    if plan.kind == "node":
        assert plan.graphs, "read_plan() checks this"
        return node_environment(name, plan.graphs, say, plan.files)
    return None
