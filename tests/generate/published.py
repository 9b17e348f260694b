"""The published reports below `reports/`, their matrix, and the tables in README.md.

`python -m tests.generate.published FOLDER …` publishes report folders: the reports are judged again if another version
of the suite wrote them, and the recordings are kept as an archive.  Matrix and tables contain all published reports.
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
from conformance.evidence.archive import ARCHIVE, pack_folder
from conformance.evidence.source import FOLDER
from conformance.report.attribution import suite_facts
from conformance.report.write import write_matrix
from conformance.settings import DEFAULT_PROFILE

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
BEGIN, END = "<!-- servers: made by `python -m tests.generate` -->", "<!-- end of servers -->"
SESSION_TIME = re.compile(r"-\d{8}-\d{6}-\d+$")
"""The end of the name of a report folder that is not published."""


def publish(folder: Path) -> Path:
    """Copy a report folder to `reports/`, with its recordings as an archive; return the copy."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "report"
        shutil.copytree(folder, work)
        if read(work)["suite"] != suite_facts():
            main(["judge", str(work), "-q", "--tb=no"])
        if (work / FOLDER).is_dir():
            (work / ARCHIVE).write_bytes(pack_folder(work / FOLDER))
            shutil.rmtree(work / FOLDER)
        (work / "junit.xml").unlink(missing_ok=True)  # it contains the name of the machine
        published = REPORTS / _name(read(work))
        shutil.rmtree(published, ignore_errors=True)
        return Path(shutil.copytree(work, published))


def _name(document: Any) -> str:
    target, profile = document["target"], document["profile"]
    suffix = "" if profile == DEFAULT_PROFILE else f"-{profile}"
    return f"{target['name']}-{target['version']}{suffix}"


def read(folder: Path) -> Any:
    """Return the content of the report.json in a folder."""
    return json.loads((folder / "report.json").read_text("utf-8"))


def documents() -> list[tuple[Path, Any]]:
    """Return every published report with its folder; reports of ordinary sessions are left out."""
    folders = [file.parent for file in REPORTS.glob("*/report.json") if not SESSION_TIME.search(file.parent.name)]
    return sorted(((folder, read(folder)) for folder in folders), key=lambda one: _order(one[1]))


def _order(document: Any) -> tuple[bool, str, list[int]]:
    target = document["target"]
    version = [int(part) if part.isdigit() else 0 for part in target["version"].split(".")]
    return document["profile"] != DEFAULT_PROFILE, target["name"], version


def tables() -> str:
    """Return the tables of README.md, one for each profile: the verdict on each server, with a link to its report."""
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
    """Return README.md with the tables of the published reports."""
    before, _, rest = (ROOT / "README.md").read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


def write() -> int:
    """Write the matrix and the tables in README.md; return the exit status."""
    (ROOT / "README.md").write_text(readme(), "utf-8")
    return main(["matrix", *(str(folder) for folder, _ in documents()), "--output", str(REPORTS)])


def is_current() -> bool:
    """Return whether README.md and the matrix show the published reports."""
    with tempfile.TemporaryDirectory() as name:
        copies = [Path(shutil.copytree(folder, Path(name) / folder.name)) for folder, _ in documents()]
        write_matrix(copies, Path(name))
        same = (Path(name) / "matrix.md").read_bytes() == (REPORTS / "matrix.md").read_bytes()
    return same and readme() == (ROOT / "README.md").read_text("utf-8")


if __name__ == "__main__":
    for given in sys.argv[1:]:
        publish(Path(given))
    sys.exit(write())
