"""Judges released versions of the official Python server one after the other, and compares them.

`python -m tests.generate.versions [FOLDER [VERSION …]]` (`tox -e versions`) writes a report folder for each version and
the matrix.
"""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.cli import main

RELEASES = ("0.2.60", "0.4.48", "0.5.42", "0.6.39", "0.7.103", "0.9.1", "0.11.4", "0.13.8", "0.15.9", "0.16.7")
"""Tested releases, from the one at the time of the specification to the newest."""


def judge(folder: Path, versions: tuple[str, ...]) -> int:
    """Judge each version; return the worst exit status, where a failed MUST is a result and not an error."""
    statuses = []
    for version in versions:
        target = f"langgraph-dev=={version}"
        statuses.append(main(["run", "--target", target, "--report-dir", str(folder / target), "-q", "--tb=no"]))
    reports = [str(folder / f"langgraph-dev=={version}") for version in versions]
    return max([main(["matrix", *reports, "--output", str(folder)]), *(status for status in statuses if status != 1)])


if __name__ == "__main__":
    sys.exit(judge(Path(sys.argv[1] if len(sys.argv) > 1 else "reports"), tuple(sys.argv[2:]) or RELEASES))
