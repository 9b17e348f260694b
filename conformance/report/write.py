"""Writes reports into folders and reads them back: the only module of reports that touches files.

Every file but report.json is made from report.json as it was written, so nothing that was masked there can come out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance.evidence.json_lines import parse_recording
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import SUFFIX, RecordingSource, source_of
from conformance.evidence.writer import write_json
from conformance.report.badge import badge
from conformance.report.document import FORMAT
from conformance.report.html import Recordings, report_html
from conformance.report.markdown import matrix_md, report_md
from conformance.report.matrix import Server, matrix_html
from conformance.report.words import LEVELS, Document, is_partial
from conformance.settings import UsageError
from conformance.wire.strict_json import NotJson, parse_json
from conformance.wire.text import printable

Make = Callable[[Document, Recordings], str]
"""From the content of a report.json, and the recordings beside it, the text of a file."""

PAGES: dict[str, Make] = {".html": report_html, ".md": report_md}
WRITERS: dict[str, Make] = {
    **{f"report{suffix}": make for suffix, make in PAGES.items()},
    "badge.json": lambda document, _: badge(document),
}
"""Every file that is made from report.json and lies beside it."""

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
MOST_SUMMARY = 900_000
"""Bytes; GitHub drops a step's summary of more than 1 MiB, and other steps of the job may add to the same file."""


def write_all(
    folder: Path,
    document: Document,
    redactor: Redactor,
    environment: Mapping[str, str] = os.environ,
    recordings: Recordings | None = None,
) -> None:
    """Write report.json and all that is made from it; raises OSError.

    `recordings` are those that lie beside it, where somebody has read them already.
    """
    write_json(folder / "report.json", document, redactor)
    written = json.loads((folder / "report.json").read_text("utf-8"))
    recordings = _recordings(folder) if recordings is None else recordings
    for name, make in WRITERS.items():
        (folder / name).write_text(make(written, recordings), "utf-8", newline="\n")
    if path := environment.get(STEP_SUMMARY):
        _append_summary(Path(path), written)


def write_matrix(given: Sequence[Path], output: Path) -> list[Path]:
    """Compare reports, each a folder or its report.json; return the pages written.  Raises UsageError.

    Beside each report.json its own pages are made again, so that every link of the matrix leads to what it names.
    """
    files = list(dict.fromkeys(map(report_file, given)))
    documents = {file: read_report(file) for file in files}
    try:
        output.mkdir(parents=True, exist_ok=True)
        servers = [_column(file, document, output) for file, document in documents.items()]
        pages = {output / "matrix.html": matrix_html(servers), output / "matrix.md": matrix_md(servers)}
        for path, text in pages.items():
            path.write_text(text, "utf-8", newline="\n")
    except OSError as problem:
        raise UsageError(f"{_shown(problem.filename or output)} cannot be written: {problem.strerror}") from None
    return list(pages)


def report_file(given: Path) -> Path:
    """The report.json of a report folder, or the file itself."""
    return given / "report.json" if given.is_dir() else given


def read_report(file: Path) -> dict[str, Any]:
    """The content of a report.json; raises UsageError, naming the file, if it is none that can be rendered."""
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
    """Why a report of the right form cannot be believed: its parts do not say the same."""
    from conformance.judging.verdict import verdict

    requirements = document["requirements"]
    if len({one["id"] for one in requirements}) != len(requirements):
        return ["a requirement stands in it twice"]
    for level in LEVELS:
        found = [one["outcome"] for one in requirements if one["level"] == level]
        if any(found.count(word) != number for word, number in document["summary"][level].items()):
            return [f"its summary of {level} does not count its requirements"]
    said = verdict(document["summary"], partial=is_partial(document))
    if document["verdict"] != said:
        return [f"its verdict is {document['verdict']!r}, its summary says {said!r}"]
    return []


def _column(file: Path, document: Document, output: Path) -> Server:
    """Make the pages of one report again, where they are not as they should be, and say where they lie."""
    base = file.stem if file.name == "report.json" else f"{file.stem}.report"
    recordings = _recordings(file.parent)
    urls = {}
    for suffix, make in PAGES.items():
        page = file.parent / (base + suffix)
        _update(page, _made(make, document, recordings, file))
        urls[suffix] = quote(Path(os.path.relpath(page, output)).as_posix())
    return Server(document, urls[".html"], urls[".md"])


def _made(make: Make, document: Document, recordings: Recordings, file: Path) -> str:
    try:
        return make(document, recordings)
    except RecursionError:
        raise UsageError(f"{_shown(file)} is nested too deeply to be shown") from None


def _update(path: Path, text: str) -> None:
    data = text.encode()
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def _recordings(folder: Path) -> Recordings:
    source = source_of(folder)
    return {name: _recording(source, name) for name in source.names() if name.endswith(SUFFIX)}


def _recording(source: RecordingSource, name: str) -> Recording | None:
    """Return a recording; None for one that is damaged, because a report is written all the same."""
    try:
        return parse_recording(name, source.read(name))
    except (ValueError, OSError):
        return None


def _append_summary(path: Path, document: Document) -> None:
    """Show the report on the page of a workflow's run; no run fails because that cannot be done."""
    text = report_md(document)
    if len(text.encode()) > MOST_SUMMARY:
        text = report_md(document, evidence=False)
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as problem:
        print(f"lg-conformance: {STEP_SUMMARY} cannot be written: {problem.strerror}", file=sys.stderr)


def _shown(path: object) -> str:
    return printable(str(path))
