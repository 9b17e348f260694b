"""Describes items and the session to Allure, if `--alluredir` asks for its results.

It passes the requests, the requirement and the outcome of the running item to allure-pytest; it judges nothing.  Every
attachment is limited in size and masked by the redactor of the session.
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
from conformance.evidence.curl import curl_command
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import RecordingSource
from conformance.judging.items import Item
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, Outcome
from conformance.report.words import NAMES, Document, ratio
from conformance.wire.text import printable

SEVERITY = {"MUST": "critical", "SHOULD": "normal"}

ATTACHMENT_BYTES = 1_000_000
"""The limit of one attachment, so that a page shows it without delay; the report folder holds the whole file."""
RECORDINGS_ATTACHED = 3
"""The limit for one item; a check over all variants of a scenario looks at dozens."""

_LEVEL = r"failed: [^\n]*\n\S+ \({}\): "
"""The beginning of a text of `explained`; a server's text cannot imitate it, because that has no line breaks."""

CATEGORIES = (
    {"name": "Listed in the baseline", "messageRegex": "^XFAIL (reason: )?listed in the baseline: "},
    {"name": "Inconclusive", "messageRegex": r"^\S*NotPassed: (inconclusive|untested): "},
    {"name": "A MUST failed", "messageRegex": _LEVEL.format("MUST")},
    {"name": "A SHOULD failed", "messageRegex": _LEVEL.format("SHOULD")},
    {"name": "Declared absent", "messageRegex": "^Skipped: the target declares that it lacks "},
    {"name": "Error of the suite", "matchedStatuses": ["broken"]},
)
"""Allure puts a result into the first category whose expression its message matches."""


def results_folder(config: Any) -> Path | None:
    """Return the folder of --alluredir, None without that option."""
    given = config.getoption("allure_report_dir", None)
    return Path(given) if given else None


@dataclass(frozen=True)
class Annotator:
    """Describes items of one session to Allure while pytest runs them."""

    profile: str
    session: SessionRecordings
    recordings: RecordingSource
    redactor: Redactor

    def annotate(self, requirement: Requirement, item: Item, outcome: Outcome, text: str) -> None:
        """Describe the running item; `text` explains its outcome."""
        import allure

        _label(allure.dynamic, self.profile, requirement, item)
        attach = _Attach(self)
        if outcome.word in (PASSED, FAILED, INCONCLUSIVE):
            with _step("requests"):
                attach.text("the requests as curl commands", _requests(self.session, item, outcome))
        with _step(f"expected: {requirement.statement}"):
            pass
        with _step(f"outcome: {NAMES[outcome.word]}", _problem(outcome)):
            attach.evidence(item, outcome, text)


def describe_session(results: Path, document: Document, redactor: Redactor) -> None:
    """Write what Allure shows about the session as a whole, from the content of its report."""
    rows = (f"{_property(name)} = {_property(redactor.text(str(value)))}" for name, value in _environment(document))
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
    # Parameters distinguish the variants of a check; without them Allure treats the variants as retries of one test.
    for axis, value in item.axes.items():
        dynamic.parameter(axis, str(value))


def _requests(session: SessionRecordings, item: Item, outcome: Outcome) -> str:
    """Return the requests that the evidence names; without evidence all requests of the item's scenarios."""
    if outcome.evidence:
        return "\n".join(evidence.curl for evidence in outcome.evidence)
    known = session.recordings
    seen = [known[variant.id] for variant in item.variants if variant.id in known]
    named = ((f"# {one.variant}: {sent.name}", printable(curl_command(sent))) for one in seen for sent in one.exchanges)
    return "\n".join(line for lines in named for line in lines) or f"# {item.scenario}"


def _recordings(item: Item, outcome: Outcome) -> list[str]:
    named = [evidence.recording for evidence in outcome.evidence]
    return list(dict.fromkeys(named or [f"{variant.id}.jsonl" for variant in item.variants]))


class _Attach:
    """Adds attachments to the running step; their type is plain text, so that no page interprets them."""

    def __init__(self, annotator: Annotator) -> None:
        self._source = annotator.recordings
        self._redactor = annotator.redactor

    def text(self, name: str, text: str) -> None:
        """Attach a text."""
        self._data(name, text.encode("utf-8", "replace"), "txt")

    def evidence(self, item: Item, outcome: Outcome, text: str) -> None:
        """Attach the evidence for an outcome; `text` explains it.  Nothing is attached for a check that passed."""
        if outcome.word != PASSED:
            self.text(NAMES[outcome.word], text)
        for number, evidence in enumerate(outcome.evidence, 1):
            self.text(f"received, {number}: {evidence.exchange}", "\n".join(evidence.rows))
        if outcome.word in (FAILED, INCONCLUSIVE):
            for name in _recordings(item, outcome)[:RECORDINGS_ATTACHED]:
                self._recording(name)

    def _recording(self, name: str) -> None:
        """Attach a recording if it exists."""
        if name in self._source.names():
            self._data(f"recordings/{name}", self._source.read(name), "jsonl")

    def _data(self, name: str, data: bytes, extension: str) -> None:
        import allure

        allure.attach(bounded(self._redactor.data(data)), self._redactor.text(name), "text/plain", extension)


def bounded(data: bytes) -> bytes:
    """Return the data; if it is too long to attach, cut after a line and followed by a note."""
    if len(data) <= ATTACHMENT_BYTES:
        return data
    head = data[:ATTACHMENT_BYTES]
    kept = head[: head.rfind(b"\n") + 1] or head
    return kept + f"… cut: {len(data) - len(kept)} of {len(data)} bytes; the report folder holds all\n".encode()


def _problem(outcome: Outcome) -> Exception | None:
    """Return the exception that ends a step: Allure shows an AssertionError as failed and any other as broken."""
    message = printable(outcome.message)
    if outcome.word == FAILED:
        return AssertionError(message)
    return RuntimeError(message) if outcome.word == INCONCLUSIVE else None


@contextmanager
def _step(title: str, problem: Exception | None = None) -> Iterator[None]:
    """Run a step that ends with the problem, which is not raised, because the item continues."""
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
    yield "Target", f"{target['name']} {target['version'] or '(version unknown)'}"
    yield "Suite", suite["version"]
    yield "Profile", document["profile"]
    yield "URL", target["url"] or "started by the suite"
    yield "Catalogue", suite["catalogue_sha256"]
    if digest := document.get("verdict_digest"):
        yield "Verdict digest", digest


def _property(value: object) -> str:
    """Return a text for a properties file, in which a backslash escapes and a space ends a name."""
    return printable(str(value)).replace("\\", "\\\\").replace(" ", "\\ ")
