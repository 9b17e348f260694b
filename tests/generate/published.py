"""The reports that are published below `reports/`: what the suite wrote, with the evidence of failures alone.

`python -m tests.generate.published FOLDER …` takes report folders over (and judges again those of another suite); the matrix and
the tables in README.md are made from all that is there.
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
from conformance.report.attribution import suite_facts
from conformance.settings import DEFAULT_PROFILE

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
BEGIN, END = "<!-- servers: made by `python -m tests.generate` -->", "<!-- end of servers -->"


def take_over(folder: Path) -> None:
    """Judge the recordings of a run with this suite and keep report, pages and the recordings that show failures."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "report"
        shutil.copytree(folder, work)
        if _read(work)["suite"] != suite_facts():
            main(["judge", str(work), "-q", "--tb=no", "--clients"])
        document = _read(work)
        shown = {one["recording"] for check in _checks(document) for one in check["evidence"]}
        for path in (work / "recordings").glob("*.jsonl"):
            if path.name not in shown:
                path.unlink()
        (work / "junit.xml").unlink(missing_ok=True)  # it tells the name of the machine
        apart = "" if document["profile"] == DEFAULT_PROFILE else f"-{document['profile']}"
        kept = REPORTS / f"{document['target']['name']}-{document['target']['version']}{apart}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(work, kept)


def _read(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text("utf-8"))


def _checks(document: Any) -> list[Any]:
    return [check for one in document["requirements"] for check in one["checks"]]


def documents() -> list[tuple[Path, Any]]:
    """Every published report, by folder; ordinary runs, whose folders bear a time, also lie there in a checkout."""
    found = (file for file in REPORTS.glob("*/report.json") if not re.search(r"-\d{8}-\d{6}-\d+$", file.parent.name))
    return sorted(((file.parent, _read(file.parent)) for file in found), key=lambda one: _order(one[1]))


def _order(document: Any) -> tuple[bool, str, list[int]]:
    target = document["target"]
    version = [int(part) if part.isdigit() else 0 for part in target["version"].split(".")]
    return document["profile"] != DEFAULT_PROFILE, target["name"], version


def tables() -> str:
    """The tables of README.md, one for each profile: what was said of each server, when, and where it stands."""
    profiles = dict.fromkeys(document["profile"] for _, document in documents())
    return "\n\n".join(f"Profile `{profile}`:\n\n{_table(profile)}" for profile in profiles)


def _table(profile: str) -> str:
    lines = ["| server | version | judged | verdict | MUST | SHOULD |", "|---|---|---|---|---|---|"]
    for folder, document in (one for one in documents() if one[1]["profile"] == profile):
        target, counts = document["target"], document["summary"]
        passed = [f"{counts[level]['passed']}/{sum(counts[level].values())}" for level in ("MUST", "SHOULD")]
        link = f"[{document['verdict']}](reports/{folder.name}/report.md)"
        lines.append(
            f"| {target['name']} | {target['version']} | {document['started'][:10]} | {link} | {' | '.join(passed)} |"
        )
    return "\n".join(lines)


def readme() -> str:
    """README.md with the tables of the published reports."""
    before, _, rest = (ROOT / "README.md").read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


def write() -> int:
    """Write the matrix and the tables in README.md; return the exit status."""
    (ROOT / "README.md").write_text(readme(), "utf-8")
    return main(["matrix", *(str(folder) for folder, _ in documents()), "--output", str(REPORTS)])


def is_current() -> bool:
    """Return whether README.md and the matrix are made of the published reports."""
    with tempfile.TemporaryDirectory() as name:
        copies = [Path(shutil.copytree(folder, Path(name) / folder.name)) for folder, _ in documents()]
        main(["matrix", *map(str, copies), "--output", name])
        same = (Path(name) / "matrix.md").read_bytes() == (REPORTS / "matrix.md").read_bytes()
    return same and readme() == (ROOT / "README.md").read_text("utf-8")


if __name__ == "__main__":
    for given in sys.argv[1:]:
        take_over(Path(given))
    sys.exit(write())
