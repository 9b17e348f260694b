"""A target comes from a URL, a file or a report; the error for an invalid one names the place and the fix."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.authoring.registry import Check, Scenario, Variant
from conformance.judging.applicability import missing_for_item, missing_for_variant
from conformance.judging.items import Item
from conformance.settings import UsageError, settings
from conformance.targets.target import DEFAULT_CONCURRENCY, Target, TargetError, checked_url, is_loopback
from conformance.targets.target_file import (
    EMBEDDED,
    SHIPPED,
    find_target,
    read_target,
    recorded_session,
    shipped_targets,
)
from conformance.targets.tls import Tls


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
def test_a_base_url_may_have_a_path_and_loses_its_last_slash(url: str, base: str) -> None:
    assert checked_url(url, "--url") == base
    target = found(url=url)
    assert (target.url, target.base("joke"), target.launch) == (base, base, None)


@pytest.mark.parametrize(
    "url",
    ["", "h:8000", "/path", "http://", "http:///path", "ftp://h", " http://h", "http://h\n", "http://a b", "http://[::1",
     "http://h:x", "http://h:99999"],
)  # fmt: skip
def test_the_error_for_an_invalid_url_names_place_url_and_an_example(url: str) -> None:
    with pytest.raises(TargetError) as raised:
        checked_url(url, "the place")
    assert str(raised.value).startswith(f"the place: {url!r} ")
    assert "http://127.0.0.1:8000" in str(raised.value)


@pytest.mark.parametrize("url", ["http://h?a=b", "http://h#a"])
def test_a_url_with_a_query_or_a_fragment_is_refused(url: str) -> None:
    with pytest.raises(TargetError, match=r"^the place: .*query.*fragment"):
        checked_url(url, "the place")


@pytest.mark.parametrize("before", ["http://", "https://", "ftp://", "", "//", "http://["])
def test_a_password_in_a_url_is_refused_and_not_shown(before: str) -> None:
    with pytest.raises(TargetError, match="--header 'Authorization") as raised:
        checked_url(f"{before}me:s3cr3t@h", "--url")
    assert "s3cr3t" not in str(raised.value)


@given(st.text() | st.from_regex(r"https?://[\w\[\]:.@/?#-]*"))
def test_no_url_raises_another_error(url: str) -> None:
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
def test_this_machine_is_recognised(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


# --- finding


def test_without_url_and_target_the_embedded_server_is_started() -> None:
    for target in (found(), found(target=EMBEDDED)):
        assert (target.name, target.launch is not None) == (EMBEDDED, True)


def test_options_take_precedence_over_a_target_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'url = "http://h"\nconcurrency = 2\n[assistants]\njoke = "a"\nstepper = "b"')
    target = found(target=str(path), assistant=["joke=c"], concurrency="3", header=["X: y"], api_key="k")
    assert target.assistants == {"joke": "c", "stepper": "b"}
    assert (target.assistant("joke"), target.assistant("other")) == ("c", "other")
    assert (target.concurrency, target.headers) == (3, {"X": "y", "x-api-key": "k"})
    assert found(target=str(path)).concurrency == 2


def test_the_description_of_a_target_contains_no_header() -> None:
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


def test_a_target_file_needs_only_a_url(tmp_path: Path) -> None:
    target = read_target(written(tmp_path, 'url = "http://h"'))
    assert target == Target("mine", "http://h", concurrency=DEFAULT_CONCURRENCY)


BROKEN = {
    "not TOML": ("url", "TOML"),
    "not UTF-8": (b"\xff", "TOML"),
    "no url": ("", "url", "[launch]"),
    "a url and a launch table": ('url = "http://h"\n[launch]', "url", "[launch]"),
    "a launch that is not a table": ('url = "http://h"\nlaunch = 1', "launch", "table"),
    "an unknown key": ('uri = "http://h"', "'uri'", "name, url, "),
    "a number": ("url = 5", "url", "string"),
    "an invalid url": ('url = "h"', ", url: 'h'"),
    "an invalid url of a graph": ('url = "http://h"\nurls = { joke = "x" }', ", urls.joke: 'x'"),
    "a number for the url of a graph": ('url = "http://h"\nurls = { joke = 5 }', "urls", "table of strings"),
    "a number for an assistant": ('url = "http://h"\nassistants = { joke = 5 }', "assistants", "table of strings"),
    "a number in lacks": ('url = "http://h"\nlacks = [5]', "lacks", "list of strings"),
    "a string for lacks": ('url = "http://h"\nlacks = "join"', "lacks", "list of strings"),
    "a boolean for a number": ('url = "http://h"\nconcurrency = true', "concurrency", "integer"),
    "a concurrency of 0": ('url = "http://h"\nconcurrency = 0', "concurrency", "at least 1"),
}
"""Invalid target files, each with parts of its error message: the key, and what it must be."""


@pytest.mark.parametrize(("text", "parts"), [(text, parts) for text, *parts in BROKEN.values()], ids=BROKEN)
def test_the_error_for_a_broken_target_file_names_place_and_fix(
    tmp_path: Path, text: str | bytes, parts: list[str]
) -> None:
    with pytest.raises(TargetError) as raised:
        read_target(written(tmp_path, text))
    for part in (str(tmp_path / "mine.toml"), *parts):
        assert part in str(raised.value)


@pytest.mark.parametrize("name", shipped_targets())
def test_a_shipped_target_is_read_and_can_be_started(name: str) -> None:
    target = found(target=name)
    assert (target.name, target.url, target.launch is not None) == (name, "", True)


def test_the_error_for_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(TargetError, match=r"^--target langraph-dev: .*did you mean langgraph-dev\?"):
        found(target="langraph-dev")


def test_the_error_for_a_missing_target_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--target .*nowhere: .*No such file"):
        found(target=str(tmp_path / "nowhere"))


# --- how the certificate is verified


def test_a_target_file_names_authorities_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text('url = "https://h"\nca_file = "ca.pem"\n', "utf-8")
    assert found(target=str(file)).tls == Tls(tmp_path / "ca.pem")
    assert found(target=str(file), ca_file="other.pem").tls == Tls(Path("other.pem"))


# --- the query of the URL


def test_the_query_of_a_target_is_secret_and_not_part_of_its_description(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('url = "http://h/base?token=abcdefgh"\n')
    for target in (found(target=str(tmp_path / "mine.toml")), found(url="http://h/base?token=abcdefgh")):
        assert (target.url, target.query) == ("http://h/base", "token=abcdefgh")
        assert "abcdefgh" in target.secrets
        assert "abcdefgh" not in repr(target) + repr(target.described())


# --- reports


def test_the_target_of_a_report_is_the_one_that_was_judged(tmp_path: Path) -> None:
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
def test_the_error_for_a_folder_that_is_not_a_report_names_the_missing_file(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "recordings").mkdir()
    if text is not None:
        (tmp_path / "recordings" / "run.json").write_text(text)
    with pytest.raises(TargetError, match=rf"^{re.escape(str(tmp_path))}.*run\.json"):
        recorded_session(tmp_path)


# --- what a target lacks


def variant(**axes: Any) -> Variant:
    """Return a variant of a scenario with the graph joke, or with the graph as an axis."""
    return Variant(Scenario("any", "" if "graph" in axes else "joke", {}, ("stream",), asyncio.sleep), axes)


@pytest.mark.parametrize(
    ("one", "lacks", "missing"),
    [
        (variant(), (), None),
        (variant(), ("joke",), "joke"),
        (variant(graph="counter"), ("counter",), "counter"),
        (variant(mode="debug"), ("events", "debug"), "debug"),
        (variant(modes=("values", "debug")), ("debug",), "debug"),
        (variant(mode="debugger"), ("debug", "jok", "any"), None),
    ],
)
def test_a_variant_needs_its_graph_and_the_values_of_its_axes(
    one: Variant, lacks: tuple[str, ...], missing: str | None
) -> None:
    assert missing_for_variant(one, lacks) == missing


@pytest.mark.parametrize(
    ("lacks", "missing"),
    [((), None), (("debug",), "debug"), (("values",), "values"), (("values.one",), "values.one"), (("joke",), "joke"),
     (("value",), None), (("values.two",), None)],
)  # fmt: skip
def test_an_item_needs_its_requirement_its_area_and_its_variants(lacks: tuple[str, ...], missing: str | None) -> None:
    item = Item(Check("values.one", print), (variant(mode="debug"),), {})
    assert missing_for_item(item, lacks) == missing
