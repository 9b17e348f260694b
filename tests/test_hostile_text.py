"""Text that a server sent stays text on every page: it never becomes HTML, Markdown or a control character."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.archive import ARCHIVE
from conformance.report import page, reader
from conformance.report.html import report_html
from conformance.report.markdown import report_md
from conformance.report.markdown_text import code, fenced, md
from conformance.report.matrix import matrix_html
from conformance.report.matrix_markdown import matrix_md
from conformance.report.products import Column
from conformance.report.recordings import NO_RECORDINGS, StoredRecordings

from .hostile import HOSTILE_TEXT, hostile_recording, hostile_report
from .html_page import Page, inert_page
from .reports import report

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
STORED = {
    "as a file": StoredRecordings({HOSTILE_TEXT: None}),
    "in an archive": StoredRecordings({HOSTILE_TEXT: None}, ARCHIVE),
}


def column(content: dict[str, Any]) -> Column:
    return Column(content, "one/report.html", "one/report.md")


def digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


HTML = {name: lambda one, stored=stored: report_html(one, stored) for name, stored in STORED.items()}
MARKDOWN = {name: lambda one, stored=stored: report_md(one, stored) for name, stored in STORED.items()}


@pytest.mark.parametrize("make", [*HTML.values(), lambda one: matrix_html([column(one)])], ids=[*HTML, "matrix"])
def test_hostile_text_stays_text_in_html(make: Any) -> None:
    html = make(hostile_report())
    shown = inert_page(html)
    assert "<img" not in html
    assert html.count("<script") == len(shown.scripts)
    assert "<img src=x onerror=alert(1)>" in shown.text
    assert "\\x1b[2J\\n\\u202e" in shown.text


@given(ANY_TEXT)
def test_any_text_stays_text_in_html(text: str) -> None:
    shown = Page(page._environment().from_string('<p class="{{ x }}">{{ x }}</p>').render(x=text))
    assert [tag for tag, _ in shown.elements] == ["p"]
    assert shown.text == shown.elements[0][1]["class"]
    assert shown.text.isprintable()
    assert shown.text == text or not text.isprintable()


def test_a_page_neither_runs_nor_loads_anything() -> None:
    for html in (report_html(report(), NO_RECORDINGS), matrix_html([column(report())])):
        shown = inert_page(html)
        own = [f"; script-src 'sha256-{digest(script)}'" for script in shown.scripts]
        assert page.POLICY + "".join(own) in shown.all("content")
        assert page.POLICY.startswith("default-src 'none'; ")
        assert "script-src" not in page.POLICY
        assert "url(" not in html
        assert "@import" not in html


def test_a_hostile_recording_stays_text_in_a_timeline() -> None:
    html = report_html(hostile_report(), StoredRecordings({HOSTILE_TEXT: hostile_recording()}))
    shown = inert_page(html)
    assert '<figure class="timeline"' in html
    assert "<img src=x onerror=alert(1)>" in shown.text
    assert "\N{REPLACEMENT CHARACTER}<b>" in shown.text
    assert f"{'x' * reader.LABEL_CHARACTERS}… (1000000 characters)" in shown.text
    assert "x" * 1000 not in html
    assert "<" * 1000 not in shown.text


@given(ANY_TEXT)
def test_any_text_stays_text_in_markdown(text: str) -> None:
    shown = md(text)
    assert shown.isprintable()
    bare = re.sub(r"&#\d+;|\\[*_\[\]#~!]", "", shown)
    assert not set(bare) & set("\\|`<>&$@*_[]#~!")
    assert "://" not in shown


@given(st.lists(st.text("`~a\n |<", max_size=12), min_size=1, max_size=4))
def test_no_line_closes_a_code_block(lines: list[str]) -> None:
    first, *inside, last = fenced(lines).split("\n")
    assert first == f"{last}text"
    assert len(inside) == len(lines)
    assert all(last not in line for line in inside)


@given(st.text("`~a\n |<", min_size=1, max_size=12))
def test_no_text_closes_a_code_span(text: str) -> None:
    shown = code(text)
    fence = re.match("`+", shown)
    assert fence
    inside = shown.removeprefix(fence[0]).removesuffix(fence[0])
    assert fence[0] not in inside
    assert not inside.startswith("`")
    assert not inside.endswith("`")
    assert shown.isprintable()


@pytest.mark.parametrize("make", [*MARKDOWN.values(), lambda one: matrix_md([column(one)])], ids=[*MARKDOWN, "matrix"])
def test_hostile_text_stays_text_in_markdown(make: Any) -> None:
    text = outside_code(make(hostile_report()))
    anchors = {f'<a id="{row["id"]}">' for row in report()["requirements"]}
    assert set(re.findall(r"<[^>]*>?", text)) <= anchors | {"</a>"}
    assert "onerror=alert" in text
    tables = re.findall(r"(?m)(?:^\|.*\|\n)+", text)
    assert tables
    assert all(len({line.count("|") for line in one.splitlines()}) == 1 for one in tables)


def outside_code(markdown: str) -> str:
    """Return Markdown without its code blocks and code spans."""
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", markdown))
