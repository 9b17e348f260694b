"""The files made from report.json: text of a server stays text, links lead somewhere, and bad input is named."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import cli
from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.report import page, write
from conformance.report.badge import badge
from conformance.report.html import report_html
from conformance.report.markdown import fenced, matrix_md, md, report_md
from conformance.report.matrix import Server, groups, matrix_html
from conformance.report.write import MOST_SUMMARY, WRITERS, read_report, write_all
from conformance.settings import UsageError

from . import golden
from .reports import FAULTS, all_evidence, faulty, report, written

SENTINEL = '"><img src=x onerror=alert(1)>`|</code></script><script>alert(2)</script>\x1b[2J\n\u202e@all'
VOID = {"meta", "input", "img", "br", "hr", "link"}
ELEMENTS = (
    "html head meta title style body a header nav main footer section article div span p h1 h2 h3 h4 ul ol li dl dt dd "
    "table caption thead tbody tr th td code pre strong b i time details summary fieldset legend label input "
    "figure figcaption svg defs g path circle rect line text use"
)
ATTRIBUTES = (
    "lang charset http-equiv content name class href id tabindex role scope type checked autocomplete datetime "
    "aria-label aria-labelledby aria-hidden focusable width height x y dx dy x1 x2 y2 d r transform"
)


class Page(HTMLParser):
    """What a browser would make of a page: its elements, which must be well nested, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def filled(value: Any, text: str) -> Any:
    """The value with each string in it, but not the keys, replaced."""
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [filled(one, text) for one in value]
    return {key: filled(one, text) for key, one in value.items()} if isinstance(value, dict) else value


def hostile(text: str = SENTINEL) -> dict[str, Any]:
    """A report in which everything that a server or a target's author can choose is this text."""
    content = copy.deepcopy(report("aegra", "1", FAULTS, ("events",)))
    content["target"] = {"name": text, "version": text, "url": text, "lacks": [text]}
    content |= {"stopped": text, "profile": text, "suite": content["suite"] | {"version": text}}
    content["observations"] = {text: text, "a": [text], "b": {text: [text, {text: text}]}}
    content |= {"command": text, "seed": text}
    content["platform"] = {
        "python": text,
        "system": text,
        "machine": text,
        "packages": [{"name": text, "version": text}],
    }
    content["recordings"] = [{"file": text, "sha256": "0" * 64}]
    content["clients"] = [client(text)]
    content["disputed"] = [{"id": text, "statement": text, "as_stated": None, "message": text}]
    assert all_evidence(content)
    for row in content["requirements"]:
        row |= {"statement": text, "sources": [text], "spec": [{"lines": text, "gist": text}]}
        row["checks"] = [
            {**filled(check, text), "outcome": check["outcome"]} | {"cause": text} for check in row["checks"]
        ]
    content["baseline"] = {"known": [{"check": text, "reason": text}], "stale": [text], "expired": [text]}
    return content


def client(text: str) -> dict[str, Any]:
    """What a client made of the streams, as the text says."""
    evidence = [{"recording": text, "exchange": text, "message": text}]
    said = {"name": text, "version": text, "message": text, "known": [text], "evidence": evidence}
    return {**said, "outcome": "failed", "streams": 3}


def read(evidence: Iterable[dict[str, Any]]) -> dict[str, Recording | None]:
    """The golden recordings that evidence names, by file."""
    names = {one["recording"] for one in evidence}
    return {one.file: one for one in golden.good().recordings.values() if one.file in names}


def column(content: dict[str, Any], name: str = "one") -> Server:
    return Server(content, f"{name}/report.html", f"{name}/report.md")


def assert_inert(text: str) -> Page:
    """The page holds only elements and attributes of ours, and no control character."""
    seen = Page(text)
    assert {tag for tag, _ in seen.elements} <= set(ELEMENTS.split())
    assert {name for _, attributes in seen.elements for name in attributes} <= set(ATTRIBUTES.split())
    assert all(re.match(r"#|\w[^:]*$", href) for href in seen.all("href"))
    assert all(char == "\n" or char.isprintable() for char in text)
    return seen


@pytest.mark.parametrize(
    "make", [lambda one: report_html(one, {SENTINEL: None}), lambda one: matrix_html([column(one)])]
)
def test_a_hostile_server_puts_nothing_but_text_on_a_page(make: Any) -> None:
    text = make(hostile())
    seen = assert_inert(text)
    assert "<img" not in text
    assert "<script" not in text
    assert "<img src=x onerror=alert(1)>" in seen.text
    assert "\\x1b[2J\\n\\u202e" in seen.text


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=40))
def test_any_text_stays_text_on_a_page(text: str) -> None:
    seen = Page(page._environment().from_string('<p class="{{ x }}">{{ x }}</p>').render(x=text))
    assert [tag for tag, _ in seen.elements] == ["p"]
    assert seen.text == seen.elements[0][1]["class"]
    assert seen.text.isprintable()
    assert seen.text == text or not text.isprintable()


def test_nothing_may_run_or_be_loaded() -> None:
    for text in (report_html(report(), {}), matrix_html([column(report())])):
        seen = assert_inert(text)
        assert page.POLICY in seen.all("content")
        assert page.POLICY.startswith("default-src 'none'; ")
        assert "script-src" not in page.POLICY
        assert "url(" not in text
        assert "@import" not in text


# --- Markdown


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=40))
def test_any_text_stays_text_in_markdown(text: str) -> None:
    """No character is left that could end a cell, open HTML, code, a formula or a link."""
    shown = md(text)
    assert shown.isprintable()
    bare = re.sub(r"&#\d+;|\\[*_\[\]#~!]", "", shown)
    assert not set(bare) & set("\\|`<>&$@*_[]#~!")
    assert "://" not in shown


@given(st.lists(st.text("`~a\n |<", max_size=12), min_size=1, max_size=4))
def test_no_line_closes_its_fence(lines: list[str]) -> None:
    first, *inside, last = fenced(lines).split("\n")
    assert first == f"{last}text"
    assert len(inside) == len(lines)
    assert all(last not in line for line in inside)


@pytest.mark.parametrize("make", [report_md, lambda one: matrix_md([column(one)])])
def test_a_hostile_server_puts_nothing_but_text_into_markdown(make: Any) -> None:
    text = make(hostile())
    outside = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)
    assert set(re.findall(r"<[^>]*>?", outside)) <= {f'<a id="{row["id"]}">' for row in report()["requirements"]} | {
        "</a>"
    }
    assert "onerror=alert" in outside
    tables = re.findall(r"(?m)(?:^\|.*\|\n)+", outside)
    assert tables
    assert all(len({line.count("|") for line in one.splitlines()}) == 1 for one in tables)


# --- what they say


def test_a_failure_is_shown_with_all_that_belongs_to_it() -> None:
    content = report("aegra", "1", FAULTS)
    recordings = read(all_evidence(content))
    html, markdown = Page(report_html(content, recordings)), report_md(content, recordings)
    failed = next(one for one in content["requirements"] if one["id"] == "join.does-not-replay")
    assert failed["outcome"] == "failed"
    check = next(check for check in failed["checks"] if check["outcome"] == "failed")
    [evidence] = check["evidence"]
    for part in (failed["statement"], *failed["sources"], check["message"], evidence["curl"], *evidence["rows"]):
        assert part in html.text
    for part in (md(failed["statement"]), md(check["message"]), evidence["curl"], *evidence["rows"]):
        assert part in markdown
    assert f"recordings/{evidence['recording']}" in html.all("href")
    assert f"(recordings/{evidence['recording']})" in markdown


def test_the_story_of_a_failure_is_told_in_order() -> None:
    content = copy.deepcopy(report("aegra", "1", FAULTS))
    failed = next(one for one in content["requirements"] if one["id"] == "join.does-not-replay")
    check = next(check for check in failed["checks"] if check["outcome"] == "failed")
    check["cause"] = "the server keeps what it sent"
    [evidence] = check["evidence"]
    recordings = read(all_evidence(content))
    text = Page(report_html(content, recordings)).text
    sent = recordings[evidence["recording"]].all(evidence["exchange"])[0]
    last = sent.events[-1].block.raw.decode().strip().replace("\r\n", "\\r\\n")
    place = text.index(failed["statement"])
    for part in (
        failed["norm"][0]["lines"],
        failed["norm"][0]["gist"],
        failed["sources"][0],
        f"{sent.method} {sent.url}",
        check["acceptable"],
        check["message"],
        evidence["rows"][0],
        "diverges here" + evidence["rows"][evidence["marked"]],
        f"had reached `{sent.name}`" if sent.kind == "stream" else "before it asked",
        "the server keeps what it sent",
        last,
        evidence["curl"],
        check["command"],
        evidence["recording"],
        check["fault"],
    ):
        assert part in text[place:], part
        place = text.index(part, place)


def test_a_report_without_what_newer_ones_tell_is_shown() -> None:
    content = copy.deepcopy(report("aegra", "1", FAULTS))
    for row in content["requirements"]:
        for check in row["checks"]:
            for key in ("acceptable", "cause", "fault", "command"):
                check.pop(key, None)
            for one in check["evidence"]:
                one.pop("marked", None)
    assert "Acceptable" not in Page(report_html(content, {})).text


def test_what_clients_made_of_the_streams_is_a_table() -> None:
    content = {**report(), "clients": [client("ordinary text")]}
    seen = Page(report_html(content, {}))
    assert "clients" in seen.all("id")
    table = seen.text[seen.text.index("the recorded streams") :]
    assert [part for part in ("ordinary text", "failed", "3") if part not in table] == []
    assert "clients" not in Page(report_html(report(), {})).all("id")


def test_the_report_is_attributable() -> None:
    content = report("aegra", "1", FAULTS, ("events",))
    text = Page(report_html(content, {})).text.partition("Attribution")[2].partition("Attribution")[2]
    suite = content["suite"]
    for part in (suite["version"], suite["catalogue_sha256"], suite["schemas_sha256"], content["verdict_digest"]):
        assert part in text
    for part in (content["seed"], content["command"], "aegra 1", "events", "Python 3.11.2, Linux, x86_64"):
        assert part in text
    assert all(f"recordings/{one['file']}{one['sha256']}" in text for one in content["recordings"])


def test_what_was_declared_absent_stands_before_everything_else() -> None:
    content = report("x", "1", (), ("events", "join"))
    first_screen = Page(report_html(content, {})).text.partition("Summary")[0]
    assert "partial" in first_screen
    assert "events, join" in first_screen
    assert "events, join" in report_md(content).partition("## Summary")[0]
    assert "events, join" in Page(matrix_html([column(content)])).text.partition("Requirements")[0]


def test_a_listed_failure_shows_its_reason() -> None:
    content = copy.deepcopy(report("aegra", "1", FAULTS))
    failed = next(check for row in content["requirements"] for check in row["checks"] if check["outcome"] == "failed")
    content["baseline"] = {"known": [{"check": failed["id"], "reason": "it is being mended"}]}
    assert "it is being mended" in Page(report_html(content, {})).text
    assert "it is being mended" in report_md(content)


def test_the_heads_of_tables_and_the_landmarks_are_marked() -> None:
    for text in (report_html(report("aegra", "1", FAULTS), {}), matrix_html([column(report())])):
        seen = Page(text)
        assert all(
            attributes.get("scope") in ("col", "row", "rowgroup") for tag, attributes in seen.elements if tag == "th"
        )
        tags = [tag for tag, _ in seen.elements]
        assert [tags.count(tag) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
        levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert len(set(seen.all("id"))) == len(seen.all("id"))
        assert set(seen.all("aria-labelledby")) <= set(seen.all("id"))


@pytest.mark.parametrize(
    ("faults", "lacks", "message", "color"),
    [
        ((), (), "conformant · MUST 82/82", "brightgreen"),
        (FAULTS, (), "not conformant · MUST", "red"),
        ((), ("join",), "partial · MUST", "yellow"),
    ],
)
def test_the_badge(faults: tuple[str, ...], lacks: tuple[str, ...], message: str, color: str) -> None:
    shown = json.loads(badge(report("x", "1", faults, lacks)))
    assert shown.keys() == {"schemaVersion", "label", "message", "color"}
    assert (shown["schemaVersion"], shown["label"], shown["color"]) == (1, "LangGraph streaming API", color)
    assert shown["message"].startswith(message)


def test_the_badge_of_what_cannot_be_told_is_grey() -> None:
    assert json.loads(badge({**report(), "verdict": "inconclusive"}))["color"] == "lightgrey"


def _colours() -> Iterator[tuple[str, dict[str, str]]]:
    style = (page.TEMPLATES / "style.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    for name, block in (("light", light), ("dark", dark)):
        yield name, dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


@pytest.mark.parametrize(("name", "colours"), list(_colours()))
def test_every_text_has_the_contrast_of_wcag_aa(name: str, colours: dict[str, str]) -> None:
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("ground", "raised")]
    pairs += [("cannot", "ground"), ("quiet", "ground"), ("ink", "cannot-ground"), ("should", "raised")]
    for word in ("passed", "failed", "should", "cannot", "quiet"):
        pairs += [(word, f"{word}-ground"), (word, "ground"), (word, "raised")]
    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


@pytest.mark.parametrize(("name", "colours"), list(_colours()))
def test_every_mark_of_a_timeline_has_the_contrast_of_graphics(name: str, colours: dict[str, str]) -> None:
    marks = [one for one in colours if one.startswith("k-")]
    assert len(marks) == 7
    pairs = [(mark, ground) for mark in (*marks, "failed", "cannot", "soft") for ground in ("ground", "raised")]
    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


def _contrast(one: str, other: str) -> float:
    """The ratio of https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- the matrix


def test_servers_of_different_catalogues_are_not_put_side_by_side() -> None:
    old = copy.deepcopy(report("old"))
    old["suite"]["catalogue_sha256"] = "ab" * 32
    servers = [column(report("one")), column(old), column(report("two", None))]
    assert [[one.document["target"]["name"] for one in group.servers] for group in groups(servers)] == [
        ["one", "two"],
        ["old"],
    ]
    for text, tables in ((matrix_html(servers), "<thead>"), (matrix_md(servers), "| requirement |")):
        assert "different catalogues" in text
        assert "ab" * 32 in text
        assert text.count(tables) == (4 if tables == "<thead>" else 2)
    assert "different catalogues" not in matrix_html([column(report("one")), column(report("two", None))])


def test_other_requirements_under_the_same_digest_are_told_apart_too() -> None:
    other = copy.deepcopy(report())
    other["requirements"][0]["statement"] += "!"
    assert len(groups([column(report()), column(other)])) == 2


def test_every_cell_says_its_outcome_and_failures_lead_to_their_evidence() -> None:
    good, bad = report("good"), report("bad", "1", FAULTS)
    html, markdown = (
        matrix_html([column(good, "a"), column(bad, "b")]),
        matrix_md([column(good, "a"), column(bad, "b")]),
    )
    links = {href for href in Page(html).all("href") if "#" in href and not href.startswith("#")}
    failed = [one["id"] for one in bad["requirements"] if one["outcome"] in ("failed", "cantTell")]
    assert failed
    assert links == {f"b/report.html#{id}" for id in failed}
    assert set(failed) <= set(Page(report_html(bad, {})).all("id"))
    assert all(f"(b/report.md#{id})" in markdown and f'<a id="{id}"></a>' in report_md(bad) for id in failed)
    cells = re.findall(r'<td class="(\w+) \w+">(.*?)</td>', html)
    assert len(cells) == 2 * len(good["requirements"])
    assert all(
        re.sub("<.*?>", "", cell).split(":")[0][2:] == word.replace("cantTell", "inconclusive") for word, cell in cells
    )


# --- files


@cache
def anchors(path: Path) -> list[str]:
    return Page(path.read_text("utf-8")).all("id")


def test_every_file_is_made_and_every_link_resolves(tmp_path: Path) -> None:
    for name, faults in (("good", ()), ("a b#c%", FAULTS)):
        written(tmp_path / name, report(name, "1", faults))
        assert {"report.json", *WRITERS} <= {path.name for path in (tmp_path / name).iterdir()}
    out = tmp_path / "out" / "deeper"
    names = [str(tmp_path / "good"), str(tmp_path / "a b#c%" / "report.json")]
    assert cli.main(["matrix", *names, "--output", str(out)]) == 0
    checked = 0
    for path in (out / "matrix.html", *tmp_path.glob("*/report.html")):
        for href in Page(path.read_text("utf-8")).all("href"):
            file, _, anchor = href.partition("#")
            target = path.parent / unquote(file) if file else path
            assert target.is_file(), href
            assert not anchor or anchor in anchors(target.resolve()), href
            checked += bool(file)
    assert checked > 10
    for target in re.findall(r"\]\((.*?)\)", (out / "matrix.md").read_text("utf-8")):
        assert (out / unquote(target.partition("#")[0])).is_file()


def test_a_recording_that_is_not_there_is_named_and_not_linked() -> None:
    content = report("aegra", "1", FAULTS)
    seen = Page(report_html(content, {}))
    assert not [href for href in seen.all("href") if not href.startswith("#")]
    assert f"recordings/{all_evidence(content)[0]['recording']}" in seen.text


def test_the_same_report_makes_the_same_files(tmp_path: Path) -> None:
    content = report("aegra", "1", FAULTS)
    one, other = written(tmp_path / "one", content), written(tmp_path / "other", content)
    before = {name: (one / name).read_bytes() for name in WRITERS}
    assert before == {name: (other / name).read_bytes() for name in WRITERS}
    assert cli.main(["matrix", str(one), "--output", str(tmp_path)]) == 0
    first = (tmp_path / "matrix.html").read_bytes()
    assert cli.main(["matrix", str(one), str(one / "report.json"), "--output", str(tmp_path)]) == 0
    assert first == (tmp_path / "matrix.html").read_bytes()
    assert before == {name: (one / name).read_bytes() for name in WRITERS}


def test_a_run_and_the_matrix_make_the_same_page_from_the_same_folder(tmp_path: Path) -> None:
    content = report("aegra", "1", FAULTS)
    folder = written(tmp_path / "one", content, faulty(FAULTS))
    page = (folder / "report.html").read_bytes()
    assert page.count(b'<figure class="timeline"') == len(content["recordings"])
    (folder / "report.html").unlink()
    assert cli.main(["matrix", str(folder), "--output", str(tmp_path)]) == 0
    assert (folder / "report.html").read_bytes() == page


@pytest.mark.parametrize("damage", [b"", b"\xff\n", b"{}\n", b'{"recording": {"format": 99}}\n', b"[" * 100_000])
def test_a_damaged_recording_is_linked_and_prevents_no_report(tmp_path: Path, damage: bytes) -> None:
    content = report("aegra", "1", FAULTS)
    folder = written(tmp_path / "one", content, faulty(FAULTS))
    file = all_evidence(content)[0]["recording"]
    (folder / "recordings" / file).write_bytes(damage)
    assert cli.main(["matrix", str(folder), "--output", str(tmp_path)]) == 0
    text = (folder / "report.html").read_text("utf-8")
    assert f"recordings/{file}" in Page(text).all("href")
    assert text.count('<figure class="timeline"') == len(content["recordings"]) - 1


def test_a_page_that_is_missing_or_not_of_its_report_is_made_again(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", report("aegra", "1", FAULTS))
    whole = (folder / "report.html").read_bytes()
    (folder / "report.html").write_text("old")
    (folder / "report.md").unlink()
    (folder / "report.json").rename(folder / "README.json")
    (folder / "README.md").write_text("mine")
    assert cli.main(["matrix", str(folder / "README.json"), "--output", str(tmp_path)]) == 0
    assert (folder / "README.md").read_text() == "mine"
    assert (folder / "README.report.html").read_bytes() == whole
    assert "one/README.report.html#join.does-not-replay" in (tmp_path / "matrix.html").read_text("utf-8")


def test_no_secret_comes_out(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    secret = "sk-<&>\"'0123456789"
    write_all(tmp_path, {**hostile(secret), "observations": {"a": [secret]}}, Redactor([secret]), {})
    for name in ("report.json", *WRITERS):
        text = (tmp_path / name).read_text("utf-8")
        assert "0123456789" not in text.replace(report()["suite"]["catalogue_sha256"], "")
        assert "***" in text.replace("\\*", "*") or name == "badge.json"


def test_the_summary_of_a_workflow_gets_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    content = report("aegra", "1", FAULTS)
    write_all(tmp_path, content, Redactor(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text("utf-8") == "before\n" + report_md(content)
    write_all(tmp_path, content, Redactor(), {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "such")})
    assert "GITHUB_STEP_SUMMARY cannot be written: " in capsys.readouterr().err


def test_a_summary_that_would_be_dropped_is_shortened(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    long = copy.deepcopy(report("aegra", "1", FAULTS))
    for one in all_evidence(long):
        one["rows"] = ["x" * MOST_SUMMARY]
    write_all(tmp_path, long, Redactor(), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.read_text("utf-8") == report_md(long, evidence=False)
    assert "join.does-not-replay" in summary.read_text("utf-8")


# --- bad input


def changed(**changes: Any) -> bytes:
    return json.dumps(report() | changes).encode()


def with_other_evidence() -> bytes:
    return json.dumps(report("aegra", "1", FAULTS)).replace('"curl"', '"curl\\u001b"').encode()


BAD = {
    "no JSON": (lambda: b"{", "is no JSON"),
    "no text": (lambda: b"\xff\xfe", "is no JSON"),
    "not a number": (lambda: b"NaN", "is no JSON"),
    "nested deeply": (lambda: b"[" * 100_000, "is no JSON"),
    "a list": (lambda: b"[]", "is no report of this suite: $: expected an object"),
    "another object": (lambda: b'{"a": 1}', "is no report of this suite"),
    "evidence of another form": (with_other_evidence, "is no report of this suite"),
    "a verdict of its own": (
        lambda: changed(verdict="partial"),
        "its verdict is 'partial', its summary says 'conformant'",
    ),
    "a requirement twice": (lambda: changed(requirements=report()["requirements"][:1] * 2), "stands in it twice"),
    "one left out": (lambda: changed(requirements=report()["requirements"][1:]), "its summary of MUST"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_named(
    content: Callable[[], bytes], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad\x1b[2J.json"
    file.write_bytes(content())
    assert cli.main(["matrix", str(file), "--output", str(tmp_path / "out")]) == 4
    said = capsys.readouterr()
    assert "bad\\x1b[2J.json" in said.err
    assert message in said.err
    assert said.err.removesuffix("\n").isprintable()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_a_report_or_folder_that_cannot_be_used_is_named(
    make: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path / "good", report())
    assert cli.main(["matrix", str(tmp_path / "nowhere"), "--output", str(tmp_path)]) == 4
    assert "nowhere cannot be read: No such file or directory" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert cli.main(["matrix", str(good), str(tmp_path / "empty"), "--output", str(tmp_path)]) == 4
    assert f"empty{'/'}report.json cannot be read" in capsys.readouterr().err
    assert cli.main(["matrix"]) == 4
    taken = tmp_path / "taken"
    taken.touch()
    assert cli.main(["matrix", str(good), "--output", str(taken)]) == 4
    assert "taken cannot be written: " in capsys.readouterr().err


def test_what_is_nested_too_deeply_to_be_shown_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> str:
        raise RecursionError

    folder = written(tmp_path / "one", report())
    monkeypatch.setitem(write.PAGES, ".html", exhausted)
    with pytest.raises(UsageError, match=r"report\.json is nested too deeply"):
        write.write_matrix([folder], tmp_path)


def test_hostile_names_in_a_valid_report_are_rendered(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(hostile()))
    assert read_report(tmp_path / "report.json")["target"]["name"] == SENTINEL
    assert cli.main(["matrix", str(tmp_path), "--output", str(tmp_path)]) == 0
    for name in ("matrix.html", "report.html"):
        assert_inert((tmp_path / name).read_text("utf-8"))
