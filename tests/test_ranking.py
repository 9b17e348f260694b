"""Failed requirements are ordered: the likely root cause first, and below another one only in the same exchange."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import CatalogueError, places, requirements
from conformance.catalogue.ranking import moves
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED, Failure, Outcome
from conformance.judging.ranking import general, governing, ranking
from conformance.report import words
from conformance.report.markdown import report_md

from . import golden, roots
from .reports import report

SAMPLE = 40
"""One of so many faults is measured here; `python -m tests.roots` measures all."""

CREATES = "test_a_created_thread_can_be_run_on"
LISTS = "test_the_history_lists_every_step[joke]"
LISTS_TOO = "test_the_history_lists_every_step[counter]"
ENDS = "test_every_stream_ends_by_itself"
ENDS_WHEN_FAILED = "test_the_stream_of_a_failed_run_ends"
BODIES = "test_every_body_is_what_its_head_announces"
NOTHING_FOLLOWS = "test_nothing_follows_the_end_of_a_body"


def failed(item: str, variant: str | None = None, index: int = 0) -> Outcome:
    """Return a failure of an item in an exchange of a recording, of the item's own scenario by default."""
    recording = golden.good().recordings[variant or golden.items()[item].variants[0].id]
    return Outcome(FAILED, "broken", failure=Failure(recording, recording.exchanges[index]))


def ranks(outcomes: dict[str, Outcome]) -> dict[str, str | None]:
    """Return the ranking of a session in which the named items have these outcomes, and all others passed."""
    judged = [(item, outcomes.get(id, Outcome(PASSED))) for id, item in golden.items().items()]
    return {one.requirement: one.below for one in ranking(judged)}


def test_nothing_is_ranked_if_nothing_failed() -> None:
    assert ranks({}) == {}


def test_a_failure_without_an_exchange_is_ranked_and_stands_below_nothing() -> None:
    assert ranks({CREATES: Outcome(FAILED, "broken"), LISTS: Outcome(FAILED, "broken")}).keys() == {
        "threads.create",
        "state.history",
    }


@pytest.mark.parametrize(("variant", "index", "below"), [
    ("state_after_the_stream[joke]", 0, None),
    ("created_thread", 0, "threads.create"),
    ("created_thread", 1, None),
])  # fmt: skip
def test_a_requirement_stands_below_an_earlier_one_only_if_both_failed_in_the_same_exchange(
    variant: str, index: int, below: str | None
) -> None:
    found = ranks({LISTS: failed(LISTS, variant, index), CREATES: failed(CREATES)})
    assert list(found) == ["threads.create", "state.history"]
    assert found["state.history"] == below


def test_a_requirement_whose_scenarios_contain_every_failure_comes_first() -> None:
    """threads.create is more fundamental, but only the scenario of state.history shows anything."""
    elsewhere = failed(CREATES, "state_after_the_stream[joke]")
    assert list(ranks({CREATES: elsewhere, LISTS: failed(LISTS)})) == ["state.history", "threads.create"]


def test_a_rule_for_every_stream_comes_last_if_its_own_check_passed() -> None:
    broken = {ENDS: failed(ENDS, "created_thread"), CREATES: failed(CREATES), LISTS: failed(LISTS)}
    assert list(ranks(broken))[-1] == "transport.ends"
    own = {id: failed(id) for id in (ENDS_WHEN_FAILED, NOTHING_FOLLOWS)} | {BODIES: failed(BODIES, "created_thread")}
    assert next(iter(ranks(broken | own))) == "transport.ends"


def test_a_check_of_a_scenario_that_many_requirements_share_is_general() -> None:
    found = {one.name for one in general(item.check for item in golden.items().values())}
    assert ENDS in found
    assert "test_any_run_is_as_the_library_has_it_values_full_state" in found
    assert not {CREATES, LISTS.partition("[")[0], ENDS_WHEN_FAILED} & found


@pytest.mark.parametrize(("because", "expected"), [
    ([], None),
    ([""], None),
    (["modes.six-accepted", ""], None),
    (["events.nodes", "modes.six-accepted", "modes.six-accepted"], "modes.six-accepted"),
])  # fmt: skip
def test_what_governs_an_inconclusive_requirement_governs_all_its_inconclusive_checks(
    because: list[str], expected: str | None
) -> None:
    outcomes = [Outcome(INCONCLUSIVE, because=one) for one in because]
    assert governing([Outcome(PASSED), *outcomes]) == expected


def test_the_root_cause_of_faults_comes_first() -> None:
    faults = golden.registry().faults[::SAMPLE]
    found = list(roots.standings(faults))
    first, _ = roots.shares(found)
    assert len(found) > len(faults) - 3
    assert first >= roots.FIRST - 0.1  # A sample of this size differs by so much.
    assert not [(one.fault.name, one.order) for one in roots.unexplained(found)]


def test_the_faults_with_a_reason_exist() -> None:
    assert roots.UNAVOIDABLE.keys() <= {one.name for one in golden.registry().faults}


def test_every_requirement_has_a_place_and_moves_are_relative_to_the_catalogue() -> None:
    assert list(places()) == list(requirements())
    assert places()["threads.create"] == list(requirements()).index("threads.create")


@pytest.mark.parametrize(("text", "problem"), [
    ('[threads.creat]\nlater = 1\nwhy = "x"', "did you mean 'threads.create'?"),
    ('[threads.create]\nlater = 1', "why is missing"),
    ('[threads.create]\nwhy = "x"', "write one of them"),
    ('[threads.create]\nearlier = 1\nlater = 1\nwhy = "x"', "write one of them"),
    ('[threads.create]\nlater = -1\nwhy = "x"', "positive number"),
    ('[threads.create]\nlate = 1\nwhy = "x"', "unknown key 'late'"),
])  # fmt: skip
def test_a_mistake_in_the_order_is_an_error_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "ranking.toml"
    file.write_text(text)
    with pytest.raises(CatalogueError) as caught:
        list(moves(file, list(requirements())))
    assert str(file) in str(caught.value)
    assert problem in str(caught.value)


def ordered() -> dict[str, Any]:
    """Return a report in which a SHOULD failed first and a MUST below it, and two others are inconclusive."""
    document = copy.deepcopy(report())
    changes = {
        "values.full-state": {"outcome": "failed", "rank": 2, "below": "state.history"},
        "state.history": {"outcome": "failed", "rank": 1},
        "events.nodes": {"outcome": "cantTell", "because": "modes.six-accepted"},
        "events.model": {"outcome": "cantTell", "because": "modes.six-accepted"},
        "framing.utf8": {"outcome": "cantTell"},
    }
    for one in document["requirements"]:
        one |= changes.get(one["id"], {})
    return document


def test_reports_list_the_root_cause_first_and_group_what_another_requirement_governs() -> None:
    document = ordered()
    assert [one["id"] for one in words.on_their_own(document)] == ["state.history", "values.full-state", "framing.utf8"]
    text = report_md(document)
    group = "2 requirements are inconclusive because of modes.six-accepted"
    places = [text.index(one) for one in ("### ✗ failed · SHOULD", "### ✗ failed · MUST", "### ? inconclusive", group)]
    assert places == sorted(places)
    assert "values.full-state · below state.history" in text
