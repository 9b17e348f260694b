"""Writes reports into folders and reads them back.

Every file but report.json is made from the report.json that was written, so no file holds what was masked there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance.evidence.archive import ARCHIVE
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import report_folder_of
from conformance.evidence.writer import masked
from conformance.report.badge import badge
from conformance.report.document import FORMAT, document_text
from conformance.report.html import report_html
from conformance.report.judged import not_selected
from conformance.report.markdown import report_md
from conformance.report.matrix import matrix_html
from conformance.report.matrix_markdown import matrix_md
from conformance.report.products import Column
from conformance.report.recordings import StoredRecordings, stored_recordings
from conformance.report.releases import same_as
from conformance.report.words import LEVELS, Document, holds_user_data, is_partial
from conformance.settings import UsageError
from conformance.wire.strict_json import NotJson, parse_json
from conformance.wire.text import printable

Make = Callable[[Document, StoredRecordings], str]
"""Makes the text of a file from the content of a report.json and the recordings beside it."""

PAGES: dict[str, Make] = {".html": report_html, ".md": report_md}
WRITERS: dict[str, Make] = {
    **{f"report{suffix}": make for suffix, make in PAGES.items()},
    "badge.json": lambda document, _: badge(document),
}
"""Every file beside report.json that is made from it."""

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
SUMMARY_BYTES = 900_000
"""GitHub drops the summary of a step above 1 MiB, and other steps of the job may append to the same file."""


def write_all(
    folder: Path,
    document: Document,
    redactor: Redactor,
    environment: Mapping[str, str] = os.environ,
    recordings: Mapping[str, Recording] | None = None,
) -> None:
    """Write report.json and everything that is made from it; raises OSError.

    A report with the data of users is not shown in the summary of a workflow's step, and git ignores its folder.

    `recordings` are the recordings in the folder by file name, if the caller has already read them.
    """
    (folder / "report.json").write_text(document_text(masked(document, redactor)), "utf-8", newline="\n")
    written = json.loads((folder / "report.json").read_text("utf-8"))
    stored = stored_recordings(folder, recordings)
    if holds_user_data(written):
        (folder / ".gitignore").write_text("*\n", "utf-8")
    for name, make in WRITERS.items():
        (folder / name).write_text(make(written, stored), "utf-8", newline="\n")
    if (path := environment.get(STEP_SUMMARY)) and not holds_user_data(written):
        _append_summary(Path(path), written)


def write_matrix(given: Sequence[Path], output: Path) -> list[Path]:
    """Compare reports, each a folder or its report.json; return the pages written.  Raises UsageError.

    The pages of each report are made again where they are missing or outdated, so that every link of the matrix works.
    Releases that `releases.json` beside a report folder lists have a column before that of the folder.
    """
    files = list(dict.fromkeys(map(report_file, given)))
    documents = {file: read_report(file) for file in files}
    try:
        output.mkdir(parents=True, exist_ok=True)
        servers = [one for file, document in documents.items() for one in _columns(file, document, output)]
        pages = {output / "matrix.html": matrix_html(servers), output / "matrix.md": matrix_md(servers)}
        for path, text in pages.items():
            path.write_text(text, "utf-8", newline="\n")
    except OSError as problem:
        raise UsageError(f"{_shown(problem.filename or output)} cannot be written: {problem.strerror}") from None
    return list(pages)


def report_file(given: Path) -> Path:
    """Return the report.json beside recordings, which are named as for `judge`; another file is the report itself."""
    stored = given.is_dir() or given.name == ARCHIVE
    return report_folder_of(given) / "report.json" if stored else given


def read_report(file: Path) -> dict[str, Any]:
    """Return the content of a report.json; raises UsageError, naming the file, if it is not a valid report."""
    from conformance.catalogue import schemas as schema  # jsonschema is slow to import

    place = _shown(file)
    try:
        document = parse_json(file.read_text("utf-8"))
    except OSError as problem:
        raise UsageError(f"{place} cannot be read: {problem.strerror}; name a report folder or its file") from None
    except (NotJson, UnicodeDecodeError) as problem:
        raise UsageError(f"{place} is not JSON: {printable(str(problem))}") from None
    if isinstance(document, dict) and document.get("format") != FORMAT:
        found = f"it has format {printable(str(document.get('format')))}, not {FORMAT}"
        raise UsageError(f"{place} is not a report of this version ({found}); make it again with `judge` or `run`")
    problems = schema.errors("report", document) or _contradictions(document)
    if problems:
        raise UsageError(f"{place} is not a report of this suite: {problems[0]}; make it with `judge` or `run`")
    return dict(document)


def _contradictions(document: Document) -> list[str]:
    """Return where the parts of a report contradict each other, although its form is valid."""
    from conformance.judging.verdict import verdict

    requirements = document["requirements"]
    if len({one["id"] for one in requirements}) != len(requirements):
        return ["it lists a requirement twice"]
    for level in LEVELS:
        found = [one["outcome"] for one in requirements if one["level"] == level]
        if any(found.count(word) != number for word, number in document["summary"][level].items()):
            return [f"its summary of {level} does not match its requirements"]
    chosen = document["selection"]
    if chosen["of"] - chosen["checks"] != sum(len(not_selected(one)) for one in requirements):
        return [f"its selection of {chosen['checks']} of {chosen['of']} checks does not match the list of the others"]
    expected = verdict(document["summary"], partial=is_partial(document))
    if document["verdict"] != expected:
        return [f"its verdict is {document['verdict']!r}, but its summary makes it {expected!r}"]
    return []


def _columns(file: Path, document: Document, output: Path) -> list[Column]:
    """Make the pages of one report again where they are missing or outdated; return the report with their URLs.

    Releases with the same outcomes come before it; their pages are those of the report.
    """
    base = file.stem if file.name == "report.json" else f"{file.stem}.report"
    recordings = stored_recordings(file.parent)
    urls = {}
    for suffix, make in PAGES.items():
        page = file.parent / (base + suffix)
        _update(page, _made(make, document, recordings, file))
        urls[suffix] = quote(Path(os.path.relpath(page, output)).as_posix())
    same = same_as(file.parent.resolve(), document) if file.name == "report.json" else []
    return [Column(one, urls[".html"], urls[".md"]) for one in (*same, document)]


def _made(make: Make, document: Document, recordings: StoredRecordings, file: Path) -> str:
    try:
        return make(document, recordings)
    except RecursionError:
        raise UsageError(f"{_shown(file)} is nested too deeply to be shown") from None


def _update(path: Path, text: str) -> None:
    data = text.encode()
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def _append_summary(path: Path, document: Document) -> None:
    """Append the report to the summary of a workflow's step; a failure is printed and ignored."""
    text = report_md(document)
    if len(text.encode()) > SUMMARY_BYTES:
        text = report_md(document, evidence=False)
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as problem:
        print(f"lg-conformance: {STEP_SUMMARY} cannot be written: {problem.strerror}", file=sys.stderr)


def _shown(path: object) -> str:
    return printable(str(path))
