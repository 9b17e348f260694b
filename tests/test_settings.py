"""Options are checked before anything starts; a message names the wrong option and never shows a secret value."""

import dataclasses
import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.record.limits import Limits
from conformance.settings import (
    API_KEY_VARIABLE,
    CLIENTS,
    DEFAULT_PROFILE,
    JUDGING,
    OPTIONS,
    OWN_RUNS,
    RECORDING,
    REPORT,
    SERVER,
    Settings,
    UsageError,
    report_folder,
    settings,
)
from conformance.settings.credentials import masked_query
from conformance.targets.target import Target

NOW = datetime.datetime(2026, 6, 15, 12, 30, 45, 678)
SECRET = "s3cr3t-value"


def checked(**given: Any) -> Settings:
    return settings({name.replace("_", "-"): value for name, value in given.items()}, {})


def test_without_options_the_embedded_server_is_judged_by_the_default_profile() -> None:
    plain = settings({option.name: None for option in OPTIONS}, {})
    assert (plain.url, plain.target, plain.judge, plain.profile) == (None, None, None, None)
    assert plain == checked()
    assert plain.secrets == []
    assert plain.sent_headers == {}


def test_options_are_read() -> None:
    read = checked(
        url="http://h", header=["X-Tenant: a", "x-empty:"], api_key="k", profile="p", baseline="b.toml",
        write_baseline="w", report_dir="out", concurrency="3", assistant=["joke=my=joke"],
        keep_threads=True, silence="0.5", length="7", max_seconds="90", fail_on="should", long="120",
    )  # fmt: skip
    assert read == Settings(
        url="http://h", target=None, headers={"X-Tenant": "a", "x-empty": ""}, api_key="k", profile="p",
        baseline=Path("b.toml"), write_baseline=Path("w"), report_dir=Path("out"), concurrency=3,
        assistants={"joke": "my=joke"}, keep_threads=True, silence_s=0.5, length_s=7.0, judge=None, fail_on="SHOULD",
        max_seconds=90.0, long_s=120.0, words=(
            "--url", "http://h", "--profile", "p", "--fail-on", "should", "--baseline", "b.toml", "--concurrency", "3",
            "--assistant", "joke=my=joke", "--keep-threads", "--silence", "0.5", "--length", "7",
            "--max-seconds", "90", "--long", "120",
        ),
    )  # fmt: skip
    assert read.sent_headers == {"X-Tenant": "a", "x-empty": "", "x-api-key": "k"}
    assert set(read.secrets) == {"a", "", "k"}


def test_the_representation_of_settings_contains_no_secret() -> None:
    assert SECRET not in repr(checked(header=[f"X-Tenant: {SECRET}"], api_key=SECRET))


def test_every_option_has_a_destination_a_group_and_help() -> None:
    assert len({option.dest for option in OPTIONS}) == len(OPTIONS)
    assert all(option.help.endswith(".") and option.dest.isidentifier() for option in OPTIONS)
    assert not any(option.flag and option.many for option in OPTIONS)
    assert {option.group for option in OPTIONS} == {SERVER, JUDGING, RECORDING, REPORT, CLIENTS, OWN_RUNS}


def test_the_help_names_the_defaults_that_apply() -> None:
    limits = Limits()
    defaults = {
        "silence": f"Default: {limits.silence_s:g}.",
        "length": f"Default: {limits.length_s:g}.",
        "max-seconds": f"Default: {limits.session_s:g}.",
        "concurrency": f"otherwise {Target('name', 'http://h').concurrency}.",
        "profile": f"Default: {DEFAULT_PROFILE};",
        "fail-on": f"Default: {checked().fail_on.lower()}.",
        "api-key": f"{API_KEY_VARIABLE}.",
    }
    texts = {option.name: option.help for option in OPTIONS}
    assert {name: text for name, text in defaults.items() if text not in texts[name]} == {}


def test_every_limit_has_a_reason_and_an_option_that_exists() -> None:
    declared = [one.metadata for one in dataclasses.fields(Limits)]
    assert all(one["reason"] for one in declared)
    assert {one["option"] for one in declared if one["option"]} <= {f"--{option.name}" for option in OPTIONS}


def test_the_help_names_the_unit_of_every_time() -> None:
    assert {option.name for option in OPTIONS if option.metavar == "SECONDS"} == {
        "silence",
        "length",
        "max-seconds",
        "long",
    }


def test_the_option_takes_precedence_over_the_environment_variable() -> None:
    environment = {API_KEY_VARIABLE: "from environment"}
    assert settings({}, environment).api_key == "from environment"
    assert settings({"api-key": "given"}, environment).api_key == "given"
    assert settings({}, {API_KEY_VARIABLE: ""}).api_key is None


@pytest.mark.parametrize(
    "given", [{"url": "http://h", "target": "t"}, {"judge": "d", "url": "http://h"}, {"judge": "d", "target": "t"}]
)
def test_options_that_exclude_each_other_are_rejected(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="--url and --target"):
        checked(**given)


@pytest.mark.parametrize("name", ["concurrency", "silence", "length"])
@pytest.mark.parametrize("text", ["", "0", "-1", "x", "nan", "inf", "1e10", "1,5", "0x5"])
def test_a_number_that_cannot_be_used_is_rejected(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"^--{name} must be a .*number.* greater than 0, not '{text}'$"):
        checked(**{name: text})


def test_concurrency_is_a_whole_number() -> None:
    with pytest.raises(UsageError, match="--concurrency must be a whole number"):
        checked(concurrency="1.5")


@pytest.mark.parametrize("text", ["", "joke", "=x", "joke="])
def test_an_assistant_without_a_graph_or_name_is_rejected(text: str) -> None:
    with pytest.raises(UsageError, match=f"^--assistant must be GRAPH=NAME, such as .*, not '{text}'$"):
        checked(assistant=[text])


HEADERS = ["", SECRET, f": {SECRET}", f"X Y: {SECRET}", f"X: {SECRET}\r\nY: 1", f"X: {SECRET}\x7f", f"X: {SECRET}é",
           f"X\n: {SECRET}", f"é: {SECRET}"]  # fmt: skip


@pytest.mark.parametrize("text", HEADERS)
def test_a_header_that_cannot_be_sent_is_rejected_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match="--header") as raised:
        checked(header=[text])
    assert SECRET not in str(raised.value)
    assert "not shown" in str(raised.value)


def test_a_header_value_comes_from_a_variable() -> None:
    environment = {"TOKEN": SECRET, "EMPTY": ""}

    def value(text: str) -> str:
        return settings({"header": [f"X: {text}"]}, environment).headers["X"]

    assert value("$TOKEN") == value("${TOKEN}") == SECRET
    assert value("Bearer $TOKEN") == f"Bearer {SECRET}"
    # A dollar sign within a word, or before something that is not a name, is part of the value.
    for text in ("a$TOKEN", "$TOKEN/a", "$2b$10", "$", "$$TOKEN", "${TOKEN", "$-"):
        assert value(text) == text
    for text in ("$NOWHERE", "Bearer ${EMPTY}"):
        with pytest.raises(UsageError, match=r"^--header X: .* not set .*not shown") as raised:
            value(text)
        assert "NOWHERE" not in str(raised.value)


def test_headers_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "headers"
    file.write_text(f"# a comment\n\nX-Tenant: {SECRET}\n  x-other: $TOKEN  \nX-Both: file\n", "utf-8")
    given = {"header-file": [str(file)], "header": ["x-both: option"]}
    read = settings(given, {"TOKEN": "from a variable"})
    assert read.headers == {"X-Tenant": SECRET, "x-other": "from a variable", "x-both": "option"}
    assert SECRET in read.secrets
    assert SECRET not in repr(read)
    assert not [word for word in read.words if "header" in word]


@pytest.mark.parametrize("content", [f"X: a\n{SECRET}", f"\nX: {SECRET}é", f"X: a\nY: {SECRET} $NOWHERE"])
def test_the_error_for_a_header_file_names_the_line_and_shows_no_value(tmp_path: Path, content: str) -> None:
    (tmp_path / "headers").write_text(content, "utf-8")
    with pytest.raises(UsageError, match=r"--header-file .*headers, line 2:.*not shown") as raised:
        settings({"header-file": [str(tmp_path / "headers")]}, {})
    assert SECRET not in str(raised.value)


def test_the_error_for_a_header_file_that_cannot_be_read_names_it(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, why in {"nowhere": "No such file", "binary": "not UTF-8"}.items():
        with pytest.raises(UsageError, match=f"^--header-file .*{name}: .*{why}"):
            checked(header_file=[str(tmp_path / name)])


# --- the query of the URL


def test_the_query_of_the_url_is_secret() -> None:
    read = checked(url=f"http://h/base?token={SECRET}&k=a%2Fb+c&{SECRET}")
    assert (read.url, read.query) == ("http://h/base", f"token={SECRET}&k=a%2Fb+c&{SECRET}")
    assert {SECRET, f"token={SECRET}", "a%2Fb+c", "a/b c"} <= set(read.secrets)
    assert SECRET not in repr(read)
    assert read.words == ("--url", "http://h/base")
    assert masked_query(read.query, "***") == "token=***&k=***&***"
    assert masked_query("", "***") == ""


@pytest.mark.parametrize("query", [f"{SECRET}#a", f"a b{SECRET}", f"{SECRET}é", f"{SECRET}\n"])
def test_a_query_that_cannot_be_sent_is_rejected_and_not_shown(query: str) -> None:
    with pytest.raises(UsageError, match=r"^--url: the query .*not shown") as raised:
        checked(url=f"http://h?{query}")
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(("option", "variable"), [(f"{SECRET}\n", ""), ("", f"{SECRET}\n"), ("", f"{SECRET}é")])
def test_a_key_that_cannot_be_sent_is_rejected_and_not_shown(option: str, variable: str) -> None:
    with pytest.raises(UsageError, match=r"^the API key .*not shown") as raised:
        settings({"api-key": option}, {API_KEY_VARIABLE: variable})
    assert SECRET not in str(raised.value)


@given(st.text(), st.text())
def test_every_header_is_either_rejected_or_can_be_sent(name: str, value: str) -> None:
    try:
        read = checked(header=[f"{name}:{value}"])
    except UsageError:
        return
    assert all(key.isascii() and content.isascii() and content.isprintable() for key, content in read.headers.items())


@pytest.mark.parametrize(
    ("name", "slug"),
    [("langgraph-dev", "langgraph-dev"), ("127.0.0.1:8000", "127.0.0.1-8000"), ("a/../b \n", "a-..-b"),
     ("..", "target"), ("", "target"), ("é", "é")],
)  # fmt: skip
def test_the_default_report_folder_is_a_new_one_in_reports(name: str, slug: str) -> None:
    folder = report_folder(None, name, NOW)
    assert folder == Path("reports") / f"{slug}-20260615-123045-000678"
    assert folder.parent == Path("reports")


def test_a_chosen_report_folder_is_used() -> None:
    assert report_folder(Path("out"), "x", NOW) == Path("out")
