"""Options are checked before anything starts; a wrong one is named, a secret one is never shown."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.settings import API_KEY_VARIABLE, OPTIONS, Settings, UsageError, report_folder, settings

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
        keep_threads=True, silence="0.5", length="7", max_seconds="90", fail_on="should",
    )  # fmt: skip
    assert read == Settings(
        url="http://h", target=None, headers={"X-Tenant": "a", "x-empty": ""}, api_key="k", profile="p",
        baseline=Path("b.toml"), write_baseline=Path("w"), report_dir=Path("out"), concurrency=3,
        assistants={"joke": "my=joke"}, keep_threads=True, silence_s=0.5, length_s=7.0, judge=None, fail_on="SHOULD",
        max_seconds=90.0, words=(
            "--url", "http://h", "--profile", "p", "--fail-on", "should", "--baseline", "b.toml", "--concurrency", "3",
            "--assistant", "joke=my=joke", "--keep-threads", "--silence", "0.5", "--length", "7",
            "--max-seconds", "90",
        ),
    )  # fmt: skip
    assert read.sent_headers == {"X-Tenant": "a", "x-empty": "", "x-api-key": "k"}
    assert set(read.secrets) == {"a", "", "k"}


def test_every_option_has_a_name_for_pytest_and_help() -> None:
    assert len({option.dest for option in OPTIONS}) == len(OPTIONS)
    assert all(option.help and option.dest.isidentifier() and not (option.flag and option.many) for option in OPTIONS)


def test_the_key_may_come_from_the_environment_and_an_option_wins() -> None:
    environment = {API_KEY_VARIABLE: "from environment"}
    assert settings({}, environment).api_key == "from environment"
    assert settings({"api-key": "given"}, environment).api_key == "given"
    assert settings({}, {API_KEY_VARIABLE: ""}).api_key is None


@pytest.mark.parametrize(
    "given", [{"url": "http://h", "target": "t"}, {"judge": "d", "url": "http://h"}, {"judge": "d", "target": "t"}]
)
def test_options_that_exclude_each_other_are_told(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="--url and --target"):
        checked(**given)


@pytest.mark.parametrize("name", ["concurrency", "silence", "length"])
@pytest.mark.parametrize("text", ["", "0", "-1", "x", "nan", "inf", "1e10", "1,5", "0x5"])
def test_a_number_that_is_none_is_told(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"^--{name} '{text}' must be a number above 0$"):
        checked(**{name: text})


def test_scenarios_are_counted_in_whole_numbers() -> None:
    with pytest.raises(UsageError, match="--concurrency"):
        checked(concurrency="1.5")


@pytest.mark.parametrize("text", ["", "joke", "=x", "joke="])
def test_an_assistant_without_a_name_is_told(text: str) -> None:
    with pytest.raises(UsageError, match=r"--assistant '.*' must be GRAPH=NAME, such as joke=my-joke"):
        checked(assistant=[text])


HEADERS = ["", SECRET, f": {SECRET}", f"X Y: {SECRET}", f"X: {SECRET}\r\nY: 1", f"X: {SECRET}\x7f", f"X: {SECRET}é",
           f"X\n: {SECRET}", f"é: {SECRET}"]  # fmt: skip


@pytest.mark.parametrize("text", HEADERS)
def test_a_header_that_cannot_be_sent_is_told_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match="--header") as raised:
        checked(header=[text])
    assert SECRET not in str(raised.value)
    assert "not shown" in str(raised.value)


@pytest.mark.parametrize(("option", "variable"), [(f"{SECRET}\n", ""), ("", f"{SECRET}\n"), ("", f"{SECRET}é")])
def test_a_key_that_cannot_be_sent_is_told_and_not_shown(option: str, variable: str) -> None:
    with pytest.raises(UsageError, match=r"^the API key .*not shown") as raised:
        settings({"api-key": option}, {API_KEY_VARIABLE: variable})
    assert SECRET not in str(raised.value)


@given(st.text(), st.text())
def test_no_header_makes_it_raise_anything_else(name: str, value: str) -> None:
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
def test_a_report_goes_to_a_new_folder_below_reports(name: str, slug: str) -> None:
    folder = report_folder(None, name, NOW)
    assert folder == Path("reports") / f"{slug}-20260615-123045-000678"
    assert folder.parent == Path("reports")


def test_a_report_goes_where_it_is_told_to() -> None:
    assert report_folder(Path("out"), "x", NOW) == Path("out")
