"""The matrix as a visitor uses it: on a phone, with the keyboard, without network, and without script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.report.matrix import matrix_html
from conformance.report.products import Column
from conformance.report.words import NOT_PASSED
from conformance.settings import DEFAULT_PROFILE

from .browser import CHROMIUM, MISSING, Browser
from .generate import published

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

WIDTH, HEIGHT = 375, 812
"""The smallest phone that is common."""

VISIBLE = "[...document.querySelectorAll('{}')].filter(e => e.checkVisibility())"
NEWEST = {(one["target"]["name"], one["profile"]): one for _, one in published.documents()}
"""The newest report of each server by each profile, because `documents()` has them in the order of versions."""
DEFAULT = {name: document for (name, profile), document in NEWEST.items() if profile == DEFAULT_PROFILE}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The matrix of the published reports, beside them."""
    folder = tmp_path_factory.mktemp("matrix")
    for report, _ in published.documents():
        (folder / report.name).symlink_to(report)
    columns = [Column(one, f"{at.name}/report.html", f"{at.name}/report.md") for at, one in published.judged()]
    (folder / "matrix.html").write_text(matrix_html(columns), "utf-8")
    return folder / "matrix.html"


@pytest.fixture
def phone(page: Browser, matrix: Path) -> Iterator[Browser]:
    """A phone that shows the matrix."""
    page.size(WIDTH, HEIGHT)
    page.show(matrix)
    yield page
    page.scripts(enabled=True)


def members(document: dict[str, Any], area: str) -> dict[str, str]:
    """Return the outcomes of the requirements of an area, by id."""
    found = {one["id"]: one["outcome"] for one in document["requirements"] if one["id"].startswith(f"{area}.")}
    assert found
    return found


def focus(page: Browser, control: str) -> None:
    """Go to a control with the keyboard."""
    page.press_until("Tab", f"document.activeElement.id === 'find-{control}'")


def choose(page: Browser, control: str, value: str) -> None:
    """Choose a value with the keyboard."""
    focus(page, control)
    page.press_until("ArrowDown", f"document.activeElement.value === {json.dumps(value)}", 50)


def rows(page: Browser) -> list[str]:
    """Return the ids of the visible rows of requirements."""
    return list(page.value(VISIBLE.format(".matrix .row") + ".map(e => e.id)"))


def found(page: Browser) -> list[str]:
    """Return the lines that say what was found."""
    return list(page.value(VISIBLE.format("#found p") + ".map(e => e.innerText)"))


def in_view(selector: str) -> str:
    """Return the condition that the top of an element is on the screen."""
    return f"(top => 0 <= top && top < innerHeight)(document.querySelector('{selector}').getBoundingClientRect().top)"


def test_what_aegra_does_with_joins(phone: Browser) -> None:
    joins = members(DEFAULT["aegra"], "join")
    failed = [id for id, outcome in joins.items() if outcome == "failed"]
    passed = len(joins) - len(failed)
    assert failed
    choose(phone, "server", "aegra")
    choose(phone, "area", "join")
    assert rows(phone)[: len(joins)] == list(joins)
    assert phone.value("document.documentElement.scrollWidth") <= WIDTH
    assert found(phone)[0].endswith(f": {len(joins)} requirements. Passed of {len(joins)}: aegra {passed}.")
    cell = f"document.activeElement.getAttribute('href')?.endsWith('report.html#{failed[0]}')"
    phone.press_until("Tab", cell)
    assert "failed" in phone.value("document.activeElement.innerText")
    phone.press("Enter")
    phone.until(f"location.hash === '#{failed[0]}' && location.pathname.includes('/aegra-')")
    phone.settled()
    phone.until(in_view(":target"))
    assert failed[0] in phone.value("document.querySelector(':target').innerText")


def test_which_servers_pass_everything_about_subgraphs(phone: Browser) -> None:
    outcomes = {name: members(document, "subgraphs") for name, document in DEFAULT.items()}
    whole = [name for name, one in outcomes.items() if set(one.values()) == {"passed"}]
    count = len(outcomes["aegra"])
    assert 0 < len(whole) < len(outcomes)
    choose(phone, "area", "subgraphs")
    [line] = found(phone)
    assert f": {count} requirements. ✓ All passed on {', '.join(whole)}. " in line
    for name in outcomes.keys() - set(whole):
        assert f"{name} {list(outcomes[name].values()).count('passed')}" in line.partition(f"Passed of {count}: ")[2]
    phone.until(in_view("#found"))


def test_every_filter_narrows_what_the_others_left(phone: Browser) -> None:
    outcomes = {one["id"]: one["outcome"] for one in DEFAULT["skeino"]["requirements"]}
    focus(phone, "text")
    phone.write("RUN stream")
    texts = {id: phone.value(f"document.getElementById('{id}').cells[0].innerText") for id in rows(phone)}
    assert 0 < len(texts) < len(outcomes)
    assert all("run" in text.lower() and "stream" in text.lower() for text in texts.values())
    choose(phone, "level", "MUST")
    must = [id for id, text in texts.items() if text.startswith("MUST")]
    assert rows(phone) == must != list(texts)
    choose(phone, "stage", "2")
    early = [id for id in must if phone.value(f"Number(document.getElementById('{id}').dataset.stage) <= 2")]
    assert rows(phone) == early != must
    choose(phone, "server", "skeino")
    choose(phone, "outcome", "bad")
    assert rows(phone) == [id for id in early if outcomes[id] in NOT_PASSED]


def test_only_the_chosen_server_has_a_column(phone: Browser) -> None:
    choose(phone, "server", "langgraphjs")
    assert set(phone.value(VISIBLE.format(".matrix [data-server]") + ".map(e => e.dataset.server)")) == {"langgraphjs"}
    cells = ".map(e => [...e.cells].filter(c => c.checkVisibility()).length)"
    assert set(phone.value(VISIBLE.format(".matrix .row") + cells)) == {2}


def test_nothing_found_is_said_and_everything_comes_back(phone: Browser) -> None:
    every = rows(phone)
    focus(phone, "text")
    phone.write("no such words")
    assert rows(phone) == []
    assert phone.value("document.getElementById('found').innerText") == "No requirement matches."
    focus(phone, "reset")
    phone.press("Enter")
    assert rows(phone) == every
    assert phone.value(VISIBLE.format("#products") + ".length") == 1


def test_a_link_to_a_row_that_is_filtered_out_shows_it(phone: Browser, matrix: Path) -> None:
    choose(phone, "area", "join")
    phone.value("location.hash = '#subgraphs.namespace'")
    phone.until("document.querySelector('[id=\"subgraphs.namespace\"]').checkVisibility()")
    phone.until(in_view('[id="subgraphs.namespace"]'))


@pytest.mark.parametrize("anchor", ["aegra", "join.rest-of-run", "area-subgraphs"])
def test_an_anchor_leads_to_its_place(phone: Browser, matrix: Path, anchor: str) -> None:
    phone.show(matrix, anchor)
    phone.until(in_view(f'[id="{anchor}"]'))


def test_without_script_the_page_is_complete(phone: Browser, matrix: Path) -> None:
    with_script = rows(phone)
    phone.scripts(enabled=False)
    phone.show(matrix)
    assert phone.value("document.getElementById('find').checkVisibility()") is False
    assert rows(phone) == with_script
    cells = phone.value(VISIBLE.format(".matrix .row td a") + ".length")
    assert cells == sum(len(document["requirements"]) for document in NEWEST.values())
    hidden = phone.value("[...document.querySelectorAll('main [hidden], main details')].map(e => e.id || e.tagName)")
    assert set(hidden) <= {"find", "DETAILS"}
    assert phone.value("document.documentElement.scrollWidth") <= WIDTH


def test_older_releases_are_folded_under_the_newest(phone: Browser) -> None:
    versions = [one["target"]["version"] for _, one in published.judged() if one["target"]["name"] == "langgraph-dev"]
    card = "document.getElementById('langgraph-dev').parentElement"
    assert versions[0] not in phone.value(f"{card}.innerText")
    phone.press_until("Tab", f"document.activeElement === {card}.querySelector('summary')")
    phone.press("Enter")
    phone.until(f"{card}.querySelector('details').open")
    text = phone.value(f"{card}.innerText")
    assert all(version in text for version in versions)


def test_a_click_selects_a_whole_command(phone: Browser) -> None:
    phone.click("#aegra ~ .command")
    phone.until(f"getSelection().toString() === {json.dumps(DEFAULT['aegra']['command'])}")
