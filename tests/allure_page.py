"""Makes an Allure page of the results for a server: one HTML file that loads nothing.

`python -m tests.allure_page [options of lg-conformance run]` (`tox -e allure`) judges the embedded server, or the
server that the options name, and prints where the page is.  Allure itself is installed from npm once.
"""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path

from conformance.cli import main
from conformance.launch.environments import node_environment, node_version, run
from conformance.launch.process import LaunchError
from conformance.settings import report_folder

SOURCES = Path(__file__).parent / "allure"
"""The npm packages and the configuration of Allure."""
OLDEST_NODE = (20,)
"""The oldest version that Allure supports."""


def generate(results: Path, output: Path) -> Path:
    """Make the page of a folder of results, and return its path; raises LaunchError if Node or Allure is missing."""
    if node_version() < OLDEST_NODE:
        raise LaunchError("Allure needs Node 20 or newer and npm: `apt-get install nodejs npm`")
    folder = node_environment("allure", SOURCES, print).folder
    command = ["node", str(folder / "node_modules" / "allure" / "cli.js"), "generate", str(results.absolute())]
    run([*command, "--config", str(folder / "allurerc.mjs"), "--output", str(output.absolute())], "allure")
    return output / "index.html"


def judge(arguments: list[str]) -> int:
    """Judge a server and make the page; return the exit status of judging, or 2 if the page cannot be made."""
    folder = report_folder(None, "allure", datetime.datetime.now())
    results = folder / "allure-results"
    status = main(["run", "--report-dir", str(folder), "--alluredir", str(results), "-q", *arguments])
    if not results.is_dir():
        return status
    try:
        print(f"Allure: {os.path.relpath(generate(results, folder / 'allure'))}")
    except LaunchError as problem:
        print(problem, file=sys.stderr)
        return status or 2
    return status


if __name__ == "__main__":
    sys.exit(judge(sys.argv[1:]))
