"""The reports that are published below `reports/`: what the suite wrote, with the evidence of failures alone.

`python -m tests.published FOLDER …` takes report folders over (and judges them again with this suite); the matrix and
the table in README.md are made from all that is there.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from conformance.cli import main

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "reports"
BEGIN, END = "<!-- servers: made by `python -m tests.published` -->", "<!-- end of servers -->"


def take_over(folder: Path) -> None:
    """Judge the recordings of a run with this suite and keep report, pages and the recordings that show failures."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "report"
        shutil.copytree(folder, work)
        main(["judge", str(work), "-q", "--tb=no"])
        document = json.loads((work / "report.json").read_text("utf-8"))
        shown = {one["recording"] for check in _checks(document) for one in check["evidence"]}
        for path in (work / "recordings").glob("*.jsonl"):
            if path.name not in shown:
                path.unlink()
        (work / "junit.xml").unlink(missing_ok=True)  # it tells the name of the machine
        kept = REPORTS / f"{document['target']['name']}-{document['target']['version']}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(work, kept)


def _checks(document: Any) -> list[Any]:
    return [check for one in document["requirements"] for check in one["checks"]]


def documents() -> list[tuple[Path, Any]]:
    """Every published report, by folder; ordinary runs, whose folders bear a time, also lie there in a checkout."""
    found = (file for file in REPORTS.glob("*/report.json") if not re.search(r"-\d{8}-\d{6}-\d+$", file.parent.name))
    files = sorted(found, key=lambda file: _order(file.parent.name))
    return [(file.parent, json.loads(file.read_text("utf-8"))) for file in files]


def _order(name: str) -> tuple[str, list[int]]:
    server, _, version = name.rpartition("-")
    return server, [int(part) if part.isdigit() else 0 for part in version.split(".")]


def table() -> str:
    """The table of README.md: what was said of each server, when, and where it stands."""
    lines = ["| server | version | judged | verdict | MUST | SHOULD |", "|---|---|---|---|---|---|"]
    for folder, document in documents():
        target, counts = document["target"], document["summary"]
        passed = [f"{counts[level]['passed']}/{sum(counts[level].values())}" for level in ("MUST", "SHOULD")]
        link = f"[{document['verdict']}](reports/{folder.name}/report.md)"
        lines.append(
            f"| {target['name']} | {target['version']} | {document['started'][:10]} | {link} | {' | '.join(passed)} |"
        )
    return "\n".join(lines)


def write() -> int:
    """Make the matrix and the table in README.md again."""
    status = main(["matrix", *(str(folder) for folder, _ in documents()), "--output", str(REPORTS)])
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(BEGIN)
    readme.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}", "utf-8")
    return status


if __name__ == "__main__":
    for given in sys.argv[1:]:
        take_over(Path(given))
    sys.exit(write())
