"""The matrix compares servers requirement by requirement, but only servers judged by the same requirements."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from conformance.judging.outcomes import FAILED
from conformance.report.html import report_html
from conformance.report.judged import spec
from conformance.report.markdown import report_md
from conformance.report.matrix import groups, matrix_html
from conformance.report.matrix_markdown import matrix_md
from conformance.report.products import Column, newest, products
from conformance.report.recordings import NO_RECORDINGS
from conformance.report.words import NAMES, NOT_PASSED

from .html_page import Page
from .reports import FAULTS, report


def outcomes(content: dict[str, Any]) -> dict[str, str]:
    """Return the outcome of every requirement, by its id."""
    return {one["id"]: one["outcome"] for one in content["requirements"]}


def release(name: str, version: str, failed: str = "", **changes: Any) -> Column:
    """Return a release of a server on which nothing fails but one requirement, as a column."""
    content = copy.deepcopy(report()) | changes
    content["target"] |= {"name": name, "version": version}
    for one in content["requirements"]:
        one["outcome"] = FAILED if one["id"] == failed else one["outcome"]
    return column(content, f"{name}-{version}")


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


def test_every_cell_shows_its_outcome_and_links_to_its_evidence() -> None:
    good, bad = report("good"), report("bad", "1", FAULTS)
    html = matrix_html([column(good, "a"), column(bad, "b")])
    cells = re.findall(r'<td class="(\w+)"><a href="(.*?)"(?: aria-label="(\w+)")?>(.*?)</a></td>', html)
    expected = [
        (outcomes(content)[id], f"{folder}/report.html#{id}")
        for id in outcomes(good)
        for content, folder in ((good, "a"), (bad, "b"))
    ]
    assert [(word, href) for word, href, *_ in cells] == expected
    names = [label or re.sub("<.*?>", "", text)[2:] for _, _, label, text in cells]
    assert names == [NAMES[word] for word, *_ in cells]
    assert set(outcomes(bad)) <= set(Page(report_html(bad, NO_RECORDINGS)).all("id"))
    markdown, evidence = matrix_md([column(bad, "b")]), report_md(bad)
    failed = [id for id, word in outcomes(bad).items() if word in NOT_PASSED]
    assert failed
    assert all(f"(b/report.md#{id})" in markdown and f'<a id="{id}"></a>' in evidence for id in failed)


@pytest.mark.parametrize(
    "versions",
    [["1.2", "1.10", "1.9"], ["0.9", "1.0rc1", "1.0"], ["v1", "v2", "v10"], ["", "nightly", "0.1"], ["9" * 5000, "1"]],
    ids=lambda versions: versions[0][:9],
)
def test_only_the_newest_release_is_a_column(versions: list[str]) -> None:
    last = {"1.2": "1.10", "0.9": "1.0", "v1": "v10", "": "0.1", "9" * 5000: "9" * 5000}[versions[0]]
    for given in (versions, versions[::-1]):
        [product] = products([release("x", version) for version in given])
        assert [one.document["target"]["version"] for one in newest([product])] == [last]
        older = [one.column.document["target"]["version"] for one in product.profiles[0].older]
        assert sorted([*older, last]) == sorted(versions)


def test_a_release_judged_twice_is_shown_as_it_was_judged_last() -> None:
    first, second = release("x", "1", started="2026-01-02T00:00:00"), release("x", "1", started="2026-01-03T00:00:00")
    assert newest(products([second, first])) == [second]


def test_an_older_release_says_what_was_otherwise() -> None:
    id = "join.rest-of-run"
    servers = [release("x", "1", id), release("x", "1.5", id), release("x", "2"), release("y", "1")]
    servers[1] = Column(servers[1].document, servers[0].html, servers[0].markdown)
    html, markdown = Page(matrix_html(servers)), matrix_md(servers)
    folded = html.text[html.text.index("Older releases (2)") :].partition("Areas")[0]
    assert f"failed {id}; all others as in 2." in " ".join(folded.split())
    assert "1.5" in folded
    assert "With the same outcomes: 1." in folded
    assert html.all("href").count(f"x-1/report.html#{id}") == 1
    rows = [row for row in markdown.splitlines() if row.startswith("| [x](x-1/report.md)")]
    assert [f"{id} ✗ failed" in row for row in rows] == [True, True]


def test_an_older_release_of_another_catalogue_is_compared_as_far_as_possible() -> None:
    suite = report()["suite"] | {"catalogue_sha256": "ab" * 32}
    servers = [release("x", "1", suite=suite), release("x", "2")]
    assert "cannot be compared" not in matrix_html(servers)
    assert "as far as this release was judged by the same requirements" in Page(matrix_html(servers)).text


def test_anchors_survive_a_new_release() -> None:
    def ids(*servers: Column) -> list[str]:
        return Page(matrix_html(servers)).all("id")

    before, after = ids(release("x", "1")), ids(release("x", "2", "join.rest-of-run"), release("x", "1"))
    assert before == after
    assert {"x", "join.rest-of-run", "area-join"} <= set(before)


@pytest.mark.parametrize(
    "name",
    ["find", "find-text", "join.rest-of-run", "area-join", "spec-1", "profile-client-safety", '"><b>', "ä", "", "A b"],
)
def test_anchors_are_unique_whatever_the_name(name: str) -> None:
    page = Page(matrix_html([release(name, "1"), release("a-b", "1"), release("x", "1", profile="client-safety")]))
    assert len(set(page.all("id"))) == len(page.all("id"))
    assert {href[1:] for href in page.anchors()} <= set(page.all("id"))
    assert all(re.fullmatch(r"[\w.-]+", id, re.ASCII) for id in page.all("id"))


def test_a_row_leads_to_what_the_specification_says() -> None:
    page = Page(matrix_html([release("x", "1")]))
    covered = {one["lines"]: one for row in report()["requirements"] for one in spec(row)}
    assert {href for href in page.anchors() if href.startswith("#spec-")} == {f"#spec-{lines}" for lines in covered}
    assert all(page.text.count(f"{one['lines']} {one['gist']}") == 1 for one in covered.values())
    assert {one["url"] for one in covered.values()} <= set(page.all("href"))


def test_the_number_of_passed_requirements_of_each_area_is_shown() -> None:
    html, markdown = (
        matrix_html([release("x", "1", "auth.api-key")]),
        matrix_md([release("x", "1", "join.rest-of-run")]),
    )
    joins = sum(one["id"].startswith("join.") for one in report()["requirements"])
    assert f"| join | {joins - 1}/{joins} |" in markdown
    assert f'join</a></th><td class="passed">✓ {joins}/{joins}</td>' in html
