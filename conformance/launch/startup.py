"""Prepares what a launch recipe needs, starts the server, and says what that cost.

It knows environments and the services beside a server; what the recipe of a server is stands in its target file.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.launch import postgres
from conformance.launch.environments import (
    CachedEnvironment,
    Say,
    find_python,
    node_environment,
    node_version,
    python_environment,
)
from conformance.launch.process import LaunchError, Recipe, Running, launched

KINDS = ("none", "python", "node")
SERVICES = ("postgresql",)


@dataclass(frozen=True)
class Plan:
    """The table `launch` of a target file, checked."""

    recipe: Recipe
    here: Path
    """The folder of the target file."""
    graphs: Path | None = None
    """The folder with graphs and langgraph.json; None for a server that brings its own."""
    kind: str = "none"
    version: str = ""
    requires: tuple[int, ...] = ()
    """The oldest Python or Node that will do."""
    packages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    """What the suite's own environment must hold, where it is used instead of one made from `packages`."""
    install: str = ""
    """The command line that brings what is missing."""
    needs: tuple[str, ...] = ()
    release: str | None = None
    """The package, as NAME==VERSION, whose day the others must not be newer than."""
    graph_path: str = ""
    """The path, with {graph}, at which each graph has a server of its own."""

    @property
    def makes_python(self) -> bool:
        """Whether an environment of Python is made for it."""
        return self.kind == "python" and not self.modules


def missing(plan: Plan) -> str:
    """What the plan needs and this machine does not have, with the command that provides it; empty if all is there."""
    wants = [_missing_modules(plan), _missing_interpreter(plan), _missing_program(plan)]
    wants += [postgres.missing() if service == "postgresql" else "" for service in plan.needs]
    return "; ".join(f"{plan.recipe.name} needs {want}" for want in wants if want)


def _missing_modules(plan: Plan) -> str:
    absent = [module for module in plan.modules if importlib.util.find_spec(module) is None]
    return f"{', '.join(absent)}, not found by {sys.executable}: {plan.install}" if absent else ""


def _missing_interpreter(plan: Plan) -> str:
    wanted = ".".join(map(str, plan.requires))
    if plan.makes_python and find_python(plan.requires) is None:
        ways = f"`apt-get install python{wanted} python{wanted}-venv`, `pyenv install {wanted}` or python.org"
        return f"Python {wanted} or newer with venv, not found on PATH or in pyenv: {ways}"
    if plan.kind == "node" and node_version() < plan.requires:
        found = ".".join(map(str, node_version()))
        seen = f"found {found}" if found else "not found on PATH"
        return f"Node {wanted} or newer and npm, {seen}: `apt-get install nodejs npm` (if new enough) or nodejs.org"
    return ""


def _missing_program(plan: Plan) -> str:
    program = plan.recipe.command[0]
    if "{" in program or plan.kind == "node" or shutil.which(program):
        return ""
    return f"{program}, not found on PATH: {plan.install or 'install it, or write its path'}"


@contextmanager
def started(plan: Plan, say: Say) -> Iterator[Running]:
    """The server of the plan with all that it needs, stopped at exit; LaunchError if it cannot be started."""
    if problem := missing(plan):
        raise LaunchError(problem)
    with ExitStack() as stack:
        made = _environment(plan, say)
        graphs = made.folder if made and plan.kind == "node" else plan.graphs
        values: dict[str, object] = {"here": plan.here, "version": plan.version, "graphs": graphs}
        recipe, costs, inputs = plan.recipe, [str(made)] if made else [], []
        if made and plan.kind == "python":
            values["python"] = made.python
            # The caller's path leads to modules of another environment; empty is as if unset.
            recipe = replace(recipe, environment={"PYTHONPATH": "", **recipe.environment})
        if "postgresql" in plan.needs:
            began = time.monotonic()
            database = stack.enter_context(postgres.postgresql())
            values["database_url"] = database.url
            inputs.append(database.input)
            costs.append(f"PostgreSQL started in {time.monotonic() - began:.1f} s")
        running = stack.enter_context(launched(recipe, graphs, values, inputs))
        version = running.version or plan.version
        costs.append(f"ready in {running.ready_s:.1f} s")
        say(f"set-up of {' '.join(filter(None, (recipe.name, version)))}: {', '.join(costs)}")
        yield replace(running, version=version)


def own_urls(plan: Plan, url: str) -> dict[str, str]:
    """The base URL of each graph that has one of its own, at the server's URL."""
    if not plan.graph_path or plan.graphs is None:
        return {}
    graphs = json.loads((plan.graphs / "langgraph.json").read_text("utf-8"))["graphs"]
    return {graph: url + plan.graph_path.format(graph=graph) for graph in graphs}


def _environment(plan: Plan, say: Say) -> CachedEnvironment | None:
    name = "-".join(filter(None, (plan.recipe.name, plan.version)))
    if plan.makes_python:
        python = find_python(plan.requires)
        assert python, "missing() has seen to it"
        return python_environment(name, plan.packages, python, plan.release, say)
    if plan.kind == "node":
        assert plan.graphs, "the target file was checked for it"
        return node_environment(name, plan.graphs, say)
    return None
