"""Says to Allure, where its results are asked for, what an item verifies, what was sent, what must hold and what came.

It tells allure-pytest about the running item, and writes what Allure wants to know of the run; it judges nothing. Every
attachment is bounded, and masked by the redactor of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.authoring.views import SessionRecordings
from conformance.catalogue import Requirement
from conformance.evidence.redaction import Redactor
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, Outcome
from conformance.report.words import Document, ratio
from conformance.wire.text import printable

SEVERITY = {"MUST": "critical", "SHOULD": "normal"}

MOST_ATTACHED = 1_000_000
"""Bytes of one attachment: what a page still shows without delay; the report folder holds the whole."""
RECORDINGS_ATTACHED = 3
"""Of one item; a check over all variants of a scenario looks at dozens."""

_LEVEL = r"failed: [^\n]*\n\S+ \({}\): "
"""How `explain` begins, wherever it stands in a message: what a server sent is printed on one line."""

CATEGORIES = (
    {"name": "Listed in the baseline", "messageRegex": "^XFAIL (reason: )?listed in the baseline: "},
    {"name": "Cannot tell", "messageRegex": r"^\S*NotPassed: (cantTell|untested): "},
    {"name": "A MUST failed", "messageRegex": _LEVEL.format("MUST")},
    {"name": "A SHOULD failed", "messageRegex": _LEVEL.format("SHOULD")},
    {"name": "Declared absent", "messageRegex": "^Skipped: the target declares that it lacks "},
    {"name": "The suite erred", "matchedStatuses": ["broken"]},
)
"""A result is in the first whose expression its message matches."""


def folder(config: Any) -> Path | None:
    """The folder of --alluredir, None without."""
    given = config.getoption("allure_report_dir", None)
    return Path(given) if given else None


@dataclass(frozen=True)
class Annotator:
    """Describes items of one session to Allure while pytest runs them."""

    profile: str
    session: SessionRecordings
    recordings: Path
    redactor: Redactor

    def annotate(self, requirement: Requirement, item: Item, outcome: Outcome, text: str) -> None:
        """Describe the running item; `text` explains its outcome."""
        _annotate(self, requirement, item, outcome, text)


def _annotate(annotator: Annotator, requirement: Requirement, item: Item, outcome: Outcome, text: str) -> None:
    import allure

    _label(allure.dynamic, annotator.profile, requirement, item)
    attach = _Attach(annotator)
    if outcome.word in (PASSED, FAILED, INCONCLUSIVE):
        with _step("what was sent"):
            attach.text("the requests as curl lines", _sent(annotator.session, item, outcome))
    with _step(f"what must hold: {requirement.statement}"):
        pass
    with _step(f"what came: {outcome.word}", _problem(outcome)):
        if outcome.word != PASSED:
            attach.text(outcome.word, text)
        for number, evidence in enumerate(outcome.evidence, 1):
            attach.text(f"the wire, {number}: {evidence.exchange}", "\n".join(evidence.rows))
        if outcome.word in (FAILED, INCONCLUSIVE):
            for name in _recordings(item, outcome)[:RECORDINGS_ATTACHED]:
                attach.recording(name)


def describe_session(results: Path, report: Path) -> None:
    """Write what Allure shows of the run as a whole, from report.json as it was written."""
    document = json.loads(report.read_text("utf-8"))
    rows = (f"{_property(name)} = {_property(value)}" for name, value in _environment(document))
    (results / "environment.properties").write_text("\n".join(rows) + "\n", "utf-8")
    (results / "categories.json").write_text(json.dumps(CATEGORIES, indent=1) + "\n", "utf-8")


def _label(dynamic: Any, profile: str, requirement: Requirement, item: Item) -> None:
    dynamic.id(item.id)
    dynamic.title(f"{requirement.id} · {item.id}")
    dynamic.epic(profile)
    dynamic.feature(requirement.area)
    dynamic.story(requirement.id)
    dynamic.severity(SEVERITY[requirement.level])
    dynamic.tag(requirement.level)
    for source in requirement.sources:
        dynamic.label("source", source)
    sources = "\n".join(f"- {source}" for source in requirement.sources)
    dynamic.description(f"{requirement.statement}\n\n{sources}\n\nscenario: {item.scenario}")
    # What tells the variants of a check apart; without it Allure takes them for retries of one test.
    for axis, value in item.axes.items():
        dynamic.parameter(axis, str(value))


def _sent(session: SessionRecordings, item: Item, outcome: Outcome) -> str:
    """The requests that the evidence names, else all of the scenarios that the item looks at."""
    if outcome.evidence:
        return "\n".join(evidence.curl for evidence in outcome.evidence)
    known = session.recordings
    seen = [known[variant.id] for variant in item.variants if variant.id in known]
    named = ((f"# {one.variant}: {sent.name}", printable(sent.curl)) for one in seen for sent in one.exchanges)
    return "\n".join(line for lines in named for line in lines) or f"# {item.scenario}"


def _recordings(item: Item, outcome: Outcome) -> list[str]:
    named = [evidence.recording for evidence in outcome.evidence]
    return list(dict.fromkeys(named or [f"{variant.id}.jsonl" for variant in item.variants]))


class _Attach:
    """Adds attachments to the running step; all of them are text, which no page can take for anything else."""

    def __init__(self, annotator: Annotator) -> None:
        self._folder = annotator.recordings
        self._redactor = annotator.redactor

    def text(self, name: str, text: str) -> None:
        self._data(name, text.encode("utf-8", "replace"), "txt")

    def recording(self, name: str) -> None:
        """Attach a recording, if there is one of this name."""
        path = self._folder / name
        if path.name == name and path.is_file():
            self._data(f"recordings/{name}", path.read_bytes(), "jsonl")

    def _data(self, name: str, data: bytes, extension: str) -> None:
        import allure

        allure.attach(bounded(self._redactor.data(data)), self._redactor.text(name), "text/plain", extension)


def bounded(data: bytes) -> bytes:
    """The data, cut after a line with a note if it is too long to attach."""
    if len(data) <= MOST_ATTACHED:
        return data
    head = data[:MOST_ATTACHED]
    kept = head[: head.rfind(b"\n") + 1] or head
    return kept + f"… cut: {len(data) - len(kept)} of {len(data)} bytes; the report folder holds all\n".encode()


def _problem(outcome: Outcome) -> Exception | None:
    """What ends a step red: Allure takes an AssertionError for a failure, and all else for something broken."""
    message = printable(outcome.message)
    if outcome.word == FAILED:
        return AssertionError(message)
    return RuntimeError(message) if outcome.word == INCONCLUSIVE else None


@contextmanager
def _step(title: str, problem: Exception | None = None) -> Iterator[None]:
    """A step that ends with the problem, which is not raised: the item goes on."""
    import allure

    step = allure.step(title)
    step.__enter__()
    yield
    step.__exit__(type(problem) if problem else None, problem, None)


def _environment(document: Document) -> Iterator[tuple[str, object]]:
    suite, target = document["suite"], document["target"]
    yield "Verdict", document["verdict"]
    for level in SEVERITY:
        yield level, f"{ratio(document, level)} passed"
    yield "Target", f"{target['name']} {target['version'] or '(version not told)'}"
    yield "Suite", suite["version"]
    yield "Profile", document["profile"]
    yield "URL", target["url"] or "started by the suite"
    yield "Catalogue", suite["catalogue_sha256"]
    if digest := document.get("verdict_digest"):
        yield "Verdict digest", digest


def _property(value: object) -> str:
    """The text in a file of properties, in which a backslash escapes and a space ends a name."""
    return printable(str(value)).replace("\\", "\\\\").replace(" ", "\\ ")
