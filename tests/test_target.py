"""A target is read from a URL, a file or a report; one that cannot be used is told with its place and the way out."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.authoring.registry import Check, Scenario, Variant
from conformance.judging.applicability import missing_for_item, missing_for_variant
from conformance.judging.items import Item
from conformance.settings import UsageError, settings
from conformance.targets.target import MODEST_CONCURRENCY, Target, TargetError, checked_url, is_loopback
from conformance.targets.target_file import (
    EMBEDDED,
    SHIPPED,
    find_target,
    read_target,
    recorded_session,
    shipped_targets,
)


def found(**given: Any) -> Target:
    return find_target(settings({name.replace("_", "-"): value for name, value in given.items()}, {}))


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# --- URLs


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://h/", "https://h"),
        ("http://h/a/path/", "http://h/a/path"),
        ("http://[::1]:8000//", "http://[::1]:8000"),
        ("HTTP://H", "HTTP://H"),
    ],
)
def test_a_base_url_may_carry_a_path_and_loses_its_last_slash(url: str, base: str) -> None:
    assert checked_url(url, "--url") == base
    target = found(url=url)
    assert (target.url, target.base("joke"), target.launch) == (base, base, None)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "is no URL of a server; give one such as"),
        ("h:8000", "is no URL of a server; give one such as"),
        ("/path", "is no URL of a server; give one such as"),
        ("http://", "is no URL of a server; give one such as"),
        ("http:///path", "is no URL of a server; give one such as"),
        ("ftp://h", "is no URL of a server; give one such as"),
        (" http://h", "is no URL of a server; give one such as"),
        ("http://h\n", "is no URL of a server; give one such as"),
        ("http://a b", "is no URL of a server; give one such as"),
        ("http://[::1", "is no URL"),
        ("http://h:x", "is no URL"),
        ("http://h:99999", "is no URL"),
        ("http://h?a=b", "has no query and no fragment"),
        ("http://h#a", "has no query and no fragment"),
    ],
)
def test_a_url_that_cannot_be_used_is_told(url: str, message: str) -> None:
    with pytest.raises(TargetError) as raised:
        checked_url(url, "the place")
    assert str(raised.value).startswith("the place: ")
    assert message in str(raised.value)


@pytest.mark.parametrize("before", ["http://", "https://", "ftp://", "", "//", "http://["])
def test_a_password_in_a_url_is_refused_and_not_shown(before: str) -> None:
    with pytest.raises(TargetError, match="--header 'Authorization") as raised:
        checked_url(f"{before}me:s3cr3t@h", "--url")
    assert "s3cr3t" not in str(raised.value)


@given(st.text() | st.from_regex(r"https?://[\w\[\]:.@/?#-]*"))
def test_no_url_makes_it_raise_anything_else(url: str) -> None:
    try:
        base = checked_url(url, "--url")
    except TargetError:
        return
    assert base.lower().startswith(("http://", "https://"))
    assert is_loopback(base) in (True, False)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [("http://127.0.0.1:1", True), ("http://127.8.9.10", True), ("http://[::1]:1/a", True), ("http://localhost", True),
     ("http://LocalHost:1", True), ("http://localhost.example", False), ("http://10.0.0.1", False), ("", False)],
)  # fmt: skip
def test_this_machine_is_known(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


# --- finding


def test_without_url_and_target_the_embedded_server_is_started() -> None:
    for target in (found(), found(target=EMBEDDED)):
        assert (target.name, target.launch is not None) == (EMBEDDED, True)


def test_options_go_over_what_a_target_file_says(tmp_path: Path) -> None:
    path = written(tmp_path, 'url = "http://h"\nconcurrency = 2\n[assistants]\njoke = "a"\nstepper = "b"')
    target = found(target=str(path), assistant=["joke=c"], concurrency="3", header=["X: y"], api_key="k")
    assert target.assistants == {"joke": "c", "stepper": "b"}
    assert (target.assistant("joke"), target.assistant("other")) == ("c", "other")
    assert (target.concurrency, target.headers) == (3, {"X": "y", "x-api-key": "k"})
    assert found(target=str(path)).concurrency == 2


def test_a_description_of_a_target_holds_no_header_field() -> None:
    assert "s3cr3t" not in json.dumps(found(url="http://h", header=["X: s3cr3t"], api_key="s3cr3t").described())


# --- files


def test_a_target_file_is_read(tmp_path: Path) -> None:
    text = """
    name = "mine"
    url = "http://h/"
    lacks = ["join", "joke"]
    concurrency = 1
    baseline = "known.toml"
    urls = { joke = "http://other/x/" }
    """
    target = read_target(written(tmp_path, text))
    assert (target.name, target.url, target.lacks, target.concurrency) == ("mine", "http://h", ("join", "joke"), 1)
    assert (target.base("joke"), target.base("stepper")) == ("http://other/x", "http://h")
    assert target.baseline == tmp_path / "known.toml"


def test_a_target_file_needs_no_more_than_a_url(tmp_path: Path) -> None:
    target = read_target(written(tmp_path, 'url = "http://h"'))
    assert target == Target("mine", "http://h", concurrency=MODEST_CONCURRENCY)


BROKEN = {
    "no TOML": ("url", "no TOML"),
    "no UTF-8": (b"\xff", "no TOML"),
    "no url": ("", "has no url; give one, or a table [launch] that starts the server"),
    "a url and a launch": ('url = "http://h"\n[launch]', "has a url and a table [launch]; leave one of them out"),
    "a launch that is no table": ('url = "http://h"\nlaunch = 1', "launch has the wrong type"),
    "an unknown key": ('uri = "http://h"', "unknown key 'uri'; known are name, "),
    "a number": ("url = 5", "url has the wrong type"),
    "a wrong url": ('url = "h"', "mine.toml, url: 'h' is no URL"),
    "a wrong url of a graph": ('url = "http://h"\nurls = { joke = "x" }', "mine.toml, urls.joke: 'x' is no URL"),
    "a number for the url of a graph": ('url = "http://h"\nurls = { joke = 5 }', "urls has the wrong type"),
    "a number for an assistant": ('url = "http://h"\nassistants = { joke = 5 }', "assistants has the wrong type"),
    "a number that is lacked": ('url = "http://h"\nlacks = [5]', "lacks has the wrong type"),
    "a text that is lacked": ('url = "http://h"\nlacks = "join"', "lacks has the wrong type"),
    "a truth for a number": ('url = "http://h"\nconcurrency = true', "concurrency has the wrong type"),
    "no room for any scenario": ('url = "http://h"\nconcurrency = 0', "concurrency must be a number above 0"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_target_file_is_told_with_the_place(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(TargetError) as raised:
        read_target(written(tmp_path, text))
    assert str(tmp_path / "mine.toml") in str(raised.value)
    assert message in str(raised.value)


@pytest.mark.parametrize("name", shipped_targets())
def test_a_shipped_target_is_read_and_can_be_started(name: str) -> None:
    target = found(target=name)
    assert (target.name, target.url, target.launch is not None) == (name, "", True)


def test_a_name_that_is_not_shipped_is_told_with_the_nearest() -> None:
    with pytest.raises(
        TargetError, match=r"--target langraph-dev: did you mean langgraph-dev\? shipped are .*by its path"
    ):
        found(target="langraph-dev")


def test_a_missing_target_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: no shipped target and no readable file \(No such file"):
        found(target=str(tmp_path / "nowhere"))


# --- reports


def test_the_target_of_a_report_is_found_again(tmp_path: Path) -> None:
    target = Target("mine", "http://h", version="1", assistants={"joke": "a"}, lacks=("join",))
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "run.json").write_text(json.dumps({"target": target.described()}))
    assert found(judge=str(tmp_path)) == found(judge=str(tmp_path / "recordings")) == target


@pytest.mark.parametrize(("version", "known"), [("0.11.0", True), ("0.1", False)])
def test_recordings_of_a_shipped_target_are_judged_with_its_baseline(tmp_path: Path, version: str, known: bool) -> None:
    (tmp_path / "recordings").mkdir()
    target = Target("aegra", "http://h", version=version)
    (tmp_path / "recordings" / "run.json").write_text(json.dumps({"target": target.described()}))
    assert (found(judge=str(tmp_path)).baseline == SHIPPED / "aegra.baseline.toml") is known


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"target": 1}', '{"target": {"lacks": []}}', '{"target": {}}'])
def test_a_folder_that_is_no_report_is_told(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "recordings").mkdir()
    if text is not None:
        (tmp_path / "recordings" / "run.json").write_text(text)
    with pytest.raises(TargetError, match=r"there is no .*run\.json|run\.json does not tell what was"):
        recorded_session(tmp_path)


# --- what a target lacks


def variant(**axes: Any) -> Variant:
    """A variant of a scenario with the joke graph, or of one whose graph is an axis."""
    return Variant(Scenario("talk", "" if "graph" in axes else "joke", {}, ("stream",), asyncio.sleep), axes)


@pytest.mark.parametrize(
    ("one", "lacks", "missed"),
    [
        (variant(), (), None),
        (variant(), ("joke",), "joke"),
        (variant(graph="counter"), ("counter",), "counter"),
        (variant(mode="debug"), ("events", "debug"), "debug"),
        (variant(modes=("values", "debug")), ("debug",), "debug"),
        (variant(mode="debugger"), ("debug", "jok", "talk"), None),
    ],
)
def test_a_variant_is_missed_for_its_graph_or_a_value_of_an_axis(
    one: Variant, lacks: tuple[str, ...], missed: str | None
) -> None:
    assert missing_for_variant(one, lacks) == missed


@pytest.mark.parametrize(
    ("lacks", "absent"),
    [((), None), (("debug",), "debug"), (("values",), "values"), (("values.one",), "values.one"), (("joke",), "joke"),
     (("value",), None), (("values.two",), None)],
)  # fmt: skip
def test_an_item_is_absent_for_its_requirement_area_or_variants(lacks: tuple[str, ...], absent: str | None) -> None:
    item = Item(Check("values.one", print), (variant(mode="debug"),), {})
    assert missing_for_item(item, lacks) == absent
