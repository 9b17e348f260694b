"""The published reports below `reports/`, their matrix, and the tables in README.md.

`python -m tests.generate.published FOLDER …` publishes report folders: the reports are judged again if another version
of the suite wrote them, the recordings are kept as an archive, and as much evidence as fits.  A release with the
outcomes of the next one becomes a line of `releases.json`.  Matrix and tables contain all published reports.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from conformance import cli
from conformance.evidence.archive import ARCHIVE, pack_folder
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import FOLDER
from conformance.report.attribution import suite_facts
from conformance.report.judged import failing
from conformance.report.matrix import Group, groups
from conformance.report.matrix_markdown import area_table
from conformance.report.products import Column, age, newest, products
from conformance.report.releases import RELEASES, releases, releases_text, same_as
from conformance.report.write import write_all, write_matrix
from conformance.settings import DEFAULT_PROFILE

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
BEGIN, END = "<!-- servers: made by `python -m tests.generate` -->", "<!-- end of servers -->"
SESSION_TIME = re.compile(r"-\d{8}-\d{6}-\d+$")
"""The end of the name of a report folder that is not published."""

FOLDER_BYTES = 600_000
"""How large a published report may be, with everything that lies in its folder."""
EVIDENCE_BYTES = 345_000
"""Up to which size of its folder a report has evidence for every requirement that did not pass."""

Document = dict[str, Any]


def publish(folder: Path) -> Path:
    """Copy a report folder to `reports/`, with its recordings as an archive; return the copy."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "report"
        shutil.copytree(folder, work)
        if read(work)["suite"] != suite_facts():
            cli.main(["judge", str(work), "-q", "--tb=no"])
        if (work / FOLDER).is_dir():
            (work / ARCHIVE).write_bytes(pack_folder(work / FOLDER))
            shutil.rmtree(work / FOLDER)
        (work / "junit.xml").unlink(missing_ok=True)  # it contains the name of the machine
        _fit(work)
        published = REPORTS / _name(read(work))
        shutil.rmtree(published, ignore_errors=True)
        return Path(shutil.copytree(work, published))


def _fit(folder: Path) -> None:
    """Write a report again with the evidence for as many requirements as its folder has room for."""
    document = read(folder)
    count = sum(bool(failing(one)) for one in document["requirements"])
    write_all(folder, document, Redactor(), {})
    while size(folder) > EVIDENCE_BYTES and count:
        count -= 1
        write_all(folder, _with_evidence(document, count), Redactor(), {})


def _with_evidence(document: Document, count: int) -> Document:
    """Return a report with evidence only for the first requirements that did not pass, MUST before SHOULD."""
    bad = sorted((one for one in document["requirements"] if failing(one)), key=lambda one: one["level"])
    kept = {one["id"] for one in bad[:count]}
    rows = [one if one["id"] in kept else _without_evidence(one) for one in document["requirements"]]
    return {**document, "requirements": rows}


def _without_evidence(requirement: Document) -> Document:
    rows = [{key: value for key, value in one.items() if key != "evidence"} for one in requirement.get("checks", ())]
    rest = {key: value for key, value in requirement.items() if key not in ("checks", "details")}
    return rest | ({"checks": rows} if rows else {})


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _name(document: Document) -> str:
    target, profile = document["target"], document["profile"]
    suffix = "" if profile == DEFAULT_PROFILE else f"-{profile}"
    return f"{target['name']}-{target['version']}{suffix}"


def read(folder: Path) -> Document:
    """Return the content of the report.json in a folder."""
    return dict(json.loads((folder / "report.json").read_text("utf-8")))


def documents() -> list[tuple[Path, Document]]:
    """Return every published report with its folder; reports of ordinary sessions are left out."""
    folders = [file.parent for file in REPORTS.glob("*/report.json") if not SESSION_TIME.search(file.parent.name)]
    return sorted(((folder, read(folder)) for folder in folders), key=lambda one: _order(one[1]))


def judged() -> list[tuple[Path, Document]]:
    """Return a report for every published release, also for those that share a folder with another one."""
    return [(folder, one) for folder, document in documents() for one in (*same_as(folder, document), document)]


def _order(document: Document) -> tuple[Any, ...]:
    return document["profile"] != DEFAULT_PROFILE, document["target"]["name"], age(document)


def thin_out() -> None:
    """Replace every report that has the outcomes of the next release by a line of `releases.json`.

    Lines about a release that has a report of its own again, or whose report has gone, are removed.
    """
    found = documents()
    names = {folder.name: document for folder, document in found}
    versions = {(one["target"]["name"], one["target"]["version"]) for one in names.values()}
    rows = [row for row in releases(REPORTS) if row["report"] in names]
    rows = [row for row in rows if (names[row["report"]]["target"]["name"], row["version"]) not in versions]
    for (folder, old), (following, new) in pairwise(found):
        if _outcomes(old) == _outcomes(new):
            row = {"version": old["target"]["version"], "started": old["started"]}
            rows.append({**row, "report": folder.name, "verdict_digest": old["verdict_digest"]})
            rows = [one | {"report": following.name} if one["report"] == folder.name else one for one in rows]
            shutil.rmtree(folder)
    (REPORTS / RELEASES).write_text(releases_text(rows), "utf-8", newline="\n")


def _outcomes(document: Document) -> tuple[str, ...]:
    """Return what is equal for two releases of one server with the same outcomes."""
    return document["target"]["name"], document["profile"], document["verdict_digest"]


def columns() -> list[Column]:
    """Return every published release as a column, with its pages as README.md links them."""
    urls = [(f"{REPORTS.name}/{folder.name}/report", document) for folder, document in judged()]
    return [Column(document, f"{url}.html", f"{url}.md") for url, document in urls]


def tables() -> str:
    """Return the tables of README.md for each profile: the newest release of each server, and what passed by area."""
    found = groups(newest(products(columns())))
    return "\n\n".join(f"Profile `{one.profile}`:\n\n{_table(one)}\n\n{area_table(one)}" for one in found)


def _table(group: Group) -> str:
    lines = ["| server | version | judged | verdict | MUST | SHOULD |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, group.servers)])


def _line(column: Column) -> str:
    document = column.document
    target, counts = document["target"], document["summary"]
    passed = [f"{counts[level]['passed']}/{sum(counts[level].values())}" for level in ("MUST", "SHOULD")]
    link = f"[{document['verdict']}]({column.markdown})"
    return f"| {target['name']} | {target['version']} | {document['started'][:10]} | {link} | {' | '.join(passed)} |"


def readme() -> str:
    """Return README.md with the tables of the published reports."""
    before, _, rest = (ROOT / "README.md").read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


def write() -> int:
    """Write the matrix and the tables in README.md; return the exit status."""
    (ROOT / "README.md").write_text(readme(), "utf-8")
    return cli.main(["matrix", *(str(folder) for folder, _ in documents()), "--output", str(REPORTS)])


def is_current() -> bool:
    """Return whether README.md and the matrix show the published reports."""
    with tempfile.TemporaryDirectory() as name:
        copies = [Path(shutil.copytree(folder, Path(name) / folder.name)) for folder, _ in documents()]
        shutil.copy(REPORTS / RELEASES, name)
        write_matrix(copies, Path(name))
        pages = ("matrix.html", "matrix.md")
        same = all((Path(name) / one).read_bytes() == (REPORTS / one).read_bytes() for one in pages)
    return same and readme() == (ROOT / "README.md").read_text("utf-8")


def main(arguments: Sequence[str]) -> int:
    """Publish report folders; return the exit status."""
    for given in arguments:
        publish(Path(given))
    thin_out()
    return write()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
