"""Performs the steps of an action, or of a workflow's job, as GitHub's runner does: the shell for real, no network.

What is needed of its expressions is known, and nothing else: an unknown name, action or condition is an error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .test_plugin import ROOT

KNOWN = {"actions/checkout@v4", "actions/setup-python@v5", "actions/upload-artifact@v4"}
"""The actions of others that may be used, each at a major version."""
OURS = "langgraph-stream-conformance@v0.1.0"
"""How a workflow names the action of this repository, after its owner."""
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
CONDITIONS = (None, "always()")


def read(path: Path) -> Any:
    """The content of a YAML file."""
    return parse(path.read_text("utf-8"))


def parse(text: str) -> Any:
    """The content of YAML, whose key `on` stays a text."""
    content = yaml.safe_load(text)
    if isinstance(content, dict) and True in content:
        content["on"] = content.pop(True)
    return content


@dataclass
class Runner:
    """A job on one machine: `workspace` is its current folder, `temp` what is thrown away after it."""

    workspace: Path
    temp: Path
    variables: Mapping[str, str]
    """The environment of every step, as the job starts."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    there: frozenset[str] = frozenset()
    """The names of steps that are left out, because what they make is in `temp` already."""
    said: str = ""
    summary: str = ""
    uploads: list[dict[str, str]] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    def action(self, folder: Path, given: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        """Perform the composite action of a folder; return whether it succeeded, and its outputs."""
        action = read(folder / "action.yml")
        assert given.keys() <= action["inputs"].keys()
        inputs = {name: str(given.get(name, one["default"])) for name, one in action["inputs"].items()}
        good, outputs = self.steps(action["runs"]["steps"], inputs, {"GITHUB_ACTION_PATH": str(folder)})
        found = _Context(inputs, outputs, self.secrets)
        return good, {name: found.filled(one["value"]) for name, one in action.get("outputs", {}).items()}

    def steps(
        self, steps: list[dict[str, Any]], inputs: Mapping[str, str], more: Mapping[str, str]
    ) -> tuple[bool, dict[str, dict[str, str]]]:
        """Perform steps in order; after one that fails only those whose condition is always()."""
        outputs: dict[str, dict[str, str]] = {}
        good = True
        for step in steps:
            assert step.get("if") in CONDITIONS, step
            if step.get("name") in self.there or (not good and step.get("if") is None):
                continue
            context = _Context(inputs, outputs, self.secrets)
            perform = self._use if "uses" in step else self._shell
            done, said = perform(step, context, more)
            good &= done
            if "id" in step:
                outputs[step["id"]] = said
        return good, outputs

    def _use(self, step: dict[str, Any], context: _Context, more: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        name = step["uses"]
        given = {key: context.filled(value) for key, value in step.get("with", {}).items()}
        self.used.append(name)
        if name.rpartition("/")[2] == OURS:
            return self.action(ROOT, given)
        assert name in KNOWN, f"{name} is no action that is known here"
        if name.startswith("actions/upload-artifact@"):
            self.uploads.append(given)
        return True, {"python-path": sys.executable} if name.startswith("actions/setup-python@") else {}

    def _shell(self, step: dict[str, Any], context: _Context, more: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        assert "${{" not in step["run"], f"an expression in shell text can act as shell text: {step['run']}"
        output, summary = self.temp / "output", self.temp / "summary"
        for file in (output, summary):
            file.write_bytes(b"")
        variables = {
            **self.variables, **more, **{key: context.filled(value) for key, value in step.get("env", {}).items()},
            "RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
        }  # fmt: skip
        script = self.temp / "step.sh"
        script.write_text(step["run"], "utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], cwd=self.workspace, env=variables,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=600,
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        self.summary += summary.read_text("utf-8")
        lines = (line.split("=", 1) for line in output.read_text("utf-8").splitlines())
        return done.returncode == 0, dict(lines)


@dataclass
class _Context:
    """What expressions can name."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, str]

    def filled(self, text: object) -> str:
        """The text with the values of its expressions."""
        return _EXPRESSION.sub(lambda found: self._value(found[1].strip()), str(text))

    def _value(self, expression: str) -> str:
        match expression.split("."):
            case ["inputs", name]:
                return self.inputs[name]
            case ["secrets", name]:
                return self.secrets[name]
            case ["steps", id, "outputs", name]:
                return self.outputs.get(id, {}).get(name, "")
        raise AssertionError(f"an expression that is not known here: {expression}")


def environment(*paths: Path) -> dict[str, str]:
    """The variables a job starts with: this process's, without what speaks to a pytest or of a checkout."""
    foreign = ("PYTEST_", "LG_CONFORMANCE_", "PYTHON", "GITHUB_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PATH": os.pathsep.join([*map(str, paths), kept["PATH"]])}
