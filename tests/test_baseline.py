"""A baseline lists known failures with reasons; stale entries are found, and an error names the place in the file."""

import datetime
from pathlib import Path

import pytest

from conformance import catalogue
from conformance.judging.baseline import UNEXPLAINED, Baseline, BaselineError, Entry, baseline_text, read_baseline
from conformance.judging.outcomes import Outcome
from conformance.judging.verdict import Result
from conformance.session.judgement import Judgement
from conformance.session.plan import make_plan
from conformance.settings import UsageError, settings

TODAY = datetime.date(2026, 6, 15)


def result(word: str, id: str = "test_one", requirement: str = "values.one", message: str = "") -> Result:
    return Result(id, requirement, Outcome(word, message))


def read(folder: Path, text: str | bytes) -> Baseline:
    path = folder / "known.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_baseline(path, TODAY)


def entry(**given: object) -> str:
    """Return a [[known]] table; the values are written as TOML."""
    return "\n".join(["[[known]]", *(f"{key} = {value}" for key, value in given.items())])


LISTED = {"requirement": '"values.one"', "reason": '"issue 7"'}


def test_an_empty_baseline_lists_nothing(tmp_path: Path) -> None:
    for text in ("", "# nothing\n", "known = []"):
        assert read(tmp_path, text) == Baseline()


def test_entries_are_read(tmp_path: Path) -> None:
    known = read(tmp_path, "\n".join([entry(**LISTED), entry(check='"test_a[x]"', reason='"r"', flaky="true")]))
    assert known.entries == (
        Entry("values.one", "issue 7"),
        Entry("", "r", check="test_a[x]", flaky=True),
    )


@pytest.mark.parametrize(
    ("given", "covered"),
    [
        (Entry("values.one", "r"), {"test_one", "test_many[a]", "test_many[b]"}),
        (Entry("", "r", check="test_many"), {"test_many[a]", "test_many[b]"}),
        (Entry("", "r", check="test_many[b]"), {"test_many[b]"}),
        (Entry("values.one", "r", check="test_one"), {"test_one"}),
        (Entry("values", "r"), set()),
        (Entry("", "r", check="test_man"), set()),
        (Entry("values.two", "r"), {"test_two"}),
    ],
)
def test_an_entry_covers_a_requirement_a_check_or_an_item(given: Entry, covered: set[str]) -> None:
    results = [result("failed", id) for id in ("test_one", "test_many[a]", "test_many[b]")]
    results.append(result("failed", "test_two", "values.two"))
    known = Baseline((given,))
    assert {one.id for one in results if known.find(one) is given} == covered
    assert known.unknown(results) == ([] if covered else [given])


@pytest.mark.parametrize("profile", catalogue.profiles())
@pytest.mark.parametrize(
    ("listed", "stale"),
    [
        ("clients.strict-json", []),
        ("join.several-readers", []),
        ("clients.no-such-thing", ["clients.no-such-thing"]),
    ],
)
def test_a_baseline_may_list_failures_of_another_profile(
    tmp_path: Path, profile: str, listed: str, stale: list[str]
) -> None:
    path = tmp_path / "known.toml"
    path.write_text(entry(requirement=f'"{listed}"', reason='"r"'), "utf-8")
    plan = make_plan(settings({"url": "http://127.0.0.1:1", "baseline": str(path), "profile": profile}, {}))
    assert [one.subject for one in Judgement(plan).stale] == stale


@pytest.mark.parametrize(
    ("words", "stale"),
    [
        (["passed"], True),
        (["passed", "passed"], True),
        (["passed", "inapplicable"], True),
        (["failed"], False),
        (["failed", "passed"], False),
        (["cantTell"], False),
        (["cantTell", "passed"], False),
        (["untested"], False),
        (["untested", "passed"], False),  # the untested one may still fail
        (["inapplicable"], False),
        ([], False),
    ],
)
def test_an_entry_is_stale_if_all_its_checks_were_judged_and_none_failed(words: list[str], stale: bool) -> None:
    results = [result(word, f"test_{number}") for number, word in enumerate(words)]
    known = Entry("values.one", "r")
    assert Baseline((known,)).stale(results) == ([known] if stale else [])
    assert Baseline((Entry("values.one", "r", flaky=True),)).stale(results) == []


@pytest.mark.parametrize(
    ("until", "in_force"), [("2026-06-14", False), ("2026-06-15", True), ("2026-06-16", True), ("1999-12-31", False)]
)
def test_an_entry_applies_up_to_and_including_its_last_day(tmp_path: Path, until: str, in_force: bool) -> None:
    known = read(tmp_path, entry(**LISTED, until=until))
    assert (len(known.entries), len(known.expired)) == (in_force, not in_force)
    assert (known.find(result("failed")) is not None) == in_force


BROKEN = {
    "not TOML": ("known = [", ["not TOML"]),
    "not UTF-8": (b"\xff", ["not TOML"]),
    "another key": ("ignore = []", ["ignore", "[[known]] tables only"]),
    "one table": ("[known]\nrequirement = 'x'", ["known", "[[known]] tables only"]),
    "no tables": ("known = [1]", ["[[known]] number 1", "not a table"]),
    "nothing named": (entry(reason='"r"'), ["[[known]] number 1", "neither a requirement nor a check"]),
    "no reason": (entry(requirement='"values.one"'), ["[[known]] number 1", "values.one has no reason"]),
    "an empty reason": (entry(check='"test_a"', reason='""'), ["[[known]] number 1", "test_a has no reason"]),
    "the placeholder": (entry(check='"a"', reason=f'"{UNEXPLAINED}"'), ["[[known]] number 1", "a has no reason"]),
    "an unknown key": (entry(**LISTED, because='"r"'), ["'because'", "requirement, check, reason, flaky, until"]),
    "a number": (entry(requirement="5", reason='"r"'), ["requirement must be a string, not 5"]),
    "a string for a boolean": (entry(**LISTED, flaky='"yes"'), ["flaky must be true or false, not 'yes'"]),
    "a string for a date": (entry(**LISTED, until='"2027-01-31"'), ["until must be a date", "'2027-01-31'"]),
    "a date with a time": (entry(**LISTED, until="2027-01-31T12:00:00"), ["until must be a date", "12, 0"]),
    "the second": ("\n".join([entry(**LISTED), entry(reason='"r"')]), ["[[known]] number 2"]),
}


@pytest.mark.parametrize(("text", "parts"), BROKEN.values(), ids=BROKEN)
def test_an_error_names_the_file_the_table_and_the_fix(tmp_path: Path, text: str | bytes, parts: list[str]) -> None:
    with pytest.raises(BaselineError) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / "known.toml"))
    assert [part for part in parts if part not in message] == []


def test_the_message_about_a_missing_file_names_the_option_that_creates_it(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError, match=r"cannot be read .*--write-baseline"):
            read_baseline(path, TODAY)


def test_a_written_baseline_lists_the_failures_and_is_rejected_until_it_has_reasons(tmp_path: Path) -> None:
    hostile = 'received "x"\n[[known]]\u2028\x1b]0;\x07 ' + "y" * 1000
    results = [result("failed", "test_a[x]", message=hostile), result("passed", "test_b"), result("cantTell", "test_c")]
    text = baseline_text([*results, result("failed", "test_d", "values.two")])
    with pytest.raises(BaselineError, match=r"number 1: test_a\[x\] has no reason"):
        read(tmp_path, text)
    known = read(tmp_path, text.replace(UNEXPLAINED, "issue 7"))
    assert [(one.requirement, one.check, one.reason) for one in known.entries] == [
        ("values.one", "test_a[x]", "issue 7"), ("values.two", "test_d", "issue 7"),
    ]  # fmt: skip
    assert known.stale(results) == []


def test_a_baseline_without_failures_can_be_read_at_once(tmp_path: Path) -> None:
    assert read(tmp_path, baseline_text([result("passed")])) == Baseline()
