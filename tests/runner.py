"""Performs the steps of an action or of a workflow's job as GitHub's runner does: real shells, no actions of others.

It knows only the expressions, actions and conditions that this repository uses; any other is an error.
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

KNOWN = {
    *("actions/checkout@v4", "actions/setup-python@v5", "actions/upload-artifact@v4"),
    *("actions/configure-pages@v5", "actions/upload-pages-artifact@v3", "actions/deploy-pages@v4"),
}
"""The actions of others that workflows may use, each with its major version."""
OURS = "langgraph-stream-conformance@v0.1.0"
"""The action of this repository as a workflow names it, after the owner."""
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
CONDITIONS = (None, "always()")


def read(path: Path) -> Any:
    """Return the content of a YAML file."""
    return parse(path.read_text("utf-8"))


def parse(text: str) -> Any:
    """Return the content of YAML, in which the key `on` stays a string."""
    content = yaml.safe_load(text)
    if isinstance(content, dict) and True in content:
        content["on"] = content.pop(True)
    return content


@dataclass
class Runner:
    """A job on one machine: `workspace` is its current folder, `temp` its temporary folder."""

    workspace: Path
    temp: Path
    variables: Mapping[str, str]
    """The environment of every step when the job starts."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    """The names of steps to skip, because `temp` already contains what they create."""
    output: str = ""
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
        """Perform steps in order; after a failure only those whose condition is always().

        Return whether all succeeded, and the outputs of each step by its id.
        """
        outputs: dict[str, dict[str, str]] = {}
        good = True
        for step in steps:
            assert step.get("if") in CONDITIONS, step
            if step.get("name") in self.skipped or (not good and step.get("if") is None):
                continue
            context = _Context(inputs, outputs, self.secrets)
            perform = self._use if "uses" in step else self._shell
            succeeded, set_outputs = perform(step, context, more)
            good &= succeeded
            if "id" in step:
                outputs[step["id"]] = set_outputs
        return good, outputs

    def _use(self, step: dict[str, Any], context: _Context, more: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        name = step["uses"]
        given = {key: context.filled(value) for key, value in step.get("with", {}).items()}
        self.used.append(name)
        if name.rpartition("/")[2] == OURS:
            return self.action(ROOT, given)
        assert name in KNOWN, f"this runner does not know the action {name}"
        if name.startswith("actions/upload-artifact@"):
            self.uploads.append(given)
        return True, {"python-path": sys.executable} if name.startswith("actions/setup-python@") else {}

    def _shell(self, step: dict[str, Any], context: _Context, more: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        assert "${{" not in step["run"], f"the shell would execute the value of the expression: {step['run']}"
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
        self.output += done.stdout + done.stderr
        self.summary += summary.read_text("utf-8")
        lines = (line.split("=", 1) for line in output.read_text("utf-8").splitlines())
        return done.returncode == 0, dict(lines)


@dataclass
class _Context:
    """The values that expressions can name."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, str]

    def filled(self, text: object) -> str:
        """Return the text with its expressions replaced by their values."""
        return _EXPRESSION.sub(lambda found: self._value(found[1].strip()), str(text))

    def _value(self, expression: str) -> str:
        match expression.split("."):
            case ["inputs", name]:
                return self.inputs[name]
            case ["secrets", name]:
                return self.secrets[name]
            case ["steps", id, "outputs", name]:
                return self.outputs.get(id, {}).get(name, "")
        raise AssertionError(f"this runner does not know the expression {expression}")


def environment(*paths: Path) -> dict[str, str]:
    """Return the variables that a job starts with: those of this process without those for pytest or this checkout."""
    foreign = ("PYTEST_", "LG_CONFORMANCE_", "PYTHON", "GITHUB_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PATH": os.pathsep.join([*map(str, paths), kept["PATH"]])}
