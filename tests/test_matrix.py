"""The matrix compares servers requirement by requirement, but only servers judged by the same requirements."""

from __future__ import annotations

import copy
import re
from typing import Any

from conformance.report.html import report_html
from conformance.report.markdown import report_md
from conformance.report.matrix import Column, groups, matrix_html
from conformance.report.matrix_markdown import matrix_md
from conformance.report.recordings import NO_RECORDINGS
from conformance.report.words import NAMES, NOT_PASSED

from .html_page import Page
from .reports import FAULTS, report


def column(content: dict[str, Any], name: str = "one") -> Column:
    return Column(content, f"{name}/report.html", f"{name}/report.md")


def test_servers_judged_by_different_catalogues_are_in_different_tables() -> None:
    old = copy.deepcopy(report("old"))
    old["suite"]["catalogue_sha256"] = "ab" * 32
    servers = [column(report("one")), column(old), column(report("two", None))]
    names = [[one.document["target"]["name"] for one in group.servers] for group in groups(servers)]
    assert names == [["one", "two"], ["old"]]
    html, markdown = matrix_html(servers), matrix_md(servers)
    assert html.count("<thead>") == 4
    assert markdown.count("| requirement |") == 2
    for text in (html, markdown):
        assert "cannot be compared" in text
        assert "ab" * 32 in text
    assert "cannot be compared" not in matrix_html([column(report("one")), column(report("two", None))])


def test_different_requirements_with_equal_catalogue_digests_are_in_different_tables() -> None:
    other = copy.deepcopy(report())
    other["requirements"][0]["id"] += "x"
    assert len(groups([column(report()), column(other)])) == 2


def test_every_cell_shows_its_outcome() -> None:
    html = matrix_html([column(report("good"), "a"), column(report("bad", "1", FAULTS), "b")])
    cells = re.findall(r'<td class="(\w+) \w+">(.*?)</td>', html)
    assert len(cells) == 2 * len(report()["requirements"])
    texts = [re.sub("<.*?>", "", cell).split(":")[0] for _, cell in cells]
    assert [text[2:] for text in texts] == [NAMES[word] for word, _ in cells]


def test_every_failed_cell_links_to_its_evidence() -> None:
    bad = report("bad", "1", FAULTS)
    servers = [column(report("good"), "a"), column(bad, "b")]
    failed = [one["id"] for one in bad["requirements"] if one["outcome"] in NOT_PASSED]
    assert failed
    links = {href for href in Page(matrix_html(servers)).all("href") if "#" in href and not href.startswith("#")}
    assert links == {f"b/report.html#{id}" for id in failed}
    assert set(failed) <= set(Page(report_html(bad, NO_RECORDINGS)).all("id"))
    markdown, evidence = matrix_md(servers), report_md(bad)
    assert all(f"(b/report.md#{id})" in markdown and f'<a id="{id}"></a>' in evidence for id in failed)
