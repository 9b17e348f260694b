"""The page of a report says nothing twice, announces only what is there, and marks where two values differ."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.authoring.expectations import SHOWN_CHARACTERS, Failed, equal
from conformance.report.differing import parts
from conformance.report.html import report_html
from conformance.report.markdown import report_md
from conformance.report.recordings import NO_RECORDINGS, StoredRecordings
from conformance.report.timeline import marks_of
from conformance.report.words import KINDS, MARKS
from conformance.wire.text import cut_where_different

from .html_page import Page
from .reports import FAULTS, client_result, faulty, golden_recordings, report


def recorded() -> StoredRecordings:
    return StoredRecordings({one.file: one for one in faulty(FAULTS)})


def cells(html: str) -> list[list[str]]:
    """Return the texts of the cells of each row in a table of clients."""
    section = html[html.index('id="clients"') : html.index('id="requirements"')]
    rows = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)[1:]
    return [[Page(cell).text.strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


# --- clients


def test_clients_with_the_same_result_share_a_row() -> None:
    same = [client_result("refused") | {"name": f"client-{number}", "version": "1"} for number in range(3)]
    other = client_result("read otherwise") | {"name": "client-3", "version": "1"}
    content = {**report(), "clients": [same[0], other, *same[1:]]}
    first, second = cells(report_html(content, NO_RECORDINGS))
    assert first[0] == "client-0 1client-1 1client-2 1"
    assert second[0] == "client-3 1"
    rows = [row for row in report_md(content).splitlines() if row.startswith("| client-")]
    assert [row.split(" | ")[0] for row in rows] == ["| client-0 1, client-1 1, client-2 1", "| client-3 1"]


def test_streams_that_a_client_read_otherwise_for_one_reason_share_a_line() -> None:
    evidence = [{"recording": f"{name}.jsonl", "exchange": name, "message": "refused with 422"} for name in "abc"]
    content = {**report(), "clients": [client_result("x") | {"message": "3 of 3", "evidence": evidence}]}
    [row] = cells(report_html(content, NO_RECORDINGS))
    assert row[3].count("refused with 422") == 1
    assert all(f"{name}.jsonl, exchange {name}" in row[3] for name in "abc")


# --- drawings


def test_without_recordings_no_drawing_is_announced() -> None:
    for content in (report(), report("x", "1", FAULTS)):
        page = Page(report_html(content, NO_RECORDINGS))
        assert not {"marks", "timelines"} & {*page.all("id"), *(href[1:] for href in page.anchors())}
        assert "svg" not in [tag for tag, _ in page.elements]
        assert "draws" not in report_md(content, NO_RECORDINGS)


def test_a_report_says_that_its_page_has_drawings() -> None:
    assert "`report.html` also draws what happened when." in report_md(report("x", "1", FAULTS), recorded())


@pytest.mark.parametrize("faults", [(), FAULTS])
def test_the_legend_explains_the_marks_that_occur(faults: tuple[str, ...]) -> None:
    recordings = recorded() if faults else golden_recordings()
    html = report_html(report("x", "1", faults), recordings)
    legend = re.findall(r'<li><svg class="(\w+)"', html)
    drawings = "".join(re.findall(r"<figure.*?</figure>", html, re.DOTALL))
    assert set(legend) == set(re.findall(r'href="#m-(\w+)"', drawings))
    assert set(re.findall(r' id="m-(\w+)"', html)) == set(legend)
    assert len(legend) < len(KINDS) + len(MARKS)
    assert marks_of([]) == set()


# --- where two values differ

ONE, OTHER = "the quick brown fox jumps", "the quick green fox jumps"


@pytest.mark.parametrize("words", [", received ", "; the server sent "])
def test_the_part_in_which_two_long_values_differ_is_marked(words: str) -> None:
    message = f'the text: at $.a expected "{ONE}"{words}"{OTHER}"'
    found = parts(message)
    assert "".join(text for text, _ in found) == message
    assert [text for text, differs in found if differs] == ["brow", "gree"]


@pytest.mark.parametrize(
    ("message", "marked"),
    [
        ('at $ expected "a", received "b"', []),
        ("nothing is compared here", []),
        (f'expected "{ONE}", received "{ONE} and"', [" and"]),
        (f'expected "{ONE}… (200 characters), received "{OTHER}… (300 characters)', [ONE[10:], OTHER[10:]]),
    ],
)
def test_only_what_differs_is_marked(message: str, marked: list[str]) -> None:
    assert [text for text, differs in parts(message) if differs] == marked


@given(st.text(), st.text(), st.text())
def test_nothing_of_a_message_is_lost(before: str, one: str, other: str) -> None:
    message = f"{before}expected {one}, received {other}"
    assert "".join(text for text, _ in parts(message)) == message


def test_the_page_marks_the_difference_in_a_message() -> None:
    content: dict[str, Any] = copy.deepcopy(report("x", "1", FAULTS))
    check = next(check for row in content["requirements"] for check in row.get("checks", ()))
    check["message"] = f'at $ expected "<b>{ONE}", received "<b>{OTHER}"'
    html = report_html(content, NO_RECORDINGS)
    assert 'at $ expected "&lt;b&gt;the quick <mark>brow</mark>n fox jumps"' in html
    assert html.count("<mark>") == 2


def test_a_message_shows_where_two_long_strings_differ() -> None:
    same = "abc " * 200
    with pytest.raises(Failed) as raised:
        equal(same + "good" + same, same + "bad" + same, "the text")
    message = str(raised.value)
    assert "good" in message
    assert "bad" in message
    assert len(message) < 3 * SHOWN_CHARACTERS


@given(st.text("ab", max_size=60), st.text("ab", max_size=60), st.integers(50, 70))
def test_two_texts_are_cut_so_that_both_show_the_difference(one: str, other: str, limit: int) -> None:
    prefix = "x" * 100
    shown = cut_where_different(prefix + one, prefix + other, limit)
    same = next((n for n in range(min(len(one), len(other))) if one[n] != other[n]), min(len(one), len(other)))
    for text, whole in zip(shown, (one, other), strict=True):
        assert whole[same : same + 1] in text.partition("… (")[0]
        assert text.startswith("…x")
