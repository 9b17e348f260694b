"""The step of the action that judges: runs the suite and sets the action's outputs.

The inputs of action.yml arrive as variables INPUT_…; the outputs go into the file that GITHUB_OUTPUT names.  The
standard library is enough.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

OPTIONS = ("url", "target", "profile", "baseline", "fail-on", "max-seconds", "report-dir")
"""Inputs that are options of `lg-conformance run` with the same name; an empty input is left out."""

USAGE = 4
"""The exit status of `lg-conformance` for wrong usage."""


def arguments(inputs: Mapping[str, str]) -> Iterator[str]:
    """Yield the arguments of `lg-conformance run`; raises ValueError if the inputs are not usable."""
    if not (inputs["url"] or inputs["target"]):
        raise ValueError("give the input url or target; without them the suite would judge its embedded server")
    if not inputs["report-dir"]:
        raise ValueError("the input report-dir is empty; name a folder")
    for name in OPTIONS:
        if len(inputs[name].splitlines()) > 1:
            raise ValueError(f"the input {name} has several lines; give one value")
        if inputs[name]:
            yield f"--{name}={inputs[name]}"
    yield from (f"--header={line.strip()}" for line in inputs["headers"].splitlines() if line.strip())
    yield from shlex.split(inputs["arguments"])


def outputs(inputs: Mapping[str, str], status: int) -> dict[str, object]:
    """Return the outputs of the action; the verdict is empty if there is no report."""
    folder = Path(inputs["report-dir"])
    report = folder / "report.json"
    verdict = json.loads(report.read_text("utf-8"))["verdict"] if report.is_file() else ""
    return {"verdict": verdict, "report": folder, "status": status}


def judge(given: list[str]) -> int:
    """Run the suite and return its exit status.

    The log may quote what a server sent, so the runner must not read commands from it meanwhile.
    """
    command = [str(Path(sys.executable).with_name("lg-conformance")), "run", *given]
    token = secrets.token_hex()
    print(f"::stop-commands::{token}", flush=True)
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        print(f"::{token}::", flush=True)


def main(environment: Mapping[str, str]) -> int:
    """Judge a server according to the inputs; return the suite's exit status."""
    names = (*OPTIONS, "headers", "arguments")
    inputs = {name: environment[f"INPUT_{name.upper().replace('-', '_')}"].strip() for name in names}
    try:
        given = list(arguments(inputs))
    except ValueError as problem:
        print(f"::error::{problem}")
        return USAGE
    (Path(inputs["report-dir"]) / "report.json").unlink(missing_ok=True)  # from an earlier step
    status = judge(given)
    lines = (f"{name}={value}\n" for name, value in outputs(inputs, status).items())
    with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(lines)
    return status


if __name__ == "__main__":
    sys.exit(main(os.environ))
