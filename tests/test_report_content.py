"""What report.html, report.md and the badge show for the content of a report.json."""

from __future__ import annotations

import copy
import json
import re
from itertools import pairwise
from typing import Any

import pytest

from conformance.judging.outcomes import FAILED, INCONCLUSIVE
from conformance.report.badge import badge
from conformance.report.html import report_html
from conformance.report.judged import check_name, sources, spec, statement
from conformance.report.markdown import report_md
from conformance.report.markdown_text import md
from conformance.report.matrix import matrix_html
from conformance.report.products import Column
from conformance.report.recordings import NO_RECORDINGS, StoredRecordings

from .html_page import Page
from .reports import FAULTS, all_evidence, client_result, faulty, report, unfolded

REPLAYS = "join.does-not-replay"


def requirement(content: dict[str, Any], id: str) -> dict[str, Any]:
    return next(one for one in content["requirements"] if one["id"] == id)


def failed_check(content: dict[str, Any], id: str = REPLAYS) -> dict[str, Any]:
    """Return the first check of a requirement that failed."""
    return next(check for check in requirement(content, id)["checks"] if check["outcome"] == FAILED)


def html_text(content: dict[str, Any], recordings: StoredRecordings = NO_RECORDINGS) -> str:
    return Page(report_html(content, recordings)).text


def recorded() -> StoredRecordings:
    """Return the recordings of the server with the faults, as files beside its report."""
    return StoredRecordings({one.file: one for one in faulty(FAULTS)})


# --- evidence


def test_a_failure_is_shown_with_its_evidence() -> None:
    content = report("aegra", "1", FAULTS)
    html, markdown = Page(report_html(content, recorded())), report_md(content, recorded())
    failed, check = requirement(content, REPLAYS), failed_check(content)
    [evidence] = check["evidence"]
    for part in (statement(failed), *sources(failed), check["message"], evidence["curl"], *evidence["rows"]):
        assert part in html.text
    assert {one["url"] for one in spec(failed)} <= set(html.all("href"))
    for part in (md(statement(failed)), md(check["message"]), evidence["curl"], *evidence["rows"]):
        assert part in markdown


def test_the_evidence_is_in_a_useful_order() -> None:
    """Specification, expectation, difference, end, timeline, cause, and how to repeat it."""
    content = copy.deepcopy(report("aegra", "1", FAULTS))
    failed, check = requirement(content, REPLAYS), failed_check(content)
    details = failed["details"][check_name(check["id"])]
    details["cause"] = "the server keeps what it sent"
    [evidence] = check["evidence"]
    text = html_text(content, recorded())
    recording = recorded().by_file[evidence["recording"]]
    assert recording
    sent = recording.all(evidence["exchange"])[0]
    position = text.index(statement(failed))
    for part in (
        spec(failed)[0]["lines"],
        spec(failed)[0]["gist"],
        spec(failed)[0]["section"],
        sources(failed)[0],
        details["acceptable"],
        check["message"],
        evidence["rows"][0],
        "first difference" + evidence["rows"][evidence["marked"]],
        f"  {sent.ending}",
        "before this reader joined",
        details["cause"],
        evidence["curl"],
        evidence["recording"],
        f"{content['command']} -k {check_name(check['id'])}",
    ):
        assert part in text[position:], part
        position = text.index(part, position)


def test_details_of_a_failure_are_optional() -> None:
    content = copy.deepcopy(report("aegra", "1", FAULTS))
    for row in content["requirements"]:
        row.pop("details", None)
    for one in all_evidence(content):
        one.pop("marked", None)
    text = html_text(content)
    assert not any(label in text for label in ("Expected", "Likely cause", "first difference"))


def test_a_failure_that_the_baseline_lists_shows_its_reason() -> None:
    content = copy.deepcopy(report("aegra", "1", FAULTS))
    content["baseline"] = {"known": [{"checks": [failed_check(content)["id"]], "reason": "a fix is under review"}]}
    assert "a fix is under review" in html_text(content)
    assert "a fix is under review" in report_md(content)


# --- recordings


def test_a_recording_in_the_folder_is_linked() -> None:
    content = report("aegra", "1", FAULTS)
    file = failed_check(content)["evidence"][0]["recording"]
    assert f"recordings/{file}" in Page(report_html(content, recorded())).all("href")
    assert f"(recordings/{file})" in report_md(content, recorded())


def test_a_recording_in_an_archive_is_named_and_the_archive_is_linked() -> None:
    content = report("aegra", "1", FAULTS)
    file = failed_check(content)["evidence"][0]["recording"]
    archived = StoredRecordings(recorded().by_file, "recordings.tar.xz")
    html = Page(report_html(content, archived))
    assert set(html.files()) == {"recordings.tar.xz"}
    assert f"{file} in recordings.tar.xz" in html.text
    assert f"Recording: `{file}` in [recordings.tar.xz](recordings.tar.xz), exchange" in report_md(content, archived)


def test_a_missing_recording_is_named_and_not_linked() -> None:
    content = report("aegra", "1", FAULTS)
    html = Page(report_html(content, NO_RECORDINGS))
    assert html.files() == []
    path = f"recordings/{failed_check(content)['evidence'][0]['recording']}"
    assert path in html.text
    assert f"]({path})" not in report_md(content)


# --- the session


def test_the_report_says_what_produced_it() -> None:
    content = report("aegra", "1", FAULTS, ("events",))
    text = html_text(content)
    text = text[text.rindex("Attribution") :]
    suite = content["suite"]
    for part in (suite["version"], suite["catalogue_sha256"], suite["schemas_sha256"], content["verdict_digest"]):
        assert part in text
    for part in (content["nonce"], content["command"], "aegra 1", "events", "Python 3.11.2, Linux, x86_64"):
        assert part in text
    assert f"{content['recordings']['sha256']} of {content['recordings']['files']} files" in text


def test_absences_are_declared_before_everything_else() -> None:
    content = report("x", "1", (), ("events", "join"))
    first_screen = html_text(content).partition("Summary")[0]
    assert "partial" in first_screen
    assert "events, join" in first_screen
    assert "events, join" in report_md(content).partition("## Summary")[0]
    assert "events, join" in Page(matrix_html([Column(content, "a", "b")])).text.partition("Passed by area")[0]


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "the suite failed": ({"suite_errors": ["test_a: KeyError"]}, "suite error: test_a: KeyError"),
    "the session ended early": ({"stopped": "interrupted after 3 s"}, "interrupted after 3 s"),
    "the server stopped": ({"answered_at_end": False}, "The server stopped responding"),
    "a graph is missing": ({"missing_graphs": {"joke": ["a.b", "c.d"]}}, "2 requirements are inconclusive"),
}


@pytest.mark.parametrize(("changes", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_of_the_session_stands_before_the_outcomes(changes: dict[str, Any], message: str) -> None:
    content = report() | changes
    assert message in html_text(content).partition("Summary")[0]
    assert md(message) in report_md(content).partition("## Summary")[0]
    assert md(message) not in report_md(report())


def test_the_results_of_real_clients_are_a_table() -> None:
    content = {**report(), "clients": [client_result("ordinary text")]}
    page = Page(report_html(content, NO_RECORDINGS))
    assert "clients" in page.all("id")
    table = page.text[page.text.index("Real client libraries") :]
    assert all(part in table for part in ("ordinary text", "failed", "3"))
    assert "clients" not in Page(report_html(report(), NO_RECORDINGS)).all("id")


@pytest.mark.parametrize(("follows", "shown"), [(True, "yes"), (False, "no"), (None, "inconclusive")])
def test_a_disputed_statement_says_whether_the_server_follows_it(follows: bool | None, shown: str) -> None:
    disputed = {"id": "a.b", "statement": "it must", "as_stated": follows, "message": ""}
    content = {**report(), "disputed": [disputed]}
    assert f"| a.b | it must | {shown} |" in report_md(content)
    assert f"a.bit must{shown}" in html_text(content)


def test_an_inconclusive_outcome_has_its_plain_name() -> None:
    content = unfolded(report())
    row = content["requirements"][0]
    row["outcome"] = row["checks"][0]["outcome"] = INCONCLUSIVE
    for text in (html_text(content), report_md(content)):
        assert "? inconclusive" in text
        assert INCONCLUSIVE not in text


# --- structure


def test_headings_tables_and_landmarks_are_accessible() -> None:
    content = report("aegra", "1", FAULTS)
    for html in (report_html(content, recorded()), matrix_html([Column(report(), "a", "b")])):
        page = Page(html)
        heads = [attributes for tag, attributes in page.elements if tag == "th"]
        assert all(attributes.get("scope") in ("col", "row", "rowgroup") for attributes in heads)
        tags = [tag for tag, _ in page.elements]
        assert [tags.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
        levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert len(set(page.all("id"))) == len(page.all("id"))
        assert set(page.all("aria-labelledby")) <= set(page.all("id"))


@pytest.mark.parametrize(
    ("faults", "lacks", "message", "color"),
    [
        ((), (), "conformant · MUST ", "brightgreen"),
        (FAULTS, (), "not conformant · MUST ", "red"),
        ((), ("join",), "partial · MUST ", "yellow"),
    ],
)
def test_the_badge_shows_the_verdict(faults: tuple[str, ...], lacks: tuple[str, ...], message: str, color: str) -> None:
    shown = json.loads(badge(report("x", "1", faults, lacks)))
    assert shown.keys() == {"schemaVersion", "label", "message", "color"}
    assert (shown["schemaVersion"], shown["label"], shown["color"]) == (1, "LangGraph streaming API", color)
    assert shown["message"].startswith(message)


def test_the_badge_of_an_inconclusive_verdict_is_grey() -> None:
    assert json.loads(badge({**report(), "verdict": "inconclusive"}))["color"] == "lightgrey"
