"""The pages in a real browser, on a desktop and a phone: nothing overflows, fails or uses the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import cli
from conformance.report.html import DRAWN_GOOD, report_html
from conformance.report.judged import statement
from conformance.report.recordings import StoredRecordings

from .browser import CHROMIUM, MISSING, Browser
from .hostile import HOSTILE_TEXT, hostile_recording, hostile_report
from .reports import FAULTS, all_evidence, faulty, report, written

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

WIDTHS = pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desktop", "phone"])
VISIBLE = "[...document.querySelectorAll('{}')].filter(e => e.checkVisibility()).length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of four servers, one of them hostile, and their matrix."""
    folder = tmp_path_factory.mktemp("pages")
    for name, content, recorded in (
        ("good", report("good"), faulty(())),
        ("bad", report("bad", None, FAULTS), faulty(FAULTS)),
        ("partial", report("partial", "0.1", (), ("events", "join")), ()),
        ("hostile", hostile_report(), ()),
    ):
        written(folder / name, content, recorded)
    text = report_html(hostile_report(), StoredRecordings({HOSTILE_TEXT: hostile_recording()}))
    (folder / "hostile" / "drawn.html").write_text(text, "utf-8")
    names = [str(folder / name) for name in ("good", "bad", "partial", "hostile")]
    assert cli.main(["matrix", *names, "--output", str(folder)]) == 0
    return folder


def unfold(page: Browser) -> None:
    """Lay out everything on the page, including closed details and parts that were never scrolled to."""
    page.value("document.querySelectorAll('details').forEach(e => e.open = true)")
    page.value("document.querySelectorAll('article, .timeline').forEach(e => e.style.contentVisibility = 'visible')")


def rows(page: Browser, which: str = "") -> int:
    """Return how many rows of requirements are visible."""
    return int(page.value(VISIBLE.format(f".row{which}")))


@WIDTHS
@pytest.mark.parametrize("file", ["matrix.html", "bad/report.html", "hostile/report.html", "hostile/drawn.html"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_scrolls_sideways(page: Browser, folder: Path, file: str, width: int, height: int, dark: bool) -> None:
    page.size(width, height, dark=dark)
    page.show(folder / file)
    unfold(page)
    page.until(f"innerWidth === {width}")
    assert page.value("document.documentElement.scrollWidth") <= width
    background = page.value("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark


@WIDTHS
def test_verdict_and_absences_are_on_the_first_screen(page: Browser, folder: Path, width: int, height: int) -> None:
    page.size(width, height)
    page.show(folder / "partial" / "report.html")
    for text in (".verdict", ".facts > div:nth-child(3)"):
        assert page.value(f"document.querySelector('{text}').getBoundingClientRect().bottom") < height
    assert page.value("document.querySelector('.facts > div:nth-child(3)').innerText").split("\n") == [
        "Declared absent",
        "events, join",
    ]


@WIDTHS
def test_the_filter_shows_only_matching_rows(page: Browser, folder: Path, width: int, height: int) -> None:
    page.size(width, height)
    page.show(folder / "bad" / "report.html")
    every, musts, bad = rows(page), rows(page, ".must"), rows(page, ".bad")
    assert every == len(report()["requirements"])
    assert 0 < musts < every
    page.click("#level-must")
    assert (rows(page), rows(page, ".should")) == (musts, 0)
    page.click("#level-should")
    assert (rows(page), rows(page, ".must")) == (every - musts, 0)
    page.click("#only-failures")
    assert rows(page) == rows(page, ".bad.should") > 0
    page.click("#level-all")
    assert rows(page) == rows(page, ".bad") == bad > 0
    headed = page.value(VISIBLE.format("section.group > h3"))
    assert headed == page.value(
        "[...document.querySelectorAll('section.group')].filter(e => e.querySelector('.bad')).length"
    )
    page.click("#only-failures")
    assert rows(page) == every


def test_a_filter_without_matches_shows_a_message(page: Browser, folder: Path) -> None:
    page.size(1280, 900)
    page.show(folder / "good" / "report.html")
    assert page.value(VISIBLE.format(".empty")) == 0
    page.click("#only-failures")
    assert (rows(page), page.value(VISIBLE.format(".empty"))) == (0, 1)


def test_the_filter_works_with_the_keyboard(page: Browser, folder: Path) -> None:
    page.size(1280, 900)
    page.show(folder / "bad" / "report.html")
    page.value("document.querySelector('#level-all').focus()")
    page.press("ArrowRight")
    assert page.value("document.activeElement.id") == "level-must"
    assert rows(page, ".should") == 0
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@WIDTHS
def test_a_failed_cell_links_to_its_evidence_and_the_recording(
    page: Browser, folder: Path, width: int, height: int
) -> None:
    page.size(width, height)
    page.show(folder / "matrix.html")
    page.click("td.failed a[href^='bad/'][href$='join.does-not-replay']")
    page.until("location.pathname.endsWith('/bad/report.html')")
    page.settled()
    assert page.value("location.hash") == "#join.does-not-replay"
    target = "document.querySelector(':target')"
    page.until(f"{target}?.checkVisibility()")
    # The browser scrolls to it after the page is loaded.
    page.until(f"(top => 0 <= top && top < {height})({target}.getBoundingClientRect().top)")
    shown = page.value(f"{target}.innerText")
    failed = next(one for one in report("bad", None, FAULTS)["requirements"] if one["id"] == "join.does-not-replay")
    evidence = all_evidence({"requirements": [failed]})[0]
    assert all(part in shown for part in (statement(failed), evidence["curl"], *evidence["rows"]))
    link = page.value(f"{target}.querySelector('a[href^=recordings]').href")
    assert link == (folder / "bad" / "recordings" / evidence["recording"]).as_uri()


@WIDTHS
def test_the_headings_of_the_table_stay_visible(page: Browser, folder: Path, width: int, height: int) -> None:
    page.size(width, height)
    page.show(folder / "matrix.html")
    page.value("Object.assign(document.querySelector('.matrix'), {scrollTop: 700, scrollLeft: 60})")
    box, column, row = (
        page.value(f"(r => [r.left, r.top])(document.querySelector('{one}').getBoundingClientRect())")
        for one in (".matrix", ".matrix thead th + th", ".matrix tbody:nth-of-type(3) .row th")
    )
    assert column[1] == pytest.approx(box[1], abs=2)
    assert row[0] == pytest.approx(box[0], abs=2)


def test_repeated_events_are_marked_in_the_timeline(page: Browser, folder: Path) -> None:
    page.size(1280, 900)
    page.show(folder / "bad" / "report.html")
    unfold(page)
    figure = "document.querySelector('[id=\"join.does-not-replay\"] .timeline')"
    assert page.value(f"{figure}.checkVisibility()")
    assert "before this reader joined" in page.value(f"{figure}.querySelector('figcaption').innerText")
    rings = f"[...{figure}.querySelectorAll('use.repeated')].map(e => e.getBoundingClientRect())"
    joined = f"{figure}.querySelectorAll('.joins')[{figure}.querySelectorAll('.joins').length - 1]"
    assert page.value(f"{rings}.length") > 0
    assert page.value(f"{rings}.every(r => r.width > 5 && r.right > {joined}.getBoundingClientRect().left)")


@WIDTHS
def test_a_timeline_fits_the_width_of_the_page(page: Browser, folder: Path, width: int, height: int) -> None:
    page.size(width, height)
    page.show(folder / "good" / "report.html")
    unfold(page)
    assert page.value(VISIBLE.format("figure.timeline")) == DRAWN_GOOD
    inside = "[...document.querySelectorAll('.plot svg *')].map(e => e.getBoundingClientRect().right)"
    assert page.value(f"Math.max(...{inside})") <= width


def test_every_control_and_scroll_box_is_reachable_with_the_keyboard(page: Browser, folder: Path) -> None:
    page.size(390, 844)
    page.show(folder / "bad" / "report.html")
    unfold(page)
    unreached = """[...document.querySelectorAll('body *')].filter(e => e.tabIndex < 0
        && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
        && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)).map(e => e.className)"""
    assert page.value(unreached) == []
    page.value("document.querySelector('article a').focus()")
    page.press("Tab")
    assert page.value("document.activeElement.closest('article') !== null")
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_hostile_text_does_nothing(page: Browser, folder: Path) -> None:
    page.size(1280, 900)
    for file in ("hostile/report.html", "hostile/drawn.html", "matrix.html"):
        page.show(folder / file)
        unfold(page)
        assert page.value("document.querySelectorAll('main script, img, iframe, [onerror]').length") == 0
        assert "<img src=x onerror=alert(1)>" in page.value("document.body.innerText")


def test_hostile_text_does_nothing_in_what_the_script_shows(page: Browser, folder: Path) -> None:
    page.size(1280, 900)
    page.show(folder / "matrix.html")
    server = "document.getElementById('find-server')"
    page.value(f"{server}.value = [...{server}.options].find(e => e.text.includes('<img')).value")
    page.value(f"{server}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    assert "<img src=x onerror=alert(1)>" in page.value("document.getElementById('found').innerText")
    assert page.value("document.querySelectorAll('main script, img, iframe, [onerror]').length") == 0


def test_a_script_is_refused_and_recorded(chromium: Browser, folder: Path, tmp_path: Path) -> None:
    """The policy works, and the tests above would notice a violation."""
    whole = (folder / "matrix.html").read_text("utf-8")
    (tmp_path / "bad.html").write_text(
        whole.replace("<main", "<script>document.title = 'ran'</script><img src='http://192.0.2.1/x.png'><main"),
        "utf-8",
    )
    chromium.errors.clear()
    chromium.show(tmp_path / "bad.html")
    assert chromium.value("document.title") != "ran"
    assert len([error for error in chromium.errors if "Content Security Policy" in error]) >= 2
