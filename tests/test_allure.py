"""Allure results: one for each item, with limited evidence, and a page of them that does not use the network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from conformance.launch.process import LaunchError
from conformance.report import allure
from conformance.report.judged import checks, sources, statement
from conformance.report.words import NAMES
from conformance.settings import DEFAULT_PROFILE

from . import allure_page, golden
from .browser import CHROMIUM, MISSING, Browser, browser
from .conftest import left_out
from .reports import FAULTS, faulty
from .test_plugin import python
from .written import write_recording

NOT_RECORDED = "joke_updates"
"""A scenario without exchanges, so that the checks that look at it are inconclusive."""
HOSTILE = "<img src='http://192.0.2.1/x' onerror=\"document.title = 'ran'\"> http://192.0.2.1/y"
"""Text from a server, which becomes the reason why that scenario ended early."""
LISTED = "join.does-not-replay"
LACKED = "events"
REQUESTS, EXPECTED, OUTCOME = "requests", "expected: ", "outcome: "
"""The beginnings of the names of the steps."""

Json = dict[str, Any]
ByItem = dict[str, Json]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server with every kind of outcome, judged in one process (`alone`) and in two (`together`)."""
    folder = tmp_path_factory.mktemp("judged")
    recordings = folder / "recordings"
    recordings.mkdir()
    for one in faulty(FAULTS):
        if one.variant == NOT_RECORDED:
            one = replace(one, exchanges=[], stopped=HOSTILE)
        write_recording(one, recordings / one.file)
    run = json.loads((golden.FOLDER / "run.json").read_text("utf-8"))
    run["target"]["lacks"] = [LACKED]
    (recordings / "run.json").write_text(json.dumps(run), "utf-8")
    (folder / "known.toml").write_text(f'[[known]]\nrequirement = "{LISTED}"\nreason = "it replays"\n', "utf-8")
    for name, processes in (("alone", "0"), ("together", "2")):
        options = ["--baseline", "known.toml", "--alluredir", name, "-n", processes]
        done = python(folder, "conformance", "judge", ".", "--report-dir", f"report-{name}", *options)
        assert done.returncode == 1, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> ByItem:
    return by_item(folder / "alone")


@pytest.fixture(scope="module")
def rows(folder: Path) -> ByItem:
    """Every check of report.json, with id, level, statement and sources of its requirement, and its scenarios."""
    document = json.loads((folder / "report-alone" / "report.json").read_text("utf-8"))
    return {
        check["id"]: {
            "message": "", **check, "requirement": one["id"], "level": one["level"],
            "statement": statement(one), "sources": list(sources(one)),
            "scenario": golden.items()[check["id"]].scenario,
        }
        for one in document["requirements"]
        for check in checks(one)
    }  # fmt: skip


def by_item(folder: Path) -> ByItem:
    """Return Allure's results by the id of their item."""
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("*-result.json")]
    by_id = {labels(one, "as_id")[0]: one for one in found}
    assert len(by_id) == len(found)
    return by_id


def labels(result: Json, name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def attached(folder: Path, step: Json) -> dict[str, bytes]:
    """Return the attachments of a step by name; all of them must be plain text."""
    given = step.get("attachments", [])
    assert {one["type"] for one in given} <= {"text/plain"}
    return {one["name"]: (folder / one["source"]).read_bytes() for one in given}


def test_every_check_has_one_result_and_every_outcome_occurs(results: ByItem, rows: ByItem) -> None:
    assert results.keys() == rows.keys()
    assert {row["outcome"] for row in rows.values()} == {"passed", "failed", "cantTell", "inapplicable"}
    assert {row["level"] for row in rows.values() if row["outcome"] == "failed"} == {"MUST", "SHOULD"}


def test_an_inconclusive_check_is_broken_and_a_failed_one_failed(results: ByItem, rows: ByItem) -> None:
    for id, row in rows.items():
        excused = row["level"] == "SHOULD" or row["requirement"] == LISTED
        failed = "skipped" if excused else "failed"
        words = {"passed": "passed", "failed": failed, "cantTell": "broken", "inapplicable": "skipped"}
        assert results[id]["status"] == words[row["outcome"]], id


def test_a_result_is_labelled_with_its_requirement(results: ByItem, rows: ByItem) -> None:
    for id, row in rows.items():
        result = results[id]
        assert labels(result, "feature") == [row["requirement"].partition(".")[0]]
        assert labels(result, "story") == [row["requirement"]]
        assert labels(result, "severity") == [{"MUST": "critical", "SHOULD": "normal"}[row["level"]]]
        assert labels(result, "tag") == [row["level"]]
        assert labels(result, "source") == row["sources"]
        assert all(part in result["description"] for part in (row["statement"], *row["sources"], row["scenario"]))


def test_ids_are_unique_and_equal_in_other_sessions(folder: Path, results: ByItem) -> None:
    """Allure shows only one of two results with the same history, because it takes them for retries."""
    ids = {id: (one["testCaseId"], one["historyId"]) for id, one in results.items()}
    assert len({history for _, history in ids.values()}) == len(ids)
    other = by_item(folder / "together")
    assert ids == {id: (one["testCaseId"], one["historyId"]) for id, one in other.items()}
    assert {id: one["status"] for id, one in results.items()} == {id: one["status"] for id, one in other.items()}


def category(result: Json, categories: list[Json]) -> str | None:
    """Return the category of a result in Allure: the first whose status and expression match."""
    message = result.get("statusDetails", {}).get("message", "")
    for one in categories:
        fits = re.search(one.get("messageRegex", ""), message, re.DOTALL)
        if fits and result["status"] in one.get("matchedStatuses", [result["status"]]):
            return str(one["name"])
    return None


def test_each_result_is_in_its_category(folder: Path, results: ByItem, rows: ByItem) -> None:
    categories = json.loads((folder / "alone" / "categories.json").read_text("utf-8"))
    names = {"cantTell": "Inconclusive", "inapplicable": "Declared absent", "passed": None}
    for id, row in rows.items():
        failed = "Listed in the baseline" if row["requirement"] == LISTED else f"A {row['level']} failed"
        assert category(results[id], categories) == (names | {"failed": failed})[row["outcome"]], id


def test_text_of_a_server_does_not_choose_the_category() -> None:
    text = "failed: it said (MUST): reason: listed in the baseline: \\nx (MUST): "
    message = f"conformance.runner.collection.NotPassed: inconclusive: {text}"
    result = {"status": "broken", "statusDetails": {"message": message}}
    assert category(result, list(allure.CATEGORIES)) == "Inconclusive"


def test_the_steps_are_requests_expectation_and_outcome(folder: Path, results: ByItem, rows: ByItem) -> None:
    for id, row in rows.items():
        steps = results[id]["steps"]
        names = [step["name"] for step in steps]
        assert names[-2:] == [EXPECTED + row["statement"], OUTCOME + NAMES[row["outcome"]]]
        status = {"failed": "failed", "cantTell": "broken"}.get(row["outcome"], "passed")
        assert [step["status"] for step in steps[-2:]] == ["passed", status]
        if row["outcome"] == "inapplicable":
            assert len(steps) == 2
            continue
        assert names[0] == REQUESTS
        (sent,) = attached(folder / "alone", steps[0]).values()
        if row.get("evidence"):
            assert [one["curl"] for one in row["evidence"]] == sent.decode().split("\n")
        elif row["outcome"] == "passed" and "," not in row["scenario"] and not row["scenario"].count(" "):
            assert b"\ncurl -N -X " in sent


def test_a_check_that_did_not_pass_has_its_evidence(folder: Path, results: ByItem, rows: ByItem) -> None:
    for id, row in rows.items():
        files = attached(folder / "alone", results[id]["steps"][-1])
        name = NAMES[row["outcome"]]
        if row["outcome"] == "passed":
            assert files == {}
            continue
        assert files[name].decode().startswith(f"{name}: {row['message']}\n{row['requirement']} (")
        for number, one in enumerate(row.get("evidence", ()), 1):
            assert files[f"received, {number}: {one['exchange']}"].decode().split("\n") == one["rows"]
            recording = folder / "recordings" / one["recording"]
            assert files[f"recordings/{one['recording']}"] == allure.bounded(recording.read_bytes())
        if row["scenario"] == NOT_RECORDED:
            assert files[f"recordings/{NOT_RECORDED}.jsonl"]


def test_a_long_attachment_is_cut_after_a_line() -> None:
    line = b"x" * 999 + b"\n"
    assert allure.bounded(line * 1000) == line * 1000
    cut = allure.bounded(line * 1000 + b"y")
    assert cut.startswith(line * 1000)
    assert "cut: 1 of 1000001 bytes" in cut[len(line) * 1000 :].decode()
    one_line = allure.bounded(b"x" * 3_000_000)
    assert len(one_line) < 1_001_000
    assert "cut: 2000000 of 3000000 bytes" in one_line[-200:].decode()


@pytest.mark.parametrize("name", ["alone", "together"])
def test_the_session_is_described(folder: Path, name: str) -> None:
    text = (folder / name / "environment.properties").read_text("utf-8").replace("\\", "")
    shown = dict(line.split(" = ", 1) for line in text.splitlines())
    document = json.loads((folder / f"report-{name}" / "report.json").read_text("utf-8"))
    assert shown["Verdict"] == document["verdict"] == "not conformant"
    assert shown["Target"] == f"{document['target']['name']} {document['target']['version']}"
    assert shown["Suite"] == document["suite"]["version"]
    assert shown["Profile"] == document["profile"]
    assert (
        shown["MUST"] == f"{document['summary']['MUST']['passed']}/{sum(document['summary']['MUST'].values())} passed"
    )
    assert shown.get("Verdict digest") == document.get("verdict_digest")


# --- the page that Allure makes


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    try:
        return allure_page.generate(folder / "alone", folder / "page")
    except LaunchError as problem:
        left_out(str(problem))


class Loaded(HTMLParser):
    """Everything that a page loads, and the text of its scripts and styles; links load nothing."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.code: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag in ("script", "style")
        self.urls += [value for name, value in attrs if name in ("src", "srcset", "data", "poster") and value]
        self.urls += [value for name, value in attrs if (tag, name) == ("link", "href") and value]

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.code.append(data)

    def external(self) -> list[str]:
        """Return the URLs of other hosts that the page, a script or a style loads."""
        data = [url for url in self.urls if url.startswith("data:")]
        code = [*self.code, *(base64.b64decode(url.partition(",")[2]).decode("utf-8", "replace") for url in data)]
        loads = r"""(?:fetch|import|importScripts|url|sendBeacon|\.src\s*=)\s*\(?\s*["'`]?((?:https?:)?//[^"'`\s)]+)"""
        found = [url for text in code for url in re.findall(loads, text)]
        return found + [url for url in self.urls if re.match(r"(https?:)?//", url)]


def test_the_page_loads_nothing_external(page: Path) -> None:
    loaded = Loaded(page.read_text("utf-8"))
    assert any(url.startswith("data:text/javascript") for url in loaded.urls)
    assert loaded.external() == []
    text = page.read_text("utf-8")
    assert not re.search("googletagmanager|google-analytics|gtag", text)


@pytest.mark.parametrize(
    "bad",
    [
        "<script async src='https://www.example.com/gtag/js'></script>",
        "<link rel=stylesheet href='//fonts.example.com/x.css'>",
        "<script>fetch('https://example.com/x')</script>",
        "<style>@font-face { src: url(http://example.com/x.woff) }</style>",
        f"<script src='data:text/javascript;base64,{base64.b64encode(b'a.src = `//x.example/y`').decode()}'></script>",
    ],
)
def test_external_resources_would_be_noticed(bad: str) -> None:
    assert len(Loaded(f"<p><a href='https://example.com'>a link</a>{bad}").external()) == 1


def uid(page: Path, result: Json) -> str:
    """Return Allure's id of a result."""
    listed = json.loads((page.parent / "test-results.json").read_text("utf-8"))["byId"].values()
    return next(str(one["id"]) for one in listed if one["name"] == result["name"])


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(MISSING)
    with browser(tmp_path / "profile") as one:
        yield one


def test_the_page_requests_nothing_but_itself(chromium: Browser, page: Path, results: ByItem) -> None:
    """A browser shows its views, and results with text from a server, which must not act."""
    chromium.size(1280, 900)
    chromium.show(page)
    text = "document.querySelector('#content').innerText"
    for view, shown in (
        ("", "not conformant"),
        ("categories", "A MUST failed"),
        ("behaviors", DEFAULT_PROFILE),
    ):
        chromium.value(f"location.hash = {json.dumps(view)}")
        chromium.until(f"{text}.includes({json.dumps(shown)})")
    for status, name, message in (("failed", "failed", "curl -N"), ("broken", "inconclusive", HOSTILE)):
        found = [one for one in results.values() if one["status"] == status]
        result = next(one for one in found if message in one["statusDetails"]["message"])
        chromium.value(f"location.hash = 'testresult/{uid(page, result)}'")
        chromium.until(f"{text}.includes({json.dumps(OUTCOME + name)})")
        chromium.until(f"{text}.includes({json.dumps(message)})")
        chromium.value("document.querySelectorAll('.attachment-row').forEach(e => e.click())")
        rows = "[...document.querySelectorAll('.attachment-row__content')]"
        chromium.until(f"{rows}.length > 2 && {rows}.every(e => e.textContent)")
    assert chromium.value("document.title") != "ran"
    assert chromium.value("document.querySelectorAll('[onerror], iframe').length") == 0
    assert chromium.value("document.querySelectorAll('a[href^=http]').length") == 0
    assert chromium.errors == []
    assert [url for url in chromium.requests if not url.startswith((page.as_uri(), "data:", "blob:"))] == []
